"""Set how an organization's notes are written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.base import new_id
from auricle.errors import Invalid
from auricle.notes.templates.models import NoteSetting


class NoSuchWriter(Invalid):
    """This provider is not set up here, or has no language model that can write notes."""

    code = "note_setting.no_such_writer"


async def keep_setting(db: AsyncSession, wanted: Mapping[str, Any], *, by: UUID | None) -> NoteSetting:
    """Set all of it. `wanted` are the fields of a `SettingIn`."""
    values = {**wanted, "changed_by": by, "changed_at": datetime.now(UTC)}
    statement = insert(NoteSetting).values(id=new_id(), **values)
    await db.execute(statement.on_conflict_do_update(constraint="uq_note_setting_organization", set_=values))
    return (await db.scalars(select(NoteSetting).execution_options(populate_existing=True))).one()
