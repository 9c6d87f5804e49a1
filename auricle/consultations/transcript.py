"""What was said: append turns, read them back. Text is sealed under the patient's key before the database sees it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.consultations.alerts import raise_alert
from auricle.consultations.models import Consultation, ConsultationSession, Message
from auricle.db.base import new_id
from auricle.db.sealed import Key, Keyring
from auricle.jobs.queue import enqueue
from auricle.live.events import publish

SUMMARISED_FROM, SUMMARISED_EVERY = 20, 6  # messages: so many before the first summary, and between two


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance in clear, as conversations and notes use it."""

    sender: str  # patient | assistant | clinician
    text: str
    id: UUID = field(default_factory=new_id)
    heard: str | None = None  # what the patient heard of an interrupted answer
    interrupted: bool = False
    language: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    citations: Sequence[dict[str, Any]] = ()
    waterfall: dict[str, Any] = field(default_factory=dict)
    errors: Sequence[str] = ()  # codes of what went wrong while it was made
    served: dict[str, Any] = field(default_factory=dict)  # capability → provider and model, in the order they began
    red_flag: str | None = None
    processing_ms: int | None = None
    position: int = 0
    at: datetime | None = None
    session_id: UUID | None = None  # known of what was stored

    @property
    def as_heard(self) -> str:
        """The text as far as it reached the patient."""
        return self.text if self.heard is None else self.heard


async def append(
    db: AsyncSession, keyring: Keyring, consultation: Consultation, session_id: UUID, said: Sequence[Said]
) -> None:
    """Store utterances in their order. Storing the same ones again (a retry after a lost answer) changes nothing."""
    await db.execute(select(Consultation.id).where(Consultation.id == consultation.id).with_for_update())
    known = set((await db.scalars(select(Message.id).where(Message.id.in_([s.id for s in said])))).all())
    position = (
        await db.scalar(select(func.max(Message.position)).where(Message.consultation_id == consultation.id)) or 0
    )
    before = position
    key = await keyring.patient(db, consultation.patient_id)
    for one in said:
        if one.id in known:
            continue
        position += 1
        db.add(sealed_message(key, consultation.id, session_id, position, one))
        if one.red_flag is not None:
            await raise_alert(db, one.red_flag, one.id, consultation.patient_id, consultation.id)
    await db.execute(
        update(ConsultationSession)
        .where(ConsultationSession.id == session_id)
        .values(last_activity_at=datetime.now(UTC))
    )
    await db.flush()
    await publish(db, "consultation.message", consultation_id=consultation.id)
    if position >= SUMMARISED_FROM and position // SUMMARISED_EVERY > before // SUMMARISED_EVERY:
        lock = f"summary:{consultation.id}"
        await enqueue(db, "consultations.summarise", lock=lock, queueing_lock=lock, consultation_id=consultation.id)


def sealed_message(key: Key, consultation_id: UUID, session_id: UUID, position: int, said: Said) -> Message:
    heard = None if said.heard is None else key.seal(said.heard, "message", "heard", said.id)
    return Message(
        id=said.id,
        consultation_id=consultation_id,
        session_id=session_id,
        position=position,
        sender=said.sender,
        text=key.seal(said.text, "message", "text", said.id),
        heard=heard,
        interrupted=said.interrupted,
        language=said.language,
        start_s=said.start_s,
        end_s=said.end_s,
        citations=list(said.citations),
        waterfall=said.waterfall,
        errors=list(said.errors),
        served=said.served,
        red_flag=said.red_flag,
        processing_ms=said.processing_ms,
    )


async def read(
    db: AsyncSession,
    keyring: Keyring,
    consultation: Consultation,
    *,
    session_id: UUID | None = None,
    last: int | None = None,
    limit: int = 2000,
) -> list[Said]:
    """The transcript in order, of all sessions or of one, or its last messages.

    The caller has checked that the actor may see it.
    """
    statement = select(Message).where(
        Message.consultation_id == consultation.id,
        func.length(Message.text) > 0,  # else erased when its time was over
    )
    if session_id is not None:
        statement = statement.where(Message.session_id == session_id)
    statement = statement.order_by(Message.position.desc()).limit(min(last or limit, limit))
    rows = (await db.scalars(statement)).all()
    key = await keyring.patient(db, consultation.patient_id)
    return [opened(key, row) for row in reversed(rows)]


def opened(key: Key, row: Message) -> Said:
    heard = None if row.heard is None else key.open(row.heard, "message", "heard", row.id)
    return Said(
        sender=row.sender,
        text=key.open(row.text, "message", "text", row.id),
        id=row.id,
        heard=heard,
        interrupted=row.interrupted,
        language=row.language,
        start_s=row.start_s,
        end_s=row.end_s,
        citations=row.citations,
        waterfall=row.waterfall,
        errors=row.errors,
        served=row.served,
        red_flag=row.red_flag,
        processing_ms=row.processing_ms,
        position=row.position,
        at=row.created_at,
        session_id=row.session_id,
    )
