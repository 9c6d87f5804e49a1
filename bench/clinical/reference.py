"""A reference note of ACI-Bench as sentences, each with the section of a SOAP note that it stands in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from auricle.ai.port import Section

_HEADINGS: tuple[tuple[str, Section | None], ...] = (
    (r"chief complaint|cc\b|history of present|hpi|review of systems|ros\b|(?:past |medical |surgical |social "
        r"|family |current )*"
     r"(?:history|medications)|allerg|subjective|interval|constitutional", "subjective"),
    (r"physical exam|exam\b|examination|vitals|results|imaging|labs|objective|procedure|diagnostics", "objective"),
    (r"assessment|impression|diagnos", "assessment"),
    (r"plan\b|instructions|recommendation|follow|disposition", "plan"),
)  # fmt: skip
_PLANNED = re.compile(
    r"^\W*(?:additional testing|medical treatment|patient education|specialist referrals?|follow[- ]up|plan"
    r"|instructions"
    r"|procedures?|treatment)\b|\b(?:will|start|continue|increase|decrease|order|refer|prescrib\w+|recommend\w*"
    r"|advised|"
    r"follow up|return|discussed|encouraged|repeat|schedule)\b",
    re.I,
)


@dataclass(frozen=True)
class Told:
    text: str
    section: Section


def told(note: str) -> list[Told]:
    return list(_sentences(note))


def by_section(note: str) -> dict[Section, str]:
    found: dict[Section, list[str]] = {"subjective": [], "objective": [], "assessment": [], "plan": []}
    for sentence in told(note):
        found[sentence.section].append(sentence.text)
    return {section: "\n".join(lines) for section, lines in found.items()}


def _sentences(note: str) -> Iterator[Told]:
    section: Section = "subjective"
    mixed = False  # "assessment and plan": told by the words
    for line in note.split("\n"):
        text = line.strip()
        if not text:
            continue
        heading = _heading(text)
        if heading:
            section, mixed = heading, heading == "assessment" and "plan" in text.lower()
            continue
        for sentence in re.split(r"(?<=[.!?])\s+", text):
            planned = mixed and _PLANNED.search(sentence)
            yield Told(sentence, "plan" if planned else section)


def _heading(line: str) -> Section | None:
    bare = line.strip(" :•-").lower()
    if len(line) > 45 or (not line.isupper() and not line.endswith(":")):
        return None
    return next((section for pattern, section in _HEADINGS if re.match(pattern, bare)), None)
