"""Where the public corpora are, and their rows as utterances. Nothing of them is copied into the project."""

import csv
import hashlib
import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from auricle.ai.port import Utterance

ROOT = Path(os.environ.get("AURICLE_SHARED_DATA") or Path(__file__).parents[2] / "../shared/data")
_TURN = re.compile(r"\[(doctor|patient|patient_guest|nurse)\]\s*")
_INTERVAL = re.compile(r'xmin = ([\d.]+)\s+xmax = ([\d.]+)\s+text = "((?:[^"]|"")*)"')
_MARK = re.compile(r"</?[A-Z_]+/?>")
PRIMOCK_SPEAKERS: dict[str, Literal["clinician", "patient"]] = {"doctor": "clinician", "patient": "patient"}
ACI_FILES = {"test1": "clinicalnlp_taskB_test1.csv", "train": "train.csv", "valid": "valid.csv"}


MTS_FILES = {
    "train": "MTS-Dialog-TrainingSet.csv",
    "valid": "MTS-Dialog-ValidationSet.csv",
    "test1": "MTS-Dialog-TestSet-1-MEDIQA-Chat-2023.csv",
}


@dataclass(frozen=True)
class Passage:
    header: str
    talk: str
    text: str


@dataclass(frozen=True)
class Visit:
    id: str
    utterances: list[Utterance]
    note: str


@dataclass(frozen=True)
class Abstract:
    text: str
    spans: list[tuple[int, int, str]]  # start, end, Chemical or Disease


def present(name: str) -> bool:
    return (ROOT / name).is_dir()


def aci_bench(split: str) -> Iterator[Visit]:
    """Visits of ACI-Bench (Yim et al. 2023, CC BY 4.0)."""
    with (ROOT / "aci-bench" / ACI_FILES[split]).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Visit(row["encounter_id"], turns(row["dialogue"]), row["note"])


def half_of(document: str) -> str:
    """The half, A or B, that a document belongs to by the hash of its id."""
    return "AB"[hashlib.sha256(document.encode()).digest()[0] % 2]


def mts_dialog(part: str) -> Iterator[Passage]:
    """Short dialogues of MTS-Dialog (Ben Abacha et al. 2023, CC BY 4.0) with what was written of each."""
    with (ROOT / "mts-dialog" / MTS_FILES[part]).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Passage(row["section_header"], row["dialogue"], row["section_text"])


def turns(dialogue: str) -> list[Utterance]:
    marks = list(_TURN.finditer(dialogue))
    found = []
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(dialogue)
        speaker = "patient" if mark[1].startswith("patient") else "clinician"
        found.append(Utterance(id=str(index), speaker=speaker, text=dialogue[mark.end() : end].strip()))
    return found


def primock57() -> Iterator[Visit]:
    """Recorded mock consultations of PriMock57 (Papadopoulos Korfiatis et al. 2022, CC BY 4.0), by their transcripts.

    Each speaker's tier is read, and what they said put in order of when it began.
    """
    for file in sorted((ROOT / "primock57" / "notes").glob("*.json")):
        said = [
            Utterance(id="", speaker=speaker, text=text, start_s=start, end_s=end)
            for tier, speaker in PRIMOCK_SPEAKERS.items()
            for start, end, text in spoken(ROOT / "primock57" / "transcripts" / f"{file.stem}_{tier}.TextGrid")
        ]
        said.sort(key=lambda u: u.start_s or 0.0)
        numbered = [u.model_copy(update={"id": str(n)}) for n, u in enumerate(said)]
        yield Visit(file.stem, numbered, json.loads(file.read_text("utf-8"))["note"])


def spoken(file: Path) -> Iterator[tuple[float, float, str]]:
    """The intervals of a tier in which something was understood, without the marks of doubt."""
    for start, end, text in _INTERVAL.findall(file.read_text("utf-8")):
        words = " ".join(_MARK.sub(" ", text.replace('""', '"')).split())
        if words:
            yield float(start), float(end), words


def pii_documents() -> Iterator[dict[str, Any]]:
    for file in sorted((ROOT / "pii").glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            yield json.loads(line)


def presidio_documents(counted: Collection[str]) -> Iterator[dict[str, Any]]:
    """presidio-research's generated sentences (MIT), as rows of the injected set's form."""
    rows = json.loads((ROOT / "presidio-synth" / "synth_dataset_v2.json").read_text("utf-8"))
    for number, row in enumerate(rows):
        spans = [
            {"start": s["start_position"], "end": s["end_position"], "type": s["entity_type"], "kind": "injected"}
            for s in row["spans"]
        ]
        apart = [[s["start"], s["end"]] for s in spans if s["type"] not in counted]
        wanted = [s for s in spans if s["type"] in counted]
        yield {"id": f"synth_{number}", "text": row["full_text"], "spans": wanted, "zones": apart, "known": {}}


def abstracts(corpus: str, split: str) -> Iterator[Abstract]:
    """BC5CDR (Li et al. 2016) or NCBI Disease (Dogan et al. 2014), CC BY 4.0 in IOB; ten sentences a text."""
    sentences = (ROOT / corpus / f"{split}.tsv").read_text("utf-8").strip().split("\n\n")
    for first in range(0, len(sentences), 10):
        text, spans = "", []
        for sentence in sentences[first : first + 10]:
            for row in sentence.splitlines():
                word, label = row.split("\t")
                text += (
                    word
                    if word in ",.;:)" or not text or text.endswith(("(", "\n", "-", "'")) or word in "-'"
                    else f" {word}"
                )
                if label.startswith("B-") or (label.startswith("I-") and not spans):
                    spans.append((len(text) - len(word), len(text), label[2:]))
                elif label.startswith("I-"):
                    spans[-1] = (spans[-1][0], len(text), spans[-1][2])
            text += "\n"
        yield Abstract(text, spans)
