"""Open, find, list and end consultations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.models import AgentVersion
from auricle.agents.versions import Serving, find_version, published, serving_of
from auricle.audit.reads import record_read
from auricle.consultations.models import Consultation, ConsultationSession, ConsultationStatus, ConsultationType
from auricle.db.keyset import Order, in_order
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, Forbidden, NotFound
from auricle.identity.models import Member
from auricle.live.events import publish
from auricle.patients.create import find_patient, is_part_of, whole

CHANNEL = {ConsultationType.TEXT: "text", ConsultationType.PHONE: "phone"}


class ConsultationEnded(Conflict):
    """This consultation has ended."""

    code = "consultation.ended"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a new consultation is to be."""

    patient_id: UUID
    type: ConsultationType
    agent_id: UUID | None = None
    agent_version: int | None = None  # unset: the one that serves
    clinician_id: UUID | None = None
    language: str | None = None
    specialty: str | None = None
    visit_date: date | None = None
    notes: str | None = None


async def open_consultation(
    db: AsyncSession, keyring: Keyring, wanted: Opening
) -> tuple[Consultation, ConsultationSession]:
    """Open a consultation with its first session. A patient may open one only for themselves."""
    patient = await find_patient(db, wanted.patient_id)
    serving = await published(db, wanted.agent_id)
    if wanted.agent_version is not None:
        actor_of(db).require("agents:write")
        serving = serving_of(await find_version(db, serving.agent_id, wanted.agent_version))
    await check_clinician(db, wanted.clinician_id)
    consultation = Consultation(
        patient_id=patient.id,
        clinician_id=wanted.clinician_id,
        agent_version_id=serving.version_id,
        type=wanted.type,
        language=wanted.language or patient.language,
        specialty=wanted.specialty or serving.config.specialty,
        visit_date=wanted.visit_date or datetime.now(UTC).date(),
    )
    db.add(consultation)
    await db.flush()
    await put_notes(db, keyring, consultation, wanted.notes)
    session = await open_session(db, consultation, CHANNEL.get(wanted.type, "browser"))
    await publish(db, "consultation.started", consultation_id=consultation.id, patient_id=patient.id)
    return consultation, session


async def open_session(
    db: AsyncSession, consultation: Consultation, channel: str, *, live: bool = False
) -> ConsultationSession:
    """`live`: a call, of which a consultation has one at a time; see `move_here`."""
    session = ConsultationSession(
        consultation_id=consultation.id, channel=channel, live_since=datetime.now(UTC) if live else None
    )
    db.add(session)
    await db.flush()
    return session


async def live_sessions(db: AsyncSession, consultation_id: UUID) -> set[UUID]:
    """The calls under way in a consultation, in whichever process."""
    statement = select(ConsultationSession.id).where(
        ConsultationSession.consultation_id == consultation_id,
        ConsultationSession.live_since.is_not(None),
        ConsultationSession.ended_at.is_(None),
    )
    return set((await db.scalars(statement)).all())


async def move_here(db: AsyncSession, consultation: Consultation, session_id: UUID) -> set[UUID]:
    """Take the consultation over into this session. Returns the calls that now end, each by itself."""
    leaving = await live_sessions(db, consultation.id) - {session_id}
    if leaving:
        await publish(db, "consultation.moved", consultation_id=consultation.id, session_id=session_id)
    return leaving


async def find_consultation(db: AsyncSession, consultation_id: UUID, *, lock: bool = False) -> Consultation:
    """A consultation that the actor may see: staff any, a patient their own."""
    consultation = await db.get(Consultation, consultation_id, with_for_update=lock or None)
    actor = actor_of(db)
    if consultation is None or not (
        actor.may("consultations:read") or await is_part_of(db, consultation.patient_id, actor.patient_id)
    ):
        raise NotFound("No such consultation.")
    return consultation


async def active_consultation(db: AsyncSession, consultation_id: UUID, *, lock: bool = False) -> Consultation:
    """A consultation that the actor may take part in, still open."""
    consultation = await find_consultation(db, consultation_id, lock=lock)
    if not actor_of(db).may("consultations:join"):
        raise Forbidden("You may not take part in consultations.")
    if consultation.status is ConsultationStatus.ENDED:
        raise ConsultationEnded
    return consultation


async def agent_of(db: AsyncSession, consultation: Consultation) -> Serving:
    """The agent version this consultation was opened with; a later publication does not change it under way."""
    return serving_of(await db.get_one(AgentVersion, consultation.agent_version_id))


