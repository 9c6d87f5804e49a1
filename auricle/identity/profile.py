"""A member's own profile. What is personal beyond name and language is sealed under the organization's key."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Forbidden
from auricle.identity.models import Member
from auricle.identity.schemas import Name
from auricle.patients.schemas import Line, Phone


class Personal(BaseModel):
    """The sealed part."""

    model_config = ConfigDict(extra="forbid")

    birth_date: date | None = Field(None, examples=["1984-06-02"])
    gender: Literal["female", "male", "other", "unknown"] = "unknown"
    phone: Phone | None = Field(None, examples=["+91 98450 12345"])
    address: Line | None = Field(None, examples=["12 Lake Road, Pune"])


class ProfileIn(Personal):
    given_name: Name = Field(examples=["Meera"])
    family_name: Name = Field(examples=["Iyer"])
    language: str = Field("en", pattern=r"^[a-z]{2}$", examples=["hi"])


class ProfileOut(Personal):
    given_name: str
    family_name: str
    language: str


async def own_member(db: AsyncSession) -> Member:
    """The member who acts in this transaction; the platform's administrator has no profile."""
    member = await db.get(Member, actor_of(db).member_id, with_for_update=True) if actor_of(db).member_id else None
    if member is None:
        raise Forbidden("Only a member of an organization has a profile.")
    return member


async def read_profile(db: AsyncSession, keyring: Keyring) -> ProfileOut:
    member = await own_member(db)
    personal = Personal()
    if member.profile is not None:
        key = await keyring.organization(db)
        personal = Personal.model_validate_json(key.open(member.profile, "member", "profile", member.id))
    return ProfileOut(
        **personal.model_dump(),
        given_name=member.given_name,
        family_name=member.family_name,
        language=member.language,
    )


async def save_profile(db: AsyncSession, keyring: Keyring, wanted: ProfileIn) -> None:
    member = await own_member(db)
    key = await keyring.organization(db)
    personal = Personal.model_validate(wanted.model_dump(include=set(Personal.model_fields)))
    member.given_name, member.family_name, member.language = wanted.given_name, wanted.family_name, wanted.language
    member.profile = key.seal(personal.model_dump_json(), "member", "profile", member.id)
    await db.flush()
