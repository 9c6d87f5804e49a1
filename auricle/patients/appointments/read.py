"""List and show appointments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record_read
from auricle.db.keyset import NEWEST, Order, in_order
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.patients.appointments.models import Appointment, AppointmentStatus
from auricle.patients.appointments.schemas import AppointmentOut
from auricle.patients.create import whole
from auricle.patients.professionals.week import time_zone


async def list_appointments(
    db: AsyncSession,
    *,
    member_id: UUID | None = None,
    patient_id: UUID | None = None,
    status: AppointmentStatus | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    order: Order = NEWEST,
    limit: int = 20,
) -> Sequence[Appointment]:
    """A patient sees their own, whatever they filter by."""
    actor = actor_of(db)
    by = {"starts_at": Appointment.starts_at}
    visible = select(Appointment)
    if not actor.may("appointments:read"):
        visible = visible.where(Appointment.patient_id.in_(whole(actor.patient_id)))
    statement = await in_order(db, visible, order, Appointment.id, limit=limit, **by)
    if patient_id is not None:
        statement = statement.where(Appointment.patient_id.in_(whole(patient_id)))
    if member_id is not None:
        statement = statement.where(Appointment.member_id == member_id)
    if status is not None:
        statement = statement.where(Appointment.status == status)
    if start is not None:
        statement = statement.where(Appointment.starts_at >= start)
    if end is not None:
        statement = statement.where(Appointment.starts_at < end)
    return (await db.scalars(statement)).all()


async def shown(db: AsyncSession, keyring: Keyring, appointment: Appointment) -> AppointmentOut:
    """An appointment that the actor just made or changed: no read of somebody else's making."""
    return (await _shown(db, keyring, [appointment]))[0]


async def shown_all(db: AsyncSession, keyring: Keyring, rows: Sequence[Appointment]) -> list[AppointmentOut]:
    """Appointments with their reasons opened, which is a read of clinical data."""
    await record_read(db, "appointment", rows[0].id if len(rows) == 1 else None, listed=len(rows))
    return await _shown(db, keyring, rows)


async def _shown(db: AsyncSession, keyring: Keyring, rows: Sequence[Appointment]) -> list[AppointmentOut]:
    zone = await time_zone(db)
    keys = await keyring.patients(db, list({row.patient_id for row in rows if row.reason}))
    out = []
    for row in rows:
        key = keys.get(row.patient_id)  # none: forgotten with the patient
        out.append(
            AppointmentOut(
                id=row.id,
                patient_id=row.patient_id,
                professional_id=row.member_id,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                local_start=row.starts_at.astimezone(zone),
                status=row.status,
                type=row.type,
                reason=key.open(row.reason, "appointment", "reason", row.id) if key and row.reason else None,
                created_at=row.created_at,
                cancelled_at=row.cancelled_at,
            )
        )
    return out
