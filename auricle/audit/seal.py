"""Chain what was committed: a background loop takes new entries into their organization's hash chain.

Sealing apart from writing keeps a busy organization's writers from queueing for one lock. Only entries of transactions
older than every running one are taken, so that the horizon (all below it is sealed) is true and no late commit is lost.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.chain import CANONICAL, Position, follow, start
from auricle.audit.heads import Heads
from auricle.db.session import Database, actor_of
from auricle.errors import DatabaseUnavailable, Forbidden
from auricle.identity.models import Organization
from auricle.log import event

log = logging.getLogger(__name__)

BATCH = 2000
BATCHES_A_ROUND = 10  # then the next organization has its turn
LONGEST_REST_S = 60.0
LONGEST_WAIT_S = 5.0

LOCK = text("select pg_advisory_xact_lock(hashtextextended('audit ' || current_setting('auricle.organization'), 0))")

LAST = text("select id, hash, horizon from audit_link order by id desc limit 1")

SNAPSHOT = text("""
    select pg_snapshot_xmin(s)::text::bigint as oldest, pg_snapshot_xmax(s)::text::bigint as newest
    from pg_current_snapshot() s
""")

# Goes on behind the last link: where a batch ended inside a transaction, behind its entry; else at the horizon.
# An entry from beyond the newest transaction is of another server, from which this database was restored.
# "offset 0" keeps the look-ups one by one, by key: without statistics the planner would join the whole tables.
PENDING = text(f"""
    select e.id, e.xid, {CANONICAL} as canonical
    from audit_entry e
    where e.xid >= :horizon
      and (e.xid > :horizon or e.id > coalesce((
            select last.id from audit_link l join audit_entry last on last.id = l.entry_id
            where l.id = :seq and last.xid = :horizon), 0))
      and (e.xid < :oldest or e.xid >= :newest)
      and not exists (select from audit_link l where l.entry_id = e.id offset 0)
    order by e.xid, e.id limit :limit
""")  # noqa: S608

ADD = text("""
    insert into audit_link (id, entry_id, horizon, hash)
    select id, entry_id, horizon, hash
    from unnest(cast(:ids as bigint[]), cast(:entries as bigint[]),
                cast(:horizons as bigint[]), cast(:hashes as bytea[]))
         as new (id, entry_id, horizon, hash)
""")

MARK = text("""
    select last_value, pg_snapshot_xmin(pg_current_snapshot())::text::bigint from audit_entry_id_seq
""")

# A number of our own: every transaction that holds an entry number by now has a lower one (a snapshot's upper end is
# no such bound, for it knows finished transactions only).
BOUND = text("select pg_current_xact_id()::text::bigint")


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one pass did: how many links it added, where the chain stands now, and whether there is more to do."""

    count: int
    position: Position
    more: bool


async def seal(db: AsyncSession, *, limit: int = BATCH) -> Sealed:
    """Chain up to `limit` committed entries of this transaction's organization that are not chained yet."""
    organization_id = actor_of(db).organization_id
    if organization_id is None:
        raise Forbidden("An audit chain is an organization's own.")
    await db.execute(LOCK)
    position = await last_position(db, organization_id)
    oldest, newest = (await db.execute(SNAPSHOT)).one()
    bounds = {"horizon": position.horizon if position.horizon <= newest else 0, "oldest": oldest, "newest": newest}
    rows = (await db.execute(PENDING, {**bounds, "seq": position.seq, "limit": limit})).all()
    if not rows:
        return Sealed(0, position, more=False)
    links: list[Position] = []
    for number, row in enumerate(rows, start=1):
        whole = number == len(rows) < limit
        position = follow(position, oldest if whole else min(row.xid, oldest), row.canonical)
        links.append(position)
    await db.execute(
        ADD,
        {
            "ids": [link.seq for link in links],
            "entries": [row.id for row in rows],
            "horizons": [link.horizon for link in links],
            "hashes": [link.hash for link in links],
        },
    )
    return Sealed(len(links), position, more=len(rows) == limit)


async def last_position(db: AsyncSession, organization_id: UUID) -> Position:
    row = (await db.execute(LAST)).one_or_none()
    return Position(row.id, row.hash, row.horizon) if row else start(organization_id)


@dataclass
class Sealer:
    """Seals every organization and signs the heads."""

    database: Database
    heads: Heads
    sign_every_s: float = 0.0  # as fresh as the seal: a tail cut between seal and signature would leave no trace
    _unsigned: dict[UUID, Position] = field(default_factory=dict)
    _signed_at: dict[UUID, float] = field(default_factory=dict)
    _value: int = -1  # the entry numbers' sequence when it was last seen moving …
    _bound: int = 0  # … and a transaction number above all that had been given out by then
    _settled: bool = False
    _round_at: float = 0.0

    async def is_due(self) -> bool:
        """Whether entries may wait, for all organizations in one cheap look: numbers were given out since, or their
        transactions may still be open; and now and then in any case."""
        async with self.database.transaction(Actor.nobody()) as db:
            value, oldest = (await db.execute(MARK)).one()
            if value != self._value:
                self._value, self._bound, self._settled = value, await db.scalar(BOUND) or 0, False
                return True
        if not self._settled:
            self._settled = oldest > self._bound
            return True
        return time.monotonic() - self._round_at > LONGEST_REST_S

    async def round(self) -> int:
        """Seal what waits in every organization; returns the number of links added."""
        self._round_at, added = time.monotonic(), 0
        async with self.database.transaction(Actor.nobody()) as db:
            organizations = (await db.scalars(select(Organization.id).order_by(Organization.id))).all()
        for organization_id in organizations:
            added += await self._organization(organization_id)
        return added

    async def _organization(self, organization_id: UUID) -> int:
        added = 0
        for _ in range(BATCHES_A_ROUND):
            async with self.database.transaction(Actor.system(organization_id, "audit.seal")) as db:
                sealed = await seal(db)
            if sealed.count:
                added += sealed.count
                self._unsigned[organization_id] = sealed.position
            if not sealed.more:
                return added
        self._settled, self._value = False, -1
        return added

    async def sign(self, *, everything: bool = False) -> int:
        """Sign the heads that moved and are due (a head of each organization at most every `sign_every_s`)."""
        now = time.monotonic()
        due = [o for o in self._unsigned if everything or now - self._signed_at.get(o, -1e9) >= self.sign_every_s]
        if due:
            await asyncio.to_thread(self._write, due)
        for organization_id in due:
            del self._unsigned[organization_id]
            self._signed_at[organization_id] = now
        return len(due)

    def _write(self, organizations: Sequence[UUID]) -> None:
        self.heads.sign_all({organization_id: self._unsigned[organization_id] for organization_id in organizations})


async def seal_forever(database: Database, heads: Heads, stop: asyncio.Event, *, every_s: float = 0.5) -> None:
    """Seal until told to stop, and once more then. A database or disk that is away is tried again."""
    sealer, failures = Sealer(database, heads), 0
    while not stop.is_set():
        failures = 0 if await attempt(sealer) else failures + 1
        wait_s = min(every_s * 2 ** min(failures, 10), LONGEST_WAIT_S)
        try:
            await asyncio.wait_for(stop.wait(), wait_s)
        except TimeoutError:
            continue
    await attempt(sealer, last=True)


async def attempt(sealer: Sealer, *, last: bool = False) -> bool:
    try:
        if await sealer.is_due() or last:
            await sealer.round()
        await sealer.sign(everything=last)
    except DatabaseUnavailable:
        event(log, "audit sealing waits for the database", logging.WARNING)
        return False
    except Exception:
        log.exception("audit sealing failed; trying again")
        return False
    return True
