"""The extractive draft: no model writes it; every statement is made of words of the source and cites them."""

import re
from collections.abc import Sequence

from auricle.ai.port import Draft, Entity, Section, Statement, Utterance
from auricle.ai.soap.answers import quoted
from auricle.ai.soap.candidates import Candidate, candidates
from auricle.ai.soap.judge import judge
from auricle.ai.soap.learned.weights import is_english, shipped_weights

METHOD = "extractive draft"
KEEP_SHARE = 0.36  # of the source's words; best of 0.25 to 0.42 on the validation visits of ACI-Bench
MIN_WORDS = 120  # a short intake is kept nearly whole
MIN_SALIENCE = 0.5
MIN_WORTH = 0.4
RULE_SHARE = 0.02  # of a rule's weight, beside what was learned (0 to 1)
_GROUPS = (
    (0, re.compile(r"Chief complaint:")),
    (2, re.compile(r"Denies ")),
    (3, re.compile(r"(?:Takes|Does not take|Previously took) ")),
    (4, re.compile(r"(?:Allergic to|No known allergies|No allergy)\b")),
)
ORDER: tuple[Section, ...] = ("subjective", "objective", "assessment", "plan")


def write_extractive(utterances: Sequence[Utterance], entities: Sequence[Entity]) -> Draft:
    """Make the draft. Deterministic; statements follow the source's order inside S, O, A, P."""
    weights = shipped_weights() if is_english(utterances) else None
    found = list(candidates(utterances, entities, weights))
    statements = chosen(found, sum(len(u.text.split()) for u in utterances))
    return Draft(statements=_upheld(statements, utterances, entities), method=METHOD)


def _upheld(
    statements: Sequence[Statement], utterances: Sequence[Utterance], entities: Sequence[Entity]
) -> list[Statement]:
    """What the typed checks refuse is not written: it is quoted, and left out where even its quote is refused."""
    patients = {u.id for u in utterances if u.speaker == "patient"}
    kept: list[Statement | None] = []
    for statement, holds in zip(statements, _hold(statements, utterances, entities), strict=True):
        own_words = not holds and any(e.utterance_id in patients for e in statement.evidence)
        asked = own_words and statement.evidence[0].utterance_id not in patients
        again = quoted(statement.section, statement.evidence, asked) if own_words else None
        kept.append(statement if holds else again)
    quotes = [s for s, old in zip(kept, statements, strict=True) if s is not None and s is not old]
    refused = {id(s) for s, holds in zip(quotes, _hold(quotes, utterances, entities), strict=True) if not holds}
    return [s for s in kept if s is not None and id(s) not in refused]


def _hold(statements: Sequence[Statement], utterances: Sequence[Utterance], entities: Sequence[Entity]) -> list[bool]:
    judged = judge(Draft(statements=statements), utterances, entities).statements
    return [s.verdict in {"supported", "inferred"} for s in judged]


def chosen(found: Sequence[Candidate], words: int) -> list[Statement]:
    """Those that stay, by section. `words` is the length of the source."""
    budget = max(MIN_WORDS, int(KEEP_SHARE * words))
    kept = sorted(_within(found, budget), key=lambda c: (ORDER.index(c.statement.section), _group(c), c.place))
    return _distinct([c.statement for c in kept])


def _group(candidate: Candidate) -> int:
    """Inside a section: what the visit is about, its story, what is denied, medicines, allergies."""
    text = candidate.statement.text
    return next((rank for rank, opening in _GROUPS if opening.match(text)), 1)


def _within(found: Sequence[Candidate], budget: int) -> list[Candidate]:
    """Required statements, then the weightiest others while words are left."""
    kept = [c for c in found if c.required]
    left = budget - sum(len(c.statement.text.split()) for c in kept)
    for candidate in sorted((c for c in found if not c.required), key=lambda c: (-_weight(c), c.place)):
        length = len(candidate.statement.text.split())
        if _stays(candidate) and length <= left:
            kept.append(candidate)
            left -= length
    return kept


def _weight(candidate: Candidate) -> float:
    if candidate.worth is None:
        return candidate.weight
    return candidate.worth + RULE_SHARE * candidate.weight


def _stays(candidate: Candidate) -> bool:
    return candidate.weight >= MIN_SALIENCE or (candidate.worth or 0.0) >= MIN_WORTH


def _distinct(statements: Sequence[Statement]) -> list[Statement]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for statement in statements:
        key = (statement.section, statement.text.casefold().removesuffix(".").removesuffix("s"))
        if key not in seen and not _is_said_fuller(statement, statements):
            seen.add(key)
            kept.append(statement)
    return kept


def _is_said_fuller(statement: Statement, others: Sequence[Statement]) -> bool:
    """ "Takes aspirin." beside "Takes aspirin 75 mg once a day."; a "Plan: …" that an order tells, too."""
    text = statement.text.casefold().removesuffix(".")
    if text.startswith("takes "):
        return any(o is not statement and o.text.casefold().startswith(f"{text} ") for o in others)
    planned = text.removeprefix("plan: ") if text.startswith("plan: ") else ""
    return bool(planned) and any(o is not statement and planned in o.text.casefold() for o in others)
