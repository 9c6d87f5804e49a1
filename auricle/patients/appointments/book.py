"""Book, move and cancel. Whether a time is free is decided by the database's unique slots, not by having looked."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, Forbidden, Invalid, NotFound
from auricle.live.events import publish
from auricle.patients.appointments.free import hours_on
from auricle.patients.appointments.hours import GRID, Span, covers, grid
from auricle.patients.appointments.models import Appointment, AppointmentSlot, AppointmentStatus
from auricle.patients.create import find_patient, is_part_of, whole
from auricle.patients.professionals.models import Professional
from auricle.patients.professionals.week import find_member, time_zone

FURTHEST = timedelta(days=730)
DEADLOCK = "40P01"
MOST_OWN = 10  # appointments ahead that a patient may hold

TAKE = text(
    "insert into appointment_slot (id, appointment_id, member_id, patient_id, starts_at) "
    "select gen_random_uuid(), :appointment, :member, :patient, at "
    "from unnest(cast(:starts as timestamptz[])) with ordinality as wanted (at, n) order by n "
    "on conflict do nothing returning starts_at"
)


class SlotTaken(Conflict):
    """This time is taken: the professional or the patient has another appointment then."""

    code = "appointment.slot_taken"


class NotBookable(Conflict):
    """This professional can't be booked at that time."""

    code = "appointment.not_bookable"


class BadTime(Invalid):
    """An appointment starts on a whole five minutes, in the future and within two years."""

    code = "appointment.bad_time"


class NotBooked(Conflict):
    """This appointment is over or was cancelled."""

    code = "appointment.not_booked"


class TooManyAhead(Conflict):
    """You have as many appointments ahead as you may book yourself; please call us."""

    code = "appointment.too_many_ahead"


@dataclass(frozen=True, slots=True)
class Booking:
    """What is wanted."""

    patient_id: UUID
    professional_id: UUID
    starts_at: datetime
    minutes: int
    type: str = "in_person"
    reason: str | None = None
    outside_hours: bool = False


async def book(db: AsyncSession, keyring: Keyring, wanted: Booking, *, now: datetime) -> Appointment:
    """Book a time. Raises `SlotTaken` when somebody else has it, even if they commit at the same moment."""
    patient = await find_patient(db, wanted.patient_id)
    actor = actor_of(db)
    span = span_of(wanted.starts_at, wanted.minutes, now)
    await check_bookable(db, wanted.professional_id, span, outside_hours=wanted.outside_hours)
    if not actor.may("appointments:write"):
        await check_own_number(db, patient.id, now)
    appointment = Appointment(
        id=new_id(),
        patient_id=patient.id,
        member_id=wanted.professional_id,
        starts_at=span.start,
        ends_at=span.end,
        type=wanted.type,
        booked_by=actor.member_id,
    )
    if wanted.reason:
        key = await keyring.patient(db, patient.id)
        appointment.reason = key.seal(wanted.reason, "appointment", "reason", appointment.id)
    db.add(appointment)
    await db.flush()
    await take(db, appointment)
    await publish(db, "appointment.booked", appointment_id=appointment.id, patient_id=patient.id)
    return appointment


async def move(
    db: AsyncSession,
    appointment_id: UUID,
    starts_at: datetime,
    *,
    minutes: int | None = None,
    professional_id: UUID | None = None,
    outside_hours: bool = False,
    now: datetime,
) -> Appointment:
    """Move an appointment; when the new time is taken, the old one stays."""
    appointment = await booked(db, appointment_id, now)
    length_min = minutes or (appointment.ends_at - appointment.starts_at) // timedelta(minutes=1)
    span = span_of(starts_at, length_min, now)
    member_id = professional_id or appointment.member_id
    await check_bookable(db, member_id, span, outside_hours=outside_hours)
    await give_back(db, appointment.id)
    appointment.member_id, appointment.starts_at, appointment.ends_at = member_id, span.start, span.end
    await db.flush()
    await take(db, appointment)
    await publish(db, "appointment.moved", appointment_id=appointment.id, patient_id=appointment.patient_id)
    return appointment


