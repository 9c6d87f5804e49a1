"""What consultations look like from outside."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.consultations.models import Consultation, ConsultationSession, ConsultationStatus, ConsultationType
from auricle.consultations.transcript import Said


class ConsultationIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    patient_id: UUID | None = Field(None, description="A patient who opens a consultation may leave this out.")
    agent_id: UUID | None = Field(None, description="Unset: the organization's first agent.")
    agent_version: int | None = Field(
        None, ge=1, lt=2**31, description="A version to try, published or not; for those who may change agents."
    )
    clinician_id: UUID | None = Field(None, description="A member.")
    type: ConsultationType = ConsultationType.TEXT
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = None
    specialty: Annotated[str, StringConstraints(max_length=80)] | None = None
    visit_date: date | None = Field(None, description="Unset: today.", examples=["2026-11-28"])
    notes: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        None, description="Free words about this visit. The patient can read them, too."
    )


class ConsultationChange(BaseModel):
    """What is left out stays; null takes it away."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"specialty": "audiology", "notes": "Brought an old hearing aid."}]},
    )

    clinician_id: UUID | None = Field(None, description="A member.")
    specialty: Annotated[str, StringConstraints(max_length=80)] | None = None
    visit_date: date = Field(default_factory=date.today, examples=["2026-11-28"])
    notes: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        None, description="Free words about this visit. The patient can read them, too."
    )


class Opened(BaseModel):
    consultation_id: UUID
    session_id: UUID
    consent_needed: list[str] = Field(
        description="What the patient has to agree to before they can talk with the agent; show its text and ask.",
        examples=[["ai_use"]],
    )
    greeting: str | None = Field(None, description="What the agent says first, in the consultation's language.")


class ConsultationOut(BaseModel):
    id: UUID
    patient_id: UUID
    clinician_id: UUID | None
    type: ConsultationType
    status: ConsultationStatus
    specialty: str | None
    language: str
    visit_date: date
    total_s: float = Field(description="How long its sessions lasted together, once it has ended.")
    created_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: Consultation) -> "ConsultationOut":
        return cls.model_validate(row, from_attributes=True)


class ServedBy(BaseModel):
    provider: str
    model: str | None = Field(description="None: the provider's own.")


class SessionOut(BaseModel):
    """One connection, or one exchange of messages, within a consultation."""

    id: UUID
    channel: str = Field(description="`browser`, `phone` or `text`.", examples=["phone"])
    created_at: datetime
    ended_at: datetime | None
    last_activity_at: datetime
    tokens_used: int = Field(description="Of language models so far.", examples=[1843])
    calls_used: int = Field(description="Of providers so far.", examples=[27])

    @classmethod
    def of(cls, row: ConsultationSession) -> "SessionOut":
        return cls.model_validate(row, from_attributes=True)


class ConsultationWhole(ConsultationOut):
    """A consultation with its notes and its sessions."""

    emergency_number: str = Field(description="What its agent tells to call in an emergency.", examples=["112"])
    notes: str | None
    sessions: list[SessionOut]


class MessageOut(BaseModel):
    id: UUID
    session_id: UUID | None = None
    position: int
    sender: str
    text: str
    heard: str | None = Field(description="What the patient heard, where an answer was interrupted.")
    interrupted: bool
    language: str | None
    start_s: float | None
    end_s: float | None
    citations: Sequence[dict[str, Any]]
    waterfall: dict[str, Any] = Field(description="Milliseconds after the end of speech, by stage.")
    errors: Sequence[str] = Field(description="Codes of what went wrong while it was made.")
    served: Mapping[str, Sequence[ServedBy]] = Field(
        description="Who served this turn, by capability (stt, llm, tts), in the order they began.",
        examples=[{"llm": [{"provider": "openai", "model": "gpt-6-luna"}]}],
    )
    red_flag: str | None
    processing_ms: int | None = Field(None, description="From the end of the question to the answer's beginning.")
    audio: str | None = Field(None, description="Where it is heard, if the session was recorded.")
    at: datetime | None

    @classmethod
    def of(cls, said: Said, audio: str | None = None) -> "MessageOut":
        return cls(
            id=said.id,
            session_id=said.session_id,
            processing_ms=said.processing_ms,
            audio=audio,
            position=said.position,
            sender=said.sender,
            text=said.text,
            heard=said.heard,
            interrupted=said.interrupted,
            language=said.language,
            start_s=said.start_s,
            end_s=said.end_s,
            citations=said.citations,
            waterfall=said.waterfall,
            errors=said.errors,
            served=said.served,
            red_flag=said.red_flag,
            at=said.at,
        )


class Transcript(BaseModel):
    consultation_id: UUID
    messages: list[MessageOut]
