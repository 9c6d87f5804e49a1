"""Under which of twenty headings a passage belongs: a few turns of talk, or a paragraph of a document.

The headings are MTS-Dialog's. Each belongs to a section of a SOAP note, and has the title that a note shows.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Section, Utterance
from auricle.ai.soap.learned.linear import shipped, softmax
from auricle.ai.tokens import tokens, words


@dataclass(frozen=True, slots=True)
class Header:
    title: str
    section: Section


HEADERS: Mapping[str, Header] = {
    "CC": Header("Chief complaint", "subjective"),
    "GENHX": Header("History of present illness", "subjective"),
    "ROS": Header("Review of systems", "subjective"),
    "PASTMEDICALHX": Header("Past medical history", "subjective"),
    "PASTSURGICAL": Header("Past surgical history", "subjective"),
    "GYNHX": Header("Gynaecological history", "subjective"),
    "OTHER_HISTORY": Header("Other history", "subjective"),
    "FAM/SOCHX": Header("Family and social history", "subjective"),
    "MEDICATIONS": Header("Medications", "subjective"),
    "ALLERGY": Header("Allergies", "subjective"),
    "IMMUNIZATIONS": Header("Immunizations", "subjective"),
    "EXAM": Header("Examination", "objective"),
    "LABS": Header("Laboratory", "objective"),
    "IMAGING": Header("Imaging", "objective"),
    "PROCEDURES": Header("Procedures", "objective"),
    "ASSESSMENT": Header("Assessment", "assessment"),
    "DIAGNOSIS": Header("Diagnosis", "assessment"),
    "EDCOURSE": Header("Emergency department course", "assessment"),
    "PLAN": Header("Plan", "plan"),
    "DISPOSITION": Header("Disposition", "plan"),
}
MOST_CHARS = 20_000  # of a passage that are read
_SPEAKER = re.compile(r"\s*(doctor|clinician|assistant|nurse|provider|patient|guest(?:[_ ]\w+)?)\s*:", re.I)
_CLINICAL = frozenset({"d", "c", "a", "n"})
_MOST_NAMED = 4
_SURE = 2.0  # how much one more of a score counts for the chance


def header_of(text: str) -> tuple[str, float]:
    """The key of `HEADERS` that fits best, and how sure, 0 to 1. Turns may begin with "Doctor:" or "Patient:"."""
    scores = shipped("header").scores(header_clues(text))
    chances = softmax({name: _SURE * score for name, score in scores.items()})
    best = max(chances, key=lambda name: chances[name])
    return best, chances[best]


def header_of_turns(utterances: Sequence[Utterance]) -> tuple[str, float]:
    """The same of a part of a conversation, or of paragraphs."""
    spoken = (u.text if u.speaker == "document" else f"{u.speaker}: {u.text}" for u in utterances)
    return header_of("\n".join(" ".join(line.split()) for line in spoken))


def header_clues(text: str) -> list[str]:
    """What it names, its words, those of the clinician apart, those of the first turn apart, and its length."""
    text = text[:MOST_CHARS].strip()
    lines = text.splitlines()
    named = Counter(m.term.kind for m in lexicon().mentions(tokens(text)))
    found = [clue for kind, count in named.items() for clue in (f"k={kind}", f"k={kind}{min(_MOST_NAMED, count)}")]
    if len(lines) > 1:
        found += [f"long={len(text.split()).bit_length()}", f"turns={len(lines).bit_length()}"]
    for index, line in enumerate(lines):
        speaker = _SPEAKER.match(line)
        said = ["#" if w[0].isdigit() else w for w in words(line[speaker.end() :] if speaker else line)]
        found += said
        if speaker and speaker[1][0].lower() in _CLINICAL:
            found += [f"d:{w}" for w in said]
        if index == 0:
            found += [f"f:{w}" for w in said]
    return found
