"""`/api/v1/rates`, `/api/v1/exchange-rates`: what calls cost, as people have set it."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, status

from auricle.actor import Actor
from auricle.billing.rates import exchange_on, shipped
from auricle.billing.rating.cards import read
from auricle.billing.rating.keep import (
    ForThePlatform,
    TooManyRates,
    add_exchange,
    add_rate,
    find_rate,
    list_exchange,
    list_rates,
    withdraw_exchange,
    withdraw_rate,
)
from auricle.billing.rating.schemas import CardOut, CardRate, ExchangeIn, ExchangeOut, RateIn, RateOut
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.web.deps import Db, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["usage"])

By = Annotated[Literal["created_at", "-created_at", "since", "-since"], Sort]

Reader = Annotated[Actor, Requires("rates:read")]
Writer = Annotated[Actor, Requires("rates:write")]


@router.get(
    "/rates",
    operation_id="list_rates",
    summary="The organization's own rates, newest first; for the platform's administrators the installation's",
    responses=problems(Forbidden, BadCursor),
)
async def rates(
    db: Db,
    actor: Reader,
    sort: By = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RateOut]:
    rows = await list_rates(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([RateOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "/rates",
    operation_id="create_rate",
    summary="Set a price from a day on; the later one wins, and the organization's own beats all others",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, TooManyRates),
)
async def create(body: RateIn, db: Db, actor: Writer) -> RateOut:
    return RateOut.model_validate(await add_rate(db, body))


@router.get(
    "/rates/card",
    operation_id="get_rate_card",
    summary="All rates that hold, as they lie over one another, and rupees for a dollar today",
    responses=problems(Forbidden),
)
async def card(db: Db, actor: Reader) -> CardOut:
    own, platform = cards = await read(db)
    exchange = exchange_on(datetime.now(UTC).date(), cards)
    return CardOut(
        organization=[CardRate.model_validate(one) for one in own.rates],
        platform=[CardRate.model_validate(one) for one in platform.rates],
        shipped=[CardRate.model_validate(one) for one in shipped().rates],
        inr_per_usd=exchange.inr_per_usd if exchange else None,
        exchange_date=exchange.since if exchange else None,
        exchange_source=exchange.source if exchange else None,
    )


@router.get("/rates/{rate_id}", operation_id="get_rate", summary="One rate", responses=problems(Forbidden, NotFound))
async def get(rate_id: UUID, db: Db, actor: Reader) -> RateOut:
    return RateOut.model_validate(await find_rate(db, rate_id))


@router.delete(
    "/rates/{rate_id}",
    operation_id="withdraw_rate",
    summary="Take a rate back; what it has priced stays so until it is computed again",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound),
)
async def withdraw(rate_id: UUID, db: Db, actor: Writer) -> None:
    await withdraw_rate(db, rate_id)


@router.get(
    "/exchange-rates",
    operation_id="list_exchange_rates",
    summary="Rupees for a dollar as the platform has set them",
    responses=problems(Forbidden, BadCursor),
)
async def exchange_rates(
    db: Db,
    actor: Reader,
    sort: By = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExchangeOut]:
    rows = await list_exchange(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([ExchangeOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "/exchange-rates",
    operation_id="create_exchange_rate",
    summary="Say how many rupees a dollar is from a day on",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, ForThePlatform),
)
async def create_exchange(body: ExchangeIn, db: Db, actor: Writer) -> ExchangeOut:
    return ExchangeOut.model_validate(await add_exchange(db, body))


@router.delete(
    "/exchange-rates/{exchange_rate_id}",
    operation_id="withdraw_exchange_rate",
    summary="Take an exchange rate back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, ForThePlatform, NotFound),
)
async def remove_exchange(exchange_rate_id: UUID, db: Db, actor: Writer) -> None:
    await withdraw_exchange(db, exchange_rate_id)
