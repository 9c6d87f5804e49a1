"""Masking in numbers: share of spans wholly covered and how much else is, beside Presidio.

    python -m bench.clinical.run masking [--dev] [--without-presidio]

| set | what it is |
| --- | --- |
| pii | the shared injected set |
| injected | names of Faker (most in no list of ours) by carrier lines of `injected.yaml` in MTS-Dialog's texts |
| presidio-synth | Microsoft's generated sentences (MIT): a foreign author's, and no talk |

Each in two halves, by hash: A was looked at while cues, lists and templates were written, B is what counts.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import time
import venv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from auricle.ai.port import Known, Utterance
from auricle.ai.privacy.cues import cued
from auricle.ai.privacy.known import KnownIdentity
from auricle.ai.privacy.mask import mask
from auricle.ai.privacy.structured import structured
from auricle.ai.privacy.tagger.features import listed_names
from auricle.ai.privacy.vocabulary import plain_script
from bench.clinical.corpora import ROOT, pii_documents, presidio_documents

Found = Sequence[tuple[int, int]]
Document = Mapping[str, Any]
HERE = Path(__file__).parent
NEEDS = ("presidio-analyzer==2.2.366", "faker==40.63.0", "pyyaml", "pydantic", "pydantic-settings", "python-crfsuite")
# Presidio-research also marks what is none of the mission's: titles, nationalities, years and weekdays, any company.
COUNTED = {"PERSON", "STREET_ADDRESS", "GPE", "PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "IP_ADDRESS", "CREDIT_CARD"}


def ours(document: Document) -> Found:
    one = Utterance(id="0", speaker="document", text=document["text"])
    return [(s.start, s.end) for s in mask([one], known_identity(document["known"])).spans]


def rules_alone(document: Document) -> Found:
    """Identity, shapes and cues, as it was before lists and the tagger."""
    text = document["text"]
    spans = [*KnownIdentity(known_identity(document["known"])).find(text), *structured(text), *cued(text)]
    return [(s.start, s.end) for s in spans]


def known_identity(raw: Mapping[str, Any]) -> Known:
    """The set's `known` record as ours; unknown keys are ignored."""
    fields: dict[str, list[str]] = defaultdict(list)
    keys = {"phone": "phones", "email": "emails", "mrn": "record_numbers", "address": "addresses"}
    for first in raw.get("first", ()) and [raw["first"]]:
        fields["names"] += [first, raw.get("last", ""), f"{first} {raw.get('last', '')}".strip()]
    for key, value in raw.items():
        if target := keys.get(key.lower()):
            fields[target] += [value] if isinstance(value, str) else list(value)
    return Known(**fields)


