"""The patient's own record, as far as an agent may speak of it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from auricle.agents.tools.tool import Effect, Errand, Tool, arguments_schema
from auricle.audit.reads import record_read
from auricle.db.keyset import Order
from auricle.patients.appointments.models import AppointmentStatus
from auricle.patients.appointments.read import list_appointments
from auricle.patients.create import find_patient, identity_of
from auricle.patients.professionals.week import find_member, time_zone

MOST_APPOINTMENTS = 10


async def look_up_patient(errand: Errand, _: Mapping[str, Any]) -> dict[str, Any]:
    """Name, age band and upcoming appointments of the consultation's patient."""
    assembly = errand.assembly
    async with assembly.database.transaction(errand.actor) as db:
        patient = await find_patient(db, errand.patient_id)
        identity = await identity_of(db, assembly.keyring, patient)
        await record_read(db, "patient", patient.id)
        zone = await time_zone(db)
        booked = await list_appointments(
            db,
            patient_id=patient.id,
            status=AppointmentStatus.BOOKED,
            start=datetime.now(UTC),
            order=Order("starts_at", descending=False),
            limit=MOST_APPOINTMENTS,
        )
        appointments = [
            {
                "appointment_id": str(one.id),
                "starts_at": one.starts_at.astimezone(zone).isoformat(timespec="minutes"),
                "with": (await find_member(db, one.member_id)).full_name,
            }
            for one in booked
        ]
    return {
        "name": identity.full_name,
        "age_band": age_band(identity.birth_date, datetime.now(UTC).date()),
        "language": patient.language,
        "upcoming_appointments": appointments,
    }


def age_band(born: date | None, today: date) -> str:
    """`child`, `adult` or `older adult`: all an agent needs for how it speaks."""
    if born is None:
        return "unknown"
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return "child" if years < 18 else "adult" if years < 65 else "older adult"


LOOK_UP_PATIENT = Tool(
    "look_up_patient",
    "The name, age band and upcoming appointments of the patient you speak with.",
    arguments_schema(),
    Effect.READ,
    look_up_patient,
    permission=("own:read", "patients:read"),
    also=("appointments:read",),
)
