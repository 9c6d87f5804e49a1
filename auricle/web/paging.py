"""Cursor paging by time-ordered keys: stable under inserts, no offset to count through."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel

from auricle.db.keyset import BadCursor, Order

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=64, description="`next` of the page before.")]

Sort = Query(description="The field to sort by; with `-` before it the latest, highest or last first.")
ByAge = Annotated[Literal["created_at", "-created_at"], Sort]
ByName = Annotated[Literal["created_at", "-created_at", "name", "-name"], Sort]


class Page(BaseModel, Generic[Item]):
    items: list[Item]
    next: str | None = None


def after(cursor: str | None) -> UUID | None:
    """The id a page starts after. It names a place in an order, and grants nothing: rows stay the tenant's own."""
    if cursor is None:
        return None
    try:
        return UUID(bytes=base64.urlsafe_b64decode(cursor + "=="))
    except (ValueError, binascii.Error) as error:
        raise BadCursor from error


def ordered(sort: str, cursor: str | None) -> Order:
    """How a list is asked for, from the two parameters of its route."""
    return Order.of(sort, after(cursor))


def cursor_of(last: UUID) -> str:
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def page(items: Sequence[Item], ids: Sequence[UUID], limit: int) -> Page[Item]:
    """A page from `limit + 1` rows that were read: the surplus one only tells that there is more."""
    more = len(items) > limit
    return Page(items=list(items[:limit]), next=cursor_of(ids[limit - 1]) if more else None)
