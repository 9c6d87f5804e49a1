"""An answer compared with its question by the words of the two, beside what a statement makes of them."""

import re
from collections.abc import Iterator

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Check, Evidence, Utterance
from auricle.ai.soap.checks.claims import FILLERS, Claim, denied_at, lead, read_claims
from auricle.ai.soap.checks.compared import Compared, asked_from, lists_findings
from auricle.ai.soap.checks.meaning import read
from auricle.ai.tokens import tokens, words

_OPEN = frozenset(words("what when where why how who which कब कैसे कितना कौन kab kaise kitna kaun"))
_NO_ALLERGY = re.compile(r"\bno (?:known |drug |medication |medicine )*allerg|\bdenies (?:any |all )?allerg", re.I)
_HEDGED = re.compile(r"\b(?:unsure|uncertain|not sure|does not know|doesn't know|asked about)\b", re.I)
_OF_ALLERGY = frozenset({"allergic", "rash", "hives", "anaphylaxis", "swells"})
_ASKERS = frozenset({"clinician", "assistant"})


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
            if (
                token.word in _OF_ALLERGY
                and not denied_at(stream, index, index)
                and (token.word == "allergic" or any(m.term.kind == "drug" for m in lexicon().mentions(stream[:index])))
            ):
                yield Check(name="negation", verdict="conflict", detail="The source tells of an allergy.")
                return


def _pairs(it: Compared) -> Iterator[tuple[Evidence, Utterance]]:
    """Cited yes/no questions with the cited answer right after each."""
    order = list(it.sources.values())
    place = {u.id: index for index, u in enumerate(order)}
    cited = {e.utterance_id for e in it.valid}
    for evidence in it.valid:
        at = place[evidence.utterance_id]
        asks = any(asked_from(part) is not None or lists_findings(part) for part in read(evidence.quote))
        if order[at].speaker not in _ASKERS or at + 1 >= len(order) or not asks:
            continue
        following = order[at + 1]
        open_question = [w for w in words(evidence.quote) if w not in FILLERS][:1]
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
    says, bare = lead(answer, named)
    others = [c.denied for c in named if c.drug is claim.drug and any(_same(c.name, name) for name in asked)]
    if says is None or (named and not others and not bare) or says in others:
        return "silent"
    return str(says)


def _same(one: str, other: str) -> bool:
    """The same finding, or one the general word of the other ("pain", "ear pain")."""
    left, right = set(one.split()), set(other.split())
    return left <= right or right <= left
