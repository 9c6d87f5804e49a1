"""What exports, erasures, holds and retention look like from outside."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.consent.retention import Kept
from auricle.patients.erase import Reason

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=1000)]


class ExportOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    patient_id: UUID
    status: str = Field(examples=["ready"])
    failure_code: str | None
    byte_size: int | None
    content_hash: str | None = Field(description="SHA-256 of the zip.")
    expires_at: datetime | None
    created_at: datetime


class ErasureIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason = Field(examples=["patient_request"])
    confirm_patient_id: UUID = Field(description="The patient's id once more: this can't be undone.")


class ErasureOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    patient_id: UUID
    reason: str
    status: str = Field(description="`erasing` until the certificate is signed.", examples=["erased"])
    counts: dict[str, int]
    erased_at: datetime | None
    created_at: datetime
    certificate: dict[str, Any] | None


class HoldIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Sentence = Field(examples=["Court order 118/2026 of the district court"])


class HoldOut(BaseModel):
    id: UUID
    patient_id: UUID
    reason: str
    placed_by: UUID | None
    created_at: datetime
    released_by: UUID | None
    released_at: datetime | None


class HoldsOut(BaseModel):
    items: list[HoldOut]


class RuleIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    days: int | None = Field(ge=1, le=36_500, description="Null: for ever.", examples=[1095])


class RuleOut(BaseModel):
    name: str = Field(examples=["transcripts"])
    what: str
    days: int | None
    default_days: int | None
    minimum_days: int
    fixed: bool = Field(description="Not erased by time; the days can't be set.")

    @classmethod
    def of(cls, kept: Kept) -> "RuleOut":
        one = kept.data_class
        return cls(
            name=one.name,
            what=one.what,
            days=kept.days,
            default_days=one.default_days,
            minimum_days=one.minimum_days,
            fixed=one.due is None,
        )


class RulesOut(BaseModel):
    items: list[RuleOut]


class DueOut(BaseModel):
    """What the next run would erase; at most `limit` of each class are named."""

    name: str
    ids: list[UUID]
    more: bool


class DueListOut(BaseModel):
    items: list[DueOut]
