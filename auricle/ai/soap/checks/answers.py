"""A second, simpler reading of who denied what, so that the judge does not repeat the finder's mistakes.

It shares the vocabulary with the finder and nothing else: polarity is a scan from left to right, and an answer is
compared with its question by the words of the two. It needs no entities of the source.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Check, Evidence, Utterance
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.tokens import Token, clauses, tokens, words

_FINDINGS = frozenset({"symptom", "problem", "hearing", "procedure", "device", "drug"})
_NO = frozenset(
    words(
        "no not never none nothing neither nor nope nah without denies denied n't don't doesn't didn't haven't hasn't "
        "hadn't isn't aren't wasn't weren't dont didnt havent doesnt nahi nahin नहीं नही"
    )
)
_NO_AFTER = frozenset(words("nahi nahin नहीं नही"))
_YES = frozenset(words("yes yeah yep yup correct exactly definitely absolutely haan haanji mm mhm mmhmm हाँ हां जी ji"))
_TURNS = frozenset(words("but except only just yes yeah however although reports reported has besides apart because"))
_SUBJECTS = frozenset(words("i i'm i've i'd it it's he she they my"))
_THINKS = frozenset(words("think believe feel suppose know says said"))
_FILLERS = frozenset(words("uh um well oh ok okay hmm so er ah and"))
_UNSURE = ("not sure", "don't know", "do not know", "dont know", "maybe", "perhaps", "can't say", "don't remember",
           "no idea", "pata nahi", "पता नहीं", "शायद", "shayad", "can't remember", "hard to say")  # fmt: skip
_OPEN = frozenset(words("what when where why how who which कब कैसे कितना कौन kab kaise kitna kaun"))
_BARE = frozenset(words("no nope nah none nothing neither")) | _YES
_NO_ALLERGY = re.compile(r"\bno (?:known |drug |medication |medicine )*allerg|\bdenies (?:any |all )?allerg", re.I)
_HEDGED = re.compile(r"\b(?:unsure|uncertain|not sure|does not know|doesn't know|asked about)\b", re.I)
_REACH_WORDS = 10  # of a negation
_LEAD_WORDS = 5  # in which an answer says yes or no
_ASKERS = frozenset({"clinician", "assistant"})


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding that is named, and whether it is denied there."""

    name: str
    text: str
    denied: bool
    drug: bool = False


def read_claims(text: str) -> list[Claim]:
    """Findings of a text with their polarity, by a plain scan."""
    return [claim for clause in clauses(text) for claim in _scan(clause.text)]


def _scan(text: str) -> Iterator[Claim]:
    stream = tokens(text)
    for mention in lexicon().mentions(stream):
        if mention.term.kind in _FINDINGS:
            said = text[stream[mention.first].start : stream[mention.last].end]
            denied = _denied_at(stream, mention.first, mention.last)
            yield Claim(mention.term.name, said, denied, mention.term.kind == "drug")


def _denied_at(stream: Sequence[Token], first: int, last: int) -> bool:
    since: int | None = None
    for index in range(max(0, first - _REACH_WORDS), first + 1):
        token = stream[index]
        thought = index > 0 and stream[index - 1].word in _THINKS
        if token.word in _NO and not (
            token.word == "no" and index + 1 < len(stream) and stream[index + 1].word == "longer"
        ):
            since = index
        elif token.word in _TURNS or (token.word in _SUBJECTS and not thought):
            since = None
    if since is not None:
        return True
    for token in stream[last + 1 : last + 4]:
        if token.word in _NO_AFTER:
            return True
        if token.word in _TURNS or token.word in {"है", "हैं", "hai", "hain", "lekin", "लेकिन"}:
            break
    return False


