"""One statement beside what it cites, read once for all checks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from auricle.ai.entities.assertion import asks
from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Entity, Evidence, Statement, Utterance
from auricle.ai.soap.checks.claims import lead, read_claims
from auricle.ai.soap.checks.meaning import Part, Unit, read
from auricle.ai.soap.checks.vocabulary import stem
from auricle.ai.tokens import tokens, words

_SAME_BEGINNING = 5  # letters
MAX_STATED, MAX_CITED = 4_000, 20_000  # characters of one statement, and of what it cites
ASKERS = frozenset({"clinician", "assistant"})
Told = Literal["own", "denied", "affirmed", "untold"]  # a clause's own words decide, or the answer to its question


@dataclass(frozen=True, slots=True)
class Cited:
    part: Part
    told: Told
    begins: int  # the token from which on it asks

    def denies(self, unit: Unit) -> bool | None:
        """What this clause says of one of its units; None where it only asks."""
        answered = {"denied": not unit.turned, "affirmed": unit.turned, "untold": None}
        return unit.denied if self.told == "own" or unit.first < self.begins else answered[self.told]


@dataclass(frozen=True)
class Compared:
    statement: Statement
    sources: Mapping[str, Utterance]
    entities: Sequence[Entity]  # of the whole source
    following: Mapping[str, Utterance]  # utterance id → the one after it

    @cached_property
    def valid(self) -> list[Evidence]:
        """Evidence whose quote really stands where it says."""
        return [e for e in self.statement.evidence if quoted(e, self.sources)]

    @property
    def comparable(self) -> bool:
        """Short enough to be read word by word."""
        return len(self.statement.text) <= MAX_STATED and sum(len(e.quote) for e in self.valid) <= MAX_CITED

    @cached_property
    def cited_text(self) -> str:
        return "\n".join(e.quote for e in self.valid)

    @cached_property
    def cited_entities(self) -> list[Entity]:
        """Source entities that stand inside the cited spans."""
        return [
            e
            for e in self.entities
            if any(e.utterance_id == v.utterance_id and e.start < v.end and v.start < e.end for v in self.valid)
        ]

    @cached_property
    def stated_entities(self) -> list[Entity]:
        """What the statement itself says, read like a line of a document."""
        return find_entities([Utterance(id="statement", speaker="document", text=self.statement.text)])

    @cached_property
    def stated(self) -> list[Part]:
        return read(self.statement.text, note=True)

    @cached_property
    def cited(self) -> list[Cited]:
        return list(self._read_evidence())

    @cached_property
    def cited_keys(self) -> frozenset[str]:
        """Every name of every word cited, and of what its mentions mean ("one thirty over eighty five")."""
        named = {e.name for e in self.cited_entities} | self.cited_names
        return frozenset({*(k for c in self.cited for k in c.part.keys), *named, *self.cited_words})

    @cached_property
    def cited_words(self) -> frozenset[str]:
        """Stems of what is cited, and of the names of its mentions."""
        meant = " ".join(e.name for e in self.cited_entities)
        return frozenset(stem(t.word) for t in tokens(f"{self.cited_text} {meant} {' '.join(self.cited_names)}"))

    @cached_property
    def cited_names(self) -> frozenset[str]:
        return frozenset(m.term.name for m in lexicon().mentions(tokens(self.cited_text)))

    def holds(self, unit: Unit) -> bool:
        """Do the cited words hold what this unit means?"""
        if unit.keys & self.cited_keys or all(keys & self.cited_keys or "pain" in keys for keys in unit.words):
            return True  # that something hurts is often not said again
        begins = unit.text.lower()[:_SAME_BEGINNING]
        return unit.kind == "" and len(begins) == _SAME_BEGINNING and begins in self._beginnings

    def said_of(self, unit: Unit) -> set[bool]:
        """Whether the cited words deny it, of the same person: both if they differ, nothing if it is not there."""
        told = (found for key in unit.keys for found in self._told_of.get(key, ()))
        return {denies for person, denies in told if person == unit.person and denies is not None}

    def persons_of(self, unit: Unit) -> set[str]:
        """Of whom the cited words tell it."""
        return {person for key in unit.keys for person, _ in self._told_of.get(key, ())}

    @cached_property
    def _told_of(self) -> Mapping[str, set[tuple[str, bool | None]]]:
        """Name → of whom, and whether it is denied (None: only asked)."""
        index: dict[str, set[tuple[str, bool | None]]] = {}
        for cited in self.cited:
            for unit in cited.part.units:
                for key in unit.keys:
                    index.setdefault(key, set()).add((unit.person, cited.denies(unit)))
        return index

    @cached_property
    def _beginnings(self) -> frozenset[str]:
        """ "Prescription", "prescribed": how long words begin."""
        return frozenset(t.word[:_SAME_BEGINNING] for t in tokens(self.cited_text) if len(t.word) >= _SAME_BEGINNING)

    def _read_evidence(self) -> Iterator[Cited]:
        for evidence in self.valid:
            speaker = self.sources[evidence.utterance_id].speaker
            answer = self.following.get(evidence.utterance_id)
            for part in read(evidence.quote):
                told: Told = "own"
                begins = asked_from(part) if speaker in ASKERS else None
                if begins is not None:
                    told = _told(part, answer)
                elif speaker in ASKERS and lists_findings(part) and (answered := _told(part, answer)) != "untold":
                    told = answered
                yield Cited(part, told, begins or 0)


_FINDINGS = frozenset({"symptom", "problem", "hearing"})
_TAGS = frozenset({"okay", "ok", "alright"})
_TAGGED = 3
_SHORT = 14  # words of a question that is told by nothing else
_BARE = frozenset(words("and or any no uh um like so in the your with also even maybe"))
_INVERTED = {
    **dict.fromkeys(("do", "does", "did"), frozenset(words("you your it that this there they he she any these the"))),
    **dict.fromkeys(("is", "are", "was", "were"), frozenset(words("you it there they your he she"))),
    **dict.fromkeys(("have", "has", "had"), frozenset(words("you your he she they there"))),
}
_OPEN = frozenset(words("what when where how why which who whose much many long often"))


_TELL_ME = re.compile(r"\b(?:can|could|would) you (?:think|tell|describe|show|remember|point|rate|explain)\b", re.I)


def asked_from(part: Part) -> int | None:
    """The token at which a yes/no question begins, by a verb before its subject: "if I lift it | does that hurt"."""
    said = [t.word for t in part.stream]
    if _TELL_ME.search(part.text):
        return None
    for index in range(len(said) - 1):
        joined = "," not in part.text[part.stream[index].end : part.stream[index + 1].start]
        if joined and said[index + 1] in _INVERTED.get(said[index], ()):
            return None if index and said[index - 1] in _OPEN else index
    if said and said[-1] in _TAGS and len(said) > _TAGGED:
        return None  # "we will do a scan, okay?"
    if not (part.asked or asks(part.stream, part.asked) == "polar"):
        return None
    began = next((index for index, word in enumerate(said) if word in {"any", "ever", "anyone"}), None)
    return began if began is not None else (0 if part.asked or len(said) < _SHORT else None)


def lists_findings(part: Part) -> bool:
    """ "Nausea, vomiting, diarrhea?": findings and nothing else."""
    meant = {i for u in part.units if u.kind in _FINDINGS for i in range(u.first, u.last + 1)}
    return bool(meant) and all(i in meant or t.word in _BARE for i, t in enumerate(part.stream))


def _told(question: Part, answer: Utterance | None) -> Told:
    if answer is None or answer.speaker != "patient":
        return "untold"
    says, _ = lead(answer.text[:400], read_claims(answer.text[:400]))
    return "untold" if says is None else ("denied" if says else "affirmed")


def quoted(evidence: Evidence, sources: Mapping[str, Utterance]) -> bool:
    source = sources.get(evidence.utterance_id)
    inside = source is not None and 0 <= evidence.start < evidence.end <= len(source.text)
    return inside and source is not None and source.text[evidence.start : evidence.end] == evidence.quote
