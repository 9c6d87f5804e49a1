"""`/api/v1/phone/carriers`, `/api/v1/phone/lines`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status

from auricle.actor import Actor
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.phone.carriers import (
    CarrierInUse,
    CarrierTaken,
    ForeignHost,
    SecretMissing,
    TooManyCarriers,
    change_carrier,
    create_carrier,
    delete_carrier,
    find_carrier,
    list_carriers,
)
from auricle.phone.lines import (
    LineInUse,
    NumberTaken,
    TooManyLines,
    change_line,
    create_line,
    delete_line,
    find_line,
    list_lines,
    renew_token,
    shown,
)
from auricle.phone.numbers import NumberNotE164
from auricle.phone.schemas import CarrierChange, CarrierIn, CarrierOut, LineChange, LineIn, LineOut
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByName, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/phone", tags=["phone"])

Reader = Annotated[Actor, Requires("phone:read")]
Writer = Annotated[Actor, Requires("phone:write")]


@router.get(
    "/carriers",
    operation_id="list_phone_carriers",
    summary="Carrier accounts",
    responses=problems(Forbidden, BadCursor),
)
async def carriers(
    db: Db, actor: Reader, sort: ByName = "-created_at", limit: Limit = 50, cursor: Cursor = None
) -> Page[CarrierOut]:
    rows = await list_carriers(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([CarrierOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "/carriers",
    operation_id="create_phone_carrier",
    summary="Add an account at a carrier",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, CarrierTaken, TooManyCarriers, SecretMissing, ForeignHost),
)
async def add_carrier(body: CarrierIn, db: Db, assembly: Installed, actor: Writer) -> CarrierOut:
    made = await create_carrier(db, assembly.keyring, body, rest_hosts=assembly.settings.phone.rest_hosts)
    return CarrierOut.model_validate(made)


@router.get(
    "/carriers/{phone_carrier_id}",
    operation_id="read_phone_carrier",
    summary="One carrier account",
    responses=problems(Forbidden, NotFound),
)
async def carrier(phone_carrier_id: UUID, db: Db, actor: Reader) -> CarrierOut:
    return CarrierOut.model_validate(await find_carrier(db, phone_carrier_id))


@router.patch(
    "/carriers/{phone_carrier_id}",
    operation_id="change_phone_carrier",
    summary="Change a carrier account or its secrets",
    responses=problems(Forbidden, NotFound, SecretMissing, ForeignHost),
)
async def patch_carrier(
    phone_carrier_id: UUID, body: CarrierChange, db: Db, assembly: Installed, actor: Writer
) -> CarrierOut:
    hosts = assembly.settings.phone.rest_hosts
    return CarrierOut.model_validate(
        await change_carrier(db, assembly.keyring, phone_carrier_id, body, rest_hosts=hosts)
    )


@router.delete(
    "/carriers/{phone_carrier_id}",
    operation_id="delete_phone_carrier",
    summary="Remove a carrier account that no line uses",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound, CarrierInUse),
)
async def remove_carrier(phone_carrier_id: UUID, db: Db, actor: Writer) -> None:
    await delete_carrier(db, phone_carrier_id)


@router.get(
    "/lines",
    operation_id="list_phone_lines",
    summary="Phone lines",
    responses=problems(Forbidden, BadCursor),
)
async def lines(
    db: Db, assembly: Installed, actor: Reader, sort: ByName = "-created_at", limit: Limit = 50, cursor: Cursor = None
) -> Page[LineOut]:
    rows = await list_lines(db, assembly.keyring, order=ordered(sort, cursor), limit=limit + 1)
    base_url = assembly.settings.base_url
    return page([shown(one, actor, base_url) for one in rows], [one.row.id for one in rows], limit)


@router.post(
    "/lines",
    operation_id="create_phone_line",
    summary="Add a number and the agent who answers on it",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, NotFound, NumberTaken, TooManyLines, NumberNotE164),
)
async def add_line(body: LineIn, db: Db, assembly: Installed, actor: Writer) -> LineOut:
    return shown(await create_line(db, assembly.keyring, body), actor, assembly.settings.base_url)


@router.get(
    "/lines/{phone_line_id}",
    operation_id="read_phone_line",
    summary="One phone line",
    responses=problems(Forbidden, NotFound),
)
async def line(phone_line_id: UUID, db: Db, assembly: Installed, actor: Reader) -> LineOut:
    return shown(await find_line(db, assembly.keyring, phone_line_id), actor, assembly.settings.base_url)


@router.patch(
    "/lines/{phone_line_id}",
    operation_id="change_phone_line",
    summary="Change a phone line, or switch it off",
    responses=problems(Forbidden, NotFound, NumberNotE164),
)
async def patch_line(phone_line_id: UUID, body: LineChange, db: Db, assembly: Installed, actor: Writer) -> LineOut:
    changed = await change_line(db, assembly.keyring, phone_line_id, body)
    return shown(changed, actor, assembly.settings.base_url)


@router.post(
    "/lines/{phone_line_id}/addresses",
    operation_id="renew_phone_line_addresses",
    summary="Give a line new addresses; the old ones answer nobody any more",
    responses=problems(Forbidden, NotFound),
)
async def renew(phone_line_id: UUID, db: Db, assembly: Installed, actor: Writer) -> LineOut:
    return shown(await renew_token(db, assembly.keyring, phone_line_id), actor, assembly.settings.base_url)


@router.delete(
    "/lines/{phone_line_id}",
    operation_id="delete_phone_line",
    summary="Remove a line on which nobody ever called",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound, LineInUse),
)
async def remove_line(phone_line_id: UUID, db: Db, actor: Writer) -> None:
    await delete_line(db, phone_line_id)
