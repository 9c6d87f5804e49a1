"""A second, simpler reading of who denied what, so that the judge does not repeat the finder's mistakes.

It shares the vocabulary with the finder and nothing else: polarity is a scan from left to right. It needs no entities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.tokens import Token, clauses, tokens, words

_FINDINGS = frozenset({"symptom", "problem", "hearing", "procedure", "device", "drug"})
_NO = frozenset(
    words(
        "no not never none nothing neither nor nope nah without denies denied n't don't doesn't didn't haven't hasn't "
        "hadn't isn't aren't wasn't weren't negative dont didnt havent doesnt nahi nahin नहीं नही"
    )
)
_NO_AFTER = frozenset(words("nahi nahin नहीं नही"))
_YES = frozenset(words("yes yeah yep yup correct exactly definitely absolutely haan haanji mm mhm mmhmm हाँ हां जी ji"))
_TURNS = frozenset(words("but except only just yes yeah however although reports reported has besides apart because"))
_SUBJECTS = frozenset(words("i i'm i've i'd it it's he she they my"))
_THINKS = frozenset(words("think believe feel suppose know says said"))
FILLERS = frozenset(words("uh um well oh ok okay hmm so er ah and"))
_UNSURE = ("not sure", "don't know", "do not know", "dont know", "maybe", "perhaps", "can't say", "don't remember",
           "no idea", "pata nahi", "पता नहीं", "शायद", "shayad", "can't remember", "hard to say")  # fmt: skip
_BARE = frozenset(words("no nope nah none nothing neither")) | _YES
_REACH_WORDS = 10  # of a negation
_LEAD_WORDS = 5  # in which an answer says yes or no


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
            denied = denied_at(stream, mention.first, mention.last)
            yield Claim(mention.term.name, said, denied, mention.term.kind == "drug")


def denied_at(stream: Sequence[Token], first: int, last: int) -> bool:
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


def lead(answer: str, named: Sequence[Claim]) -> tuple[bool | None, bool]:
    """Does the beginning of the answer say no (True), yes (False) or neither; and does it say so by a bare word?"""
    said = [w for w in words(answer) if w not in FILLERS]
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
