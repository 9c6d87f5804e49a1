"""What documents look like from outside."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from auricle.documents.content import Paragraph
from auricle.documents.models import DocumentStatus
from auricle.documents.read import Named


class DocumentOut(BaseModel):
    id: UUID
    patient_id: UUID
    consultation_id: UUID | None
    name: str = Field(description="As it was sent, without what has no place in a name.", examples=["referral.pdf"])
    kind: str = Field(examples=["pdf"])
    media_type: str = Field(examples=["application/pdf"])
    language: str = Field(description="Of what is spoken or written in it.", examples=["en"])
    byte_size: int = Field(examples=[48_210])
    status: DocumentStatus
    failure_code: str | None = Field(description="Why there is no text.", examples=["upload.scanned"])
    text_extracted: bool
    processed_at: datetime | None
    paragraph_count: int
    character_count: int
    page_count: int | None = Field(description="Of a document with pages.")
    length_s: float | None = Field(description="Of sound.")
    read_by: str | None = Field(description="Who transcribed sound: provider and model.", examples=["offline"])
    uploaded_by: UUID | None
    created_at: datetime

    @classmethod
    def of(cls, one: Named) -> "DocumentOut":
        fields = {field: getattr(one.document, field) for field in cls.model_fields if field != "name"}
        return cls(name=one.name, **fields)


class Accepted(DocumentOut):
    known_already: bool = Field(description="The same file was here already; nothing new was stored.")
    status_url: str


class Deleted(BaseModel):
    id: UUID
    notes: list[UUID] = Field(description="Notes written from it: they stay, with the passages that they cite.")


class ParagraphOut(BaseModel):
    id: UUID = Field(description="What the evidence of a note calls it.")
    position: int = Field(description="From 1.")
    text: str
    start: int = Field(description="Offset in the whole text.")
    end: int
    page: int | None
    section: str = Field(description="The heading that it stands under.")
    start_s: float | None = Field(description="When it is heard, in a sound.")
    end_s: float | None

    @classmethod
    def of(cls, one: Paragraph) -> "ParagraphOut":
        return cls(id=one.id, position=one.position, text=one.text, **one.span.model_dump())


class TextOut(BaseModel):
    document_id: UUID
    paragraphs: list[ParagraphOut]
    next: int | None = Field(description="Give it as `after` to read on; null at the end.")


class LinkOut(BaseModel):
    url: str = Field(description="Below this installation's address; works without a sign-in in the request.")
    expires_at: datetime
