"""What consent looks like from outside."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.consent.models import Decision, Kind

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


class TextOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    kind: Kind
    language: str
    version: int
    title: str
    body: str
    hash: str = Field(description="Send it back with the decision, so that it is about what was shown.")
    renew: bool
    published_at: datetime | None = Field(None, description="Null: it ships with Auricle.")


class TextsOut(BaseModel):
    items: list[TextOut]


class TextIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(examples=["ai_use"])
    language: Language = Field(examples=["en"])
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        examples=["Talking with the AI assistant"]
    )
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)] = Field(
        examples=["If you agree, the assistant listens to what you say …"]
    )
    renew: bool = Field(False, description="Whoever agreed to an earlier text is asked again.")


class DecisionIn(BaseModel):
    """Granting and withdrawing are the same request."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(examples=["ai_use"])
    decision: Decision = Field(examples=["granted"])
    language: Language | None = Field(None, description="Of the text shown; unset: the patient's own.", examples=["hi"])
    text_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Of the text that was shown; refused where a newer one was published."
    )
    decided_by: Literal["patient", "representative"] = "patient"
    how: Literal["in_app", "spoken", "paper", "phone"] = Field(
        "in_app", description="Patients decide `in_app`; staff who record it for them say how they were told."
    )


class ConsentOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    decision: Decision
    text_version: int
    text_hash: str
    language: str
    decided_by: str
    how: str
    recorded_by: UUID | None = Field(description="The member who recorded it; a patient's own is their member.")
    created_at: datetime


class ConsentsOut(BaseModel):
    """What a patient agrees to now, and every decision before, newest first."""

    patient_id: UUID
    standing: dict[Kind, bool]
    history: list[ConsentOut]
