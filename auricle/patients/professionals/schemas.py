"""What professionals and their hours look like from outside."""

from datetime import date, time
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from auricle.patients.professionals.models import ExceptionKind
from auricle.patients.schemas import Phone

EmployeeNumber = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f]*$")
]
EXAMPLE_ID = "01890a5d-ac96-774b-bcce-b302099a8057"


def check_order(opens: time | None, closes: time | None) -> None:
    """Local times without a zone of their own, the first before the second."""
    if opens is None or closes is None:
        raise ValueError("both times or neither")
    if opens.tzinfo is not None or closes.tzinfo is not None:
        raise ValueError("hours are in the organization's local time")
    if closes <= opens:
        raise ValueError("closes must be later than opens")


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProfessionalIn(In):
    """The whole profile: what is left out is emptied. Only administrators set department and employee number."""

    department_id: UUID | None = Field(None, examples=[EXAMPLE_ID])
    specialty_id: UUID | None = Field(None, examples=[EXAMPLE_ID])
    employee_number: EmployeeNumber | None = Field(None, examples=["E-1042"])
    phone: Phone | None = Field(None, examples=["+91 98450 12345"])
    bookable: bool = Field(True, strict=True, examples=[True], description="Patients may book times with them.")


class ProfessionalOut(BaseModel):
    id: UUID = Field(description="The member's id.")
    given_name: str
    family_name: str
    role: str
    department_id: UUID | None
    department: str | None
    specialty_id: UUID | None
    specialty: str | None
    employee_number: str | None
    phone: str | None
    bookable: bool


class OpeningIn(In):
    """One opening of the week, in the organization's local time."""

    weekday: int = Field(ge=0, le=6, strict=True, description="Monday is 0.", examples=[0])
    opens: time = Field(examples=["09:00"])
    closes: time = Field(examples=["17:30"])

    @model_validator(mode="after")
    def in_order(self) -> Self:
        check_order(self.opens, self.closes)
        return self


class WeekIn(In):
    openings: list[OpeningIn] = Field(
        max_length=50, examples=[[{"weekday": 0, "opens": "09:00", "closes": "17:30"}]], description="The whole week."
    )


class OpeningOut(BaseModel):
    weekday: int
    opens: time
    closes: time


class WeekOut(BaseModel):
    time_zone: str
    openings: list[OpeningOut]


class ExceptionIn(In):
    """A day that differs: off (without times, all day) or open for extra hours."""

    day: date = Field(examples=["2026-12-25"])
    kind: ExceptionKind = Field(examples=["off"])
    opens: time | None = Field(None, examples=["09:00"])
    closes: time | None = Field(None, examples=["12:00"])

    @model_validator(mode="after")
    def whole_or_in_order(self) -> Self:
        if self.kind is ExceptionKind.EXTRA or self.opens is not None or self.closes is not None:
            check_order(self.opens, self.closes)
        return self


class ExceptionOut(BaseModel):
    id: UUID
    day: date
    kind: ExceptionKind
    opens: time | None
    closes: time | None
