"""What the next answer may look back on: the last messages, as they were heard, and a summary of those before.

A message leaves the window only once a summary covers it; where none is made, the window grows up to its bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auricle.consultations.models import Consultation, Message
from auricle.consultations.transcript import Said
from auricle.db.base import Base, Tenant
from auricle.db.sealed import Keyring
from auricle.providers.ports import ChatMessage

LOOK_BACK = 40  # messages that an answer may see at most, whatever became of the summary
RECALLED_ANSWERS = 6  # how many answers of a call do with the summary as it was read


class ConsultationMemory(Tenant, Base):
    """The summary of a consultation's first messages, up to the one at position `covers`; sealed."""

    __tablename__ = "consultation_memory"
    consultation_id: Mapped[UUID]
    covers: Mapped[int]
    method: Mapped[str]
    summary: Mapped[bytes]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


@dataclass(slots=True)
class Recalled:
    """A summary as it was read, and how many messages it did not cover then."""

    summary: str
    uncovered: int
    answers: int = 0  # given since; each adds two messages

    def window(self, usual: int) -> int:
        """How many of the last messages the model has to see in full."""
        return min(LOOK_BACK, max(usual, self.uncovered + 2 * self.answers))

    @property
    def is_stale(self) -> bool:
        return self.answers >= RECALLED_ANSWERS


def history(said: Sequence[Said], limit: int = LOOK_BACK) -> list[ChatMessage]:
    """The last messages for a model. An interrupted answer counts only as far as it was heard; what staff said in the
    agent's place, as the agent's."""
    recent = [one for one in said if one.as_heard.strip()][-limit:]
    return [ChatMessage("user" if one.sender == "patient" else "assistant", one.as_heard) for one in recent]


async def recall(db: AsyncSession, keyring: Keyring, consultation_id: UUID) -> Recalled:
    """The summary of a consultation, empty where there is none yet. The caller has checked that it may be seen."""
    last = await db.scalar(select(func.max(Message.position)).where(Message.consultation_id == consultation_id)) or 0
    row = await db.scalar(select(ConsultationMemory).where(ConsultationMemory.consultation_id == consultation_id))
    if row is None:
        return Recalled("", last)
    consultation = await db.get_one(Consultation, consultation_id)
    key = await keyring.patient(db, consultation.patient_id)
    text = key.open(row.summary, "consultation_memory", "summary", row.id)
    return Recalled(text, max(0, last - row.covers))
