"""Files that belong to a patient. Name and text are sealed under the patient's key, and so is the file itself."""

from datetime import datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant
from auricle.uploads.kinds import MEDIA_TYPES, SOUNDS, Kind


class DocumentStatus(StrEnum):
    """How far the reading of a document has come. `failed` ones say why in `failure_code`."""

    PENDING = "pending"
    PROCESSING = "processing"
    DONE = "done"
    FAILED = "failed"
    DELETED = "deleted"  # the row stays, for notes were written from it; name, text and file are gone


UNREAD = (DocumentStatus.PENDING, DocumentStatus.PROCESSING)


class Document(Tenant, Base):
    """One file of a patient, perhaps of one of their consultations. `name` and `text` (a `Text`) are sealed.

    `content_hash` is keyed by the patient's key: it tells whether the same file was sent before, and nothing else.
    """

    __tablename__ = "document"
    patient_id: Mapped[UUID]
    consultation_id: Mapped[UUID | None]
    name: Mapped[bytes | None]
    kind: Mapped[str]
    language: Mapped[str]
    byte_size: Mapped[int]
    content_hash: Mapped[bytes | None]
    status: Mapped[DocumentStatus] = mapped_column(default=DocumentStatus.PENDING)
    failure_code: Mapped[str | None]
    trouble_code: Mapped[str | None]  # why the last run failed, while there is another to come
    text: Mapped[bytes | None] = mapped_column(deferred=True)
    paragraph_count: Mapped[int] = mapped_column(default=0)
    character_count: Mapped[int] = mapped_column(default=0)
    page_count: Mapped[int | None]
    length_s: Mapped[float | None]  # of sound
    read_by: Mapped[str | None]  # who transcribed sound: provider and model
    uploaded_by: Mapped[UUID | None]
    processed_at: Mapped[datetime | None]
    deleted_by: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]

    @property
    def is_sound(self) -> bool:
        return self.kind in SOUNDS.values()

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[cast(Kind, self.kind)]

    @property
    def text_extracted(self) -> bool:
        return self.status is DocumentStatus.DONE

    @property
    def object_key(self) -> str:
        return f"documents/{self.id}"
