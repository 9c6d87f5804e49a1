"""One statement beside what it cites, read once for all checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from auricle.ai.entities.assertion import asks
from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Entity, Evidence, Statement, Utterance
from auricle.ai.soap.checks.claims import FILLERS, lead, read_claims
from auricle.ai.soap.checks.meaning import Part, Unit, read
from auricle.ai.soap.checks.vocabulary import stem
from auricle.ai.tokens import tokens, words

ASKERS = frozenset({"clinician", "assistant"})
Told = Literal["own", "denied", "affirmed", "untold"]  # a clause's own words decide, or the answer to its question


@dataclass(frozen=True, slots=True)
class Cited:
    part: Part
    told: Told
    speaker: str

    def denies(self, unit: Unit) -> bool | None:
        """What this clause says of one of its units; None where it only asks."""
        return {"own": unit.denied, "denied": True, "affirmed": False, "untold": None}[self.told]


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
        return bool(unit.keys & self.cited_keys) or all(keys & self.cited_keys for keys in unit.words)

    def said_of(self, unit: Unit) -> set[bool]:
        """Whether the cited words deny it, of the same person: both if they differ, nothing if it is not there."""
        if unit not in self._said:
            self._said[unit] = {
                denies
                for cited in self.cited
                for other in cited.part.units
                if unit.keys & other.keys and unit.person == other.person
                if (denies := cited.denies(other)) is not None
            }
        return self._said[unit]

    @cached_property
    def _said(self) -> dict[Unit, set[bool]]:
        return {}

    def _read_evidence(self) -> Iterator[Cited]:
        for evidence in self.valid:
            speaker = self.sources[evidence.utterance_id].speaker
            answer = self.following.get(evidence.utterance_id)
            for part in read(evidence.quote):
                asked = speaker in ASKERS and (part.asked or asks(part.stream, part.asked) == "polar" or _asks(part))
                told: Told = "own"
                if asked:
                    told = _told(part, answer)
                yield Cited(part, told, speaker)


_AUXILIARIES = frozenset(words("do does did is are was were have has had can could will would any"))
_ASKED = frozenset(words("you your you've it that this there they the he she any these those i we anything"))


def _asks(part: Part) -> bool:
    said = [t.word for t in part.stream if t.word not in FILLERS][:2]
    return len(said) == 2 and said[0] in _AUXILIARIES and said[1] in _ASKED


def _told(question: Part, answer: Utterance | None) -> Told:
    if answer is None or answer.speaker != "patient":
        return "untold"
    says, _ = lead(answer.text[:400], read_claims(answer.text[:400]))
    return "untold" if says is None else ("denied" if says else "affirmed")


def quoted(evidence: Evidence, sources: Mapping[str, Utterance]) -> bool:
    source = sources.get(evidence.utterance_id)
    inside = source is not None and 0 <= evidence.start < evidence.end <= len(source.text)
    return inside and source is not None and source.text[evidence.start : evidence.end] == evidence.quote
