"""The judge on statements known to be true or false: our own pairs, and drafts of ACI-Bench with one thing changed."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.entities.measures import find_measures
from auricle.ai.port import Draft, Entity, Evidence, Statement, Utterance
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from auricle.ai.tokens import tokens
from bench.clinical.corpora import aci_bench, present

CAUGHT = {"contradicted", "unsupported"}


def pairs() -> Iterator[tuple[str, Statement, list[Utterance]]]:
    """What is wrong (or `true`), the statement, and its source."""
    for case in yaml.safe_load((Path(__file__).parent / "pairs.yaml").read_text("utf-8")):
        source = [Utterance(id=str(i), speaker=who, text=text) for i, (who, text) in enumerate(case["said"])]
        evidence = [Evidence(utterance_id=u.id, start=0, end=len(u.text), quote=u.text) for u in source]
        shape: dict[str, Any] = {"section": case.get("section", "subjective"), "kind": case.get("kind", "fact")}
        for text in case["holds"]:
            yield "true", Statement(text=text, evidence=evidence, **shape), source
        for wrong, text in case["fails"].items():
            yield wrong.rstrip("2"), Statement(text=text, evidence=evidence, **shape), source


def changed(statement: Statement) -> Iterator[tuple[str, str]]:
    """One thing changed at a time, by rule."""
    text = statement.text
    stream = tokens(text)
    for mention in lexicon().mentions(stream):
        if mention.term.kind == "drug":
            first, last = stream[mention.first], stream[mention.last]
            yield (
                "drug",
                f"{text[: first.start]}{'digoxin' if mention.term.name != 'digoxin' else 'warfarin'}{text[last.end :]}",
            )
            break
    measure = next((m for m in find_measures(text) if m.number.value > 1), None)
    if measure:
        yield "number", f"{text[: measure.start]}{measure.number.value * 3 + 1}{text[measure.number.end :]}"
    if re.search(r"\b(left|right) (?:ear|knee|leg|arm|foot|shoulder|side|hip|hand|ankle)\b", text, re.I):
        swap = {"left": "right", "right": "left"}
        yield "side", re.sub(r"\b(left|right)\b", lambda m: swap[m[1].lower()], text, flags=re.I)
    if text.startswith("Denies "):
        yield "negation", "Reports " + text[len("Denies ") :]
    elif text.startswith("Reports ") and len(stream) < 8:
        yield "negation", "Denies " + text[len("Reports ") :]
    if text.startswith("Takes "):
        yield "time", "Previously took " + text[len("Takes ") :]
        yield "family", "Mother takes " + text[len("Takes ") :]
    if statement.section == "objective":
        yield "exam", text.rstrip(".") + ", no murmurs and bowel sounds normal on auscultation."


def verdict_of(statement: Statement, source: Sequence[Utterance], entities: Sequence[Entity]) -> str:
    return str(judge(Draft(statements=[statement]), source, entities).statements[0].verdict)


def table(title: str, rows: dict[str, list[int]]) -> None:
    print(title)
    for kind, (caught, total) in sorted(rows.items()):
        label = "false alarm on true statements" if kind == "true" else f"caught: {kind}"
        print(f"  {label:34}{caught / total:7.3f}  {caught} of {total}")
    wrong = [v for k, v in rows.items() if k != "true"]
    print(f"  {'caught, all':34}{sum(c for c, _ in wrong) / max(1, sum(t for _, t in wrong)):7.3f}\n")


def run(*, show: bool = False) -> None:
    rows: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for kind, statement, source in pairs():
        got = verdict_of(statement, source, find_entities(source)) in CAUGHT
        rows[kind][0] += got
        rows[kind][1] += 1
        if show and got == (kind == "true"):
            print("  !", kind, statement.text, [u.text for u in source])
    table("judge on our own pairs", rows)
    if not present("aci-bench"):
        return
    rows = defaultdict(lambda: [0, 0])
    for visit in aci_bench("test1"):
        entities = find_entities(visit.utterances)
        for statement in write_extractive(visit.utterances, entities).statements:
            rows["true"][0] += verdict_of(statement, visit.utterances, entities) in CAUGHT
            rows["true"][1] += 1
            for kind, text in changed(statement):
                wrong = statement.model_copy(update={"text": text})
                got = verdict_of(wrong, visit.utterances, entities) in CAUGHT
                rows[kind][0] += got
                rows[kind][1] += 1
                if show and not got:
                    print("  !", kind, text, "<<", [e.quote for e in statement.evidence])
    table("judge on ACI-Bench test1 drafts with one thing changed by rule", rows)
