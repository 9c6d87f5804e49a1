"""`/api/v1/me/notes`: what patients read of themselves."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.notes.asked import Headings
from auricle.notes.own import list_own, read_own
from auricle.notes.own_schemas import OwnNote, OwnRow
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/me/notes", tags=["notes"])

By = Annotated[Literal["approved_at", "-approved_at"], Sort]

Patient = Annotated[Actor, Requires("own:read")]


@router.get("", operation_id="list_own_notes", summary="One's own signed notes", responses=problems(Forbidden))
async def index(
    db: Db,
    actor: Patient,
    sort: By = "-approved_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[OwnRow]:
    rows = await list_own(db, order=ordered(sort, cursor), limit=limit + 1)
    return page(rows, [row.id for row in rows], limit)


@router.get(
    "/{note_id}",
    operation_id="get_own_note",
    summary="A signed note about oneself, in clear",
    responses=problems(Forbidden, NotFound),
)
async def get(note_id: UUID, db: Db, assembly: Installed, actor: Patient, language: Headings = "en") -> OwnNote:
    return await read_own(db, assembly.keyring, note_id, language=language)
