"""What the audit looks like from outside."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class EntryOut(BaseModel):
    """Old and new values are as stored: clinical columns are ciphertext."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    at: datetime
    actor_id: UUID | None = Field(description="The account that acted; none for the system.")
    member_id: UUID | None
    member: str | None = Field(None, description="The member's name as it is now.")
    action: str = Field(examples=["update"])
    entity: str = Field(examples=["patient"])
    entity_id: UUID | None
    old: dict[str, Any] | None
    new: dict[str, Any] | None
    outcome: str = Field(description="`allowed` or `refused`.", examples=["allowed"])
    request_id: str
    address: str = Field(description="Where the request came from.")
    user_agent: str
    reason: str | None


class ChainState(BaseModel):
    entries: int
    sealed: int = Field(description="Entries that the hash chain holds; the others follow within seconds.")
    head: str | None = Field(description="SHA-256 of the last link, hexadecimal.")
    sealed_at: datetime | None
    age_s: float | None = Field(description="Seconds since the last link was added.")
