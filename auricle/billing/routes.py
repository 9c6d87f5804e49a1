"""`/api/v1/usage` and `/api/v1/analytics/cost-breakdown`"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from auricle.actor import Actor
from auricle.billing.breakdown import Wanted, cost_breakdown, list_usage
from auricle.billing.schemas import CostBreakdown, UsageOut
from auricle.errors import Forbidden
from auricle.web.deps import Db, Requires
from auricle.web.paging import BadCursor, Cursor, Limit, Page, after, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["usage"])

Since = Annotated[datetime | None, Query(alias="from")]
Until = Annotated[datetime | None, Query(alias="to", description="Exclusive.")]
Word = Annotated[str | None, Query(max_length=64)]


@router.get(
    "/usage",
    operation_id="list_usage",
    summary="Metered provider calls, newest first",
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
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UsageOut]:
    wanted = Wanted(consultation_id, capability, provider, since, until)
    found = await list_usage(db, wanted, before=after(cursor), limit=limit + 1)
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
