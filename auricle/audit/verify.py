"""Check an organization's audit against its chain, and the chain against the signed heads; name the first fault."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.chain import CANONICAL, Position, follow, start
from auricle.audit.heads import BadHead, Head, Heads
from auricle.db.session import Database, actor_of
from auricle.errors import Forbidden
from auricle.identity.models import Organization

BATCH = 5000

# "offset 0" keeps the look-ups one by one, by key: without statistics the planner would join the whole table each time.
LINKS = text(f"""
    select l.id, l.entry_id, l.horizon, l.hash, found.canonical
    from (select * from audit_link where id > :after order by id limit :limit) l
    left join lateral (
        select {CANONICAL} as canonical from audit_entry e where e.id = l.entry_id offset 0
    ) found on true order by l.id
""")  # noqa: S608

# Entries that the chain says it has seen the last of, and that are not in it.
SMUGGLED = text("""
    select min(e.id) from audit_entry e
    where e.xid < cast(:horizon as bigint) and not exists (select from audit_link l where l.entry_id = e.id)
""")

WAITING = text("""
    select count(*) from audit_entry e
    where e.xid >= cast(:horizon as bigint) and not exists (select from audit_link l where l.entry_id = e.id)
""")

Kind = Literal["link missing", "entry missing", "entry altered", "entry not sealed", "chain rewritten", "chain cut"]


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing that is wrong: what, at which link of the chain, about which entry."""

    kind: Kind
    seq: int | None
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One organization's audit. `waiting` entries were not sealed yet; links after `signed_to` have no signed head."""

    organization_id: UUID
    links: int
    waiting: int
    signed_to: int
    signed_at: datetime | None
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All organizations, and what is wrong with the file of heads itself, if anything."""

    organizations: Sequence[Report]
    bad_heads: str | None = None

    @property
    def ok(self) -> bool:
        return self.bad_heads is None and all(report.fault is None for report in self.organizations)


async def verify_all(database: Database, heads: Heads) -> AuditReport:
    """Verify every organization of the installation; `auricle audit verify` prints this."""
    try:
        signed, bad = heads.read(), None
    except BadHead as error:
        signed, bad = (), error.message
    async with database.transaction(Actor.nobody()) as db:
        organizations = (await db.scalars(select(Organization.id).order_by(Organization.id))).all()
    unknown = {head.organization_id for head in signed} - set(organizations)
    reports = [Report(gone, 0, 0, 0, None, Fault("chain cut", 1)) for gone in sorted(unknown)]
    for organization_id in organizations:
        async with database.transaction(Actor.system(organization_id, "audit.verify")) as db:
            reports.append(await verify(db, signed))
    return AuditReport(reports, bad)


async def verify(db: AsyncSession, heads: Iterable[Head]) -> Report:
    """Recompute the chain of this transaction's organization and compare it with its signed heads."""
    organization_id = actor_of(db).organization_id
    if organization_id is None:
        raise Forbidden("An audit chain is an organization's own.")
    own = [head for head in heads if head.organization_id == organization_id]
    latest = max(own, key=lambda head: head.seq, default=None)
    position, fault = await _recompute(db, start(organization_id), {head.seq: head.hash for head in own})
    if fault is None and latest is not None and position.seq < latest.seq:
        fault = Fault("chain cut", position.seq + 1)
    horizon = {"horizon": position.horizon}
    if fault is None and (smuggled := await db.scalar(SMUGGLED, horizon)) is not None:
        fault = Fault("entry not sealed", None, smuggled)
    waiting = await db.scalar(WAITING, horizon) or 0
    return Report(
        organization_id, position.seq, waiting, latest.seq if latest else 0, latest.at if latest else None, fault
    )


async def _recompute(
    db: AsyncSession, position: Position, signed: Mapping[int, bytes]
) -> tuple[Position, Fault | None]:
    while True:
        rows = (await db.execute(LINKS, {"after": position.seq, "limit": BATCH})).all()
        for row in rows:
            following = follow(position, row.horizon, row.canonical or "")
            if fault := _fault(row, following, signed):
                return position, fault
            position = following
        if len(rows) < BATCH:
            return position, None


def _fault(row: Row[Any], expected: Position, signed: Mapping[int, bytes]) -> Fault | None:
    if row.id != expected.seq:
        return Fault("link missing", expected.seq)
    if row.canonical is None:
        return Fault("entry missing", row.id, row.entry_id)
    if row.hash != expected.hash:
        return Fault("entry altered", row.id, row.entry_id)
    if signed.get(row.id, row.hash) != row.hash:
        return Fault("chain rewritten", row.id, row.entry_id)
    return None
