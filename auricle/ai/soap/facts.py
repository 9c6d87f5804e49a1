"""Statements led by an entity: medicines with doses, allergies, measured values, denials. Each cites verbatim spans."""

import re
from collections.abc import Iterator, Mapping, Sequence

from auricle.ai.entities.find import Turn
from auricle.ai.entities.pieces import Piece
from auricle.ai.port import Entity, Evidence, Section, Statement, Utterance
from auricle.ai.soap.speech import clean, sentence

DENIABLE = frozenset({"symptom", "problem", "hearing", "procedure", "device"})

HEARING_TESTS = frozenset({"audiogram", "speech audiometry", "tympanometry", "otoscopy", "otoacoustic emissions"})
_HAD = re.compile(r"\b(?:had|have you|ever|before|previous(?:ly)?|did you|done|undergone)\b|पहले", re.I)
_USE = re.compile(r"\b(?:us(?:e|ed|es|ing)|wear(?:s|ing)?|wore|worn|tried)\b", re.I)
_WISH = re.compile(r"\b(?:want|like|need|book|schedule|shall|should|would you|will you|can you|could you)\b", re.I)


# A drug that a denial only stands near ("any side effects of …?" – "no") is not one that is not taken.
_NOT_TAKEN = re.compile(
    r"\b(?:not?|n't|never|no longer|stopped|quit|off|denies|without)\b[^,.;]{0,25}?\b(?:tak\w+|us(?:e|ed|ing)"
    r"|on|need\w*|prescribed)\b"
    r"|\b(?:stopped|quit|off|refused?)\b|नहीं|nahi", re.I)  # fmt: skip
_ASKS_USE = re.compile(
    r"\b(?:tak(?:e|es|en|ing)|us(?:e|es|ed|ing)|tried|try|on|given|prescribed)\b|लेते|लेती|lete|leti", re.I
)
_ASKS_MORE = re.compile(
    r"\b(?:side effects?|problems?|adjust\w*|chang\w+|issues?|trouble|refills?|allerg\w+|reactions?)\b", re.I
)


def denies_use(text: str, asked: bool) -> bool:
    """Does the clause, or a "no" to it where it is `asked`, deny that a drug is taken?"""
    if asked:
        return _ASKS_USE.search(text) is not None and not _ASKS_MORE.search(text)
    return _NOT_TAKEN.search(text) is not None


def cite(utterance: Utterance, start: int, end: int) -> Evidence:
    return Evidence(utterance_id=utterance.id, start=start, end=end, quote=utterance.text[start:end])


_COMES_FOR = re.compile(
    r"\b(?:here (?:today )?(?:for|with|because of)|presents?(?: here)?(?: today)?(?: to (?:the )?(?:clinic"
    r"|office)(?: today)?)?"
    r"(?: for| with)(?: (?:an? )?(?:evaluation|follow[- ]up evaluation) (?:of|for))?|complain(?:s|ing) of"
    r"|com(?:es|ing) in (?:today )?(?:for|with))\s+(?:(?:a|an|some|her|his|their) )?(?P<what>[^,.;?]{3,80})",
    re.I,
)
_COMPLAINT_END = re.compile(
    r"\s+(?:and|so|but) (?:he|she|they|i|you|we|it)\b.*|\s+(?:today|right now)\b.*|\s+(?:that|which|who|since"
    r"|after)\b.*",
    re.I,
)


def complaint(utterance: Utterance, piece: Piece) -> Statement | None:
    """ "… who presents today with some back pain": the chief complaint, as the patient is introduced."""
    match = _COMES_FOR.search(utterance.text, piece.clause.start, piece.clause.end)
    what = _COMPLAINT_END.sub("", clean(match["what"])) if match else ""
    if match is None or not 0 < len(what.split()) <= _COMPLAINT_WORDS:
        return None
    evidence = [cite(utterance, match.start(), match.end())]
    return Statement(section="subjective", text=sentence(f"Chief complaint: {what}"), evidence=evidence)


_COMPLAINT_WORDS = 10


