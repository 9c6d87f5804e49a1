"""Sentences of human notes beside the words of the talk that may support them, for a person to say which do.

`python -m bench.clinical.judging.aligned --half A` proposes; what a person held to be supported stands, as ids and
offsets, in `truths.yaml`. The alignment weighs shared letters of words by how rare they are in this talk, and shares
nothing with the judge.
"""

import argparse
import math
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from auricle.ai.port import Evidence, Section, Utterance
from bench.clinical.corpora import Visit, aci_bench, half_of, present, primock57
from bench.clinical.judging.perturb import changed

_SENTENCE = re.compile(r"[^.?!\n]+(?:\.(?=\d)[^.?!\n]*)*[.?!]?")
_WORD = re.compile(r"[a-z]+|\d+")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "the a an and or of to in on for is are was were be has have had with that this it he she his her they i you "
        "we patient so do not at as by from uh um your my okay s t",
    )
)
_MOST_SENTENCES, _ENOUGH, _GAIN, _RUN = 4, 0.5, 0.14, 14
_WORDS = range(3, 40)  # of a note's sentence that is proposed at all

_HEADINGS: dict[Section, re.Pattern[str]] = {
    "subjective": re.compile(r"^(?:HISTORY|CHIEF|REVIEW OF|PAST|SOCIAL|CURRENT MED|PMH|HPC|DH|SH|FH)", re.M),
    "objective": re.compile(r"^(?:PHYSICAL EXAM|EXAM|RESULTS|Results|VITALS|O/E|Ex)", re.M),
    "assessment": re.compile(r"^(?:ASSESSMENT|IMPRESSION|Imp)", re.M),
    "plan": re.compile(r"^(?:PLAN|Plan)|(?:Medical Treatment|Additional Testing|Specialist Referrals):", re.M),
}

Span = tuple[int, int, int]  # utterance, start, end


@dataclass(frozen=True)
class Truth:
    """A sentence of a human note and the spans of the talk in which a person found it said."""

    visit: Visit
    start: int
    end: int
    cites: Sequence[Span]

    @property
    def text(self) -> str:
        return " ".join(self.visit.note[self.start : self.end].split())

    @property
    def section(self) -> Section:
        """By the last heading before it."""
        before = self.visit.note[: self.start]
        places = [(m.start(), name) for name, pattern in _HEADINGS.items() for m in pattern.finditer(before)]
        return max(places)[1] if places else "subjective"

    def evidence(self) -> list[Evidence]:
        said = self.visit.utterances
        return [Evidence(utterance_id=said[u].id, start=s, end=e, quote=said[u].text[s:e]) for u, s, e in self.cites]


def visits(half: str) -> Iterator[Visit]:
    """Half A or B of the visits that are there; what was kept apart as a test set belongs to B."""
    for split in ("train", "valid", "test1") if present("aci-bench") else ():
        yield from (v for v in aci_bench(split) if (half_of(v.id) if split != "test1" else "B") == half)
    if present("primock57"):
        yield from (v for v in primock57() if half_of(v.id) == half)


def truths(half: str) -> Iterator[Truth]:
    rows: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "truths.yaml").read_text("utf-8"))
    for visit in visits(half):
        for start, end, *cites in rows.get(visit.id, ()):
            yield Truth(visit, start, end, [(u, s, e) for u, s, e in cites])


def propose(visit: Visit) -> Iterator[tuple[float, Truth]]:
    """Each sentence of the note with the spans that share most with it, and the weighted share of it they hold."""
    spans = [span for number, said in enumerate(visit.utterances) for span in _pieces(number, said.text)]
    held = [_grams(visit.utterances[u].text[s:e]) for u, s, e in spans]
    rarity = Counter(g for grams in held for g in grams)
    for match in _SENTENCE.finditer(visit.note):
        text = visit.note[match.start() : match.end()]
        start = match.start() + len(text) - len(text.lstrip(" •-\t"))
        wanted = {g: math.log(1 + len(spans) / (1 + rarity[g])) for g in _grams(text)}
        if len(text.split()) not in _WORDS:
            continue
        chosen, share = _cover(wanted, held)
        if share >= _ENOUGH:
            cites = _around(visit.utterances, [spans[i] for i in chosen])
            yield share, Truth(visit, start, match.end(), cites)


def _pieces(number: int, text: str) -> Iterator[Span]:
    """Sentences; a long one, as of a recognizer that sets no marks, in runs of words."""
    for sentence in _SENTENCE.finditer(text):
        said = list(re.finditer(r"\S+", sentence[0]))
        for at in range(0, len(said), _RUN):
            run = said[at : at + _RUN]
            yield number, sentence.start() + run[0].start(), sentence.start() + run[-1].end()


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Runs that follow one another as one span."""
    found: list[Span] = []
    for number, start, end in sorted(spans):
        if found and found[-1][0] == number and start - found[-1][2] <= 2:
            found[-1] = (number, found[-1][1], max(end, found[-1][2]))
        else:
            found.append((number, start, end))
    return found


def _grams(text: str) -> set[str]:
    return {word[:5] for word in _WORD.findall(text.lower()) if word not in _COMMON}


def _cover(wanted: dict[str, float], held: Sequence[set[str]]) -> tuple[list[int], float]:
    """Sentences, greedily, while one more adds something; and the share of the weight that they hold."""
    total, chosen, left = sum(wanted.values()), list[int](), dict(wanted)
    while left and len(chosen) < _MOST_SENTENCES:
        gains = [sum(left[g] for g in grams if g in left) - 0.02 * len(grams) for grams in held]
        best = max(range(len(held)), key=gains.__getitem__)
        if gains[best] < _GAIN * total:
            break
        chosen.append(best)
        left = {g: w for g, w in left.items() if g not in held[best]}
    return sorted(chosen), 1 - sum(left.values()) / total if total else 0.0


def _around(said: Sequence[Utterance], spans: Sequence[Span]) -> list[Span]:
    """With the answer to a question, and the question before a short answer."""
    wanted = set(spans)
    for number, start, end in spans:
        question = said[number].text[start:end].rstrip().endswith("?")
        if question and number + 1 < len(said):
            wanted.add((number + 1, 0, len(said[number + 1].text)))
        if not question and len(said[number].text.split()) < 12 and number and said[number - 1].text.endswith("?"):
            last = list(_SENTENCE.finditer(said[number - 1].text))[-1]
            wanted.add((number - 1, last.start(), last.end()))
    return _joined(list(wanted))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("A", "B"), default="A")
    parser.add_argument("--corpus", choices=("aci", "primock"), default="aci")
    parser.add_argument("--count", type=int, default=60)
    asked = parser.parse_args()
    found = [
        t
        for v in visits(asked.half)
        if v.id.startswith("D2N") is (asked.corpus == "aci")
        for _, t in propose(v)
        if any(kind != "exam" for kind, _ in changed(t.text, "subjective"))
    ]
    random.Random(57).shuffle(found)
    for number, truth in enumerate(found[: asked.count]):
        print(f"#{number} {truth.visit.id} {truth.text}")
        for at, (utterance, start, end) in enumerate(truth.cites):
            said = truth.visit.utterances[utterance]
            print(f"  {at}{said.speaker[0]}: {said.text[start:end]}")


if __name__ == "__main__":
    main()
