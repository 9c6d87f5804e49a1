"""A broken uniqueness, told by the name of what is taken rather than as a contradiction of any kind."""

from collections.abc import Mapping

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.session import constraint_of
from auricle.errors import AuricleError


async def flush_unique(db: AsyncSession, taken: Mapping[str, AuricleError]) -> None:
    """Write what is pending; raises the error that stands for the broken constraint. The transaction is over then."""
    try:
        await db.flush()
    except IntegrityError as error:
        if known := taken.get(constraint_of(error) or ""):
            raise known from error
        raise
