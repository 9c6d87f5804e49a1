"""Masking on the injected identifier set: share of spans fully covered, and how much else is covered."""

import re
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from auricle.ai.port import Known, Utterance
from auricle.ai.privacy.mask import mask
from bench.clinical.corpora import pii_documents


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


def run() -> None:
    covered: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    over = words = characters = 0
    cpu_s = 0.0
    for document in pii_documents():
        text = document["text"]
        raw = document["known"]
        known = known_identity(raw) if isinstance(raw, dict) else Known(names=[k for k in raw if isinstance(k, str)])
        started = time.process_time()
        spans = mask([Utterance(id="0", speaker="document", text=text)], known).spans
        cpu_s += time.process_time() - started
        characters += len(text)
        hidden, gold = bytearray(len(text)), bytearray(len(text))
        for span in spans:
            hidden[span.start : span.end] = b"\1" * (span.end - span.start)
        for span in document["spans"]:
            gold[span["start"] : span["end"]] = b"\1" * (span["end"] - span["start"])
            whole = all(hidden[i] for i in range(span["start"], span["end"]) if text[i].isalnum())
            over_89 = span["type"] != "AGE" or int(text[span["start"] : span["end"]]) >= 90
            kind = span["type"] if span["type"] != "PERSON" else f"PERSON {span['kind']}"
            for key in (
                kind if over_89 else "AGE under 90 (kept by design)",
                *(["ALL but ages under 90"] if over_89 else []),
                "ALL",
            ):
                covered[key][0] += whole
                covered[key][1] += 1
        for start, end in document["zones"]:
            gold[start:end] = b"\1" * (end - start)
        for word in re.finditer(r"\w+", text):
            if not any(gold[word.start() : word.end()]):
                words += 1
                over += any(hidden[word.start() : word.end()])
    print("injected identifiers, development half: share of spans fully masked")
    for kind in sorted(covered):
        hit, total = covered[kind]
        print(f"  {kind:34}{hit / total:7.3f}  of {total}")
    print(f"  over-masked: {1000 * over / max(1, words):.1f} per 1000 original words")
    print(f"  {characters / cpu_s:,.0f} characters a CPU second\n")