async def check_clinician(db: AsyncSession, member_id: UUID | None) -> None:
    if member_id is not None and await db.get(Member, member_id) is None:
        raise NotFound("No such clinician.")


async def change_consultation(
    db: AsyncSession, keyring: Keyring, consultation_id: UUID, changed: Mapping[str, Any]
) -> Consultation:
    """Change the clinician, specialty, visit date or notes of a consultation, ended or not."""
    consultation = await find_consultation(db, consultation_id, lock=True)
    await check_clinician(db, changed.get("clinician_id"))
    for name in changed.keys() & {"clinician_id", "specialty", "visit_date"}:
        setattr(consultation, name, changed[name])
    if "notes" in changed:
        await put_notes(db, keyring, consultation, changed["notes"])
    await publish(db, "consultation.changed", consultation_id=consultation.id, patient_id=consultation.patient_id)
    return consultation


async def put_notes(db: AsyncSession, keyring: Keyring, consultation: Consultation, notes: str | None) -> None:
    if notes or consultation.notes:
        key = await keyring.patient(db, consultation.patient_id)
        consultation.notes = key.seal(notes, "consultation", "notes", consultation.id) if notes else None


async def notes_of(db: AsyncSession, keyring: Keyring, consultation: Consultation) -> str | None:
    """The free words about a consultation; gone with an erased patient. Reading them is audited."""
    key = (await keyring.patients(db, [consultation.patient_id])).get(consultation.patient_id)
    if consultation.notes is None or key is None:
        return None
    await record_read(db, "consultation", consultation.id)
    return key.open(consultation.notes, "consultation", "notes", consultation.id)


async def sessions_of(db: AsyncSession, consultation_id: UUID) -> Sequence[ConsultationSession]:
    """The sessions of a consultation that the actor may see, in their order."""
    rows = select(ConsultationSession).where(ConsultationSession.consultation_id == consultation_id)
    return (await db.scalars(rows.order_by(ConsultationSession.id).limit(500))).all()


async def list_consultations(
    db: AsyncSession, order: Order, *, patient_id: UUID | None, status: ConsultationStatus | None, limit: int
) -> Sequence[Consultation]:
    actor = actor_of(db)
    statement = await in_order(db, select(Consultation), order, Consultation.id, limit=limit)
    if not actor.may("consultations:read"):
        statement = statement.where(Consultation.patient_id.in_(whole(actor.patient_id)))
    if patient_id is not None:
        statement = statement.where(Consultation.patient_id.in_(whole(patient_id)))
    if status is not None:
        statement = statement.where(Consultation.status == status)
    return (await db.scalars(statement)).all()


async def end_consultation(db: AsyncSession, consultation_id: UUID) -> Consultation:
    """End a consultation and its sessions; ending it twice changes nothing."""
    consultation = await find_consultation(db, consultation_id, lock=True)
    if consultation.status is ConsultationStatus.ENDED:
        return consultation
    now = datetime.now(UTC)
    consultation.status, consultation.ended_at = ConsultationStatus.ENDED, now
    consultation.total_s = await lasted_s(db, consultation_id)
    await db.execute(
        update(ConsultationSession)
        .where(ConsultationSession.consultation_id == consultation_id, ConsultationSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    await publish(db, "consultation.ended", consultation_id=consultation.id, patient_id=consultation.patient_id)
    return consultation


async def lasted_s(db: AsyncSession, consultation_id: UUID) -> float:
    """How long its sessions lasted together: a call from its begin to its end, or to its last message while there is
    none; what was written, from the first message to the last.
    """
    table = ConsultationSession
    until = case((table.live_since.is_not(None), func.coalesce(table.ended_at, table.last_activity_at)),
                 else_=table.last_activity_at)  # fmt: skip
    lasted = func.extract("epoch", until - func.coalesce(table.live_since, table.created_at))
    statement = select(func.sum(func.greatest(lasted, 0))).where(table.consultation_id == consultation_id)
    return float(await db.scalar(statement) or 0.0)


async def end_session(db: AsyncSession, session_id: UUID) -> None:
    await db.execute(
        update(ConsultationSession)
        .where(ConsultationSession.id == session_id, ConsultationSession.ended_at.is_(None))
        .values(ended_at=datetime.now(UTC))
    )