def answers(it: Compared) -> Iterator[Check]:
    """Each finding of the statement against the question and the answer that it cites."""
    claims = read_claims(it.statement.text)
    pairs = list(_pairs(it))
    if not claims or not pairs or _HEDGED.search(it.statement.text):
        return
    asked_ids = {question.utterance_id for question, _ in pairs}
    elsewhere = {c.name for e in it.valid if e.utterance_id not in asked_ids for c in read_claims(e.quote)}
    for claim in claims:
        told = [_told(claim, question.quote, answer.text) for question, answer in pairs]
        spoken = [t for t in told if t != "not asked"]
        if not spoken or str(claim.denied) in spoken:
            continue
        if set(spoken) == {"silent"}:
            if not any(_same(claim.name, name) for name in elsewhere):
                yield Check(name="support", verdict="conflict", detail=f"The answer does not speak of “{claim.text}”.")
        else:
            meant = "denied" if claim.denied else "affirmed"
            yield Check(
                name="negation", verdict="conflict", detail=f"“{claim.text}” is {meant} here, not in the answer."
            )


def allergies(it: Compared) -> Iterator[Check]:
    """ "No known allergies" beside words of an allergy."""
    if not _NO_ALLERGY.search(it.statement.text):
        return
    spoken = [e.quote for e in it.valid if it.sources[e.utterance_id].speaker not in _ASKERS]
    for quote in spoken:
        stream = tokens(quote)
        for index, token in enumerate(stream):
            if token.word == "allergic" and not _denied_at(stream, index, index):
                yield Check(name="negation", verdict="conflict", detail="The source tells of an allergy.")
                return


def _pairs(it: Compared) -> Iterator[tuple[Evidence, Utterance]]:
    """Cited yes/no questions with the cited answer right after each."""
    order = list(it.sources.values())
    place = {u.id: index for index, u in enumerate(order)}
    cited = {e.utterance_id for e in it.valid}
    for evidence in it.valid:
        at = place[evidence.utterance_id]
        if order[at].speaker not in _ASKERS or at + 1 >= len(order):
            continue
        following = order[at + 1]
        open_question = [w for w in words(evidence.quote) if w not in _FILLERS][:1]
        if following.speaker == "patient" and following.id in cited and not _OPEN.intersection(open_question):
            yield evidence, following


def _told(claim: Claim, question: str, answer: str) -> str:
    """ "True" where the answer denies the finding, "False" where it affirms it, "silent", or "not asked"."""
    asked = {c.name for c in read_claims(question)}
    if not any(_same(claim.name, name) for name in asked):
        return "not asked"
    named = read_claims(answer)
    same = [c for c in named if _same(c.name, claim.name)]
    if own := [c.denied for c in same if set(words(c.text)) & set(words(claim.text))] or [c.denied for c in same]:
        return str(claim.denied if claim.denied in own else own[0])
    says, bare = _lead(answer, named)
    others = [c.denied for c in named if c.drug is claim.drug and any(_same(c.name, name) for name in asked)]
    if says is None or (named and not others and not bare) or says in others:
        return "silent"
    return str(says)


def _same(one: str, other: str) -> bool:
    """The same finding, or one the general word of the other ("pain", "ear pain")."""
    left, right = set(one.split()), set(other.split())
    return left <= right or right <= left


def _lead(answer: str, named: Sequence[Claim]) -> tuple[bool | None, bool]:
    """Does the beginning of the answer say no (True), yes (False) or neither; and does it say so by a bare word?"""
    said = [w for w in words(answer) if w not in _FILLERS]
    beginning = " ".join(said[: _LEAD_WORDS + 3])
    if not said or any(phrase in beginning for phrase in _UNSURE):
        return None, False
    if said[0] == "no" and any(beginning.startswith(f"no {' '.join(words(c.text))}") for c in named):
        return None, False  # "no fever": this "no" is the fever's
    if said[0] in _YES and not _NO_AFTER.intersection(said[1:2]):  # "ji nahi"
        return False, True
    if _NO.intersection(said[:_LEAD_WORDS]) or said[-1] in _NO_AFTER:
        return True, said[0] in _BARE
    if said[0] in {"i", "some", "sometimes", "often", "occasionally", "right", "sure", "a"}:
        return False, False
    return None, False
