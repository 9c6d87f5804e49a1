"""What every reranker promises, whatever its vendor's protocol."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from auricle.billing.pricing import cost_of
from auricle.providers.ports import ProviderGarbled, Reranked, Usage
from tests.emulators.server import Fault
from tests.providers.contract.conftest import (
    assert_a_busy_vendor_says_for_how_long,
    assert_a_wrong_key_is_refused,
    assert_an_outage_is_not_our_fault,
    nothing_left,
)
from tests.providers.contract.vendors import Case, Running, able

QUERY = "When does the clinic open?"
TEXTS = ["Earwax needs no tools.", "The clinic opens at nine.", "Tinnitus is a ringing.", "When does the clinic open?"]

over_the_wire = pytest.mark.parametrize("case", able("rerank"), ids=str)


async def ranked(it: Running, texts: list[str] | None = None, query: str = QUERY) -> Reranked:
    return await it.router.rerank(it.call(), query, TEXTS if texts is None else texts)


@over_the_wire
async def test_scores_come_in_the_order_of_the_texts_and_not_of_relevance(it: Running) -> None:
    answer = await ranked(it)
    assert answer.scores.dtype == np.float32
    assert list(np.argsort(-answer.scores)[:2]) == [3, 1]
    again = await ranked(it, TEXTS[::-1])
    assert again.scores[::-1] == pytest.approx(answer.scores)


@over_the_wire
async def test_what_was_used_is_counted_and_priced(it: Running) -> None:
    answer = await ranked(it)
    assert answer.usage.input_tokens or answer.usage.requests
    record = it.records[0]
    assert (record.status, record.input_tokens, record.requests) == (
        "ok",
        answer.usage.input_tokens,
        answer.usage.requests,
    )
    assert cost_of(record, ()).cost_usd is not None and cost_of(record, ()).cost_usd > 0


@over_the_wire
async def test_nothing_to_rank_gives_no_scores(it: Running) -> None:
    assert (await ranked(it, [])).scores.shape == (0,)


@over_the_wire
async def test_more_texts_than_one_request_takes_are_ranked_all_the_same(it: Running) -> None:
    texts = [f"Note {number}" for number in range(it.case.rerank.most + 2)]
    answer = await ranked(it, [*texts, QUERY])
    sent = [it.case.rerank.documents(request["body"]) for request in it.emulator.requests]
    assert [text for batch in sent for text in batch] == [*texts, QUERY]
    assert len(sent) > 1 and max(map(len, sent)) <= it.case.rerank.most
    assert int(np.argmax(answer.scores)) == len(texts)
    assert [r.status for r in it.records] == ["ok"]


@over_the_wire
async def test_a_long_query_counts_with_each_text(it: Running) -> None:
    answer = await ranked(it, [f"Note {number}" for number in range(900)], query="When does it open? " * 200)
    assert len(answer.scores) == 900


@over_the_wire
async def test_a_text_that_was_not_asked_about_is_noticed(it: Running) -> None:
    it.emulator.next(Fault("malformed"))
    with pytest.raises(ProviderGarbled):
        await ranked(it)


@over_the_wire
async def test_what_the_vendor_does_not_count_is_unknown(it: Running) -> None:
    it.emulator.next(Fault("no_usage"))
    usage = (await ranked(it)).usage
    assert usage.input_tokens is None and usage in (Usage(), Usage(requests=1))
    assert cost_of(it.records[0], ()).cost_usd is None


@over_the_wire
async def test_a_cancelled_call_leaves_nothing_and_is_metered_once(it: Running) -> None:
    it.emulator.next(Fault("stall_middle"))
    async with nothing_left(it):
        task = asyncio.create_task(ranked(it))
        async with asyncio.timeout(10):
            while not it.emulator.open_streams:
                await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [r.status for r in it.records] == ["cancelled"]


@over_the_wire
async def test_a_refused_key_is_a_configuration_error(case: Case, tmp_path: Path) -> None:
    await assert_a_wrong_key_is_refused(case, tmp_path, ranked)


@over_the_wire
async def test_a_busy_vendor_says_for_how_long(it: Running) -> None:
    await assert_a_busy_vendor_says_for_how_long(it, ranked)


@over_the_wire
async def test_an_outage_is_told_apart_from_a_refusal(it: Running) -> None:
    await assert_an_outage_is_not_our_fault(it, ranked)
