"""`/api/v1/audit`"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from auricle.actor import Actor
from auricle.audit.explore import Wanted, chain_state, list_entries
from auricle.audit.schemas import ChainState, EntryOut
from auricle.errors import Forbidden
from auricle.web.deps import Db, Requires
from auricle.web.paging import BadCursor, Cursor, Limit, Page, after, cursor_of
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Word = Annotated[str | None, Query(max_length=64)]


@router.get(
    "/entries",
    operation_id="list_audit_entries",
    summary="Who did what to which row, when, from where; newest first",
    responses=problems(Forbidden, BadCursor),
)
async def entries(
    db: Db,
    actor: Annotated[Actor, Requires("audit:read")],
    entity: Word = None,
    entity_id: UUID | None = None,
    actor_id: Annotated[UUID | None, Query(alias="actor", description="The account that acted.")] = None,
    action: Word = None,
    since: Annotated[datetime | None, Query(alias="from")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Exclusive.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryOut]:
    place = after(cursor)
    wanted = Wanted(entity, entity_id, actor_id, action, since, until, before=place.int if place else None)
    found = await list_entries(db, wanted, limit=limit + 1)
    items = [EntryOut.model_validate(entry) for entry in found[:limit]]
    return Page(items=items, next=cursor_of(UUID(int=items[-1].id)) if len(found) > limit else None)


@router.get(
    "/chain",
    operation_id="get_audit_chain",
    summary="How far the hash chain reaches",
    responses=problems(Forbidden),
)
async def chain(db: Db, actor: Annotated[Actor, Requires("audit:read")]) -> ChainState:
    return await chain_state(db)
