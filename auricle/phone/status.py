"""How a call gets on, as its carrier tells it: in any order, more than once, and now and then late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.consultations.lifecycle import end_consultation
from auricle.consultations.models import Consultation, ConsultationSession, ConsultationStatus
from auricle.live.events import publish
from auricle.patients.models import Patient
from auricle.phone.models import CallStatus, Kind, PhoneCall

MOST_SECONDS = 86_400

# The carriers' words for how far a call has come.
STATUS: Mapping[str, CallStatus] = {
    "queued": CallStatus.QUEUED,
    "initiated": CallStatus.INITIATED,
    "ringing": CallStatus.RINGING,
    "ring": CallStatus.RINGING,
    "in-progress": CallStatus.ANSWERED,
    "answered": CallStatus.ANSWERED,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "timeout": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELED,
    "cancel": CallStatus.CANCELED,
}
CALL_ID = {Kind.TWILIO: "CallSid", Kind.EXOTEL: "CallSid", Kind.PLIVO: "CallUUID"}
SECONDS = {Kind.TWILIO: "CallDuration", Kind.EXOTEL: "ConversationDuration", Kind.PLIVO: "Duration"}
MACHINE = {"true": "machine", "false": "human"}


@dataclass(frozen=True, slots=True)
class Progress:
    """What one callback says; None where it says nothing."""

    carrier_call_id: str | None
    status: CallStatus | None = None
    seconds: int | None = None
    answered_by: str | None = None


def progress_of(kind: Kind, fields: Mapping[str, str]) -> Progress:
    """Read a callback's fields. What we do not know is left out: a carrier may add words."""
    told = fields.get("CallStatus") or fields.get("Status") or ""
    length = fields.get(SECONDS[kind], "")
    by = MACHINE.get(fields.get("Machine", "").lower()) if kind is Kind.PLIVO else fields.get("AnsweredBy")
    return Progress(
        carrier_call_id=bounded(fields.get(CALL_ID[kind])),
        status=STATUS.get(told.lower()),
        seconds=min(int(length), MOST_SECONDS) if length.isascii() and length.isdigit() and len(length) < 9 else None,
        answered_by=bounded(by),
    )


def bounded(word: str | None, most: int = 100) -> str | None:
    return word if word and len(word) <= most and word.isprintable() else None


async def find_call(
    db: AsyncSession, line_id: UUID, *, call_id: UUID | None, carrier_call_id: str | None
) -> PhoneCall | None:
    """A call of this line by our own id, which we gave to the carrier, else by the carrier's. Locked."""
    wanted = select(PhoneCall).where(PhoneCall.line_id == line_id).with_for_update()
    if call_id is not None:
        wanted = wanted.where(PhoneCall.id == call_id)
    elif carrier_call_id:
        wanted = wanted.where(PhoneCall.carrier_call_id == carrier_call_id)
    else:
        return None
    return await db.scalar(wanted)


async def advance(db: AsyncSession, call: PhoneCall, progress: Progress) -> None:
    """Take over what is news. A call only goes forward, and its first end is its end."""
    if call.carrier_call_id is None and progress.carrier_call_id:
        call.carrier_call_id = progress.carrier_call_id
    if progress.answered_by and call.answered_by in (None, "unknown"):
        call.answered_by = progress.answered_by
    if progress.seconds is not None and call.seconds is None and call.status.step >= CallStatus.ANSWERED.step:
        call.seconds = progress.seconds
    new = progress.status
    if new is None or new.step <= call.status.step:
        return
    call.status = new
    if new is CallStatus.ANSWERED:
        call.answered_at = datetime.now(UTC)
    if new.is_end:
        await ended(db, call, progress.seconds)
    await db.flush()
    await publish(db, "phone.call", call_id=call.id, status=new.value)


async def ended(db: AsyncSession, call: PhoneCall, seconds: int | None) -> None:
    """Close what the call had opened."""
    now = datetime.now(UTC)
    call.ended_at = now
    call.ticket_hash = None
    if seconds is not None or call.answered_at is not None:
        lasted = int((now - call.answered_at).total_seconds()) if call.answered_at else 0
        call.seconds = seconds if seconds is not None else max(0, lasted)
    if call.consultation_id is None:
        return
    await db.execute(
        update(ConsultationSession)
        .where(
            ConsultationSession.consultation_id == call.consultation_id,
            ConsultationSession.channel == "phone",
            ConsultationSession.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    if call.ended_because != "hand_over" and await has_nowhere_to_go_on(db, call.consultation_id):
        await end_consultation(db, call.consultation_id)


async def has_nowhere_to_go_on(db: AsyncSession, consultation_id: UUID) -> bool:
    """Whether a consultation is over with its call: a patient with a login may go on in the browser or in text."""
    row = (
        await db.execute(
            select(Patient.account_id, Consultation.status)
            .join(Consultation, Consultation.patient_id == Patient.id)
            .where(Consultation.id == consultation_id)
        )
    ).one()
    return row.account_id is None and row.status is ConsultationStatus.ACTIVE
