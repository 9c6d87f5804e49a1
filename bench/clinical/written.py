"""Drafts as a language model might write them, good and bad, through the whole path: what the judge catches.

An emulated model plays drafts that were written for this bench (`written.yaml`): of each conversation one of the true
statements and one of the false, so that these do not clash. The figures tell of our reading and judging of a model's
answers, kind of error by kind of error. They say nothing of how well any model writes.
"""

import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from pydantic import SecretStr

from auricle.ai.local import LocalAI
from auricle.ai.port import Masked, Statement, Utterance
from auricle.notes.templates.shape import Template
from auricle.notes.templates.shipped import shipped
from auricle.notes.writing.draft import BY_MODEL, write_draft
from auricle.notes.writing.terms import Terms
from auricle.providers.routing import Router, router_for
from auricle.settings import Provider, Settings
from bench.clinical.judging import CAUGHT
from bench.safety.recall import Share
from tests.emulators.drafts import Playing, states
from tests.emulators.openai_chat import OpenAIEmulator

NOBODY = UUID(int=0)
TRUE = "true"


@dataclass(frozen=True)
class Played:
    """One conversation, and what the emulated model writes of it. `wrong` has the bad statements' kinds by text."""

    id: str
    template: Template
    said: list[Utterance]
    parts: dict[str, list[dict[str, Any]]]  # by English heading
    wrong: dict[str, str]

    def draft(self, *, true: bool) -> dict[str, list[dict[str, Any]]]:
        """The true statements alone, or the false ones."""
        return {
            heading: [one for one in statements if (one["text"] not in self.wrong) is true]
            for heading, statements in self.parts.items()
        }


def conversations() -> Iterator[Played]:
    for case in yaml.safe_load((Path(__file__).parent / "written.yaml").read_text("utf-8")):
        template = shipped()[case.get("template", "soap")].template
        parts, wrong = dict[str, list[dict[str, Any]]](), dict[str, str]()
        for key, statements in case["written"].items():
            part = template.part(key)
            assert part is not None, (case["id"], key)
            for one in statements:
                quotes = [(f"u{turn}", quote) for turn, quote in one["cites"]]
                written = states(one["text"], *quotes, kind=one.get("kind", "fact"))
                parts.setdefault(part.heading["en"], []).append(written)
                if "wrong" in one:
                    wrong[one["text"]] = one["wrong"]
        said = [Utterance(id=str(n), speaker=who, text=text) for n, (who, text) in enumerate(case["said"], start=1)]
        yield Played(case["id"], template, said, parts, wrong)


async def judged(emulator: OpenAIEmulator, router: Router, one: Played, *, true: bool) -> list[Statement]:
    """A draft as the writer reads it and the judge judges it."""
    ai, masked = LocalAI(), Masked(utterances=one.said, spans=(), originals={})
    entities = await ai.entities(one.said)
    parts = one.draft(true=true)
    emulator.script = Playing(parts)
    drafted = await write_draft(ai, router, Terms(one.template, None, None, NOBODY, by_model=True), masked, entities)
    assert drafted.draft.method == BY_MODEL and len(drafted.draft.statements) == sum(map(len, parts.values())), one.id
    return list((await ai.judge(drafted.draft, one.said, entities)).statements)


async def outcomes() -> list[tuple[Played, Statement]]:
    found: list[tuple[Played, Statement]] = []
    async with OpenAIEmulator() as emulator:
        with tempfile.TemporaryDirectory() as folder:
            given = Provider(vendor="openai_compatible", url=emulator.url, key=SecretStr("right-key"), llm="plays")
            router = router_for(Settings(data_dir=Path(folder), providers={"it": given}), lambda record: None)
            try:
                for one in conversations():
                    for true in (True, False):
                        found += [(one, statement) for statement in await judged(emulator, router, one, true=true)]
            finally:
                await router.aclose()
    return found


def run(*, show: bool = False) -> None:
    found = asyncio.run(outcomes())
    rows: defaultdict[str, list[Statement]] = defaultdict(list)
    for one, statement in found:
        kind = one.wrong.get(statement.text, TRUE)
        rows[kind].append(statement)
        if show and is_caught(statement) is (kind == TRUE):
            told = [f"{c.name}: {c.detail}" for c in statement.checks if c.verdict != "pass"]
            print(f"! {kind}: {statement.text} | {[e.quote for e in statement.evidence]} | {told}")
    good, bad = rows.pop(TRUE), [statement for statements in rows.values() for statement in statements]
    print(
        f"drafts played by an emulated model, {len({one.id for one, _ in found})} conversations (no measure of a model)"
    )
    for kind, statements in sorted(rows.items()):
        print(f"  caught: {kind:24}{Share(sum(map(is_caught, statements)), len(statements))!s}")
    print(f"  {'caught, all':32}{Share(sum(map(is_caught, bad)), len(bad))!s}")
    print(f"  {'false alarm on true statements':32}{Share(sum(map(is_caught, good)), len(good))!s}")
    print(f"  {'true ones with evidence':32}{Share(sum(bool(s.evidence) for s in good), len(good))!s}\n")


def is_caught(statement: Statement) -> bool:
    return statement.verdict in CAUGHT
