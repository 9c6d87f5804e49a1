"""Where the public corpora are, and their rows as utterances. Nothing of them is copied into the project."""

import csv
import json
import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.ai.port import Utterance

ROOT = Path(os.environ.get("AURICLE_SHARED_DATA") or Path(__file__).parents[2] / "../shared/data")
_TURN = re.compile(r"\[(doctor|patient|patient_guest|nurse)\]\s*")
ACI_FILES = {"test1": "clinicalnlp_taskB_test1.csv", "train": "train.csv", "valid": "valid.csv"}


@dataclass(frozen=True)
class Visit:
    id: str
    utterances: list[Utterance]
    note: str


def present(name: str) -> bool:
    return (ROOT / name).is_dir()


def aci_bench(split: str) -> Iterator[Visit]:
    """Visits of ACI-Bench (Yim et al. 2023, CC BY 4.0)."""
    with (ROOT / "aci-bench" / ACI_FILES[split]).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Visit(row["encounter_id"], turns(row["dialogue"]), row["note"])


def turns(dialogue: str) -> list[Utterance]:
    marks = list(_TURN.finditer(dialogue))
    found = []
    for index, mark in enumerate(marks):
        end = marks[index + 1].start() if index + 1 < len(marks) else len(dialogue)
        speaker = "patient" if mark[1].startswith("patient") else "clinician"
        found.append(Utterance(id=str(index), speaker=speaker, text=dialogue[mark.end() : end].strip()))
    return found


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
