"""Break the glass: look at one patient without the permission to, for a reason, for a short time, and loudly.

The permissions of an access are given by `own_access`, for one read of one patient: no list, search or other route
ever sees them. Each read is an audit entry with the access as its reason, and an event to those who review.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record
from auricle.break_glass.models import BreakGlass
from auricle.consultations.models import Consultation, ConsultationStatus, ConsultationType
from auricle.db.base import new_id
from auricle.db.keyset import Order, in_order
from auricle.db.sealed import Keyring
from auricle.db.session import Database, actor_of
from auricle.errors import Conflict, Forbidden, NotFound
from auricle.live.events import publish
from auricle.notes.models import Note, NoteStatus
from auricle.patients.create import whole
from auricle.patients.models import Patient

LONGEST = timedelta(hours=4)
SHOWN = frozenset({"patients:read", "consultations:read", "notes:read"})
ConsultationRow = Row[UUID, ConsultationType, ConsultationStatus, datetime]
NoteRow = Row[UUID, NoteStatus, str, datetime]
MOST_STANDING = 3  # accesses one member may hold at a time


class NotNeeded(Conflict):
    """Your role lets you see this patient already."""

    code = "break_glass.not_needed"


class TooManyAccesses(Conflict):
    """You hold several emergency accesses already; let one end first."""

    code = "break_glass.too_many"


class AccessOver(Forbidden):
    """This emergency access has expired or was revoked."""

    code = "break_glass.over"


async def break_glass(db: AsyncSession, keyring: Keyring, patient_id: UUID, *, reason: str, minutes: int) -> BreakGlass:
    """Open an emergency access for the actor. Raises `NotNeeded` where they may look anyway."""
    actor = actor_of(db)
    if actor.member_id is None:
        raise Forbidden("Only a member may ask for emergency access.")
    if all(actor.may(permission) for permission in SHOWN):
        raise NotNeeded
    patient = await db.get(Patient, patient_id)
    if patient is None or patient.status == "erased":
        raise NotFound("No such patient.")
    now = datetime.now(UTC)
    standing = select(BreakGlass.id).where(
        BreakGlass.member_id == actor.member_id, BreakGlass.revoked_at.is_(None), BreakGlass.expires_at > now
    )
    if len((await db.scalars(standing)).all()) >= MOST_STANDING:
        raise TooManyAccesses
    access_id = new_id()
    access = BreakGlass(
        id=access_id,
        patient_id=patient_id,
        member_id=actor.member_id,
        reason=(await keyring.organization(db)).seal(reason, "break_glass", "reason", access_id),
        expires_at=now + min(timedelta(minutes=minutes), LONGEST),
        created_at=now,
    )
    db.add(access)
    await db.flush()
    await publish(db, "break_glass.opened", break_glass_id=access.id, patient_id=patient_id, member_id=actor.member_id)
    return access


async def own_access(database: Database, actor: Actor, access_id: UUID, what: str, row_id: UUID | None = None) -> Actor:
    """The actor with the access's permissions, for the one read that this call records.

    The record is a transaction of its own, before the read: it stands even where the read then fails.

    Raises:
        AccessOver: it has expired or was revoked.
        NotFound: it is another's, or the row is not of its patient.
    """
    async with database.transaction(actor) as db:
        access = await db.get(BreakGlass, access_id)
        if access is None or access.member_id != actor.member_id:
            raise NotFound("No such access.")
        if access.revoked_at is not None or access.expires_at <= datetime.now(UTC):
            raise AccessOver
        await check_of_patient(db, access.patient_id, what, row_id)
        about = {"patient_id": str(access.patient_id)}
        await record(db, "read", what, row_id or access.patient_id, reason=f"break_glass:{access.id}", **about)
        await db.execute(update(BreakGlass).where(BreakGlass.id == access.id).values(reads=BreakGlass.reads + 1))
        await publish(
            db, "break_glass.read", break_glass_id=access.id, patient_id=access.patient_id, member_id=access.member_id
        )
    return replace(actor, permissions=actor.permissions | SHOWN)


async def check_of_patient(db: AsyncSession, patient_id: UUID, what: str, row_id: UUID | None) -> None:
    """Raise `NotFound` unless the row is of this patient's records."""
    if row_id is None:
        return
    table: type[Consultation] | type[Note] = Consultation if what == "consultation" else Note
    if await db.scalar(select(table.id).where(table.id == row_id, table.patient_id.in_(whole(patient_id)))) is None:
        raise NotFound("No such thing of this patient.")


async def find_access(db: AsyncSession, access_id: UUID) -> BreakGlass:
    """An access of the actor's own, or any for those who review."""
    access = await db.get(BreakGlass, access_id)
    actor = actor_of(db)
    if access is None or not (access.member_id == actor.member_id or actor.may("break_glass:review")):
        raise NotFound("No such access.")
    return access


async def revoke(db: AsyncSession, access_id: UUID) -> BreakGlass:
    """End an access now; ending it twice changes nothing."""
    access = await find_access(db, access_id)
    await db.refresh(access, with_for_update=True)
    if access.revoked_at is None:
        access.revoked_at, access.revoked_by = datetime.now(UTC), actor_of(db).member_id
        await db.flush()
        await publish(db, "break_glass.revoked", break_glass_id=access.id, patient_id=access.patient_id)
    return access


async def list_accesses(db: AsyncSession, order: Order, *, limit: int) -> Sequence[BreakGlass]:
    """One's own, or all for those who review."""
    actor = actor_of(db)
    statement = await in_order(db, select(BreakGlass), order, BreakGlass.id, limit=limit)
    if not actor.may("break_glass:review"):
        statement = statement.where(BreakGlass.member_id == actor.member_id)
    return (await db.scalars(statement)).all()


async def reason_of(db: AsyncSession, keyring: Keyring, access: BreakGlass) -> str:
    return (await keyring.organization(db)).open(access.reason, "break_glass", "reason", access.id)


async def contents(db: AsyncSession, patient_id: UUID) -> tuple[Sequence[ConsultationRow], Sequence[NoteRow]]:
    """The consultations and notes of a patient, newest first: what else may be asked for under an access."""
    own = whole(patient_id)
    consultations = (
        select(Consultation.id, Consultation.type, Consultation.status, Consultation.created_at)
        .where(Consultation.patient_id.in_(own))
        .order_by(Consultation.id.desc())
    )
    notes = (
        select(Note.id, Note.status, Note.template, Note.created_at)
        .where(Note.patient_id.in_(own), Note.status != NoteStatus.DELETED, Note.version > 0)
        .order_by(Note.id.desc())
    )
    return (await db.execute(consultations.limit(200))).all(), (await db.execute(notes.limit(200))).all()
