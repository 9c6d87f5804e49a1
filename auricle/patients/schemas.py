"""What patients look like from outside."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00-\x08]*$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{6,20}$")]


class Identity(BaseModel):
    """Who a patient is; sealed as one document under the patient's own key."""

    model_config = ConfigDict(extra="forbid")

    given_name: Name = Field(examples=["Asha"])
    family_name: Name = Field(examples=["Rao"])
    birth_date: date | None = Field(None, examples=["1958-03-14"])
    gender: Literal["female", "male", "other", "unknown"] = "unknown"
    email: EmailStr | None = None
    phone: Phone | None = Field(None, examples=["+91 98450 12345"])
    address: Line | None = None
    record_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] | None = None

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class PatientIn(Identity):
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"


class PatientOut(PatientIn):
    id: UUID
    status: str
