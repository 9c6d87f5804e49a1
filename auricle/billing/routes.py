"""`/api/v1/usage`, its recomputations, and `/api/v1/analytics/cost-breakdown`"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status

from auricle.actor import Actor
from auricle.billing.breakdown import Wanted, cost_breakdown, list_usage
from auricle.billing.recompute import BadPeriod, ask, find, list_recomputations
from auricle.billing.schemas import CostBreakdown, RecomputationIn, RecomputationOut, UsageOut
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.web.deps import Db, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["usage"])

By = Annotated[Literal["at", "-at", "total_ms", "-total_ms", "cost_usd", "-cost_usd"], Sort]

Since = Annotated[datetime | None, Query(alias="from")]
Until = Annotated[datetime | None, Query(alias="to", description="Exclusive.")]
Word = Annotated[str | None, Query(max_length=64)]


@router.get(
    "/usage",
    operation_id="list_usage",
    summary="Metered provider calls",
    responses=problems(Forbidden, BadCursor),
)
async def usage(
    db: Db,
    actor: Annotated[Actor, Requires("usage:read")],
    consultation_id: UUID | None = None,
    capability: Word = None,
    provider: Word = None,
    since: Since = None,
    until: Until = None,
    sort: By = "-at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UsageOut]:
    wanted = Wanted(consultation_id, capability, provider, since, until)
    found = await list_usage(db, wanted, order=ordered(sort, cursor), limit=limit + 1)
    return page([UsageOut.model_validate(row) for row in found], [row.id for row in found], limit)


@router.get(
    "/analytics/cost-breakdown",
    operation_id="cost_breakdown",
    summary="What provider calls cost, by provider, capability and model",
    responses=problems(Forbidden),
)
async def breakdown(
    db: Db,
    actor: Annotated[Actor, Requires("usage:read")],
    consultation_id: UUID | None = None,
    since: Since = None,
    until: Until = None,
) -> CostBreakdown:
    return await cost_breakdown(db, Wanted(consultation_id, None, None, since, until))


@router.post(
    "/usage/recomputations",
    operation_id="recompute_usage",
    summary="Compute the cost of a period again, by the rates that hold now",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Forbidden, BadPeriod),
)
async def recompute(
    body: RecomputationIn, db: Db, actor: Annotated[Actor, Requires("rates:write")]
) -> RecomputationOut:
    return RecomputationOut.model_validate(await ask(db, body.since, body.until))


@router.get(
    "/usage/recomputations",
    operation_id="list_usage_recomputations",
    summary="Recomputations",
    responses=problems(Forbidden, BadCursor),
)
async def recomputations(
    db: Db,
    actor: Annotated[Actor, Requires("usage:read")],
    sort: ByAge = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RecomputationOut]:
    rows = await list_recomputations(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([RecomputationOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.get(
    "/usage/recomputations/{recomputation_id}",
    operation_id="get_usage_recomputation",
    summary="What a recomputation has done",
    responses=problems(Forbidden, NotFound),
)
async def recomputation(
    recomputation_id: UUID, db: Db, actor: Annotated[Actor, Requires("usage:read")]
) -> RecomputationOut:
    return RecomputationOut.model_validate(await find(db, recomputation_id))
