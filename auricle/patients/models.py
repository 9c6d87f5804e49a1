"""People under care, the tokens they are found by, and merges. Identity is sealed under the patient's own data key."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Patient(Tenant, Base):
    """A person under care, with or without a login. `identity` is a sealed `Identity` document.

    `merged_into` names the record that this one turned out to be a duplicate of. Nothing is moved at a merge, for what
    is sealed is bound to its own patient's key: readers ask for `whole(patient_id)`.
    """

    __tablename__ = "patient"
    account_id: Mapped[UUID | None]
    identity: Mapped[bytes]
    record_number_blind: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(default="en")
    status: Mapped[str] = mapped_column(default="active")
    merged_into: Mapped[UUID | None]


class TokenKind(StrEnum):
    """What a search token was made of. `TWIN` tokens are those that two records of one person would share."""

    PREFIX = "prefix"
    GRAM = "gram"
    SOUND = "sound"
    PHONE = "phone"
    NUMBER = "number"
    EMAIL = "email"
    TWIN = "twin"


class PatientToken(Tenant, Base):
    """A keyed hash of a part of a sealed identity: it finds a patient and tells nothing without the key."""

    __tablename__ = "patient_token"
    patient_id: Mapped[UUID]
    kind: Mapped[TokenKind]
    token: Mapped[int] = mapped_column(BigInteger)


class PatientMerge(Tenant, Base):
    """One merge of a duplicate into the record that is kept. `carried` had been merged into the duplicate before."""

    __tablename__ = "patient_merge"
    kept_id: Mapped[UUID]
    absorbed_id: Mapped[UUID]
    carried: Mapped[list[Any]] = mapped_column(default=list)
    merged_by: Mapped[UUID | None]
    undone_by: Mapped[UUID | None]
    undone_at: Mapped[datetime | None]
