"""How a consultation was: one to five, by its patient or by staff, with a comment that is sealed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auricle.audit.reads import record_read
from auricle.consultations.lifecycle import find_consultation
from auricle.db.base import Base, Tenant, new_id
from auricle.db.sealed import Key, Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, Forbidden

MOST = 50  # ratings of one consultation


class TooManyRatings(Conflict):
    """This consultation has as many ratings as one may have."""

    code = "consultation.too_many_ratings"


class ConsultationRating(Tenant, Base):
    """One member's rating; rating again replaces it. `comment` is sealed under the patient's key."""

    __tablename__ = "consultation_rating"
    consultation_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    rated_by: Mapped[UUID]
    by_patient: Mapped[bool]
    score: Mapped[int]
    comment: Mapped[bytes | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


async def rate(
    db: AsyncSession, keyring: Keyring, consultation_id: UUID, *, score: int, comment: str | None
) -> ConsultationRating:
    """Rate a consultation: a patient their own, staff any. Raises `NotFound`, `Forbidden` or `TooManyRatings`."""
    consultation, actor = await find_consultation(db, consultation_id, lock=True), actor_of(db)
    if actor.member_id is None:
        raise Forbidden("Only a member may rate.")
    own = ConsultationRating.consultation_id == consultation.id
    row = await db.scalar(select(ConsultationRating).where(own, ConsultationRating.rated_by == actor.member_id))
    if row is None:
        if (await db.scalar(select(func.count()).select_from(ConsultationRating).where(own)) or 0) >= MOST:
            raise TooManyRatings(limit=MOST)
        row = ConsultationRating(
            id=new_id(), consultation_id=consultation.id, patient_id=consultation.patient_id, rated_by=actor.member_id
        )
    key = await keyring.patient(db, consultation.patient_id)
    row.by_patient, row.score, row.changed_at = actor.patient_id is not None, score, datetime.now(UTC)
    row.comment = key.seal(comment, "consultation_rating", "comment", row.id) if comment else None
    db.add(row)
    await db.flush()
    return row


async def ratings(
    db: AsyncSession, keyring: Keyring, consultation_id: UUID
) -> Sequence[tuple[ConsultationRating, str | None]]:
    """The ratings of a consultation with their comments, oldest first; a patient sees their own only."""
    consultation, actor = await find_consultation(db, consultation_id), actor_of(db)
    wanted = select(ConsultationRating).where(ConsultationRating.consultation_id == consultation.id)
    if not actor.may("consultations:read"):
        wanted = wanted.where(ConsultationRating.rated_by == actor.member_id)
    rows = (await db.scalars(wanted.order_by(ConsultationRating.id).limit(MOST))).all()
    key = await keyring.patient(db, consultation.patient_id)
    await record_read(db, "consultation_rating", consultation.id, count=len(rows))
    return [(row, opened(key, row)) for row in rows]


def opened(key: Key, row: ConsultationRating) -> str | None:
    return None if row.comment is None else key.open(row.comment, "consultation_rating", "comment", row.id)
