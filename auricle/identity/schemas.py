"""What sign-in takes and gives."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,62}$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]*$")
]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", str_max_length=10_000)


class Registration(In):
    email: EmailStr = Field(examples=["asha@example.org"])
    password: Password = Field(examples=["a long pass phrase"])
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,40}$")] | None = None
    organization: Slug | None = Field(
        None, description="The clinic's short name. Only the first account needs none.", examples=["sample-clinic"]
    )
    given_name: Name = Field(examples=["Asha"])
    family_name: Name = Field(examples=["Rao"])
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "en"


class Login(In):
    login: Annotated[str, StringConstraints(min_length=1, max_length=254)] = Field(
        description="E-mail or username.", examples=["clinician@sample.clinic"]
    )
    password: Password = Field(examples=["a long pass phrase"])
    organization: Slug | None = None


class Refresh(In):
    refresh_token: Annotated[str, StringConstraints(min_length=20, max_length=200)]


class Switch(In):
    organization: Slug


class SignIn(BaseModel):
    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Seconds the access token is good for.")
    organization_id: UUID | None
    role: str


class Me(BaseModel):
    account_id: UUID
    email: str
    username: str | None
    platform_admin: bool
    organization_id: UUID | None
    organization: str | None
    member_id: UUID | None
    patient_id: UUID | None
    role: str
    given_name: str = ""
    family_name: str = ""
    permissions: list[str]
