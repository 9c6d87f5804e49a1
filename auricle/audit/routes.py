"""`/api/v1/audit`"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from auricle.actor import Actor
from auricle.audit.explore import Wanted, chain_state, list_entries, names_of
from auricle.audit.export import exported, part_of
from auricle.audit.report import heads_of
from auricle.audit.schemas import ChainState, EntryOut
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, after, cursor_of
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

By = Annotated[Literal["at", "-at"], Sort]

Word = Annotated[str | None, Query(max_length=64)]


@router.get(
    "/entries",
    operation_id="list_audit_entries",
    summary="Who did what to which row, when, from where",
    responses=problems(Forbidden, BadCursor),
)
async def entries(
    db: Db,
    actor: Annotated[Actor, Requires("audit:read")],
    entity: Word = None,
    entity_id: UUID | None = None,
    actor_id: Annotated[UUID | None, Query(alias="actor", description="The account that acted.")] = None,
    action: Word = None,
    outcome: Annotated[Literal["allowed", "refused"] | None, Query()] = None,
    patient_id: Annotated[UUID | None, Query(description="Entries about any row of this patient.")] = None,
    since: Annotated[datetime | None, Query(alias="from")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Exclusive.")] = None,
    sort: By = "-at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EntryOut]:
    place = after(cursor)
    last = place.int if place else None
    wanted = Wanted(entity, entity_id, actor_id, action, outcome, patient_id, since, until, last, sort == "at")
    found = await list_entries(db, wanted, limit=limit + 1)
    items = [EntryOut.model_validate(entry) for entry in found[:limit]]
    names = await names_of(db, found[:limit])
    for one in items:
        one.member = names.get(one.member_id)
    return Page(items=items, next=cursor_of(UUID(int=items[-1].id)) if len(found) > limit else None)


@router.get(
    "/chain",
    operation_id="get_audit_chain",
    summary="How far the hash chain reaches",
    responses=problems(Forbidden),
)
async def chain(db: Db, actor: Annotated[Actor, Requires("audit:read")]) -> ChainState:
    return await chain_state(db)


@router.get(
    "/export",
    operation_id="export_audit",
    summary="A part of the chain as signed NDJSON, to verify offline with `auricle audit verify-export`",
    response_class=StreamingResponse,
    responses={**problems(Forbidden), 200: {"content": {"application/x-ndjson": {}}, "description": "The export."}},
)
async def export(
    assembly: Installed,
    actor: Annotated[Actor, Requires("audit:export")],
    since: Annotated[datetime | None, Query(alias="from")] = None,
    until: Annotated[datetime | None, Query(alias="to", description="Exclusive.")] = None,
) -> StreamingResponse:
    async with assembly.database.transaction(actor) as db:
        part = await part_of(db, actor, since, until)
    heads = heads_of(assembly.settings, assembly.keyring)
    name = f"audit-{part.first}-{part.last}.ndjson"
    return StreamingResponse(
        exported(assembly.database, heads, actor, part),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
