"""One's own profile, and the organization's departments and specialties."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, status

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.identity.admin_schemas import NamedChange, NamedIn, NamedOut
from auricle.identity.departments import (
    NameInUse,
    NameTaken,
    TooManyNames,
    add_named,
    change_named,
    delete_named,
    find_named,
    list_named,
)
from auricle.identity.models import Department, Specialty
from auricle.identity.profile import ProfileIn, ProfileOut, read_profile, save_profile
from auricle.identity.tokens import BadToken
from auricle.web.deps import Db, Installed, Requires, SignedIn
from auricle.web.paging import ByName, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["people"])

Reader = Annotated[Actor, Requires("departments:read")]
Writer = Annotated[Actor, Requires("departments:write")]


@router.get(
    "/users/me/profile",
    operation_id="get_profile",
    summary="One's own profile",
    responses=problems(BadToken, Forbidden),
)
async def profile(actor: SignedIn, db: Db, assembly: Installed) -> ProfileOut:
    return await read_profile(db, assembly.keyring)


@router.put(
    "/users/me/profile",
    operation_id="save_profile",
    summary="Change one's own profile",
    responses=problems(BadToken, Forbidden),
)
async def change_profile(body: ProfileIn, actor: SignedIn, db: Db, assembly: Installed) -> ProfileOut:
    await save_profile(db, assembly.keyring, body)
    return await read_profile(db, assembly.keyring)


def add_routes(kind: type[Department | Specialty], many: str, one: str) -> None:
    """The five operations of one kind of name."""

    @router.get(f"/{many}", operation_id=f"list_{many}", summary=many.capitalize(),
                responses=problems(BadToken, Forbidden))  # fmt: skip
    async def index(
        actor: Reader, db: Db, sort: ByName = "-created_at", limit: Limit = 20, cursor: Cursor = None
    ) -> Page[NamedOut]:
        rows = await list_named(db, kind, ordered(sort, cursor), limit=limit + 1)
        return page([NamedOut.model_validate(row) for row in rows], [row.id for row in rows], limit)

    @router.post(f"/{many}", operation_id=f"create_{one}", summary=f"Add a {one}", status_code=status.HTTP_201_CREATED,
                 responses=problems(BadToken, Forbidden, NameTaken, TooManyNames))  # fmt: skip
    async def create(body: NamedIn, actor: Writer, db: Db) -> NamedOut:
        return NamedOut.model_validate(await add_named(db, kind, body.name, body.description))

    @router.get(f"/{many}/{{{one}_id}}", operation_id=f"get_{one}", summary=f"One {one}",
                responses=problems(BadToken, Forbidden, NotFound))  # fmt: skip
    async def get(row_id: Annotated[UUID, Path(alias=f"{one}_id")], actor: Reader, db: Db) -> NamedOut:
        return NamedOut.model_validate(await find_named(db, kind, row_id))

    @router.patch(f"/{many}/{{{one}_id}}", operation_id=f"change_{one}", summary=f"Change a {one}",
                  responses=problems(BadToken, Forbidden, NotFound, NameTaken))  # fmt: skip
    async def change(
        row_id: Annotated[UUID, Path(alias=f"{one}_id")], body: NamedChange, actor: Writer, db: Db
    ) -> NamedOut:
        row = await find_named(db, kind, row_id)
        await change_named(db, row, name=body.name, description=body.description)
        return NamedOut.model_validate(row)

    @router.delete(f"/{many}/{{{one}_id}}", operation_id=f"delete_{one}", summary=f"Delete a {one} that nobody has",
                   status_code=status.HTTP_204_NO_CONTENT,
                   responses=problems(BadToken, Forbidden, NotFound, NameInUse))  # fmt: skip
    async def delete(row_id: Annotated[UUID, Path(alias=f"{one}_id")], actor: Writer, db: Db) -> None:
        await delete_named(db, await find_named(db, kind, row_id))


add_routes(Department, "departments", "department")
add_routes(Specialty, "specialties", "specialty")