async def cancel(db: AsyncSession, appointment_id: UUID, *, now: datetime) -> Appointment:
    """Cancel an appointment and free its time; cancelling twice changes nothing."""
    appointment = await find_appointment(db, appointment_id, lock=True)
    if appointment.status is AppointmentStatus.CANCELLED:
        return appointment
    check_open(db, appointment, now)
    appointment.status, appointment.cancelled_at = AppointmentStatus.CANCELLED, now
    await give_back(db, appointment.id)
    await db.flush()
    await publish(db, "appointment.cancelled", appointment_id=appointment.id, patient_id=appointment.patient_id)
    return appointment


async def note_outcome(db: AsyncSession, appointment_id: UUID, outcome: AppointmentStatus) -> Appointment:
    """Say whether the patient came."""
    appointment = await find_appointment(db, appointment_id, lock=True)
    if appointment.status is AppointmentStatus.CANCELLED:
        raise NotBooked
    appointment.status = outcome
    await db.flush()
    return appointment


async def find_appointment(db: AsyncSession, appointment_id: UUID, *, lock: bool = False) -> Appointment:
    """An appointment that the actor may see: staff any, a patient their own."""
    appointment = await db.get(Appointment, appointment_id, with_for_update=lock or None)
    actor = actor_of(db)
    if appointment is None or not (
        actor.may("appointments:read") or await is_part_of(db, appointment.patient_id, actor.patient_id)
    ):
        raise NotFound("No such appointment.")
    return appointment


async def booked(db: AsyncSession, appointment_id: UUID, now: datetime) -> Appointment:
    appointment = await find_appointment(db, appointment_id, lock=True)
    check_open(db, appointment, now)
    return appointment


def check_open(db: AsyncSession, appointment: Appointment, now: datetime) -> None:
    """Raise unless it is still to come; staff may put a past one right."""
    over = appointment.starts_at <= now and not actor_of(db).may("appointments:write")
    if appointment.status is not AppointmentStatus.BOOKED or over:
        raise NotBooked


def span_of(starts_at: datetime, minutes: int, now: datetime) -> Span:
    if not now < starts_at < now + FURTHEST or starts_at.timestamp() % GRID.total_seconds():
        raise BadTime
    start = starts_at.astimezone(UTC)
    return Span(start, start + timedelta(minutes=minutes))


async def check_bookable(db: AsyncSession, member_id: UUID, span: Span, *, outside_hours: bool) -> None:
    """Raise unless the professional works then. Staff may book outside of hours when they say so."""
    staff = actor_of(db).may("appointments:write")
    await find_member(db, member_id)
    bookable = await db.scalar(select(Professional.bookable).where(Professional.member_id == member_id))
    if bookable is False and not staff:
        raise NotBookable
    if outside_hours:
        if not staff:
            raise Forbidden("Only staff book outside of hours.", permission="appointments:write")
        return
    zone = await time_zone(db)
    first, last = span.start.astimezone(zone).date(), span.end.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    if not covers(await hours_on(db, member_id, days, zone), span):
        raise NotBookable


async def check_own_number(db: AsyncSession, patient_id: UUID, now: datetime) -> None:
    ahead = select(func.count()).where(
        Appointment.patient_id.in_(whole(patient_id)),
        Appointment.status == AppointmentStatus.BOOKED,
        Appointment.starts_at > now,
    )
    if (await db.scalar(ahead) or 0) >= MOST_OWN:
        raise TooManyAhead(limit=MOST_OWN)


async def take(db: AsyncSession, appointment: Appointment) -> None:
    """Take every slot of the time or raise. In order of time, so that no two bookings wait for each other in a ring."""
    starts = grid(Span(appointment.starts_at, appointment.ends_at))
    values = {
        "appointment": appointment.id,
        "member": appointment.member_id,
        "patient": appointment.patient_id,
        "starts": starts,
    }
    try:
        got = len((await db.execute(TAKE, values)).all())
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == DEADLOCK:  # two moves into each other's time: one of them loses
            raise SlotTaken from error
        raise
    if got < len(starts):
        raise SlotTaken


async def give_back(db: AsyncSession, appointment_id: UUID) -> None:
    await db.execute(delete(AppointmentSlot).where(AppointmentSlot.appointment_id == appointment_id))
