import asyncio
import threading

import pytest

from auricle.ai.limits import TextTooLarge
from auricle.ai.local import LocalAI, UnknownTemplate
from auricle.ai.port import Busy, ClinicalAI, Draft, Known, Statement, Utterance
from tests.ai.conversations import talk

SAID = talk(
    "a: any fever?", "p: no", "p: my name is asha verma and i take ibuprofen four hundred milligrams twice a day"
)


async def test_the_four_steps_make_a_judged_note_without_the_name():
    ai: ClinicalAI = LocalAI()
    masked = await ai.mask(SAID, Known())
    entities = await ai.entities(masked.utterances)
    judged = await ai.judge(await ai.write(masked.utterances, entities), masked.utterances, entities)
    assert judged.approved
    assert any("ibuprofen 400 mg" in s.text for s in judged.statements)
    assert "verma" not in judged.model_dump_json()


async def test_warming_makes_everything_ready():
    ai = LocalAI()
    assert {s.state for s in ai.status()} == {"cold", "absent"}
    await ai.warm()
    assert {s.name: s.state for s in ai.status()}.pop("entity model") == "absent"
    assert {s.state for s in ai.status()} == {"ready", "absent"}


async def test_the_work_never_runs_on_the_event_loop():
    seen = []

    class Spy(str):
        def strip(self, *_):
            seen.append(threading.current_thread() is threading.main_thread())
            return ""

    known = Known.model_construct(
        names=(), phones=(), emails=(Spy("x"),), record_numbers=(), addresses=(), birth_date=None
    )
    await LocalAI().mask(SAID, known)
    assert seen
    assert not any(seen)


async def test_more_work_than_there_is_room_for_is_refused_and_the_rest_finishes():
    ai = LocalAI(at_once=1, waiting=2)
    results = await asyncio.gather(*(ai.entities(SAID) for _ in range(6)), return_exceptions=True)
    assert [type(r) for r in results].count(Busy) == 3
    assert sum(isinstance(r, list) for r in results) == 3
    assert await ai.entities(SAID)


async def test_an_unknown_template_is_refused():
    with pytest.raises(UnknownTemplate):
        await LocalAI().write(SAID, [], "poem")


async def test_too_much_text_is_refused_by_every_step():
    ai, huge = LocalAI(), [Utterance(id="a", speaker="patient", text="x" * 60_000)]
    for step in (
        ai.mask(huge, Known()),
        ai.entities(huge),
        ai.write(huge, []),
        ai.judge(Draft(statements=[]), huge, []),
    ):
        with pytest.raises(TextTooLarge):
            await step


async def test_a_writer_of_ones_own_replaces_the_extractive_draft():
    async def writer(utterances, entities, template):
        return Draft(statements=[Statement(section="plan", text=template)], method="written")

    assert (await LocalAI(writer).write(SAID, [])).method == "written"
