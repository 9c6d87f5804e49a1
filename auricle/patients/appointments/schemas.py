"""What appointments look like from outside."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from auricle.patients.appointments.models import AppointmentStatus

EXAMPLE_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
Minutes = Annotated[int, Field(ge=5, le=480, multiple_of=5, strict=True, examples=[30])]
Type = Literal["text", "voice", "video", "phone", "in_person"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x08]*$")]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BookingIn(In):
    patient_id: UUID | None = Field(None, description="Patients leave this out.", examples=[EXAMPLE_ID])
    professional_id: UUID = Field(examples=[EXAMPLE_ID])
    starts_at: AwareDatetime = Field(
        description="With its offset from UTC, on a whole five minutes.", examples=["2026-12-01T09:30:00+05:30"]
    )
    minutes: Minutes = 30
    type: Type = Field("in_person", examples=["in_person"])
    reason: Reason | None = Field(None, examples=["Hearing test"])
    outside_hours: bool = Field(
        False, strict=True, examples=[False], description="Book although the professional is off; staff only."
    )


class MoveIn(In):
    starts_at: AwareDatetime = Field(examples=["2026-12-01T10:00:00+05:30"])
    minutes: Minutes | None = Field(None, description="Unset: as long as before.", examples=[30])
    professional_id: UUID | None = Field(None, description="Unset: the same professional.", examples=[EXAMPLE_ID])
    outside_hours: bool = Field(False, strict=True, examples=[False])


class OutcomeIn(In):
    outcome: Literal["kept", "missed"] = Field(examples=["kept"])


class AppointmentOut(BaseModel):
    id: UUID
    patient_id: UUID
    professional_id: UUID
    starts_at: datetime
    ends_at: datetime
    local_start: datetime = Field(description="The start by the organization's clock.")
    status: AppointmentStatus
    type: str
    reason: str | None
    created_at: datetime
    cancelled_at: datetime | None


class FreeTime(BaseModel):
    starts_at: datetime
    local_start: datetime


class FreeTimes(BaseModel):
    professional_id: UUID
    time_zone: str
    minutes: int
    items: list[FreeTime]


class BookableOut(BaseModel):
    """A professional as patients see one: no number, no phone."""

    id: UUID
    name: str
    department: str | None
    specialty: str | None


class Bookable(BaseModel):
    time_zone: str = Field(description="Whose days and wall times these are: by it a booking knows what day it is.")
    items: list[BookableOut]
