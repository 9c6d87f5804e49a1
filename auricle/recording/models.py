"""Recordings of live sessions. The sound is in the object store, sealed under the patient's key, chunk by chunk."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Recording(Tenant, Base):
    """The sound of one session. `missing`: chunks that could not be kept, silent when played."""

    __tablename__ = "recording"
    consultation_id: Mapped[UUID]
    session_id: Mapped[UUID]
    rate_hz: Mapped[int]
    status: Mapped[str] = mapped_column(default="recording")  # recording | complete | deleted
    length_s: Mapped[float] = mapped_column(default=0.0)
    missing: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]


class RecordingChunk(Tenant, Base):
    """One piece: `samples` from sample `start`, patient left and agent right, in the object `place`."""

    __tablename__ = "recording_chunk"
    recording_id: Mapped[UUID]
    start: Mapped[int]
    samples: Mapped[int]
    byte_size: Mapped[int]

    @property
    def place(self) -> str:
        return f"recordings/{self.recording_id}/{self.id}"


class Replay(Tenant, Base):
    """A recording heard again by the engine with another agent version or other settings of turn taking.

    `voice` holds the settings that differ; `result` is sealed under the patient's key.
    """

    __tablename__ = "replay"
    recording_id: Mapped[UUID]
    agent_version_id: Mapped[UUID]
    voice: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[str] = mapped_column(default="queued")  # queued | running | done | failed
    failure_code: Mapped[str | None]
    result: Mapped[bytes | None]
    finished_at: Mapped[datetime | None]
