"""The declarative base, the types every table uses, and the mixin that makes a table an organization's own."""

import enum
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import TIMESTAMP, Enum, LargeBinary, MetaData, Uuid, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> UUID:
    """A time-ordered UUID (version 7), so that keys grow with time and lists page by key."""
    return uuid7()


class Base(DeclarativeBase):
    """Every mapped table. Enumerations are stored by value in text columns."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
        bytes: LargeBinary,
        UUID: Uuid,
        enum.Enum: Enum(enum.Enum, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e]),
    }


class Tenant:
    """A row that belongs to one organization. Nobody sets or filters `organization_id`: the database does both.

    `protect()` in the table's migration makes it so; a test fails when a table has this mixin without it.
    """

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID] = mapped_column(
        server_default=text("nullif(current_setting('auricle.organization', true), '')::uuid")
    )
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
