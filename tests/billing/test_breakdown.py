"""What was used adds up, in dollars and rupees, within one organization."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from auricle.actor import Actor
from auricle.billing.breakdown import Wanted, cost_breakdown, list_usage
from auricle.billing.usage import UsageBook
from auricle.db.keyset import Order
from tests.billing.conftest import set_rate
from tests.billing.test_usage import made
from tests.builders import make_organization

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
async def system(database):
    """An organization with two models' calls, one of them unpriced and failed; and a busy neighbour."""
    organization_id, neighbour = await make_organization(database), await make_organization(database)
    book = UsageBook(database)
    for one in (organization_id, neighbour):
        await set_rate(database, one, provider="groq", capability="llm", unit="1k_characters", price="0.10")
        await set_rate(database, one, provider="groq", capability="stt", unit="minute", price="2")
    calls = [
        {"model": "small", "characters": 1_000},
        {"model": "small", "characters": 2_000, "at": NOW - timedelta(days=2)},
        {"capability": "stt", "model": None, "audio_s": 30.0},
        {
            "provider": "vllm",
            "vendor": "openai_compatible",
            "model": "small",
            "status": "timeout",
            "input_tokens": None,
            "output_tokens": None,
        },
    ]
    for given in calls:
        book.record(made(organization_id, **given))
        book.record(made(neighbour, **given))
    await book.flush()
    return Actor.system(organization_id)


async def test_sums_are_told_by_provider_capability_and_model(database, system):
    async with database.transaction(system) as db:
        told = await cost_breakdown(db, Wanted())
    rows = {(r.provider, r.capability, r.model): r for r in told.rows}
    assert [r.capability for r in told.rows] == ["stt", "llm", "llm"]
    assert (rows["groq", "llm", "small"].calls, rows["groq", "llm", "small"].cost_usd) == (2, Decimal("0.3"))
    assert rows["groq", "stt", None].audio_s == 30.0
    assert (rows["vllm", "llm", "small"].unpriced, rows["vllm", "llm", "small"].failed) == (1, 1)
    assert (told.total.calls, told.total.cost_usd, told.total.unpriced) == (4, Decimal("1.3"), 1)


async def test_rupees_follow_the_exchange_rate_that_is_told(database, system):
    async with database.transaction(system) as db:
        told = await cost_breakdown(db, Wanted())
    assert told.inr_per_usd is not None and told.inr_per_usd > 1
    assert told.total.cost_inr == pytest.approx(Decimal("1.3") * told.inr_per_usd)


async def test_nothing_used_costs_nothing(database):
    async with database.transaction(Actor.system(await make_organization(database))) as db:
        told = await cost_breakdown(db, Wanted())
    assert (told.rows, told.total.calls, told.total.cost_usd) == ([], 0, 0)


async def test_rows_are_listed_newest_first_and_filtered(database, system):
    async with database.transaction(system) as db:
        everything = await list_usage(db, Wanted(), Order("at"), limit=10)
        assert [r.at for r in everything] == sorted((r.at for r in everything), reverse=True)
        rest = await list_usage(db, Wanted(), Order("at", after=everything[1].id), limit=10)
        assert [r.id for r in rest] == [r.id for r in everything[2:]]
        for wanted, count in (
            (Wanted(capability="stt"), 1),
            (Wanted(provider="vllm"), 1),
            (Wanted(since=NOW - timedelta(days=1)), 3),
            (Wanted(until=NOW - timedelta(days=1)), 1),
            (Wanted(provider="none"), 0),
        ):
            assert len(await list_usage(db, wanted, Order("at"), limit=10)) == count
