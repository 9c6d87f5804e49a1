"""`/api/v1/masking`"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.actor import Actor
from auricle.errors import Forbidden
from auricle.providers.call import NotMasked
from auricle.providers.lineup import Lineup
from auricle.providers.masking.keep import (
    NoOwnSpeech,
    NotOwnServer,
    PolicyChanged,
    UnknownServer,
    reaches,
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


class ReachOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    provider: str
    host: str | None
    is_own: bool = Field(description="By where it is, or because the organization says so: nothing leaves.")
    may_be_own: bool = Field(description="Whether `own_servers` may name it.")
    texts: Literal["clear", "masked"] | None = Field(description="Null: it takes none.")
    sound: Literal["clear", "withheld"] | None = Field(description="Null: it takes none.")


class MaskingOut(BaseModel):
    mode: Mode
    passes: list[Passing]
    own_servers: dict[str, str] = Field(description="Name → address at which it was called your own.")
    version: int = Field(0, description="0: never set.")
    changed_at: datetime | None = None
    changed_by: UUID | None = None
    warnings: dict[str, str] = Field({}, description="By place. Nothing of it keeps anything from working.")
    providers: list[ReachOut] = Field([], description="What reaches each provider of the organization.")

    @classmethod
    def of(cls, lineup: Lineup, row: MaskingPolicy | None, warnings: dict[str, str] | None = None) -> Self:
        policy = masking_of(row)
        shown: dict[str, Any] = {"mode": policy.mode, "passes": sorted(policy.passes)}
        shown["providers"] = [ReachOut.model_validate(one) for one in reaches(lineup, policy)]
        if row is not None:
            shown |= {"version": row.version, "changed_at": row.changed_at, "changed_by": row.changed_by}
        return cls(**shown, own_servers=dict(policy.own_servers), warnings=warnings or {})


@router.get(
    "/masking", operation_id="get_masking", summary="What leaves for providers masked", responses=problems(Forbidden)
)
async def masking(db: Db, assembly: Installed, actor: Reader) -> MaskingOut:
    return MaskingOut.of(await assembly.lineups.of(actor.organization_id), await stored(db))


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
    return MaskingOut.of(lineup, *await replace_policy(db, lineup, **body.model_dump()))


class ExampleIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)] = Field(
        examples=["My name is Asha Rao, call me at 98450 12345 on Monday."]
    )
    passes: list[Passing] = Field([], max_length=5, description="As in the policy to try.")


class ExampleOut(BaseModel):
    text: str = Field(examples=["My name is [PERSON_1], call me at [PHONE_1] on Monday."])


@router.post(
    "/masking/try",
    operation_id="try_masking",
    summary="See a text as a provider would be sent it",
    description="By the guard that masks what leaves; of the people of a conversation it knows nothing here.",
    responses=problems(Forbidden, NotMasked),
)
async def example(body: ExampleIn, assembly: Installed, actor: Reader) -> ExampleOut:
    passes = frozenset[str](body.passes)
    return ExampleOut(text=await assembly.router.masked(actor.organization_id, body.text, passes))
