"""Whose rates price a call: the organization's own, the installation's, the shipped; dated, and never edited."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from auricle.actor import Actor
from auricle.billing.models import UsageRow
from auricle.billing.pricing import cost_of
from auricle.billing.rates import RateCard
from auricle.billing.rating.cards import Cards, read
from auricle.billing.rating.keep import ForThePlatform, add_exchange, find_rate, list_rates, withdraw_rate
from auricle.billing.rating.schemas import ExchangeIn
from auricle.billing.recompute import following, months_of, recompute
from auricle.billing.usage import UsageBook
from auricle.db.base import new_id
from auricle.db.keyset import NEWEST
from auricle.errors import NotFound
from tests.billing.conftest import set_exchange, set_rate
from tests.billing.test_usage import made, stored
from tests.builders import make_organization

NOW = datetime.now(UTC)
HEARD = {"capability": "stt", "vendor": "deepgram", "provider": "ears", "model": None, "audio_s": 60.0}


@pytest.fixture
async def organization_id(database):
    return await make_organization(database)


async def cost_in(database, organization_id, **given):
    """What one record costs where it is stored."""
    book, one = UsageBook(database), made(organization_id, **given)
    book.record(one)
    await book.flush()
    return next(row for row in await stored(database, organization_id) if row.id == one.id)


async def test_the_organizations_own_rate_beats_the_installations_and_that_the_shipped(database, organization_id):
    stranger = await make_organization(database)
    shipped = await cost_in(database, organization_id, **HEARD)
    assert (shipped.cost_usd, shipped.rate_source) == (Decimal("0.0043"), "first rate card")
    platform = await set_rate(database, None, provider="deepgram", capability="stt", unit="minute", price="0.01")
    assert (await cost_in(database, organization_id, **HEARD)).cost_usd == Decimal("0.01")
    await set_rate(database, organization_id, provider="deepgram", capability="stt", unit="minute", price="0.02",
                   source="contract")  # fmt: skip
    own = await cost_in(database, organization_id, **HEARD)
    assert (own.cost_usd, own.rate_source) == (Decimal("0.02"), "contract")
    assert (await cost_in(database, stranger, **HEARD)).cost_usd == Decimal("0.01")
    async with database.transaction(Actor.system(None)) as db:
        await withdraw_rate(db, platform.id)
    assert (await cost_in(database, stranger, **HEARD)).cost_usd == Decimal("0.0043")


async def test_a_rate_holds_from_its_day_on_and_the_later_one_wins(database, organization_id):
    yesterday = NOW - timedelta(days=1)
    for price, since in (("1", date(2026, 1, 1)), ("2", NOW.date()), ("3", NOW.date())):
        await set_rate(
            database, organization_id, provider="ears", capability="stt", unit="minute", price=price, since=since
        )
    assert (await cost_in(database, organization_id, **HEARD)).cost_usd == 3
    assert (await cost_in(database, organization_id, **HEARD, at=yesterday)).cost_usd == 1


async def test_rupees_are_those_of_the_day_and_kept_with_the_record(database, organization_id):
    await set_exchange(database, "80", date(2026, 1, 1))
    await set_exchange(database, "100", NOW.date())
    await set_rate(
        database, organization_id, provider="ears", capability="stt", unit="minute", price="50", currency="INR"
    )
    before = await cost_in(database, organization_id, **HEARD, at=datetime(2026, 2, 1, tzinfo=UTC))
    after = await cost_in(database, organization_id, **HEARD)
    assert (before.cost_usd, before.inr_per_usd, before.exchange_date) == (Decimal("0.625"), 80, date(2026, 1, 1))
    assert (after.cost_usd, after.inr_per_usd, after.exchange_date) == (Decimal("0.5"), 100, NOW.date())
    assert before.cost_inr == after.cost_inr == 50
    async with database.transaction(Actor.system(None)) as db:
        await db.execute(text("update exchange_rate set withdrawn_at = now()"))


async def test_what_nobody_knows_stays_null_in_both_currencies(database, organization_id):
    row = await cost_in(database, organization_id, provider="vllm", vendor="openai_compatible", model="own")
    assert (row.cost_usd, row.cost_inr, row.inr_per_usd, row.rate_source) == (None, None, None, None)


async def test_requests_and_the_address_of_a_compatible_server_price_a_call(database, organization_id):
    ranked = {"capability": "rerank", "vendor": "cohere", "provider": "rank", "model": "rerank-v3.5", "requests": 1}
    assert (await cost_in(database, organization_id, **ranked)).cost_usd == Decimal("0.002")
    groq = {"vendor": "openai_compatible", "provider": "gate", "endpoint": "https://api.groq.com/openai/v1"}
    assert (await cost_in(database, organization_id, **groq)).cost_usd == Decimal("0.000027")


async def test_a_card_is_read_once_until_somebody_changes_it(database, organization_id):
    cards = Cards()
    async with database.transaction(Actor.system(organization_id)) as db:
        first = await cards.of(db)
        assert await cards.of(db) is first
    rate = await set_rate(database, organization_id, provider="x", capability="stt", unit="minute", price="1")
    async with database.transaction(Actor.system(organization_id)) as db:
        second = await cards.of(db)
        assert [one.provider for one in second[0].rates] == ["x"]
        await withdraw_rate(db, rate.id)
    async with database.transaction(Actor.system(organization_id)) as db:
        assert (await cards.of(db))[0].rates == ()


async def test_a_rate_is_never_edited_and_nobody_sees_anothers(database, organization_id):
    rate = await set_rate(database, organization_id, provider="x", capability="stt", unit="minute", price="1")
    platform = await set_rate(database, None, provider="y", capability="stt", unit="minute", price="1")
    for table in ("rate", "platform_rate"):
        for statement in (f"update {table} set price = 0", f"delete from {table}"):
            with pytest.raises(DBAPIError):
                async with database.transaction(Actor.system(organization_id)) as db:
                    await db.execute(text(statement))
    async with database.transaction(Actor.system(await make_organization(database))) as db:
        with pytest.raises(NotFound):
            await find_rate(db, rate.id)
        assert await list_rates(db, NEWEST, limit=10) == []
        assert platform.provider in [one.provider for one in (await read(db))[1].rates]


async def test_who_acts_in_an_organization_changes_nothing_that_all_are_priced_by(database, organization_id):
    with pytest.raises(ForThePlatform):
        async with database.transaction(Actor.system(organization_id)) as db:
            await add_exchange(db, ExchangeIn(inr_per_usd="1", since=NOW.date(), source="x"))
    for statement in (
        "insert into platform_rate (id, provider, capability, unit, price, currency, since, source) values "
        "(gen_random_uuid(), 'x', 'stt', 'minute', 0, 'USD', now(), 'x')",
        "insert into exchange_rate (id, inr_per_usd, since, source) values (gen_random_uuid(), 1, now(), 'x')",
    ):
        with pytest.raises(DBAPIError):
            async with database.transaction(Actor.system(organization_id)) as db:
                await db.execute(text(statement))
    async with database.transaction(Actor.system(organization_id)) as db:
        done = await db.execute(text("update platform_rate set withdrawn_at = now()"))
        assert done.rowcount == 0


async def test_a_period_is_computed_again_from_what_was_metered(database, organization_id):
    book, old = UsageBook(database), NOW - timedelta(days=40)
    for at in (old, NOW - timedelta(hours=2), NOW - timedelta(hours=1)):
        book.record(made(organization_id, **HEARD, at=at))
    book.record(made(organization_id, provider="vllm", vendor="openai_compatible", model="own"))
    await book.flush()
    before = await stored(database, organization_id)
    await set_rate(database, organization_id, provider="ears", capability="stt", unit="minute", price="0.5")
    await set_rate(database, organization_id, provider="vllm", capability="llm", unit="1m_tokens", price="1")
    actor = Actor.system(organization_id)
    done = await recompute(database, actor, NOW - timedelta(days=20), NOW + timedelta(hours=1))
    assert (done.records, done.changed) == (3, 3)
    assert (done.before_usd, done.after_usd) == (Decimal("0.0086"), Decimal("1.00012"))
    after = {row.id: row for row in await stored(database, organization_id)}
    assert [after[row.id].cost_usd for row in before] == [
        Decimal("0.0043"),
        Decimal("0.5"),
        Decimal("0.5"),
        Decimal("0.00012"),
    ]
    assert [row.audio_s for row in before] == [after[row.id].audio_s for row in before]
    async with database.transaction(actor) as db:
        month = await db.scalar(text("select cost_usd from spending order by month desc limit 1"))
        summed = await db.scalar(
            select(func.sum(UsageRow.cost_usd)).where(UsageRow.at >= func.date_trunc("month", func.now(), "UTC"))
        )
    assert month == summed
    again = await recompute(database, actor, NOW - timedelta(days=20), NOW + timedelta(hours=1))
    assert (again.records, again.changed) == (3, 0)


async def test_another_organizations_usage_is_not_touched(database, organization_id):
    stranger = await make_organization(database)
    _, theirs = [await cost_in(database, one, **HEARD) for one in (organization_id, stranger)]
    await set_rate(database, organization_id, provider="ears", capability="stt", unit="minute", price="9")
    await recompute(database, Actor.system(organization_id), NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [row.cost_usd for row in await stored(database, organization_id)] == [9]
    assert [row.cost_usd for row in await stored(database, stranger)] == [theirs.cost_usd]


def test_every_month_of_a_period_is_summed_anew_and_none_that_is_to_come():
    assert following(date(2026, 12, 1)) == date(2027, 1, 1) and following(date(2026, 1, 1)) == date(2026, 2, 1)
    found = months_of(datetime(2025, 11, 30, 23, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), UTC)
    assert found == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    assert months_of(NOW, NOW + timedelta(days=700), UTC) == [NOW.date().replace(day=1)]


def test_a_record_that_is_older_than_its_vendors_column_is_priced_by_its_account_name():
    row = UsageRow(
        id=new_id(), at=NOW, provider="deepgram", vendor=None, endpoint=None, capability="stt", model=None,
        input_tokens=None, output_tokens=None, cached_tokens=None, reasoning_tokens=None, audio_s=60.0,
        characters=None, requests=None,
    )  # fmt: skip
    assert cost_of(row, ()).cost_usd == Decimal("0.0043")
    assert cost_of(row, [RateCard(rates=(), exchange=())]).cost_usd == Decimal("0.0043")
