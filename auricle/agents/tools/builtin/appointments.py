"""Free times, booking and cancelling: for the consultation's own patient, by the functions the interface uses."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.tools.builtin.calendar_words import spoken_time
from auricle.agents.tools.consent_words import say
from auricle.agents.tools.tool import BadArguments, Effect, Errand, Tool, arguments_schema
from auricle.errors import NotFound
from auricle.patients.appointments.book import (
    Booking,
    SlotTaken,
    book,
    cancel,
    check_bookable,
    check_open,
    find_appointment,
    span_of,
)
from auricle.patients.appointments.free import bookable_professionals, free_times, taken
from auricle.patients.appointments.hours import Span
from auricle.patients.appointments.models import Appointment
from auricle.patients.create import find_patient, is_part_of
from auricle.patients.professionals.week import find_member, time_zone

PATIENT_OR_STAFF = ("own:book", "appointments:write")
SEES = ("own:read", "patients:read", "appointments:read")
MOST_SLOTS = 12
MOST_PROFESSIONALS = 8
SLOTS_EACH = 6

MINUTES = {"type": "integer", "minimum": 5, "maximum": 120, "multipleOf": 5, "optional": True}
STARTS_AT = {"type": "string", "maxLength": 40, "description": "As given by find_appointment_slots, ISO 8601."}
ID = {"type": "string", "maxLength": 40}


def uuid_in(arguments: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(arguments[name])
    except ValueError:
        raise BadArguments(f"{name} is not an id.") from None


def time_in(arguments: Mapping[str, Any], zone: ZoneInfo) -> datetime:
    """`starts_at`; without an offset it is meant in the clinic's own time."""
    try:
        at = datetime.fromisoformat(arguments["starts_at"])
    except ValueError:
        raise BadArguments("starts_at is not a time.") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


async def find_slots(errand: Errand, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Free times from a day on, of one professional or of each."""
    now = datetime.now(UTC)
    minutes = int(arguments.get("minutes", 30))
    try:
        first = date.fromisoformat(arguments["day"]) if "day" in arguments else now.date()
    except ValueError:
        raise BadArguments("day is not a date.") from None
    async with errand.assembly.database.transaction(errand.actor) as db:
        everybody = await bookable_professionals(db)
        wanted = uuid_in(arguments, "professional_id") if "professional_id" in arguments else None
        asked = [one for one in everybody if wanted in (None, one.id)][:MOST_PROFESSIONALS]
        if not asked:
            raise NotFound("No such professional.")
        found: list[dict[str, Any]] = []
        limit = MOST_SLOTS if wanted else SLOTS_EACH
        for one in asked:
            zone, starts = await free_times(
                db, one.id, first, int(arguments.get("days", 7)), minutes, now=now, limit=limit
            )
            found.append(
                {
                    "professional_id": str(one.id),
                    "name": one.name,
                    "specialty": one.specialty,
                    "starts_at": [s.astimezone(zone).isoformat(timespec="minutes") for s in starts],
                }
            )
    return {"minutes": minutes, "slots": found}


async def book_slot(errand: Errand, arguments: Mapping[str, Any]) -> dict[str, Any]:
    assembly = errand.assembly
    async with assembly.database.transaction(errand.actor) as db:
        zone = await time_zone(db)
        wanted = Booking(
            errand.patient_id,
            uuid_in(arguments, "professional_id"),
            time_in(arguments, zone),
            int(arguments.get("minutes", 30)),
            reason=arguments.get("reason"),
        )
        made = await book(db, assembly.keyring, wanted, now=datetime.now(UTC))
        return {"booked": True, "appointment_id": str(made.id), "starts_at": arguments["starts_at"]}


async def ask_to_book(errand: Errand, arguments: Mapping[str, Any]) -> str:
    """The question before a booking. Raises where it could not be booked anyway."""
    now = datetime.now(UTC)
    async with errand.assembly.database.transaction(errand.actor) as db:
        await find_patient(db, errand.patient_id)
        member_id, zone = uuid_in(arguments, "professional_id"), await time_zone(db)
        minutes = int(arguments.get("minutes", 30))
        span = span_of(time_in(arguments, zone), minutes, now)
        await check_bookable(db, member_id, span, outside_hours=False)
        if await taken(db, member_id, Span(span.start, span.start + timedelta(minutes=minutes))):
            raise SlotTaken  # the booking itself decides; this spares a question
        who = (await find_member(db, member_id)).full_name
    return say("book", errand.language, when=spoken_time(span.start.astimezone(zone), errand.language), who=who)


async def own_appointment(db: AsyncSession, errand: Errand, arguments: Mapping[str, Any]) -> Appointment:
    """The appointment, if it is the consultation's patient's: staff may see others, this conversation may not."""
    appointment = await find_appointment(db, uuid_in(arguments, "appointment_id"))
    patient = await find_patient(db, errand.patient_id)
    if not await is_part_of(db, appointment.patient_id, patient.id):
        raise NotFound("No such appointment.")
    return appointment


async def cancel_own(errand: Errand, arguments: Mapping[str, Any]) -> dict[str, Any]:
    async with errand.assembly.database.transaction(errand.actor) as db:
        appointment = await own_appointment(db, errand, arguments)
        await cancel(db, appointment.id, now=datetime.now(UTC))
        return {"cancelled": True}


async def ask_to_cancel(errand: Errand, arguments: Mapping[str, Any]) -> str:
    async with errand.assembly.database.transaction(errand.actor) as db:
        appointment = await own_appointment(db, errand, arguments)
        check_open(db, appointment, datetime.now(UTC))
        zone = await time_zone(db)
    return say("cancel", errand.language, when=spoken_time(appointment.starts_at.astimezone(zone), errand.language))


FIND_SLOTS = Tool(
    "find_appointment_slots",
    "Free appointment times, by professional. Days count from `day` (today if unset).",
    arguments_schema(
        day={"type": "string", "maxLength": 10, "description": "YYYY-MM-DD", "optional": True},
        days={"type": "integer", "minimum": 1, "maximum": 14, "optional": True},
        minutes=MINUTES,
        professional_id={**ID, "optional": True},
    ),
    Effect.READ,
    find_slots,
    permission=PATIENT_OR_STAFF,
    also=SEES,
)
BOOK = Tool(
    "book_appointment",
    "Book a free time for the patient you speak with. The patient is asked first.",
    arguments_schema(
        professional_id=ID,
        starts_at=STARTS_AT,
        minutes=MINUTES,
        reason={"type": "string", "minLength": 1, "maxLength": 300, "optional": True},
    ),
    Effect.WRITE,
    book_slot,
    permission=PATIENT_OR_STAFF,
    also=SEES,
    question=ask_to_book,
)
CANCEL = Tool(
    "cancel_appointment",
    "Cancel an appointment of the patient you speak with. The patient is asked first.",
    arguments_schema(appointment_id=ID),
    Effect.WRITE,
    cancel_own,
    permission=PATIENT_OR_STAFF,
    also=SEES,
    question=ask_to_cancel,
)
