"""What sign-in takes and gives."""

from datetime import datetime
from typing import Annotated, Literal
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
    username: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{3,40}$")] | None = Field(
        None, examples=["asha.rao"]
    )
    organization: Slug | None = Field(
        None, description="The clinic's short name. Only the first account needs none.", examples=["sample-clinic"]
    )
    given_name: Name = Field(examples=["Asha"])
    family_name: Name = Field(examples=["Rao"])
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = Field("en", examples=["hi"])


class Login(In):
    login: Annotated[str, StringConstraints(min_length=1, max_length=254)] = Field(
        description="E-mail or username.", examples=["clinician@sample.clinic"]
    )
    password: Password = Field(examples=["a long pass phrase"])
    organization: Slug | None = Field(
        None, description="Its short name; by default the first one joined.", examples=["sample-clinic"]
    )


Secret = Annotated[str, StringConstraints(min_length=20, max_length=200)]
Code = Annotated[str, StringConstraints(min_length=6, max_length=40)]
OutsideProvider = Literal["google"]


class Refresh(In):
    refresh_token: Secret | None = Field(
        None,
        description="Not needed with `X-Refresh-Cookie: 1`, where it comes in the cookie.",
        examples=["cmVmcmVzaCB0b2tlbiBvZiBhbiBleGFtcGxl"],
    )


class Switch(In):
    organization: Slug = Field(examples=["sample-clinic"])


class ChallengeAnswer(In):
    challenge: Annotated[str, StringConstraints(min_length=20, max_length=2000)] = Field(
        description="From the context of `authentication.second_factor_required`.",
        examples=["eyJ0eXAiOiJjaGFsbGVuZ2Urand0In0.e30.c2ln"],
    )
    code: Code = Field(description="Of the authenticator, or a recovery code.", examples=["492039"])


class PasswordChange(In):
    present: Password = Field(examples=["a long pass phrase"])
    wanted: Password = Field(examples=["another quite long phrase"])


class Forgotten(In):
    email: EmailStr = Field(examples=["asha@example.org"])


class PasswordReset(In):
    token: Secret = Field(description="From the link.", examples=["b25lIHRpbWUgbGluayBvZiBhbiBleGFtcGxl"])
    wanted: Password = Field(examples=["another quite long phrase"])


class PasswordCheck(In):
    password: Password = Field(examples=["a long pass phrase"])


class CodeCheck(In):
    code: Code = Field(examples=["492039"])


class PasswordAndCode(In):
    password: Password = Field(examples=["a long pass phrase"])
    code: Code = Field(description="Of the authenticator, or a recovery code.", examples=["492039"])


class Enrolment(BaseModel):
    secret: str = Field(description="To type into an authenticator app.")
    uri: str = Field(description="To show as a QR code.")


class RecoveryCodes(BaseModel):
    codes: list[str] = Field(description="Each works once, in place of the authenticator. Shown this once.")


class OutsideBegin(In):
    organization: Slug | None = Field(None, examples=["sample-clinic"])


class OutsideBegun(BaseModel):
    url: str = Field(description="Send the browser there.")
    flow: str = Field(description="Keep it in the browser until it is back; never put it into a URL.")


class OutsideFinish(In):
    flow: Secret = Field(examples=["ZmxvdyBzZWNyZXQgb2YgYW4gZXhhbXBsZQ"])
    state: Secret = Field(description="As it came back in the URL.", examples=["c3RhdGUgb2YgYW4gZXhhbXBsZQ"])
    code: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="As it came back in the URL.", examples=["4/0AbCdEf"]
    )


class OwnSession(BaseModel):
    id: UUID
    organization: str | None
    address: str
    user_agent: str
    started_at: datetime
    last_used_at: datetime
    ends_at: datetime
    present: bool = Field(description="The one this request came with.")


class OwnSessions(BaseModel):
    items: list[OwnSession]


class SignIn(BaseModel):
    access_token: str
    refresh_token: str | None = Field(description="Null where the request asked for a cookie: `X-Refresh-Cookie: 1`.")
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
    second_factor: bool
    page_idle_s: int = Field(description="A page that nobody touches for so long signs out, after a warning.")
    given_name: str = ""
    family_name: str = ""
    permissions: list[str]
