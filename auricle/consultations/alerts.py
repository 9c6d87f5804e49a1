"""What staff must see: red flags, and patients who wait for a person. Each is seen by somebody, once, by name."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.consultations.models import Alert
from auricle.db.keyset import Order, in_order
from auricle.db.session import actor_of
from auricle.errors import NotFound
from auricle.live.events import publish

HAND_OVER = "hand_over"


async def raise_alert(
    db: AsyncSession, category: str, turn_id: UUID, patient_id: UUID, consultation_id: UUID | None = None
) -> None:
    """Tell staff now: a red flag is an alert and a live event. The same one of the same turn is told once.

    Args:
        consultation_id: None where a patient told it outside of any, in a question to the knowledge.
    """
    alert_id = uuid5(turn_id, category)
    if await db.get(Alert, alert_id) is not None:
        return
    db.add(Alert(id=alert_id, consultation_id=consultation_id, patient_id=patient_id, category=category))
    await db.flush()
    await publish(db, "alert.red_flag", alert_id=alert_id, consultation_id=consultation_id, patient_id=patient_id)


async def ask_for_person(db: AsyncSession, *, consultation_id: UUID, patient_id: UUID, session_id: UUID) -> None:
    """Ring the console: somebody shall take this conversation over. Told once a session."""
    alert_id = uuid5(session_id, HAND_OVER)
    if await db.get(Alert, alert_id) is not None:
        return
    db.add(
        Alert(id=alert_id, consultation_id=consultation_id, patient_id=patient_id, kind=HAND_OVER, category=HAND_OVER)
    )
    await db.flush()
    await publish(
        db,
        "consultation.hand_over",
        alert_id=alert_id,
        consultation_id=consultation_id,
        patient_id=patient_id,
        session_id=session_id,
    )


async def list_alerts(db: AsyncSession, order: Order, *, is_open: bool | None, limit: int) -> Sequence[Alert]:
    # An alert's id comes from what raised it, not from the time.
    statement = await in_order(db, select(Alert), order, Alert.id, limit=limit, created_at=Alert.created_at)
    if is_open is not None:
        statement = statement.where(Alert.acknowledged_at.is_(None) if is_open else Alert.acknowledged_at.is_not(None))
    return (await db.scalars(statement)).all()


async def acknowledge(db: AsyncSession, alert_id: UUID) -> Alert:
    """Say that one has seen to it. The first to say so is remembered; doing it again changes nothing."""
    alert = await db.get(Alert, alert_id, with_for_update=True)
    if alert is None:
        raise NotFound("No such alert.")
    if alert.acknowledged_at is None:
        alert.acknowledged_by, alert.acknowledged_at = actor_of(db).member_id, datetime.now(UTC)
        await db.flush()
        await publish(db, "alert.acknowledged", alert_id=alert.id, consultation_id=alert.consultation_id)
    return alert
