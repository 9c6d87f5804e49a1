"""What emergency access looks like from outside."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from auricle.consultations.models import ConsultationStatus, ConsultationType
from auricle.notes.models import NoteStatus
from auricle.patients.schemas import PatientOut, RecordNumber


class AccessIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    patient_id: UUID | None = None
    record_number: RecordNumber | None = Field(
        None, description="Instead of `patient_id`, for who can't search patients: as on the wristband."
    )
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=1000)] = Field(
        examples=["Unconscious in the emergency room, medication unknown"]
    )
    minutes: int = Field(60, ge=5, le=240, examples=[60])

    @model_validator(mode="after")
    def _one_patient(self) -> Self:
        if (self.patient_id is None) == (self.record_number is None):
            raise ValueError("name the patient by patient_id or by record_number")
        return self


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


class EmergencyConsultation(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: ConsultationType
    status: ConsultationStatus
    created_at: datetime


class EmergencyNote(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: NoteStatus
    template: str = Field(examples=["general"])
    created_at: datetime


class EmergencyRecord(BaseModel):
    """The patient, and what else may be asked for."""

    patient: PatientOut
    consultations: list[EmergencyConsultation]
    notes: list[EmergencyNote]
