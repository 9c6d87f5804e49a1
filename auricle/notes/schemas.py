"""What notes look like from outside."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from auricle.ai.port import Check, Entity, Section, Verdict
from auricle.notes.approve import Signature
from auricle.notes.content import FrozenStatement
from auricle.notes.edit import Span, Wanted
from auricle.notes.models import NoteStatus
from auricle.notes.templates.shape import Key
from auricle.notes.templates.shipped import DEFAULT

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=r"^[^\x00]*$")]

Reason = Annotated[Text, StringConstraints(min_length=3, max_length=1_000)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GenerateIn(Body):
    """One source: a consultation's transcript, a document, or sound that was uploaded as a document."""

    consultation_id: UUID | None = Field(None, examples=["018f6b2e-7c1a-7d3e-9b54-1f2a3c4d5e6f"])
    document_id: UUID | None = None
    audio: UUID | None = Field(None, description="A document of sound: WAV, MP3, M4A, OGG, WebM or FLAC.")
    template: Key = Field(DEFAULT, description="The key of a note template.", examples=[DEFAULT])

    @model_validator(mode="after")
    def one_source(self) -> Self:
        if sum(one is not None for one in (self.consultation_id, self.document_id, self.audio)) != 1:
            raise ValueError("name one source")
        return self


class SpanIn(Body):
    """A place in the masked text of one message of the consultation, or of one paragraph of the document."""

    message_id: UUID
    start: int = Field(ge=0, le=1_000_000)
    end: int = Field(ge=1, le=1_000_000)


class StatementIn(Body):
    id: UUID | None = Field(None, description="Of a statement to keep or change; absent for a new one.")
    section: Section
    part: Key | None = Field(
        None, description="Of the note's template; absent: as it was, or by its section.", examples=["subjective"]
    )
    text: Text
    kind: Literal["fact", "inferred", "plan"] = "fact"
    evidence: Annotated[list[SpanIn], Field(max_length=20)] | None = Field(
        None, description="Absent: as it was. What it quotes is taken from the source, never from you."
    )

    def wanted(self) -> Wanted:
        spans = None if self.evidence is None else [Span(s.message_id, s.start, s.end) for s in self.evidence]
        return Wanted(self.section, self.text, self.kind, self.id, spans, self.part)


class EditIn(Body):
    version: int | None = Field(None, ge=1, description="The version you read; or say it in `If-Match`.")
    statements: list[StatementIn] = Field(max_length=300, description="All of them, in order; others are removed.")


class Signing(Body):
    note_id: UUID
    version: int = Field(ge=1, description="The version you read.")
    seen: set[UUID] = Field(default_factory=set, max_length=300, description="Unsupported statements you looked at.")

    def signature(self) -> Signature:
        return Signature(self.note_id, self.version, frozenset(self.seen))


class Approval(Body):
    """One note (`note_id`, `version`, `seen`) or several (`notes`); all are signed, or none."""

    note_id: UUID | None = None
    version: int | None = Field(None, ge=1)
    seen: set[UUID] = Field(default_factory=set, max_length=300)
    notes: list[Signing] = Field(default_factory=list, max_length=50)

    @model_validator(mode="after")
    def one_form(self) -> Self:
        single = self.note_id is not None and self.version is not None
        if single == bool(self.notes) or (self.notes and (self.note_id or self.version or self.seen)):
            raise ValueError("name one note with its version, or `notes`")
        if len({n.note_id for n in self.notes}) != len(self.notes):
            raise ValueError("a note is named twice")
        return self

    def signatures(self) -> list[Signature]:
        if self.note_id is None or self.version is None:
            return [n.signature() for n in self.notes]
        return [Signature(self.note_id, self.version, frozenset(self.seen))]


class OverruleIn(Body):
    version: int | None = Field(None, ge=1, description="The version you read; or say it in `If-Match`.")
    reason: Reason


class NoteRow(BaseModel):
    """A note without anything clinical."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    consultation_id: UUID | None
    document_id: UUID | None = Field(description="What it was written from; null: the consultation's transcript.")
    patient_id: UUID
    status: NoteStatus
    failure_code: str | None
    template: str
    template_version: int | None
    version: int
    ai_approved: bool | None = Field(description="The judge's verdict.")
    user_approved: bool = Field(description="A clinician has signed.")
    approved_by: UUID | None
    approved_at: datetime | None
    amended_at: datetime | None = Field(description="When the newest addendum was signed; null where there is none.")
    assigned_to: UUID | None = Field(description="The member who is to sign it.")
    method: str | None = Field(description="How it was written; shown wherever the note is shown.")
    model: str | None
    judged_by: str | None = Field(description="By what the draft was judged; none: by the typed checks.")
    completeness: float | None = Field(description="Share of the source's salient findings that the note carries.")
    created_at: datetime


class EvidenceOut(BaseModel):
    source: Literal["message", "document"]
    message_id: UUID = Field(description="The message, or the paragraph of the document.")
    speaker: str
    start_s: float | None
    page: int | None = Field(description="Of a document with pages.")
    start: int = Field(description="Offset in the masked message or paragraph.")
    end: int
    original_start: int = Field(description="Offset in it as it was said or written.")
    original_end: int
    quote: str


class StatementOut(BaseModel):
    id: UUID
    section: Section
    part: str | None = Field(description="Of the note's template, one of `parts`.")
    position: int
    kind: str
    text: str
    verdict: Verdict
    edited: bool
    seen_by: UUID | None
    seen_at: datetime | None
    overruled_by: UUID | None
    overrule_reason: str | None
    evidence: list[EvidenceOut]
    checks: list[Check]


class MissingOut(BaseModel):
    kind: str
    text: str
    message_id: UUID
    quote: str


class PartOut(BaseModel):
    """A part of the note's template, in the order of the note."""

    key: str
    heading: str
    section: Section
    required: bool = Field(description="Shown even where it is empty.")
    method: Literal["model", "extractive"] = Field(description="By what it was drafted.")


class AddendumOut(BaseModel):
    """What was added after the signature, signed by its author."""

    id: UUID
    version: int
    created_by: UUID
    author: str = Field(description="The author's name.")
    created_at: datetime
    statements: list[StatementOut]


class NoteOut(NoteRow):
    """A whole note. Identifiers stand as masks (`[PERSON_1]`) unless `revealed`."""

    revealed: bool
    signed_by: str | None = Field(description="The name of the clinician who signed it; none before that.")
    title: str = Field(description="What a note by this template is called.")
    parts: list[PartOut]
    statements: list[StatementOut]
    addenda: list[AddendumOut]
    missing: list[MissingOut]
    context_data: list[Entity] = Field(description="Entities of the conversation.")


class Requested(BaseModel):
    id: UUID
    status: NoteStatus
    failure_code: str | None
    status_url: str
    note: NoteOut | None = Field(None, description="Whole, when it was ready within `wait`.")


class Approved(BaseModel):
    notes: list[NoteRow]


class VersionRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    number: int
    reason: Literal["generated", "edited", "regenerated", "approved", "addendum"]
    created_by: UUID | None
    created_at: datetime
    hash: str
    previous_hash: str | None


class HistoryOut(BaseModel):
    intact: bool = Field(description="The chain of hashes holds from the first version to the last.")
    versions: list[VersionRow]


class VersionOut(VersionRow):
    statements: list[FrozenStatement]
    approved_by: UUID | None
    ai_approved: bool | None
    completeness: float | None


class Overruled(BaseModel):
    id: UUID
    verdict: Verdict
    overruled_by: UUID
    overruled_at: datetime
