"""`/api/v1/appointments`"""

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import AwareDatetime, Field

from auricle.actor import Actor
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, Invalid, NotFound, Unauthenticated
from auricle.patients.appointments.book import (
    BadTime,
    Booking,
    NotBookable,
    NotBooked,
    SlotTaken,
    TooManyAhead,
    book,
    cancel,
    find_appointment,
    move,
    note_outcome,
)
from auricle.patients.appointments.free import bookable_professionals, free_times
from auricle.patients.appointments.models import AppointmentStatus
from auricle.patients.appointments.read import list_appointments, shown, shown_all
from auricle.patients.appointments.schemas import (
    AppointmentOut,
    Bookable,
    BookingIn,
    FreeTime,
    FreeTimes,
    MoveIn,
    OutcomeIn,
)
from auricle.patients.professionals.week import UnknownTimeZone, time_zone
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/appointments", tags=["appointments"])

By = Annotated[Literal["created_at", "-created_at", "starts_at", "-starts_at"], Sort]

Reader = Annotated[Actor, Requires("appointments:read", "own:book")]
Booker = Annotated[Actor, Requires("appointments:write", "own:book")]
REFUSED = (Unauthenticated, Forbidden, NotFound, UnknownTimeZone)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2200, 1, 1)  # beyond, time zones are guesses and instants overflow
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]


class PatientNeeded(Invalid):
    """Say which patient this appointment is for."""

    code = "appointment.patient_needed"


@router.get(
    "/professionals",
    operation_id="list_bookable_professionals",
    summary="Who can be booked",
    responses=problems(Unauthenticated, Forbidden, UnknownTimeZone),
)
async def bookable(db: Db, actor: Reader) -> Bookable:
    return Bookable(time_zone=str(await time_zone(db)), items=await bookable_professionals(db))


@router.get(
    "/free",
    operation_id="list_free_times",
    summary="When a professional is free",
    responses=problems(*REFUSED),
)
async def free(
    professional_id: UUID,
    db: Db,
    actor: Reader,
    day: Annotated[date, Query(description="The first day, by the organization's clock.", examples=["2026-12-01"])],
    days: Annotated[int, Query(ge=1, le=31)] = 7,
    minutes: Annotated[int, Query(ge=5, le=480, multiple_of=5)] = 30,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> FreeTimes:
    if not FIRST_DAY <= day < LAST_DAY:
        raise Invalid("This day is out of range.")
    zone, starts = await free_times(db, professional_id, day, days, minutes, now=datetime.now(UTC), limit=limit)
    items = [FreeTime(starts_at=start, local_start=start.astimezone(zone)) for start in starts]
    return FreeTimes(professional_id=professional_id, time_zone=str(zone), minutes=minutes, items=items)


@router.get(
    "",
    operation_id="list_appointments",
    summary="Appointments, latest booked first; a patient's own",
    responses=problems(*REFUSED, BadCursor),
)
async def index(
    db: Db,
    assembly: Installed,
    actor: Reader,
    professional_id: UUID | None = None,
    patient_id: UUID | None = None,
    state: AppointmentStatus | None = None,
    start: Annotated[Moment | None, Query(description="Starting then or later.")] = None,
    end: Annotated[Moment | None, Query(description="Starting before then.")] = None,
    sort: By = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[AppointmentOut]:
    rows = await list_appointments(
        db,
        member_id=professional_id,
        patient_id=patient_id,
        status=state,
        start=start,
        end=end,
        order=ordered(sort, cursor),
        limit=limit + 1,
    )
    return page(await shown_all(db, assembly.keyring, rows), [row.id for row in rows], limit)


@router.post(
    "",
    operation_id="book_appointment",
    summary="Book a time",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*REFUSED, PatientNeeded, SlotTaken, NotBookable, BadTime, TooManyAhead),
)
async def create(body: BookingIn, db: Db, assembly: Installed, actor: Booker) -> AppointmentOut:
    patient_id = body.patient_id or actor.patient_id
    if patient_id is None:
        raise PatientNeeded
    wanted = Booking(**body.model_dump(exclude={"patient_id"}), patient_id=patient_id)
    appointment = await book(db, assembly.keyring, wanted, now=datetime.now(UTC))
    return await shown(db, assembly.keyring, appointment)


@router.get(
    "/{appointment_id}",
    operation_id="get_appointment",
    summary="One appointment",
    responses=problems(*REFUSED),
)
async def get(appointment_id: UUID, db: Db, assembly: Installed, actor: Reader) -> AppointmentOut:
    rows = [await find_appointment(db, appointment_id)]
    return (await shown_all(db, assembly.keyring, rows))[0]


@router.post(
    "/{appointment_id}/move",
    operation_id="move_appointment",
    summary="Move an appointment",
    responses=problems(*REFUSED, SlotTaken, NotBookable, NotBooked, BadTime),
)
async def change(appointment_id: UUID, body: MoveIn, db: Db, assembly: Installed, actor: Booker) -> AppointmentOut:
    moved = await move(
        db,
        appointment_id,
        body.starts_at,
        minutes=body.minutes,
        professional_id=body.professional_id,
        outside_hours=body.outside_hours,
        now=datetime.now(UTC),
    )
    return await shown(db, assembly.keyring, moved)


@router.post(
    "/{appointment_id}/cancel",
    operation_id="cancel_appointment",
    summary="Cancel an appointment",
    responses=problems(*REFUSED, NotBooked),
)
async def end(appointment_id: UUID, db: Db, assembly: Installed, actor: Booker) -> AppointmentOut:
    return await shown(db, assembly.keyring, await cancel(db, appointment_id, now=datetime.now(UTC)))


@router.post(
    "/{appointment_id}/outcome",
    operation_id="note_appointment_outcome",
    summary="Say whether the patient came",
    responses=problems(*REFUSED, NotBooked),
)
async def outcome(
    appointment_id: UUID,
    body: OutcomeIn,
    db: Db,
    assembly: Installed,
    actor: Annotated[Actor, Requires("appointments:write")],
) -> AppointmentOut:
    noted = await note_outcome(db, appointment_id, AppointmentStatus(body.outcome))
    return await shown(db, assembly.keyring, noted)
