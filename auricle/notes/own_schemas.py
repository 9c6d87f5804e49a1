"""A signed note as its patient reads it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from auricle.notes.schemas import EvidenceOut


class OwnRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    consultation_id: UUID | None
    document_id: UUID | None
    template: str
    version: int
    approved_at: datetime
    amended_at: datetime | None


class OwnStatement(BaseModel):
    text: str
    evidence: list[EvidenceOut]


class OwnSection(BaseModel):
    heading: str
    statements: list[OwnStatement]


class OwnAddendum(BaseModel):
    author: str
    created_at: datetime
    sections: list[OwnSection]


class OwnNote(OwnRow):
    title: str
    signed_by: str
    sections: list[OwnSection]
    addenda: list[OwnAddendum]
