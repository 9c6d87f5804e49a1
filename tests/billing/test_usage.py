"""Usage is noted without waiting, stored once for the right organization, and survives a database that is away."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from auricle.actor import Actor
from auricle.billing import usage
from auricle.billing.models import UsageRow
from auricle.billing.usage import UsageBook
from auricle.consultations.models import ConsultationSession
from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable
from auricle.providers.metering import UsageRecord
from tests.builders import make_consultation, make_member, make_organization, make_patient


def made(organization_id, **given) -> UsageRecord:
    return UsageRecord(
        **{
            "id": new_id(),
            "at": datetime.now(UTC),
            "organization_id": organization_id,
            "consultation_id": None,
            "session_id": None,
            "agent_id": None,
            "provider": "groq",
            "vendor": "groq",
            "endpoint": None,
            "capability": "llm",
            "model": "openai/gpt-oss-120b",
            "language": "en",
            "status": "ok",
            "attempt": 1,
            "first_ms": 80.5,
            "total_ms": 210.0,
            "input_tokens": 100,
            "output_tokens": 20,
            "cached_tokens": None,
            "reasoning_tokens": None,
            "audio_s": None,
            "characters": None,
            "requests": None,
            **given,
        }
    )


@pytest.fixture
async def organization_id(database):
    return await make_organization(database)


async def stored(database, organization_id) -> list[UsageRow]:
    async with database.transaction(Actor.system(organization_id)) as db:
        return list(await db.scalars(select(UsageRow).order_by(UsageRow.id)))


def lost(reason: str) -> float:
    return usage.LOST.labels(reason=reason)._value.get()


async def test_a_record_is_stored_as_it_was_noted(database, organization_id):
    book, one = UsageBook(database), made(None)
    one = replace(one, organization_id=organization_id)
    book.record(one)
    await book.flush()
    (row,) = await stored(database, organization_id)
    assert (row.id, row.provider, row.input_tokens, row.cached_tokens) == (one.id, "groq", 100, None)
    assert (row.vendor, row.language, row.requests) == ("groq", "en", None)
    assert row.cost_usd == Decimal("0.000027") and row.rate_source.startswith("genai-prices")
    assert row.cost_inr == row.cost_usd * row.inr_per_usd and row.exchange_date is not None
    await book.flush()
    assert len(await stored(database, organization_id)) == 1


async def test_the_same_record_twice_is_stored_and_counted_once(database, keyring, organization_id):
    """As after a commit whose answer was lost."""
    actor = await make_member(database, organization_id)
    patient = await make_patient(database, keyring, actor)
    consultation, session = await make_consultation(database, keyring, actor, patient.id)
    book = UsageBook(database)
    one = made(organization_id, consultation_id=consultation.id, session_id=session.id)
    for _ in range(2):
        book.record(one)
        await book.flush()
    book.record(made(organization_id, session_id=session.id, input_tokens=None, output_tokens=None))
    await book.flush()
    async with database.transaction(actor) as db:
        found = await db.get_one(ConsultationSession, session.id)
    assert (found.tokens_used, found.calls_used) == (120, 2)


async def test_each_organization_sees_its_own_usage(database):
    first, second = await make_organization(database), await make_organization(database)
    book = UsageBook(database)
    for number in range(1200):
        book.record(made(first if number % 3 else second))
    await book.flush()
    assert (len(await stored(database, first)), len(await stored(database, second))) == (800, 400)


async def test_without_an_organization_there_is_nobody_to_account_to(database):
    organization = await make_organization(database)
    book = UsageBook(database)
    book.record(made(None))
    book.record(made(organization))
    await book.flush()
    assert len(await stored(database, organization)) == 1, "it did not stand in the way of another"
    assert await stored(database, None) == []


@pytest.mark.parametrize(
    "bad",
    [{"consultation_id": UUID(int=7)}, {"status": "fine"}, {"input_tokens": 2**70}, {"model": "nul\x00"}],
    ids=str,
)
async def test_a_record_that_cannot_be_stored_does_not_hold_up_the_others(database, organization_id, bad):
    book, before = UsageBook(database), lost("refused")
    for given in ({}, bad, {}):
        book.record(made(organization_id, **given))
    await book.flush()
    assert len(await stored(database, organization_id)) == 2
    assert lost("refused") == before + 1


async def test_another_organizations_session_is_not_charged(database, keyring, organization_id):
    actor = await make_member(database, await make_organization(database))
    patient = await make_patient(database, keyring, actor)
    _, session = await make_consultation(database, keyring, actor, patient.id)
    book = UsageBook(database)
    book.record(made(organization_id, session_id=session.id))
    await book.flush()
    assert await stored(database, organization_id) == []
    async with database.transaction(actor) as db:
        assert (await db.get_one(ConsultationSession, session.id)).calls_used == 0


async def test_an_outage_loses_nothing(urls, database, organization_id):
    own, stop = Database(urls.app, pool_size=1), asyncio.Event()
    book = UsageBook(Database("postgresql://app:x@127.0.0.1:9/away"))
    task = asyncio.create_task(book.run(stop, every_s=0.01))
    for _ in range(20):
        book.record(made(organization_id))
        await asyncio.sleep(0.002)
    with pytest.raises(DatabaseUnavailable):
        await book.flush()
    assert await stored(database, organization_id) == []
    book._database = own  # the database is back
    book.record(made(organization_id))
    stop.set()
    await task
    assert len(await stored(database, organization_id)) == 21
    await own.close()


async def test_connections_killed_while_storing_lose_and_double_nothing(urls, database, organization_id):
    own, stop = Database(urls.app, pool_size=2), asyncio.Event()
    book = UsageBook(own)
    task = asyncio.create_task(book.run(stop, every_s=0.001))
    for number in range(200):
        book.record(made(organization_id))
        if number % 40 == 0:
            async with database.transaction(Actor.nobody()) as db:
                await db.execute(
                    text(
                        "select pg_terminate_backend(pid) from pg_stat_activity "
                        "where usename = current_user and pid <> pg_backend_pid()"
                    )
                )
        await asyncio.sleep(0.001)
    stop.set()
    await task
    assert len(await stored(database, organization_id)) == 200
    await own.close()


async def test_a_full_book_drops_the_newest_counts_it_and_keeps_the_rest(database, organization_id):
    book, before = UsageBook(database, size=3), lost("full")
    for _ in range(5):
        book.record(made(organization_id))
    await book.flush()
    assert lost("full") == before + 2
    assert len(await stored(database, organization_id)) == 3


async def test_nobody_can_change_usage_once_it_is_stored(database, organization_id):
    book = UsageBook(database)
    book.record(made(organization_id))
    await book.flush()
    for statement in ("update usage_record set input_tokens = 0", "delete from usage_record"):
        with pytest.raises(Exception, match="permission denied"):
            async with database.transaction(Actor.system(organization_id)) as db:
                await db.execute(text(statement))
    async with database.transaction(Actor.system(organization_id)) as db:
        assert await db.scalar(select(func.count()).select_from(UsageRow)) == 1
