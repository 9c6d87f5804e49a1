"""What carrier accounts, lines and calls look like from outside."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, StringConstraints

from auricle.phone.models import CallStatus, Direction, Kind

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_.-]{1,80}$")]
Credential = Annotated[SecretStr, StringConstraints(min_length=1, max_length=200)]
Number = Annotated[str, StringConstraints(min_length=3, max_length=30, pattern=r"^\+?[0-9 ().-]+$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Notice = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=20, max_length=600, pattern=r"^[^\x00-\x1f]*$")
]
Networks = Annotated[list[IPvAnyNetwork], Field(max_length=50)]


class CarrierIn(BaseModel):
    """An account at a carrier. Its secrets are sealed, and shown to nobody again."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind = Field(examples=["twilio"])
    name: Name = Field(examples=["Front desk numbers"])
    account_id: AccountId = Field(
        description="Twilio: account SID; Plivo: auth id; Exotel: account SID.", examples=["AC1"]
    )
    token: Credential = Field(description="Auth token; Exotel: API token.", examples=["an-auth-token"])
    key: Credential | None = Field(None, description="Exotel only: API key.")
    webhook_user: Credential | None = Field(None, description="Exotel: the user in the addresses it calls.")
    webhook_password: Credential | None = Field(None, description="Exotel: the password in the addresses it calls.")
    networks: Networks = Field([], description="Exotel without a user: the networks that its requests come from.")
    url: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="Address of a region's interface, where it is not the usual one."
    )


class CarrierChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(None, examples=["Front desk numbers"])
    token: Credential | None = None
    key: Credential | None = None
    webhook_user: Credential | None = None
    webhook_password: Credential | None = None
    networks: Networks | None = None
    url: Annotated[str, StringConstraints(max_length=200)] | None = None


class CarrierOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    name: str
    account_id: str
    url: str | None
    networks: list[str]
    created_at: datetime


class LineIn(BaseModel):
    """A number and who answers on it."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["Hearing clinic"])
    carrier_id: UUID
    agent_id: UUID
    number: Number = Field(description="With the country's code.", examples=["+91 80 4718 0000"])
    handover_number: Number | None = Field(
        None, description="Where a person answers: hand-over, and calls that the agent does not take."
    )
    language: Language = Field("en", examples=["hi"])
    notice: Annotated[dict[Language, Notice], Field(max_length=20)] = Field(
        {}, description="What is said before anything else, by language; nothing said: the text that ships."
    )
    active: bool = True


class LineChange(BaseModel):
    """What is left out stays as it is; an empty hand-over number removes it."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = Field(None, examples=["Hearing clinic"])
    agent_id: UUID | None = None
    handover_number: Number | Annotated[str, StringConstraints(max_length=0)] | None = None
    language: Language | None = None
    notice: Annotated[dict[Language, Notice], Field(max_length=20)] | None = None
    active: bool | None = None


class Addresses(BaseModel):
    """What to set at the carrier. Whoever knows these can pretend to be a caller only with the carrier's secret."""

    voice: str = Field(description="Called when a call comes in.")
    status: str = Field(description="Called when a call gets on, or ends.")
    after: str = Field(
        description="Called when the conversation is over: what comes next. Exotel: its Passthru applet."
    )


class LineOut(BaseModel):
    id: UUID
    name: str
    carrier_id: UUID
    agent_id: UUID
    kind: Kind
    language: str
    number: str = Field(description="Whole for those who may change lines; for others its last digits.")
    handover_number: str | None
    notice: dict[str, str]
    active: bool
    created_at: datetime
    addresses: Addresses | None = Field(description="Only for those who may change lines.")


class CallIn(BaseModel):
    """Have somebody called: a patient on their own number, or a number."""

    model_config = ConfigDict(extra="forbid")

    line_id: UUID
    patient_id: UUID | None = None
    number: Number | None = Field(None, description="With the country's code; for a patient: instead of their own.")
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)] | None = Field(
        None, description="Why; kept sealed with the call."
    )


class CallOut(BaseModel):
    id: UUID
    line_id: UUID
    direction: Direction
    status: CallStatus
    patient_id: UUID | None
    identified: bool = Field(description="The number was known as this one patient's.")
    consultation_id: UUID | None
    number: str | None = Field(description="Whole for those who may read patients; for others its last digits.")
    ended_because: str | None = Field(description="How the conversation ended, or why there was none.")
    answered_by: str | None = Field(
        description="What the carrier takes for the one who answered: `human`, `machine`, …"
    )
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
