"""Legal holds: while one stands, nothing of the patient is erased, by a person or by retention."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.consent.models import LegalHold
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.patients.create import find_patient


class OnHold(Conflict):
    """A legal hold stands on this patient: nothing may be erased."""

    code = "patient.on_hold"


class NoHold(NotFound):
    """No hold stands on this patient."""

    code = "patient.no_hold"


async def check_no_hold(db: AsyncSession, patient_ids: Sequence[UUID]) -> None:
    standing = select(LegalHold.id).where(LegalHold.patient_id.in_(patient_ids), LegalHold.released_at.is_(None))
    if await db.scalar(standing.limit(1)):
        raise OnHold


async def place_hold(db: AsyncSession, keyring: Keyring, patient_id: UUID, reason: str) -> LegalHold:
    """Place a hold; a second one while one stands is refused."""
    patient = await find_patient(db, patient_id)
    await db.refresh(patient, with_for_update=True)  # an erasure under way ends first
    if patient.status == "erased":
        raise NotFound("No such patient.")
    await check_no_hold(db, [patient_id])
    hold_id = new_id()
    sealed = (await keyring.organization(db)).seal(reason, "legal_hold", "reason", hold_id)
    hold = LegalHold(id=hold_id, patient_id=patient_id, reason=sealed, placed_by=actor_of(db).member_id)
    db.add(hold)
    await db.flush()
    return hold


async def release_hold(db: AsyncSession, patient_id: UUID) -> LegalHold:
    await find_patient(db, patient_id)
    statement = select(LegalHold).where(LegalHold.patient_id == patient_id, LegalHold.released_at.is_(None))
    hold = await db.scalar(statement.with_for_update())
    if hold is None:
        raise NoHold
    hold.released_by, hold.released_at = actor_of(db).member_id, await db.scalar(select(func.now()))
    await db.flush()
    return hold


async def holds_of(db: AsyncSession, patient_id: UUID) -> Sequence[LegalHold]:
    await find_patient(db, patient_id)
    rows = select(LegalHold).where(LegalHold.patient_id == patient_id).order_by(LegalHold.id.desc()).limit(200)
    return (await db.scalars(rows)).all()


async def reason_of(db: AsyncSession, keyring: Keyring, hold: LegalHold) -> str:
    return (await keyring.organization(db)).open(hold.reason, "legal_hold", "reason", hold.id)
