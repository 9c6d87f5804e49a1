"""What running organizations and their people takes and gives."""

import zoneinfo
from datetime import datetime
from functools import cache
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, EmailStr, Field, StringConstraints

from auricle.identity.models import MemberStatus, OrganizationStatus
from auricle.identity.roles import built_in_id
from auricle.identity.schemas import In, Name, Password, Slug

Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
RoleName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*$")
]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x08]*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
PermissionName = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z_]+:[a-z_]+$")]
Permissions = Annotated[list[PermissionName], Field(max_length=200, examples=[["patients:read", "notes:read"]])]
Kind = Literal["hospital", "clinic", "company"]


@cache
def zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def known_zone(name: str) -> str:
    if name not in zones():
        raise ValueError("no such time zone")
    return name


TimeZone = Annotated[str, StringConstraints(max_length=60), AfterValidator(known_zone)]


class FirstAdmin(In):
    """Who is invited to run a new organization."""

    email: EmailStr = Field(examples=["farida@lakeside.example"])
    given_name: Name = Field(examples=["Farida"])
    family_name: Name = Field(examples=["Khan"])
    language: Language = Field("en", examples=["hi"])


class OrganizationIn(In):
    name: Title = Field(examples=["Lakeside Hearing Hospital"])
    slug: Slug = Field(description="Short name, for sign-in.", examples=["lakeside"])
    kind: Kind = "hospital"
    email: EmailStr = Field(examples=["desk@lakeside.example"])
    contact_name: Title = Field(description="Whom the platform speaks to.", examples=["Farida Khan"])
    time_zone: TimeZone = Field("UTC", examples=["Asia/Kolkata"])
    open_registration: bool = Field(False, description="Patients may register themselves.")
    admin: FirstAdmin


class OrganizationChange(In):
    status: OrganizationStatus | None = Field(None, description="Closed is for good.", examples=["suspended"])
    name: Title | None = None
    slug: Slug | None = None
    kind: Kind | None = None
    email: EmailStr | None = None
    contact_name: Title | None = None
    time_zone: TimeZone | None = None
    open_registration: bool | None = None


class OrganizationOut(BaseModel, from_attributes=True):
    id: UUID
    name: str
    slug: str
    kind: str
    email: str
    contact_name: str
    status: OrganizationStatus
    time_zone: str
    open_registration: bool
    created_at: datetime


class RoleIn(In):
    name: RoleName = Field(examples=["Audiology assistant"])
    parent_id: UUID = Field(
        description="A built-in or custom role; the new one can never do more.", examples=[str(built_in_id("staff"))]
    )
    permissions: Permissions


class RoleChange(In):
    name: RoleName | None = Field(None, examples=["Audiology assistant"])
    parent_id: UUID | None = None
    permissions: Permissions | None = None


class RoleOut(BaseModel):
    id: UUID
    name: str
    built_in: bool
    base: str = Field(description="The built-in role at the root.")
    parent_id: UUID | None
    declared: list[str] = Field(description="What the role was given.")
    permissions: list[str] = Field(description="What is left of it by the roles above: what holds.")


class RoleList(BaseModel):
    items: list[RoleOut]
    all_permissions: dict[str, str] = Field(description="Every permission there is, in words.")


class OperationOpened(BaseModel):
    method: str
    path: str
    summary: str


class PermissionHeld(BaseModel):
    name: str
    meaning: str


class RolePreview(BaseModel):
    id: UUID
    name: str
    permissions: list[PermissionHeld]
    operations: list[OperationOpened]


class InvitationIn(In):
    email: EmailStr = Field(examples=["meera@lakeside.example"])
    role_id: UUID = Field(examples=[str(built_in_id("clinician"))])
    given_name: Name = Field(examples=["Meera"])
    family_name: Name = Field(examples=["Iyer"])
    language: Language = Field("en", examples=["hi"])


class InvitationOut(BaseModel):
    id: UUID
    email: str
    role_id: UUID
    role: str
    given_name: str
    family_name: str
    expires_at: datetime
    sent_at: datetime | None = Field(description="When the mail was handed over; unset: not yet, or it failed.")


class Founded(BaseModel):
    """A new organization and the invitation of its first administrator."""

    organization: OrganizationOut
    invitation: InvitationOut


class InvitationToken(In):
    token: Annotated[str, StringConstraints(min_length=40, max_length=200)] = Field(
        description="What stands behind `#` in the link.", examples=["0193…c7.bWFueSByYW5kb20gbGV0dGVycyBhbmQgZGlnaXRz"]
    )


class Acceptance(InvitationToken):
    password: Password | None = Field(None, description="For a new account.", examples=["a long pass phrase"])
    given_name: Name | None = None
    family_name: Name | None = None


class InvitationShown(BaseModel):
    organization: str
    slug: str
    email: str
    role: str
    has_account: bool


class MemberOut(BaseModel):
    id: UUID
    account_id: UUID
    email: str
    given_name: str
    family_name: str
    language: str
    status: MemberStatus
    role_id: UUID
    role: str
    created_at: datetime


class MemberChange(In):
    role_id: UUID | None = Field(None, examples=[str(built_in_id("clinician"))])
    given_name: Name | None = None
    family_name: Name | None = None


class NamedIn(In):
    name: Name = Field(examples=["Audiology"])
    description: Words = ""


class NamedChange(In):
    name: Name | None = Field(None, examples=["Audiology"])
    description: Words | None = None


class NamedOut(BaseModel, from_attributes=True):
    id: UUID
    name: str
    description: str
