"""Guessing is bounded, per account and per address, for everybody at once, and never for ever."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.identity import sign_in
from auricle.identity.lockout import (
    ACCOUNT,
    ADDRESS,
    FORGOTTEN_AFTER,
    SETTLED_WITHIN,
    Tally,
    TooManyAttempts,
    admit,
    keys_of,
    network_of,
    settle,
)
from auricle.identity.sign_in import WrongCredentials
from tests.builders import number

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Clock:
    """Time as an argument."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture
def verified(monkeypatch):
    """How many guesses reached the verifier; it still works."""
    reached = []
    real = sign_in.verify

    async def counting(password, stored):
        reached.append(password)
        return await real(password, stored)

    monkeypatch.setattr(sign_in, "verify", counting)
    return reached


def from_address(n: int) -> Actor:
    return Actor.nobody(address=f"198.51.100.{n % 50 + 1}", user_agent="guesser")


async def test_of_a_thousand_guesses_from_fifty_addresses_at_most_twenty_reach_the_verifier(door, person, verified):
    clock = Clock()
    for n in range(1000):
        clock.now = START + timedelta(seconds=n * 36)  # ten hours, patiently
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            await door.log_in(person[1], f"guess number {n}", seen=from_address(n), clock=clock)
    assert 10 <= len(verified) <= 20
    assert ("lockout", "refused") in await door.audited(person[0].organization_id)
    clock.now += timedelta(hours=1)
    assert await door.log_in(person[1], clock=clock)  # never for ever


async def test_guesses_made_all_at_once_reach_it_no_more_often(door, person, verified):
    guesses = [door.log_in(person[1], f"guess number {n}", seen=from_address(n)) for n in range(100)]
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert {type(r) for r in results} == {WrongCredentials, TooManyAttempts}
    assert len(verified) == ACCOUNT.failures


async def test_a_name_nobody_has_is_locked_as_one_that_exists(door, verified):
    name = f"nobody-{next(number)}@example.org"
    for n in range(10):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            await door.log_in(name, "some pass phrase", seen=from_address(n))
    assert len(verified) == ACCOUNT.failures


async def test_e_mail_and_username_are_locked_together(door, person, verified):
    await door.change(sign_in.Account, person[0].account_id, username=f"name-{next(number)}")
    async with door.database.transaction(person[0]) as db:
        username = (await db.get_one(sign_in.Account, person[0].account_id)).username
    for n in range(12):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            await door.log_in((person[1], username)[n % 2], "some pass phrase", seen=from_address(n))
    assert len(verified) == ACCOUNT.failures


async def test_an_address_that_tries_many_names_is_locked_and_others_are_not(door, person, verified):
    seen = Actor.nobody(address="203.0.113.77")
    for n in range(ADDRESS.failures + 5):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            await door.log_in(f"nobody-{n}-{next(number)}@example.org", "some pass phrase", seen=seen)
    assert len(verified) == ADDRESS.failures
    with pytest.raises(TooManyAttempts):
        await door.log_in(person[1], seen=seen)
    assert await door.log_in(person[1], seen=from_address(1))


async def test_a_success_forgets_the_failures_before_it(door, person):
    for _ in range(3):
        for _ in range(ACCOUNT.failures - 1):
            with pytest.raises(WrongCredentials):
                await door.log_in(person[1], "not the pass phrase", seen=from_address(0))
        await door.log_in(person[1], seen=from_address(0))


async def test_many_right_sign_ins_at_once_all_succeed(door, person):
    tokens = await asyncio.gather(*(door.log_in(person[1], seen=from_address(n)) for n in range(15)))
    assert len({t.claims.session_id for t in tokens}) == 15


async def test_an_attempt_that_nobody_settled_counts_as_failed(door):
    keys = keys_of(f"abandoned-{next(number)}", "")
    clock = Clock()
    for _ in range(ACCOUNT.failures):
        await admit(door.database, keys, clock)
    clock.now += SETTLED_WITHIN
    with pytest.raises(TooManyAttempts):
        await admit(door.database, keys, clock)


async def test_a_lock_holds_in_every_process_for_it_is_in_the_database(door, urls):
    from auricle.db.session import Database

    elsewhere = Database(urls.app, pool_size=1)
    keys = keys_of(f"somebody-{next(number)}", "")
    for _ in range(ACCOUNT.failures):
        await admit(elsewhere, keys)
        async with elsewhere.transaction(Actor.nobody()) as db:
            await settle(db, keys, "failed", datetime.now(UTC))
    await elsewhere.close()
    with pytest.raises(TooManyAttempts) as refused:
        await admit(door.database, keys)
    assert 0 < refused.value.context["retry_after_s"] <= 61


async def test_neither_names_nor_addresses_are_stored(door):
    name, seen = f"canary-{next(number)}@example.org", Actor.nobody(address="203.0.113.99")
    with pytest.raises(WrongCredentials):
        await door.log_in(name, "some pass phrase", seen=seen)
    async with door.database.transaction(seen) as db:
        stored = str((await db.execute(text("select * from lockout"))).all())
    assert "canary" not in stored and "203.0.113" not in stored


def test_locks_double_from_a_minute_to_an_hour():
    tally, locks = Tally(), []
    for _ in range(14):
        tally = tally.failed(START, 5)
        locks.append(tally.wait(START).total_seconds() / 60)
    assert locks == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_day_without_failures_forgets_them():
    tally = Tally()
    for _ in range(1_000):
        tally = tally.failed(START, 5)
    assert tally.at(START + FORGOTTEN_AFTER - timedelta(seconds=1), 5).failures == 1_000
    assert tally.at(START + FORGOTTEN_AFTER, 5) == Tally()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:db8:1:2:ffff::1", "20010db800010002"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_counts_as_far_as_its_holder_cannot_choose_it(address, network):
    assert network_of(address) == network
