"""SOAP notes, their statements and frozen versions. Clinical columns are sealed under the patient's own key."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant
from auricle.knowledge.models import Vector


class NoteStatus(StrEnum):
    QUEUED = "queued"
    GENERATING = "generating"
    DRAFT = "draft"
    APPROVED = "approved"
    FAILED = "failed"
    DELETED = "deleted"  # kept with its versions until the patient's erasure, and shown to nobody


UNFINISHED = (NoteStatus.QUEUED, NoteStatus.GENERATING)


class Note(Tenant, Base):
    """A note, written from the document it names, else from its consultation's transcript.

    `ai_approved` is the judge's verdict, `user_approved` the clinician's signature.

    `version` is that of its newest `NoteVersion`, 0 until the draft is written. `source` is a sealed `Source`, `masks`
    a sealed `Masks`, `context_data` a sealed `Context`.
    """

    __tablename__ = "soap_note"
    consultation_id: Mapped[UUID | None]
    document_id: Mapped[UUID | None]
    patient_id: Mapped[UUID]
    status: Mapped[NoteStatus] = mapped_column(default=NoteStatus.QUEUED)
    failure_code: Mapped[str | None]
    template: Mapped[str] = mapped_column(default="soap")
    template_id: Mapped[UUID | None]  # of an organization's own template; None: one that is shipped
    template_version: Mapped[int | None]
    outline: Mapped[dict[str, Any]] = mapped_column(default=dict)  # an `Outline`, once the draft is written
    version: Mapped[int] = mapped_column(default=0)
    ai_approved: Mapped[bool | None]
    user_approved: Mapped[bool] = mapped_column(default=False)
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    amended_at: Mapped[datetime | None]  # of the newest addendum
    assigned_to: Mapped[UUID | None]
    assigned_at: Mapped[datetime | None]
    requested_by: Mapped[UUID | None]
    deleted_by: Mapped[UUID | None]
    deleted_at: Mapped[datetime | None]
    method: Mapped[str | None]
    model: Mapped[str | None]
    judged_by: Mapped[str | None]  # by what the draft was judged, shown wherever the verdicts are
    completeness: Mapped[float | None]
    missing_count: Mapped[int | None]  # of what `context_data` lists, for queues that open nothing
    source_message_ids: Mapped[list[Any]] = mapped_column(default=list)
    source_hash: Mapped[bytes | None]  # keyed: tells whether the words are still the same, and nothing about them
    source: Mapped[bytes | None]
    masks: Mapped[bytes | None]
    context_data: Mapped[bytes | None]


class NoteAddendum(Tenant, Base):
    """What a clinician added to a signed note, and signed. Nobody can change or remove one."""

    __tablename__ = "note_addendum"
    note_id: Mapped[UUID]
    version: Mapped[int]
    created_by: Mapped[UUID]


class NoteStatement(Tenant, Base):
    """One statement with the judge's verdict, and what people did about it. `body` is a sealed `StatementBody`."""

    __tablename__ = "note_statement"
    note_id: Mapped[UUID]
    addendum_id: Mapped[UUID | None]
    position: Mapped[int]
    section: Mapped[str]
    part: Mapped[str | None]  # of the note's template
    kind: Mapped[str]
    verdict: Mapped[str]
    edited: Mapped[bool] = mapped_column(default=False)
    seen_by: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]
    overruled_by: Mapped[UUID | None]
    overruled_at: Mapped[datetime | None]
    overrule_reason: Mapped[bytes | None]
    body: Mapped[bytes]

    @property
    def overruled(self) -> bool:
        return self.overruled_by is not None


class NoteVersion(Tenant, Base):
    """The whole note as it once was, sealed. Nobody can change or remove one; `hash` chains it to the one before."""

    __tablename__ = "note_version"
    note_id: Mapped[UUID]
    number: Mapped[int]
    reason: Mapped[str]  # generated | edited | regenerated | approved | addendum
    created_by: Mapped[UUID | None]
    body: Mapped[bytes]
    previous_hash: Mapped[bytes | None]
    hash: Mapped[bytes]


class NotePassage(Tenant, Base):
    """The meaning of one signed statement, by one embedder. No words: `passages.py` says why."""

    __tablename__ = "note_passage"
    note_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    statement_id: Mapped[UUID]
    embedder: Mapped[str]
    embedding: Mapped[Any] = mapped_column(Vector(), deferred=True)
