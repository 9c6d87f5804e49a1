"""`/api/v1/api-keys`"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.identity.api_keys import (
    ScopeRefused,
    TooManyKeys,
    UnknownScope,
    create_key,
    grantable,
    list_keys,
    revoke_key,
)
from auricle.web.deps import Db, Requires
from auricle.web.idempotency import keep_no_answer
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/api-keys", tags=["api keys"])

By = Annotated[Literal["created_at", "-created_at", "name", "-name", "last_used_at", "-last_used_at"], Sort]

Keeper = Annotated[Actor, Requires("keys:write")]
KeyName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$")
]


class KeyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: KeyName = Field(examples=["Appointment import"])
    scopes: set[str] = Field(min_length=1, max_length=60, examples=[["patients:read", "patients:write"]])
    days: int = Field(90, ge=1, le=730, description="How long the key is good for.", examples=[90])


class KeyOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    hint: str = Field(description="The beginning of the key.")
    scopes: list[str]
    created_by: UUID = Field(description="The member who made it.")
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    last_used_from: str


class NewKey(KeyOut):
    key: str = Field(description="The key itself. It is shown this once: only its hash is stored.")


class Scopes(BaseModel):
    scopes: list[str] = Field(description="What a key made by you may be allowed.")


@router.get("", operation_id="list_api_keys", summary="API keys", responses=problems(Forbidden))
async def index(
    db: Db,
    actor: Keeper,
    sort: By = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[KeyOut]:
    keys = await list_keys(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([KeyOut.model_validate(key) for key in keys], [key.id for key in keys], limit)


@router.get(
    "/scopes",
    operation_id="list_api_key_scopes",
    summary="What a key of yours may be allowed",
    responses=problems(Forbidden),
)
async def scopes(actor: Keeper) -> Scopes:
    return Scopes(scopes=sorted(grantable(actor)))


@router.post(
    "",
    operation_id="create_api_key",
    summary="Make a key for a machine; its text is shown this once",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, ScopeRefused, UnknownScope, TooManyKeys),
)
async def create(body: KeyIn, request: Request, db: Db, actor: Keeper) -> NewKey:
    keep_no_answer(request)
    key, secret = await create_key(db, body.name, body.scopes, datetime.now(UTC) + timedelta(days=body.days))
    await db.refresh(key)
    return NewKey(**KeyOut.model_validate(key).model_dump(), key=secret)


@router.delete(
    "/{key_id}",
    operation_id="revoke_api_key",
    summary="Revoke a key; it stops within a second",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound),
)
async def revoke(key_id: UUID, db: Db, actor: Keeper) -> None:
    await revoke_key(db, key_id)
