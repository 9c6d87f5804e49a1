"""Departments and specialties: the words an organization sorts its people by. Both are the same but in name."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, NotFound
from auricle.identity.models import Department, Specialty

MAX_NAMES = 1_000  # of each kind in one organization

Named = TypeVar("Named", bound=Department | Specialty)


class NameTaken(Conflict):
    """This name is taken."""

    code = "department.name_taken"


class NameInUse(Conflict):
    """Somebody still belongs to this."""

    code = "department.in_use"


class TooManyNames(Conflict):
    """The organization has as many of these as it may have."""

    code = "department.too_many"


async def list_named(db: AsyncSession, kind: type[Named], order: Order, *, limit: int) -> Sequence[Named]:
    statement = await in_order(db, select(kind), order, kind.id, limit=limit, name=alphabetical(kind.name))
    return (await db.scalars(statement)).all()


async def find_named(db: AsyncSession, kind: type[Named], row_id: UUID) -> Named:
    row = await db.get(kind, row_id)
    if row is None:
        raise NotFound(f"No such {kind.__tablename__}.")
    return row


async def add_named(db: AsyncSession, kind: type[Named], name: str, description: str) -> Named:
    if (await db.scalar(select(func.count()).select_from(kind)) or 0) >= MAX_NAMES:
        raise TooManyNames(limit=MAX_NAMES)
    row = kind(name=name, description=description)
    db.add(row)
    await flush_unique(db, {f"uq_{kind.__tablename__}_name": NameTaken()})
    return row


async def change_named(db: AsyncSession, row: Named, *, name: str | None, description: str | None) -> None:
    row.name = row.name if name is None else name
    row.description = row.description if description is None else description
    await flush_unique(db, {f"uq_{row.__tablename__}_name": NameTaken()})


async def delete_named(db: AsyncSession, row: Named) -> None:
    """Delete what nothing refers to any more; foreign keys know what does."""
    try:
        await db.delete(row)
        await db.flush()
    except IntegrityError as error:
        raise NameInUse from error
