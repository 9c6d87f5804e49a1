"""Whoever loses a sign-in, a role or an account loses it in every process, and the live connections with it.

PostgreSQL tells every process when a standing changes (triggers of migration 0007). Should that be lost, the check
every two seconds finds it: one statement an organization, for all live connections of the process together.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import Unauthenticated, Unavailable
from auricle.identity.presence import Presence
from auricle.identity.tokens import BadToken, Claims
from auricle.log import event

log = logging.getLogger(__name__)

CHANNEL = "auricle_standing"
CHECK_S, PAUSE_S = 2.0, 0.2

# A session that is not found is over. The stamp changes when anything that decides about permissions was written.
GOOD = text("""
select s.id, concat_ws(':', a.xmin, m.xmin,
                       (select concat(max(xmin::text::bigint), '/', count(*)) from custom_role)) as stamp
from auth_session s
join account a on a.id = s.account_id and a.disabled_at is null
left join member m on m.account_id = a.id and m.organization_id = s.organization_id and m.status = 'active'
left join organization o on o.id = m.organization_id and o.status = 'active'
where s.id = any(:ids) and s.revoked_at is null and s.expires_at > now()
  and (o.id is not null or s.organization_id is null)
""")


class SignInOver(Unauthenticated):
    """Your sign-in is over, or what you may do has changed; sign in again."""

    code = "authentication.session_over"


@dataclass(eq=False)
class Watch:
    """One live connection, what its actor could do when it began, and what to do when that is over."""

    actor: Actor
    over: Callable[[], None]
    stamp: str = ""


class Standing:
    def __init__(self, database: Database, presence: Presence, *, check_s: float = CHECK_S) -> None:
        self._database, self._presence, self._check_s = database, presence, check_s
        self._watches: set[Watch] = set()
        self._wake = asyncio.Event()

    @asynccontextmanager
    async def watching(self, actor: Actor, over: Callable[[], None]) -> AsyncIterator[None]:
        """For the length of the block, `over` is called, once, when the sign-in ends or a permission is lost."""
        watch = Watch(actor, over)
        if actor.session_id is not None:
            self._watches.add(watch)
        try:
            yield
        finally:
            self._watches.discard(watch)

    def heard(self, payload: str) -> None:
        """A process changed somebody's standing: `session:…`, `account:…` or `organization:…`."""
        kind, _, id = payload.partition(":")
        with suppress(ValueError):  # any role may notify; what is not ours is not for us
            if kind == "session":
                self._presence.forget(UUID(id))
            else:
                self._presence.forget_all_of(UUID(id))
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Check until told to stop. A database that is away ends nobody's conversation."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                waking = asyncio.create_task(self._wake.wait())
                await asyncio.wait({stopping, waking}, timeout=self._check_s, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                self._wake.clear()
                try:
                    await self.check()
                except Unavailable:
                    event(log, "standings could not be checked", logging.WARNING, watched=len(self._watches))
                await asyncio.wait({stopping}, timeout=PAUSE_S)  # however much is told
        finally:
            stopping.cancel()

    async def check(self) -> None:
        groups: dict[UUID | None, list[Watch]] = {}
        for watch in self._watches:
            groups.setdefault(watch.actor.organization_id, []).append(watch)
        for organization_id, watches in groups.items():
            stamps = await self._stamps(organization_id, {w.actor.session_id for w in watches})
            for watch in watches:
                stamp = stamps.get(watch.actor.session_id)
                if stamp is None or (stamp != watch.stamp and not await self._still_may(watch.actor)):
                    self._watches.discard(watch)
                    watch.over()
                else:
                    watch.stamp = stamp

    async def _stamps(self, organization_id: UUID | None, ids: set[UUID | None]) -> dict[UUID | None, str]:
        who = Actor(kind="system", organization_id=organization_id)
        async with self._database.transaction(who) as db:
            return {row.id: row.stamp for row in await db.execute(GOOD, {"ids": list(ids)})}

    async def _still_may(self, actor: Actor) -> bool:
        assert actor.account_id is not None and actor.session_id is not None
        claims = Claims(actor.account_id, actor.session_id, actor.organization_id, actor.member_id)
        try:
            now = await self._presence.look_up(claims)
        except BadToken:
            return False
        return now.role == actor.role and now.permissions >= actor.permissions
