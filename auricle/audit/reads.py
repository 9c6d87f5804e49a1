"""Entries that no trigger can write: reads of clinical data, sign-ins, refusals."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.models import AuditEntry


async def record_read(db: AsyncSession, entity: str, entity_id: UUID | None, **about: Any) -> None:
    """Note that the actor of this transaction read clinical data. Part of the reading transaction."""
    await record(db, "read", entity, entity_id, **about)


async def record(
    db: AsyncSession,
    action: str,
    entity: str,
    entity_id: UUID | None,
    *,
    outcome: str = "allowed",
    reason: str | None = None,
    **about: Any,
) -> None:
    """Add one entry. `about` holds ids and codes only, never clinical text."""
    await db.execute(
        insert(AuditEntry).values(
            action=action, entity=entity, entity_id=entity_id, outcome=outcome, reason=reason, new=about or None
        )
    )
