"""What emergency access looks like from outside."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.patients.schemas import PatientOut


class AccessIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    patient_id: UUID
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)] = Field(
        examples=["Unconscious in the emergency room, medication unknown"]
    )
    minutes: int = Field(60, ge=5, le=240, examples=[60])


class AccessOut(BaseModel):
    id: UUID
    patient_id: UUID
    member_id: UUID
    reason: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    revoked_by: UUID | None
    reads: int = Field(description="How often something was looked at under it.")


class EmergencyRecord(BaseModel):
    """The patient, and what else may be asked for."""

    patient: PatientOut
    consultations: list[UUID]
    notes: list[UUID]