class Score:
    """Spans covered by kind, words covered beside them, time."""

    def __init__(self, documents: Sequence[Document], find: Callable[[Document], Found]) -> None:
        self.covered: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.over: dict[str, int] = defaultdict(int)
        self.missed: list[str] = []
        self.words = 0
        started, characters = time.process_time(), sum(len(d["text"]) for d in documents)
        found = [find(document) for document in documents]
        self.speed = characters / max(1e-9, time.process_time() - started)
        for document, spans in zip(documents, found, strict=True):
            self._count(document, spans)

    def _count(self, document: Document, spans: Found) -> None:
        text = document["text"]
        hidden, gold = bytearray(len(text)), bytearray(len(text))
        for start, end in spans:
            hidden[start:end] = b"\1" * (end - start)
        for span in document["spans"]:
            gold[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
            whole = all(hidden[i] for i in range(span["start"], span["end"]) if text[i].isalnum())
            for kind in kinds(text, span):
                self.covered[kind][0] += whole
                self.covered[kind][1] += 1
            if not whole and "wanted" in kinds(text, span):
                line = text.rfind("\n", 0, span["start"]) + 1
                self.missed.append(
                    f"{span['type']}: «{text[span['start'] : span['end']]}» in {text[line : span['end'] + 25]!r}"
                )
        for start, end in document["zones"]:
            gold[start:end] = b"\1" * (end - start)
        for word in re.finditer(r"\w+", text):
            if not any(gold[word.start() : word.end()]):
                self.words += 1
                if any(hidden[word.start() : word.end()]):
                    self.over[word[0].lower()] += 1

    def share(self, kind: str) -> float | None:
        hit, total = self.covered.get(kind, (0, 0))
        return hit / total if total else None

    @property
    def over_masked(self) -> float:
        return 1000 * sum(self.over.values()) / max(1, self.words)


def kinds(text: str, span: Mapping[str, Any]) -> Iterator[str]:
    """What a span counts as. Ages under 90 identify nobody by the mission, and a note needs them: counted apart."""
    value = text[span["start"] : span["end"]]
    if span["type"] == "AGE" and value.isdigit() and int(value) < 90:
        yield "AGE under 90 (kept)"
        return
    yield "wanted"
    if span["kind"] == "known":
        yield "known identity"
    if span["type"] == "PERSON":
        if span["kind"] == "injected":
            yield "names"
            yield "names in no list" if in_no_list(value) else "names in a list"
        yield f"PERSON {span['kind']}"
    else:
        yield span["type"]


def in_no_list(name: str) -> bool:
    """No word of it is in our lists."""
    lists = frozenset().union(*listed_names().values())
    return not any(plain_script(word) in lists for word in re.findall(r"[^\s.]+", name))


def half(document: Document) -> str:
    return "AB"[hashlib.sha256(document["id"].encode()).digest()[0] % 2]


def python() -> Path:
    """The interpreter of the environment that Presidio and Faker are in, made at first use."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "auricle-bench" / "masking"
    if not (home / "made").is_file():
        print(f"installing Presidio and Faker below {home} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([home / "bin" / "python", "-m", "pip", "install", "--quiet", *NEEDS], check=True)
        (home / "made").touch()
    return home / "bin" / "python"


def injected_documents() -> list[Document]:
    return [json.loads(line) for line in there("bench.clinical.injected", str((ROOT / "mts-dialog").resolve()))]


def there(module: str, argument: str, said: str = "") -> list[str]:
    """The lines that a module of this bench prints in the environment of its own."""
    command = [python(), "-m", module, argument]
    done = subprocess.run(command, input=said, check=True, capture_output=True, text=True, cwd=HERE.parents[1])
    return done.stdout.splitlines()


def presidio(documents: Sequence[Document], how: str) -> tuple[list[Found], float]:
    """Spans by our own adapter in the environment that has Presidio; characters a CPU second there."""
    texts = "\n".join(json.dumps(document["text"]) for document in documents)
    speed, *rows = there("bench.clinical.presidio_side", how, said=texts)
    return [json.loads(row) for row in rows], float(speed)


def sets(*, dev: bool) -> Iterator[tuple[str, list[Document]]]:
    pii, foreign = list(pii_documents()), list(presidio_documents(COUNTED))
    injected = injected_documents()
    for part in "A" if dev else "AB":
        yield f"pii {part}", [d for d in pii if half(d) == part]
        yield f"injected {part}", [d for d in injected if half(d) == part]
        yield f"presidio-synth {part}", [d for d in foreign if half(d) == part]


def run(options: Sequence[str] = ()) -> None:
    dev = "--dev" in options
    for name, documents in sets(dev=dev):
        scores = {"auricle": Score(documents, ours), "without lists and tagger": Score(documents, rules_alone)}
        if not dev and "--without-presidio" not in options:
            for how in ("default", "tuned"):
                spans, speed = presidio(documents, how)
                told = {d["id"]: s for d, s in zip(documents, spans, strict=True)}
                scores[f"Presidio, {how}"] = Score(documents, lambda d, told=told: told[d["id"]])
                scores[f"Presidio, {how}"].speed = speed
        show(name, documents, scores)
        if dev:
            tell(scores["auricle"])


def show(name: str, documents: Sequence[Document], scores: Mapping[str, Score]) -> None:
    first = next(iter(scores.values()))
    print(f"\n{name}: {len(documents)} texts, {sum(len(d['text']) for d in documents):,} characters\n")
    print(f"| share of spans wholly masked | n | {' | '.join(scores)} |\n| --- | --- |{' --- |' * len(scores)}")
    lead = ("wanted", "known identity", "names", "names in no list", "names in a list")
    for kind in [*(k for k in lead if k in first.covered), *sorted(k for k in first.covered if k not in lead)]:
        shares = " | ".join(f"{score.share(kind) or 0:.3f}" for score in scores.values())
        print(f"| {kind} | {first.covered[kind][1]} | {shares} |")
    over = " | ".join(f"{score.over_masked:.1f}" for score in scores.values())
    print(f"| over-masked words per 1,000 | {first.words} | {over} |")
    print(f"| characters a CPU second | | {' | '.join(f'{s.speed:,.0f}' for s in scores.values())} |")


def tell(score: Score) -> None:
    """What was missed and what was masked for nothing, for who develops."""
    print("\n".join(score.missed[:70]))
    print(sorted(score.over.items(), key=lambda pair: -pair[1])[:120])
