"""Entities against labels: talks and letters of our own, half of them never looked at, and two corpora of abstracts.

python -m bench.clinical.run entities [--dev] [--show]     # --dev: nothing of the unseen half; --show: what was missed
"""

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Entity, Utterance
from bench.clinical.corpora import Abstract, abstracts, present

KINDS = {"s": "symptom", "p": "problem", "d": "drug", "r": "procedure", "a": "anatomy", "l": "lab", "v": "vital",
         "e": "device", "h": "hearing", "g": "allergy"}  # fmt: skip
SPEAKERS = {"c": "clinician", "p": "patient", "a": "assistant", "d": "document"}
DISEASES = frozenset({"problem", "symptom", "hearing"})
_MARK = re.compile(r"\{([^|{}]+)\|([^{}]+)\}")
Finder = Callable[[Sequence[Utterance]], list[Entity]]


@dataclass
class Label:
    kind: str
    utterance: str
    start: int
    end: int
    text: str
    facts: dict[str, str] = field(default_factory=dict)  # negated, experiencer, time, side, value and attributes


@dataclass
class Tally:
    found: int = 0  # predictions that meet a label
    told: int = 0  # predictions
    wanted: int = 0  # labels

    def row(self) -> str:
        precision, recall = self.found / max(1, self.told), self.found / max(1, self.wanted)
        f1 = 2 * self.found / max(1, self.told + self.wanted)
        return f"{precision:7.3f} {recall:7.3f} {f1:7.3f}"


def read_labelled(half: str) -> Iterator[tuple[str, list[Utterance], list[Label]]]:
    for case in yaml.safe_load((Path(__file__).parent / "labelled.yaml").read_text("utf-8")):
        if case["half"] == half:
            utterances, labels = [], []
            for number, turn in enumerate(case["talk"]):
                speaker, _, marked = turn.partition(": ")
                text, own = unmark(marked, f"u{number}")
                utterances.append(Utterance.model_validate({"id": f"u{number}", "speaker": SPEAKERS[speaker],
                                                            "text": text}))  # fmt: skip
                labels += own
            yield case["id"], utterances, labels


def unmark(marked: str, utterance: str) -> tuple[str, list[Label]]:
    text, labels, at = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        kind, *flags = (part.strip() for part in mark[2].split(";"))
        label = Label(KINDS[kind], utterance, len(text), len(text) + len(mark[1]), mark[1], facts_of(flags))
        labels.append(label)
        text += mark[1]
        at = mark.end()
    return text + marked[at:], labels


def facts_of(flags: Sequence[str]) -> dict[str, str]:
    facts = {"negated": "False", "experiencer": "patient", "time": "current", "side": "None"}
    for flag in flags:
        name, equals, value = flag.partition("=")
        if equals:
            facts[name or "value"] = value
        else:
            facts.update({"no": {"negated": "True"}, "fam": {"experiencer": "family"}, "oth": {"experiencer": "other"},
                          "past": {"time": "past"}, "plan": {"time": "planned"}}.get(flag, {"side": flag}))  # fmt: skip
    return facts


def told_by(entity: Entity, name: str) -> str:
    if name in {"negated", "experiencer", "time", "side", "value"}:
        return str(getattr(entity, name))
    return entity.attributes.get(name, "")


def same(wanted: str, told: str) -> bool:
    plain = [" ".join(x.lower().replace("once daily", "daily").split()) for x in (wanted, told)]
    return plain[0] == plain[1]


def matched(labels: Sequence[Label], entities: Sequence[Entity], *, exact: bool) -> list[tuple[Label, Entity]]:
    """Each label with the entity of its kind that covers it best, each entity once."""
    pairs = []
    for number, label in enumerate(labels):
        for place, entity in enumerate(entities):
            shared = min(label.end, entity.end) - max(label.start, entity.start)
            there = entity.utterance_id == label.utterance and entity.kind == label.kind and shared > 0
            if there and (not exact or (entity.start, entity.end) == (label.start, label.end)):
                pairs.append((-shared, number, place))
    used_labels: set[int] = set()
    used: set[int] = set()
    found = []
    for _, number, place in sorted(pairs):
        if number not in used_labels and place not in used:
            used_labels.add(number)
            used.add(place)
            found.append((labels[number], entities[place]))
    return found


