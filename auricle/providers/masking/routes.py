"""`/api/v1/masking`"""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.actor import Actor
from auricle.errors import Forbidden
from auricle.providers.masking.keep import (
    NoOwnSpeech,
    NotOwnServer,
    PolicyChanged,
    UnknownServer,
    replace_policy,
    stored,
)
from auricle.providers.masking.models import MaskingPolicy, masking_of
from auricle.providers.masking.policy import Mode, Passing
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["providers"])

Reader = Annotated[Actor, Requires("providers:read")]
Writer = Annotated[Actor, Requires("providers:write")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]


class OutsideOrganization(Forbidden):
    """Masking is asked for by an organization."""

    code = "masking.no_organization"


class MaskingIn(BaseModel):
    """Replaces the whole policy."""

    model_config = ConfigDict(extra="forbid")

    mode: Mode = Field(
        description="`off`; `text`: texts are masked for every provider that is not your own; `all`: besides, only "
        "recognizers of your own hear and only voices of your own speak.",
        examples=["text"],
    )
    passes: list[Passing] = Field(
        [],
        max_length=5,
        description="Kinds that may leave in clear, unless they are known to be the patient's. Booking needs `DATE`.",
    )
    own_servers: list[Name] = Field(
        [],
        max_length=20,
        description="Providers that run on servers of your own, by name. One that moves to another address has to be "
        "named again.",
    )
    version: int | None = Field(None, ge=0, description="The one you read; refused if there is another one by now.")


class MaskingOut(BaseModel):
    mode: Mode
    passes: list[Passing]
    own_servers: dict[str, str] = Field(description="Name → address at which it was called your own.")
    version: int = Field(0, description="0: never set.")
    changed_at: datetime | None = None
    changed_by: UUID | None = None
    warnings: dict[str, str] = Field({}, description="By place. Nothing of it keeps anything from working.")

    @classmethod
    def of(cls, row: MaskingPolicy | None, warnings: dict[str, str] | None = None) -> Self:
        policy = masking_of(row)
        shown: dict[str, Any] = {"mode": policy.mode, "passes": sorted(policy.passes)}
        if row is not None:
            shown |= {"version": row.version, "changed_at": row.changed_at, "changed_by": row.changed_by}
        return cls(**shown, own_servers=dict(policy.own_servers), warnings=warnings or {})


@router.get(
    "/masking", operation_id="get_masking", summary="What leaves for providers masked", responses=problems(Forbidden)
)
async def masking(db: Db, actor: Reader) -> MaskingOut:
    return MaskingOut.of(await stored(db))


@router.put(
    "/masking",
    operation_id="set_masking",
    summary="Say what may leave for providers only masked",
    responses=problems(Forbidden, UnknownServer, NotOwnServer, NoOwnSpeech, PolicyChanged),
)
async def put(body: MaskingIn, db: Db, assembly: Installed, actor: Writer) -> MaskingOut:
    if actor.organization_id is None:
        raise OutsideOrganization
    lineup = await assembly.lineups.of(actor.organization_id)
    return MaskingOut.of(*await replace_policy(db, lineup, **body.model_dump()))
