"""Lists in the order that the caller asked for, a page at a time, each page from the key of the row before it.

A cursor holds that row's id and nothing else: a list may be sorted by names, and a cursor stands in an address.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVarTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, func, literal, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.errors import Invalid

Row = TypeVarTuple("Row")

MADE = frozenset({"created_at"})
"""Orders as the id does, which is time-ordered, but for rows that were made within one another's transaction."""


class BadCursor(Invalid):
    """This cursor is not one of ours, or the row it names is gone."""

    code = "validation.bad_cursor"


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is asked for: the field to sort by, which way, and the id of the row that the page starts after."""

    field: str = "created_at"
    descending: bool = True
    after: UUID | None = None

    @classmethod
    def of(cls, sort: str, after: UUID | None) -> Self:
        """From a field's name, with `-` before it for the highest first."""
        return cls(sort.removeprefix("-"), sort.startswith("-"), after)


NEWEST = Order()

BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)
"""Stands for a moment that never was, so that what never happened comes first."""


async def in_order(
    db: AsyncSession,
    statement: Select[*Row],
    order: Order,
    key: Any,
    *,
    limit: int,
    **by: SQLColumnExpression[Any],
) -> Select[*Row]:
    """`statement` in an order, from the row that `order` starts after.

    `statement` says what the reader may see, so that no cursor tells where a hidden row stands. What they ask for is
    added to what comes back: the row before may have left the list meanwhile. `key` is the column of the ids and breaks
    ties; `by` holds the other fields to sort by, none of them ever null.

    Raises:
        BadCursor: a list sorted by a field that can change names a row that is no longer there.
    """
    keys = [key] if order.field in MADE - by.keys() else [by[order.field], key]
    statement = statement.order_by(*(one.desc() if order.descending else one.asc() for one in keys)).limit(limit)
    if order.after is None:
        return statement
    place: Any = [order.after]
    if len(keys) > 1:
        before = statement.with_only_columns(*keys, maintain_column_froms=True).where(key == order.after)
        place = (await db.execute(before)).one_or_none()
        if place is None:
            raise BadCursor
    here, there = tuple_(*keys), tuple_(*(literal(value, one.type) for value, one in zip(place, keys, strict=True)))
    return statement.where(here < there if order.descending else here > there)


def alphabetical(*parts: Any) -> ColumnElement[str]:
    """Words of a name, one after the other, whatever the case; the database's own collation says how letters follow."""
    return func.lower(func.concat_ws(" ", *(func.nullif(part, "") for part in parts)))
