"""Bound guessing: failures are counted per account and per address, in PostgreSQL, so that every process sees them.

An attempt is admitted before its password is looked at and settled afterwards. What is admitted and not settled yet
counts as if it failed, so that a thousand guesses at once reach the verifier no more often than one after another.
A lock is never permanent: it doubles from a minute to an hour, and a day without failures forgets them.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import RateLimited

FIRST_LOCK, LONGEST_LOCK = timedelta(minutes=1), timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(days=1)
SETTLED_WITHIN = timedelta(seconds=30)
PATIENCE = timedelta(seconds=5)  # how long an attempt waits for those before it to be settled
PAUSE_S = 0.1

Outcome = Literal["passed", "failed", "half"]  # half: right so far, a second factor is still to come
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Rule:
    """How many failures are free of charge, and whether a success forgets them."""

    failures: int
    cleared_by_success: bool


ACCOUNT = Rule(5, cleared_by_success=True)
# A clinic shares one address: the mistyped passwords of some must not stop the others. Nor may a success clear it:
# a guesser with one account of his own could do that at will.
ADDRESS = Rule(20, cleared_by_success=False)


class TooManyAttempts(RateLimited):
    """Too many failed sign-ins; try again later."""

    code = "authentication.locked"


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Tally:
    """What is known of one account or address."""

    failures: int = 0
    last_failure_at: datetime | None = None
    locked_until: datetime | None = None
    pending: int = 0
    pending_until: datetime | None = None

    def at(self, now: datetime, limit: int) -> "Tally":
        """The same, with attempts that nobody settled counted as failed, and old failures forgotten."""
        tally = self
        if tally.pending and tally.pending_until is not None and tally.pending_until <= now:
            for _ in range(min(tally.pending, limit)):
                tally = tally.failed(tally.pending_until, limit)
            tally = replace(tally, pending=0, pending_until=None)
        if tally.last_failure_at is not None and tally.last_failure_at + FORGOTTEN_AFTER <= now:
            tally = replace(tally, failures=0, last_failure_at=None, locked_until=None)
        return tally

    def failed(self, now: datetime, limit: int) -> "Tally":
        failures = self.failures + 1
        doublings = min(failures - limit, 10)
        lock = now + min(FIRST_LOCK * 2**doublings, LONGEST_LOCK) if doublings >= 0 else None
        return replace(self, failures=failures, last_failure_at=now, locked_until=lock)

    def wait(self, now: datetime) -> timedelta:
        return max(self.locked_until - now, timedelta()) if self.locked_until else timedelta()

    def has_room(self, limit: int) -> bool:
        return self.pending < max(1, limit - self.failures)


Keys = Mapping[bytes, Rule]  # under hashes of names and addresses


def keys_of(account: UUID | str, address: str) -> dict[bytes, Rule]:
    """What an attempt counts against: the account (or the name typed, where there is none) and the address."""
    keys = {hashed(f"account:{account}"): ACCOUNT}
    place = network_of(address)
    if place:
        keys[hashed(f"address:{place}")] = ADDRESS
    return keys


def network_of(address: str) -> str:
    """The part of an address that its holder can't choose; nothing for this machine's own.

    From the loopback address comes everybody, where a proxy in front does not tell for whom it asks.
    """
    with suppress(ValueError):
        found = ip_address(address)
        if isinstance(found, IPv6Address):
            if found.ipv4_mapped is not None:
                return network_of(str(found.ipv4_mapped))
            return "" if found.is_loopback else found.packed[:8].hex()
        return "" if found.is_loopback else str(found)
    return ""


def hashed(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


async def admit(database: Database, keys: Keys, clock: Clock = utc_now) -> None:
    """Let one attempt through, to be settled soon. Raises `TooManyAttempts`."""
    deadline = clock() + PATIENCE
    while not await _reserve(database, keys, clock()):
        if clock() >= deadline:
            raise TooManyAttempts(retry_after_s=1)
        await asyncio.sleep(PAUSE_S)


async def _reserve(database: Database, keys: Keys, now: datetime) -> bool:
    async with database.transaction(Actor.nobody()) as db:
        tallies = await _held(db, keys, now)
        wait = max(tally.wait(now) for tally in tallies.values())
        if wait:
            raise TooManyAttempts(retry_after_s=int(wait.total_seconds()) + 1)
        if not all(tally.has_room(keys[key].failures) for key, tally in tallies.items()):
            return False
        for key, tally in tallies.items():
            await _store(db, key, replace(tally, pending=tally.pending + 1, pending_until=now + SETTLED_WITHIN))
    return True


async def settle(db: AsyncSession, keys: Keys, outcome: Outcome, now: datetime) -> bool:
    """Count how an admitted attempt ended. Returns whether something is locked now."""
    locked = False
    for key, tally in (await _held(db, keys, now)).items():
        settled = replace(tally, pending=max(0, tally.pending - 1))
        if outcome == "failed":
            settled = settled.failed(now, keys[key].failures)
            locked = locked or settled.locked_until is not None
        elif outcome == "passed" and keys[key].cleared_by_success:
            settled = replace(settled, failures=0, last_failure_at=None, locked_until=None)
        await _store(db, key, settled)
    return locked


async def unlock(db: AsyncSession, account_id: UUID) -> None:
    """Forget an account's failures, for instance after its owner answered a mail."""
    await db.execute(text("delete from lockout where key = :key"), {"key": hashed(f"account:{account_id}")})


async def _held(db: AsyncSession, keys: Keys, now: datetime) -> dict[bytes, Tally]:
    """The tallies under their row locks, always taken in the same order."""
    ordered = sorted(keys)
    await db.execute(
        text("insert into lockout (key) select unnest(cast(:keys as bytea[])) on conflict do nothing"),
        {"keys": ordered},
    )
    rows = await db.execute(
        text(
            "select key, failures, last_failure_at, locked_until, pending, pending_until from lockout"
            " where key = any(:keys) order by key for update"
        ),
        {"keys": ordered},
    )
    return {row[0]: Tally(*row[1:]).at(now, keys[row[0]].failures) for row in rows}


async def _store(db: AsyncSession, key: bytes, tally: Tally) -> None:
    await db.execute(
        text(
            "update lockout set failures = :failures, last_failure_at = :last, locked_until = :locked,"
            " pending = :pending, pending_until = :pending_until where key = :key"
        ),
        {
            "key": key,
            "failures": tally.failures,
            "last": tally.last_failure_at,
            "locked": tally.locked_until,
            "pending": tally.pending,
            "pending_until": tally.pending_until,
        },
    )
