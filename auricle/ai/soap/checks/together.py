"""Statements of one note against one another: what one reports, no other may deny."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auricle.ai.entities.assertion import find_cues
from auricle.ai.port import Check, Statement
from auricle.ai.soap.checks.claims import Claim, read_claims
from auricle.ai.soap.checks.vocabulary import stem
from auricle.ai.tokens import tokens, words

_DENIES = re.compile(r"(?:denies|does not (?:take|have|wear|use)|no|has not had)\b", re.I)
_REPORTS = re.compile(r"(?:reports|takes|(?:the )?patient (?:has|is having|takes|wears|uses)|has|wears|uses)\b", re.I)
_NOT_NOW = re.compile(r"\b(?:ago|last|used to|history|stopped|resolved|past|gone|if|avoid|prevent|before)\b", re.I)
_MOST = 40  # statements on one thing that are compared with each that denies it
_PLAIN_WORDS = 10  # of a statement that is compared at all: longer ones have conditions of their own
_LIST_WORDS = frozenset(words("a an and or of use previous any the"))
# A patient can well have one pain and not another: these clash only where both statements are bare lists.
_GENERAL = frozenset({"pain", "swelling", "discharge", "discomfort", "bleeding", "trauma", "weakness", "surgery"})
_SIDES = frozenset({"left", "right"})


@dataclass(frozen=True, slots=True)
class _Told:
    index: int  # of the statement
    claim: Claim
    sides: frozenset[str]
    bare: bool  # the statement is a list of findings and nothing else


def contradictions(statements: Sequence[Statement]) -> Mapping[int, Check]:
    """Which statements (by index) another one of the note contradicts. Plans and relatives are left out."""
    denied: dict[str, list[_Told]] = {}
    affirmed: dict[str, list[_Told]] = {}
    for index, statement in enumerate(statements):
        for told in _told(index, statement):
            (denied if told.claim.denied else affirmed).setdefault(told.claim.name, []).append(told)
    found: dict[int, Check] = {}
    for name, denials in denied.items():
        for denial in denials[: _MOST * _MOST]:
            for other in affirmed.get(name, [])[:_MOST]:
                if _clash(denial, other):
                    found.setdefault(denial.index, _check(denial.claim, "reported"))
                    found.setdefault(other.index, _check(other.claim, "denied"))
    return found


def _told(index: int, statement: Statement) -> list[_Told]:
    text = statement.text
    if statement.section != "subjective" or statement.kind != "fact" or find_cues(tokens(text), "family"):
        return []
    denies, reports = _DENIES.match(text), _REPORTS.match(text)
    if not (denies or reports) or len(words(text)) > _PLAIN_WORDS or (reports and _NOT_NOW.search(text)):
        return []
    claims = [c for c in read_claims(text) if c.denied is (denies is not None)]
    listed = {w for c in claims for w in words(c.text)} | _LIST_WORDS
    match = denies or reports
    bare = match is not None and set(words(text[match.end() :])) <= listed
    return [_Told(index, claim, _SIDES.intersection(words(text)), bare) for claim in claims]


def _clash(denial: _Told, other: _Told) -> bool:
    one, two = ({stem(w) for w in words(t.claim.text)} for t in (denial, other))
    apart = denial.sides and other.sides and not denial.sides & other.sides
    plain = denial.bare and (other.bare or denial.claim.name not in _GENERAL)
    return denial.index != other.index and plain and not apart and (one <= two or two <= one)


def _check(claim: Claim, elsewhere: str) -> Check:
    return Check(name="consistency", verdict="conflict", detail=f"“{claim.text}” is {elsewhere} by another statement.")
