"""The month's sums are right whoever adds to them at once; a budget warns once, and then nothing new begins."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.billing.budgets.keep import months, remove_budget, told
from auricle.billing.budgets.require import BudgetExhausted, require_budget
from auricle.billing.budgets.spend import month_of, zone_named
from auricle.billing.usage import UsageBook
from auricle.db.session import Database
from auricle.errors import NotFound
from tests.billing.conftest import set_exchange, set_money, set_rate
from tests.billing.test_usage import made
from tests.builders import make_organization

NOW = datetime.now(UTC)


@pytest.fixture
async def organization_id(database):
    """Where a thousand characters of the voice `aloud` cost a dollar."""
    one = await make_organization(database)
    await set_rate(database, one, provider="aloud", capability="tts", unit="1k_characters", price="1")
    return one


def spoken(organization_id, usd: int, **given):
    return made(
        organization_id, provider="aloud", vendor="x", capability="tts", model=None, characters=usd * 1_000, **given
    )


async def spent(database, organization_id, *usd: int, **given):
    book = UsageBook(database)
    for one in usd:
        book.record(spoken(organization_id, one, **given))
    await book.flush()


async def standing(database, organization_id):
    async with database.transaction(Actor.system(organization_id)) as db:
        return await told(db)


async def events(database, organization_id):
    async with database.transaction(Actor.system(organization_id)) as db:
        rows = await db.execute(text("select kind from live_event where kind like 'budget.%' order by id"))
        return list(rows.scalars())


async def refused(database, organization_id) -> bool:
    async with database.transaction(Actor.system(organization_id)) as db:
        try:
            await require_budget(db)
        except BudgetExhausted as error:
            assert (error.status, error.code) == (402, "billing.budget_exhausted")
            return True
    return False


async def test_a_budget_warns_then_refuses_and_tells_each_once(database, organization_id):
    await set_money(database, organization_id, amount="10", currency="USD")
    await spent(database, organization_id, 7)
    assert await events(database, organization_id) == [] and not await refused(database, organization_id)
    assert (await standing(database, organization_id)).budgets[0].state == "open"
    await spent(database, organization_id, 1)
    await spent(database, organization_id, 1)
    assert await events(database, organization_id) == ["budget.warning"]
    assert (await standing(database, organization_id)).budgets[0].state == "warned"
    assert not await refused(database, organization_id)
    await spent(database, organization_id, 2, 3)
    await spent(database, organization_id, 1)
    assert await events(database, organization_id) == ["budget.warning", "budget.exhausted"]
    now = await standing(database, organization_id)
    assert (now.budgets[0].state, now.budgets[0].spent, now.month.calls) == ("exhausted", 15, 6)
    assert await refused(database, organization_id)


async def test_a_larger_budget_opens_again_and_warns_anew(database, organization_id):
    await set_money(database, organization_id, amount="10", currency="USD")
    await spent(database, organization_id, 12)
    assert await refused(database, organization_id)
    await set_money(database, organization_id, amount="20", currency="USD", warn_percent=50)
    assert not await refused(database, organization_id)
    await spent(database, organization_id, 1)
    assert await events(database, organization_id) == ["budget.warning", "budget.exhausted", "budget.warning"]
    async with database.transaction(Actor.system(organization_id)) as db:
        await remove_budget(db, "organization")
    assert not await refused(database, organization_id)
    async with database.transaction(Actor.system(organization_id)) as db:
        with pytest.raises(NotFound):
            await remove_budget(db, "organization")


async def test_the_platforms_budget_holds_beside_the_organizations_own(database, organization_id):
    await set_money(database, organization_id, amount="100", currency="USD")
    await set_money(database, organization_id, "platform", amount="5", currency="USD")
    await spent(database, organization_id, 6)
    now = await standing(database, organization_id)
    assert [(one.owner, one.state) for one in now.budgets] == [("organization", "open"), ("platform", "exhausted")]
    assert await refused(database, organization_id)


async def test_a_budget_in_rupees_counts_rupees_of_the_day(database, organization_id):
    await set_exchange(database, "100", date(2021, 1, 1))
    await set_money(database, organization_id, amount="1000", currency="INR", warn_percent=100)
    await spent(database, organization_id, 9)
    assert not await refused(database, organization_id)
    await spent(database, organization_id, 1)
    now = await standing(database, organization_id)
    assert (now.budgets[0].spent, now.month.cost_usd, now.month.cost_inr) == (1000, 10, 1000)
    assert await refused(database, organization_id)
    async with database.transaction(Actor.system(None)) as db:
        await db.execute(text("update exchange_rate set withdrawn_at = now()"))


async def test_sums_are_right_however_many_processes_add_to_them_at_once(urls, database, organization_id):
    await set_money(database, organization_id, amount="100", currency="USD")
    processes = [Database(urls.app, pool_size=4) for _ in range(4)]
    books = [UsageBook(one) for one in processes for _ in range(3)]
    last_month = NOW.replace(day=1) - timedelta(days=3)

    async def busy(book: UsageBook) -> None:
        for _ in range(5):
            book.record(spoken(organization_id, 2))
            book.record(spoken(organization_id, 1, at=last_month))
            book.record(made(organization_id, provider="vllm", vendor="openai_compatible", model="own"))
            await book.flush()

    await asyncio.gather(*(busy(book) for book in books))
    async with database.transaction(Actor.system(organization_id)) as db:
        this, before = await months(db, before=None, limit=5)
        raw = await db.scalar(text("select sum(cost_usd) from usage_record"))
    assert (this.cost_usd, this.calls, this.unpriced) == (120, 120, 60)
    assert (before.cost_usd, before.calls) == (60, 60)
    assert raw == this.cost_usd + before.cost_usd
    assert await events(database, organization_id) == ["budget.warning", "budget.exhausted"]
    for one in processes:
        await one.close()


async def test_a_record_that_is_stored_twice_is_spent_once(database, organization_id):
    book, one = UsageBook(database), spoken(organization_id, 3)
    for _ in range(2):
        book.record(one)
        await book.flush()
    assert (await standing(database, organization_id)).month.cost_usd == 3


async def test_what_was_spent_last_month_is_not_held_against_this_one(database, organization_id):
    await set_money(database, organization_id, amount="5", currency="USD")
    await spent(database, organization_id, 50, at=NOW.replace(day=1) - timedelta(days=3))
    assert not await refused(database, organization_id) and await events(database, organization_id) == []


async def test_one_organizations_budget_is_nobody_elses(database, organization_id):
    stranger = await make_organization(database)
    await set_money(database, organization_id, amount="1", currency="USD")
    await spent(database, organization_id, 2)
    assert await refused(database, organization_id) and not await refused(database, stranger)
    assert (await standing(database, stranger)).budgets == []


def test_months_are_those_of_the_organizations_own_calendar():
    late = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
    assert month_of(late, ZoneInfo("UTC")) == date(2026, 11, 1)
    assert month_of(late, ZoneInfo("Asia/Kolkata")) == date(2026, 12, 1)
    assert zone_named("Mars/Olympus") is UTC and zone_named(None) == ZoneInfo("UTC")


async def test_asking_reads_a_few_rows_however_much_was_used(database, organization_id):
    await set_money(database, organization_id, amount="1000000", currency="USD")
    await spent(database, organization_id, *([1] * 600))
    statement = (
        "explain (analyze, format json) select b.id, s.cost_usd from budget b "
        "left join spending s on s.month > (now() - interval '40 days')::date"
    )
    async with database.transaction(Actor.system(organization_id)) as db:
        plan = str((await db.execute(text(statement))).scalar_one())
        await require_budget(db)
    assert "usage_record" not in plan
    assert (await standing(database, organization_id)).budgets[0].spent == Decimal(600)