def medication(entity: Entity, turn: Turn, piece: Piece, sources: Mapping[str, Utterance]) -> Statement:
    """ "Takes ibuprofen 400 mg twice a day." – from the patient's words, or from a question that they answered."""
    given = entity.attributes
    parts = [
        entity.text,
        given.get("dose", ""),
        given.get("route", ""),
        given.get("frequency", ""),
        given.get("duration", ""),
    ]
    verb = {"past": "Previously took", "planned": "Plan:", "current": "Takes"}[entity.time]
    if entity.negated:
        verb = "Does not take"
    evidence = [cite(turn.utterance, piece.clause.start, piece.clause.end)]
    if "dose_utterance" in given:
        answer = sources[given["dose_utterance"]]
        evidence.append(cite(answer, int(given["dose_from"]), int(given["dose_to"])))
    section: Section = "plan" if entity.time == "planned" else "subjective"
    return Statement(section=section, text=sentence(" ".join([verb, *filter(None, parts)])), evidence=evidence,
                     kind="plan" if section == "plan" else "fact")  # fmt: skip


def allergy(entity: Entity, evidence: Sequence[Evidence]) -> Statement:
    if entity.negated:
        text = "No known allergies." if entity.name == "any" else f"No allergy to {entity.text}."
    else:
        reaction = entity.attributes.get("reaction")
        text = f"Allergic to {entity.text}{f' ({reaction})' if reaction else ''}."
    return Statement(section="subjective", text=text, evidence=evidence)


def measured(entity: Entity, turn: Turn, evidence: Sequence[Evidence]) -> Statement:
    """A vital sign, laboratory value or hearing threshold; what only the patient says stays subjective."""
    side = f" ({entity.side})" if entity.side else ""
    text = f"{entity.name} {entity.value}{side}"
    if turn.utterance.speaker == "patient":
        return Statement(section="subjective", text=sentence(f"Reports {text}"), evidence=evidence)
    return Statement(section="objective", text=sentence(text), evidence=evidence)


def denials(entities: Sequence[Entity], evidence: Sequence[Evidence], question: str = "") -> Iterator[Statement]:
    """One statement for all that one answer denies."""
    meant = [e for e in entities if e.negated and not _is_wish(e, question)]
    if denied := list(dict.fromkeys(_phrase(e, question) for e in meant)):
        yield Statement(section="subjective", text=sentence(f"Denies {', '.join(denied)}"), evidence=evidence)


def confirmations(
    entities: Sequence[Entity], evidence: Sequence[Evidence], question: str, more: str = ""
) -> Iterator[Statement]:
    """One statement for all that one answer confirms by a mere "yes"; `more` is what it adds to a single one."""
    meant = [
        e
        for e in entities
        if not (e.negated or _is_wish(e, question))
        and (e.time == "current" or _is_test(e))
        and e.experiencer == "patient"
        and (not _is_test(e) or _HAD.search(question))
    ]
    if confirmed := list(dict.fromkeys(_phrase(e, question) for e in meant)):
        text = f"Reports {', '.join(confirmed)} {more if len(confirmed) == 1 else ''}"
        yield Statement(section="subjective", text=sentence(text.strip()), evidence=evidence)


def _phrase(entity: Entity, question: str) -> str:
    if entity.name == "pain":
        return entity.name  # "does it hurt?": "Denies hurt"
    if entity.name == "difficulty with speech in noise":
        return entity.name  # "noisy places" by themselves are no finding
    if _is_test(entity) and "previous" not in entity.text:
        return f"previous {entity.text}"
    return f"use of {entity.text}" if entity.kind == "device" and _USE.search(question) else entity.text


def _is_test(entity: Entity) -> bool:
    return entity.kind == "procedure" or entity.name in HEARING_TESTS


def _is_wish(entity: Entity, question: str) -> bool:
    """ "Would you like a hearing test?" asks for a wish, not for a finding."""
    return (_is_test(entity) or entity.kind == "device") and _WISH.search(question) is not None
