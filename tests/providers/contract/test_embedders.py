"""What every embedder promises, whatever its vendor's protocol."""

import asyncio
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from auricle.billing.pricing import cost_of
from auricle.providers.call import Embedded
from auricle.providers.ports import ProviderGarbled, Usage
from tests.emulators.server import Fault
from tests.providers.contract.conftest import (
    assert_a_busy_vendor_says_for_how_long,
    assert_a_wrong_key_is_refused,
    assert_an_outage_is_not_our_fault,
    nothing_left,
)
from tests.providers.contract.vendors import Case, Running, able

TEXTS = ["My left ear hurts.", "Where is the clinic?", "कान में दर्द है", "My left ear aches."]

over_the_wire = pytest.mark.parametrize("case", able("embedding"), ids=str)


async def embedded(
    it: Running, texts: list[str] | None = None, task: Literal["query", "document"] = "document"
) -> Embedded:
    return await it.router.embed(it.call(), TEXTS if texts is None else texts, task=task)


@pytest.mark.parametrize("case", able("embedding", emulated=False), ids=str)
async def test_each_text_has_its_own_vector_of_length_one_in_the_order_given(it: Running) -> None:
    together = await embedded(it)
    assert together.vectors.dtype == np.float32 and len(together.vectors) == len(TEXTS)
    assert np.linalg.norm(together.vectors, axis=1) == pytest.approx(1, abs=1e-3)
    alone = np.concatenate([(await embedded(it, [text])).vectors for text in TEXTS])
    assert together.vectors == pytest.approx(alone, abs=1e-5)
    likeness = together.vectors @ together.vectors[0]
    assert likeness[3] > likeness[1]  # what means the same is nearer
    assert together.usage.input_tokens is not None and together.usage.input_tokens > len(TEXTS)
    assert [(r.status, r.input_tokens) for r in it.records][0] == ("ok", together.usage.input_tokens)


@pytest.mark.parametrize("case", able("embedding", emulated=False), ids=str)
async def test_nothing_to_embed_gives_no_vectors(it: Running) -> None:
    assert len((await embedded(it, [])).vectors) == 0


@over_the_wire
async def test_many_texts_go_in_as_many_requests_as_the_vendor_needs_in_order(it: Running) -> None:
    texts = [f"Note {number} of the clinic" for number in range(2 * it.case.embedding.most + 1)]
    answer = await embedded(it, texts)
    sent = [it.case.embedding.texts_sent(request["body"]) for request in it.emulator.requests]
    assert [text for batch in sent for text in batch] == texts
    assert len(sent) > 2 and max(map(len, sent)) <= it.case.embedding.most
    last = (await embedded(it, texts[-1:])).vectors[0]
    assert answer.vectors[-1] == pytest.approx(last, abs=1e-5)
    assert answer.usage.input_tokens is not None and answer.usage.input_tokens > len(texts)
    assert [r.status for r in it.records] == ["ok", "ok"]  # one call of ours, whatever it took


@over_the_wire
async def test_long_texts_are_not_sent_all_at_once(it: Running) -> None:
    most = it.case.embedding.most_characters
    texts = [f"{number} " + "ear " * (most // 12) for number in range(7)]
    assert len((await embedded(it, texts)).vectors) == len(texts)
    sent = [it.case.embedding.texts_sent(request["body"]) for request in it.emulator.requests]
    assert [text for batch in sent for text in batch] == texts
    assert all(sum(map(len, batch)) <= most for batch in sent)


@pytest.mark.parametrize(
    ("case", "task"),
    [pytest.param(c, t, id=f"{c}-{t}") for c in able("embedding") for t in c.embedding.tasks],
)
async def test_what_the_texts_are_for_is_named_as_the_vendor_names_it(
    it: Running, task: Literal["query", "document"]
) -> None:
    await embedded(it, task=task)
    assert it.case.embedding.task_sent is not None
    assert it.case.embedding.task_sent(it.emulator) == it.case.embedding.tasks[task]


@pytest.mark.parametrize("case", [c for c in able("embedding") if "dimensions" in c.given.get("options", {})], ids=str)
async def test_vectors_have_the_length_that_the_account_asks_for(it: Running) -> None:
    assert (await embedded(it)).vectors.shape[1] == int(it.case.given["options"]["dimensions"])


@over_the_wire
async def test_a_missing_vector_is_noticed(it: Running) -> None:
    it.emulator.next(Fault("malformed"))
    with pytest.raises(ProviderGarbled):
        await embedded(it)


@over_the_wire
async def test_what_the_vendor_does_not_count_is_unknown(it: Running) -> None:
    it.emulator.next(Fault("no_usage"))
    assert (await embedded(it)).usage == Usage()
    assert (it.records[0].input_tokens, cost_of(it.records[0], ()).cost_usd) == (None, None)


@over_the_wire
async def test_a_cancelled_call_leaves_nothing_and_is_metered_once(it: Running) -> None:
    it.emulator.next(Fault("stall_middle"))
    async with nothing_left(it):
        task = asyncio.create_task(embedded(it))
        async with asyncio.timeout(10):
            while not it.emulator.open_streams:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [r.status for r in it.records] == ["cancelled"]


@over_the_wire
async def test_a_refused_key_is_a_configuration_error(case: Case, tmp_path: Path) -> None:
    await assert_a_wrong_key_is_refused(case, tmp_path, embedded)


@over_the_wire
async def test_a_busy_vendor_says_for_how_long(it: Running) -> None:
    await assert_a_busy_vendor_says_for_how_long(it, embedded)


@over_the_wire
async def test_an_outage_is_told_apart_from_a_refusal(it: Running) -> None:
    await assert_an_outage_is_not_our_fault(it, embedded)
