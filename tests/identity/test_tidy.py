"""What sign-in leaves behind goes away; what still counts stays."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.identity.links import make_link
from auricle.identity.lockout import TooManyAttempts, utc_now
from auricle.identity.sessions import RefreshRefused, revoke
from auricle.identity.sign_in import WrongCredentials
from auricle.identity.tidy import tidy
from tests.builders import number
from tests.identity.conftest import SEEN

COUNTS = (
    "select (select count(*) from lockout), (select count(*) from one_time_link), (select count(*) from refresh_token)"
)


async def counted(door) -> tuple[int, ...]:
    async with door.database.transaction(SEEN) as db:
        return tuple((await db.execute(text(COUNTS))).one())


async def test_old_leftovers_go_and_what_counts_stays(door, person):
    seen = Actor.nobody(address="203.0.113.20")
    over, live = await door.log_in(person[1]), await door.log_in(person[1])
    successor = await door.refresh(live.refresh)
    name = f"nobody-{next(number)}@example.org"
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            await door.log_in(name, "not the pass phrase", seen=seen)
    async with door.database.transaction(SEEN) as db:
        for age_days in (2, 0):
            made = utc_now() - timedelta(days=age_days)
            await make_link(db, f"aged {age_days}", person[0].account_id, lifetime_s=60, now=made)
        await revoke(db, over.claims.session_id, "signed out")
        await db.execute(
            text("update auth_session set revoked_at = now() - interval '2 days' where id = :id"),
            {"id": over.claims.session_id},
        )
        await db.execute(
            text(
                "insert into lockout (key, failures, last_failure_at, locked_until)"
                " values ('old', 9, now() - interval '2 days', now() - interval '2 days')"
            )
        )
    before = await counted(door)
    await tidy(SimpleNamespace(database=door.database), Actor.system(None))
    after = await counted(door)
    assert after[1:] == (before[1] - 1, before[2] - 1)
    assert after[0] < before[0]
    with pytest.raises(TooManyAttempts):
        await door.log_in(name, "not the pass phrase", seen=seen)
    with pytest.raises(RefreshRefused):  # the used token is still known, and still ends the sign-in
        await door.refresh(live.refresh, after_s=60)
    with pytest.raises(RefreshRefused):
        await door.refresh(successor.refresh)
