"""What patients look like from outside."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^[^\x00-\x08]*$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9 ()-]{6,20}$")]
RecordNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]*$")
]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Gender = Literal["female", "male", "other", "unknown"]


class Identity(BaseModel):
    """Who a patient is; sealed as one document under the patient's own key."""

    model_config = ConfigDict(extra="forbid")

    given_name: Name = Field(examples=["Asha"])
    family_name: Name = Field(examples=["Rao"])
    birth_date: date | None = Field(None, examples=["1958-03-14"])
    gender: Gender = Field("unknown", examples=["female"])
    email: EmailStr | None = Field(None, examples=["asha@example.org"])
    phone: Phone | None = Field(None, examples=["+91 98450 12345"])
    address: Line | None = Field(None, examples=["12 Lake Road, Mysuru"])
    record_number: RecordNumber | None = Field(None, examples=["MRN-1001"])

    @property
    def full_name(self) -> str:
        return f"{self.given_name} {self.family_name}"


class PatientIn(Identity):
    language: Language = Field("en", examples=["hi"])


class PatientOut(BaseModel):
    """A patient as read. What was checked on its way in is not checked again."""

    id: UUID
    status: str
    language: str
    created_at: datetime
    given_name: str
    family_name: str
    birth_date: date | None = None
    gender: str = "unknown"
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    record_number: str | None = None


class Wanted(BaseModel):
    """A search goes in a body: names and numbers have no place in addresses, which are logged everywhere."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=120)] = Field(
        description="A name or its beginning in any script, a phone or its last digits, a record number, an e-mail.",
        examples=["Laxmi Rao"],
    )
    limit: int = Field(10, ge=1, le=50, examples=[10])


class Found(BaseModel):
    patient: PatientOut
    by: Literal["name", "phone", "record_number", "email"] = Field(description="What of the patient fits.")
    likeness: float = Field(description="1 is exact, 0 unlike.", ge=0, le=1)


class FoundPatients(BaseModel):
    items: list[Found]


class Duplicate(BaseModel):
    """Two records that may be one person's, and why."""

    patient: PatientOut
    other: PatientOut
    likeness: float = Field(description="1 is the same in everything that both say.", ge=0, le=1)
    same: list[str] = Field(description="Fields that agree.", examples=[["birth_date", "phone"]])


class Duplicates(BaseModel):
    items: list[Duplicate]


class MergeIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    duplicate_id: UUID = Field(
        description="The record that is merged into this one.", examples=["01890a5d-ac96-774b-bcce-b302099a8057"]
    )


class MergeOut(BaseModel):
    id: UUID
    kept_id: UUID
    absorbed_id: UUID
    created_at: datetime
    undo_until: datetime
    undone_at: datetime | None
