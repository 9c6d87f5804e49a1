"""`/api/v1/phone/calls`"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, status

from auricle.actor import Actor
from auricle.audit.reads import record_read
from auricle.billing.budgets.require import BudgetExhausted
from auricle.consent.decide import ConsentNeeded
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.phone.calls import find, list_calls, shown
from auricle.phone.numbers import NumberNotE164
from auricle.phone.outbound import (
    LineSwitchedOff,
    NumberNotAllowed,
    OutsideHours,
    TooManyCalls,
    WhomToCall,
    place,
)
from auricle.phone.rest import CarrierFailed
from auricle.phone.schemas import CallIn, CallOut
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/phone/calls", tags=["phone"])

By = Annotated[Literal["created_at", "-created_at", "seconds", "-seconds"], Sort]

Reader = Annotated[Actor, Requires("phone:read")]
Writer = Annotated[Actor, Requires("phone:write")]


@router.get(
    "",
    operation_id="list_phone_calls",
    summary="Phone calls",
    responses=problems(Forbidden, BadCursor),
)
async def index(
    db: Db,
    assembly: Installed,
    actor: Reader,
    phone_line_id: UUID | None = None,
    patient_id: UUID | None = None,
    sort: By = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[CallOut]:
    calls = await list_calls(
        db, line_id=phone_line_id, patient_id=patient_id, order=ordered(sort, cursor), limit=limit + 1
    )
    items = await shown(db, assembly.keyring, calls)
    await record_read(db, "phone_call", None, listed=len(items))
    return page(items, [call.id for call in calls], limit)


@router.get(
    "/{phone_call_id}",
    operation_id="read_phone_call",
    summary="One phone call",
    responses=problems(Forbidden, NotFound),
)
async def read(phone_call_id: UUID, db: Db, assembly: Installed, actor: Reader) -> CallOut:
    call = await find(db, phone_call_id)
    await record_read(db, "phone_call", call.id)
    return (await shown(db, assembly.keyring, [call]))[0]


@router.post(
    "",
    operation_id="place_phone_call",
    summary="Have a patient or a number called by the line's agent",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        Forbidden,
        NotFound,
        WhomToCall,
        NumberNotE164,
        NumberNotAllowed,
        LineSwitchedOff,
        OutsideHours,
        TooManyCalls,
        BudgetExhausted,
        ConsentNeeded,
        CarrierFailed,
    ),
)
async def call_somebody(body: CallIn, assembly: Installed, actor: Writer) -> CallOut:
    placed = await place(assembly, actor, body)
    async with assembly.database.transaction(actor) as db:
        return (await shown(db, assembly.keyring, [await find(db, placed.id)]))[0]