def score_talks(half: str, finder: Finder, *, show: bool) -> None:
    loose: dict[str, Tally] = defaultdict(Tally)
    strict: dict[str, Tally] = defaultdict(Tally)
    facts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    talks = list(read_labelled(half))
    for name, utterances, labels in talks:
        entities = finder(utterances)
        for tallies, exact in ((loose, False), (strict, True)):
            pairs = matched(labels, entities, exact=exact)
            count(tallies, labels, entities, pairs)
        pairs = matched(labels, entities, exact=False)
        for label, entity in pairs:
            for fact, wanted in label.facts.items():
                right = same(wanted, told_by(entity, fact))
                shown = fact if fact in {"negated", "experiencer", "time", "side", "value"} else of_kind(label, fact)
                facts[shown][0] += right
                facts[shown][1] += 1
                if show and not right:
                    print(f"  {name} {label.text!r}: {fact} {wanted!r}, told {told_by(entity, fact)!r}")
        if show:
            show_errors(name, labels, entities, pairs)
    print(f"our labelled talks and letters, half {half}: {len(talks)}, {loose['all'].wanted} labels")
    print(f"  {'kind':12} {'labels':>6}   overlap: P       R      F1   exact: P       R      F1")
    for kind in sorted(loose, key=lambda k: (k == "all", k)):
        print(f"  {kind:12} {loose[kind].wanted:6} {loose[kind].row():>31} {strict[kind].row():>30}")
    told = "  ".join(f"{fact} {right / total:.3f} ({right} of {total})" for fact, (right, total) in facts.items())
    print(f"  of what was found: {told}\n")


def of_kind(label: Label, fact: str) -> str:
    return "threshold" if fact.isdigit() else f"{label.kind} {fact}"


def count(
    tallies: dict[str, Tally], labels: Sequence[Label], entities: Sequence[Entity], pairs: list[tuple[Label, Entity]]
) -> None:
    for kind, group in (("all", None), *((k, k) for k in {*(x.kind for x in labels), *(e.kind for e in entities)})):
        tallies[kind].wanted += sum(group in (None, x.kind) for x in labels)
        tallies[kind].told += sum(group in (None, e.kind) for e in entities)
        tallies[kind].found += sum(group in (None, x.kind) for x, _ in pairs)


def show_errors(
    name: str, labels: Sequence[Label], entities: Sequence[Entity], pairs: list[tuple[Label, Entity]]
) -> None:
    met, used = {id(x) for x, _ in pairs}, {id(e) for _, e in pairs}
    missed = [f"{x.kind}:{x.text}" for x in labels if id(x) not in met]
    extra = [f"{e.kind}:{e.text}" for e in entities if id(e) not in used]
    if missed or extra:
        print(f"  {name} missed {missed} extra {extra}")


def score_abstracts(corpus: str, finder: Finder) -> None:
    """Chemical ← drug, allergy; Disease ← problem, symptom, hearing."""
    tallies: dict[tuple[str, bool], Tally] = defaultdict(Tally)
    characters, started = 0, time.process_time()
    kinds = ("Chemical", "Disease") if corpus == "bc5cdr" else ("Disease",)
    for abstract in abstracts(corpus, "devel"):
        text = Utterance(id="a", speaker="document", text=abstract.text)
        entities = finder([text])
        characters += len(abstract.text)
        for kind in kinds:
            told = {(e.start, e.end) for e in entities if (e.kind in DISEASES) == (kind == "Disease")
                    and (e.kind in DISEASES or e.kind in {"drug", "allergy"})}  # fmt: skip
            for exact in (False, True):
                compare(tallies[kind, exact], abstract, kind, told, exact=exact)
    speed = characters / max(1e-9, time.process_time() - started)
    print(f"{corpus} devel, {characters:,} characters, {speed:,.0f} a CPU second")
    for kind in kinds:
        print(f"  {kind:12} {tallies[kind, False].wanted:6} {tallies[kind, False].row():>31} "
              f"{tallies[kind, True].row():>30}")  # fmt: skip
    print()


def compare(tally: Tally, abstract: Abstract, kind: str, told: set[tuple[int, int]], *, exact: bool) -> None:
    wanted = {(start, end) for start, end, name in abstract.spans if name == kind}
    tally.wanted += len(wanted)
    tally.told += len(told)
    if exact:
        tally.found += len(wanted & told)
        return
    left = sorted(wanted)
    for start, end in sorted(told):
        hit = next((w for w in left if start < w[1] and w[0] < end), None)
        if hit:
            left.remove(hit)
            tally.found += 1


def run(*, dev: bool = False, show: bool = False) -> None:
    for half in ("dev",) if dev else ("dev", "unseen"):
        score_talks(half, find_entities, show=show and half == "dev")
    for corpus in ("bc5cdr", "ncbi-disease"):
        if present(corpus):
            score_abstracts(corpus, find_entities)
