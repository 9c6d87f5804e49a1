"""`/api/v1/provider-accounts`, `/api/v1/provider-orders`, `/api/v1/provider-vendors`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response, status
from pydantic import BaseModel, Field

from auricle.actor import Actor
from auricle.agents.tools.guard import AddressRefused
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, Invalid, NotFound
from auricle.providers.accounts.keep import (
    AccountChanged,
    AccountInUse,
    AccountNameTaken,
    BadKey,
    Incomplete,
    KeyNeeded,
    KeyRefused,
    TooManyAccounts,
    UnknownOption,
    UnknownVendor,
    change_account,
    create_account,
    delete_account,
    find_account,
    list_accounts,
)
from auricle.providers.accounts.orders import OrderChanged, OrderInvalid, replace_order, shown, stored_order
from auricle.providers.accounts.schemas import AccountChange, AccountIn, AccountOut, OrdersIn, OrdersOut
from auricle.providers.catalog import ModelGone
from auricle.providers.registry import vendors
from auricle.providers.vendor import Vendor
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByName, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["providers"])

Reader = Annotated[Actor, Requires("providers:read")]
Writer = Annotated[Actor, Requires("providers:write")]
IfMatch = Annotated[
    str | None,
    Header(max_length=20, pattern=r'^"?[0-9]{1,9}"?$', description="The version that you have read; another: 409."),
]
Untested = Annotated[bool, Query(description="Save it without a small real call to each capability.")]
REFUSALS = (Forbidden, Incomplete, BadKey, UnknownOption, AddressRefused, ModelGone, KeyRefused)


class OutsideOrganization(Forbidden):
    """Provider accounts belong to an organization; those of the installation are in its settings."""

    code = "provider_accounts.no_organization"


@router.get(
    "/provider-accounts",
    operation_id="list_provider_accounts",
    summary="The organization's own accounts at vendors",
    responses=problems(Forbidden, BadCursor),
)
async def accounts(
    db: Db, actor: Reader, sort: ByName = "-created_at", limit: Limit = 50, cursor: Cursor = None
) -> Page[AccountOut]:
    rows = await list_accounts(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([AccountOut.of(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "/provider-accounts",
    operation_id="create_provider_account",
    summary="Add an account; it is tried with a small real call to each capability, and not saved if refused",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*REFUSALS, AccountNameTaken, TooManyAccounts, UnknownVendor),
)
async def add(body: AccountIn, assembly: Installed, actor: Writer, untested: Untested = False) -> AccountOut:
    kept = await create_account(assembly, at_home(actor), body, untested=untested)
    return AccountOut.of(kept.row, kept.checks)


@router.get(
    "/provider-accounts/{provider_account_id}",
    operation_id="get_provider_account",
    summary="One account, without its key",
    responses=problems(Forbidden, NotFound),
)
async def get(provider_account_id: UUID, db: Db, actor: Reader) -> AccountOut:
    return AccountOut.of(await find_account(db, provider_account_id))


@router.patch(
    "/provider-accounts/{provider_account_id}",
    operation_id="change_provider_account",
    summary="Change an account, or its key: calls under way end with the old one, new ones begin with the new",
    responses=problems(*REFUSALS, NotFound, Invalid, KeyNeeded, AccountChanged),
)
async def change(
    provider_account_id: UUID, body: AccountChange, assembly: Installed, actor: Writer, untested: Untested = False
) -> AccountOut:
    kept = await change_account(assembly, at_home(actor), provider_account_id, body, untested=untested)
    return AccountOut.of(kept.row, kept.checks)


@router.delete(
    "/provider-accounts/{provider_account_id}",
    operation_id="delete_provider_account",
    summary="Forget an account and its key",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound, AccountInUse),
)
async def delete(provider_account_id: UUID, db: Db, assembly: Installed, actor: Writer) -> None:
    await delete_account(db, assembly, provider_account_id)


@router.get(
    "/provider-orders",
    operation_id="get_provider_orders",
    summary="Who is asked first where an agent says nothing",
    responses=problems(Forbidden),
)
async def orders(db: Db, assembly: Installed, actor: Reader, response: Response) -> OrdersOut:
    row, lineup = await stored_order(db), await assembly.lineups.of(actor.organization_id)
    version = row.version if row else 0
    response.headers["ETag"] = f'"{version}"'
    return OrdersOut(
        orders=row.orders if row else {},
        in_force=shown(lineup),
        version=version,
        changed_at=row.changed_at if row else None,
        changed_by=row.changed_by if row else None,
    )


@router.put(
    "/provider-orders",
    operation_id="replace_provider_orders",
    summary="Say who is asked first; replaces the whole order",
    responses=problems(Forbidden, OrderInvalid, OrderChanged, ModelGone),
)
async def replace(
    body: OrdersIn, db: Db, assembly: Installed, actor: Writer, response: Response, if_match: IfMatch = None
) -> OrdersOut:
    lineup = await assembly.lineups.of(at_home(actor).organization_id)
    read = None if if_match is None else int(if_match.strip('"'))
    row, warnings = await replace_order(db, lineup, body, version=read)
    response.headers["ETag"] = f'"{row.version}"'
    return OrdersOut(
        orders=row.orders,
        in_force={**shown(assembly.lineups.shared), **row.orders},
        warnings=warnings,
        version=row.version,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


class VendorOut(BaseModel):
    name: str
    url: str | None = Field(description="Its own address; null: an account must name one.")
    needs_key: bool
    capabilities: list[str]
    models: dict[str, str] = Field(description="The usual model by capability.")
    languages: dict[str, list[str]] = Field(description="By capability; one that is not named takes any.")
    formats: dict[str, list[str]]
    settings: dict[str, dict[str, str]] = Field(description="What a choice may set, by capability: name → meaning.")
    options: dict[str, str] = Field(description="What an account may set: name → meaning.")

    @classmethod
    def of(cls, vendor: Vendor) -> "VendorOut":
        return cls(
            name=vendor.name,
            url=vendor.url,
            needs_key=vendor.needs_key,
            capabilities=list(vendor.capabilities),
            models={str(c): model for c, model in vendor.models.items()},
            languages={str(c): sorted(known) for c, known in vendor.languages.items()},
            formats={str(c): list(known) for c, known in vendor.formats.items()},
            settings={str(c): dict(known) for c, known in vendor.settings.items()},
            options=dict(vendor.options),
        )


@router.get(
    "/provider-vendors",
    operation_id="list_provider_vendors",
    summary="The vendors at which an organization may have an account, and what each takes",
    responses=problems(Forbidden),
)
async def known_vendors(actor: Reader) -> list[VendorOut]:
    return [VendorOut.of(vendor) for vendor in vendors().values() if vendor.needs_url]


def at_home(actor: Actor) -> Actor:
    """The actor, who must be at work in an organization."""
    if actor.organization_id is None:
        raise OutsideOrganization
    return actor
