"""Look into the audit of one's own organization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.models import AuditEntry, AuditLink
from auricle.audit.of_patient import about_patient
from auricle.audit.schemas import ChainState
from auricle.identity.models import Member

HIGHEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries; None is any. `before` is the entry that a page starts behind."""

    entity: str | None = None
    entity_id: UUID | None = None
    actor_id: UUID | None = None
    action: str | None = None
    outcome: str | None = None
    patient_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    after: int | None = None
    oldest_first: bool = False


async def list_entries(db: AsyncSession, wanted: Wanted, *, limit: int) -> Sequence[AuditEntry]:
    key = AuditEntry.id
    statement = select(AuditEntry).order_by(key.asc() if wanted.oldest_first else key.desc()).limit(limit)
    for column, value in (
        (AuditEntry.entity, wanted.entity),
        (AuditEntry.entity_id, wanted.entity_id),
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.action, wanted.action),
        (AuditEntry.outcome, wanted.outcome),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.patient_id is not None:
        statement = statement.where(about_patient(AuditEntry.entity_id, wanted.patient_id))
    if wanted.since is not None:
        statement = statement.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(AuditEntry.at < wanted.until)
    if wanted.after is not None:
        last = min(wanted.after, HIGHEST)
        statement = statement.where(key > last if wanted.oldest_first else key < last)
    return (await db.scalars(statement)).all()


async def names_of(db: AsyncSession, entries: Sequence[AuditEntry]) -> Mapping[UUID | None, str]:
    """Members by what they are called now; an entry itself keeps no name. Who has none is left out."""
    ids = {entry.member_id for entry in entries if entry.member_id is not None}
    rows = await db.scalars(select(Member).where(Member.id.in_(ids)))
    return {one.id: one.full_name for one in rows if one.full_name}


async def chain_state(db: AsyncSession) -> ChainState:
    entries = await db.scalar(select(func.count()).select_from(AuditEntry)) or 0
    age = func.extract("epoch", func.now() - AuditLink.sealed_at)
    newest = select(AuditLink.id, AuditLink.hash, AuditLink.sealed_at, age.label("age"))
    last = (await db.execute(newest.order_by(AuditLink.id.desc()).limit(1))).one_or_none()
    if last is None:
        return ChainState(entries=entries, sealed=0, head=None, sealed_at=None, age_s=None)
    return ChainState(
        entries=entries, sealed=last.id, head=last.hash.hex(), sealed_at=last.sealed_at, age_s=float(last.age)
    )
