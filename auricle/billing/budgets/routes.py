"""`/api/v1/budgets`, and the platform's budget for an organization below `/api/v1/admin/hospitals`."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, status

from auricle.actor import Actor
from auricle.billing.budgets.keep import months, remove_budget, set_budget, told
from auricle.billing.budgets.schemas import BudgetIn, BudgetsOut, MonthOut
from auricle.errors import Forbidden, NotFound
from auricle.identity.at_work import DbThere
from auricle.web.deps import Db, Requires
from auricle.web.paging import Limit
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["usage"])

Reader = Annotated[Actor, Requires("usage:read")]
Writer = Annotated[Actor, Requires("budgets:write")]
Platform = Annotated[Actor, Requires("organizations:write")]
THERE = "/admin/hospitals/{hospital_id}/budget"


@router.get(
    "/budgets",
    operation_id="get_budgets",
    summary="What may be spent, and what was spent this month",
    responses=problems(Forbidden),
)
async def budgets(db: Db, actor: Reader) -> BudgetsOut:
    return await told(db)


@router.put(
    "/budgets",
    operation_id="set_budget",
    summary="Set the organization's own budget",
    responses=problems(Forbidden),
)
async def put(body: BudgetIn, db: Db, actor: Writer) -> BudgetsOut:
    await set_budget(db, "organization", body)
    return await told(db)


@router.delete(
    "/budgets",
    operation_id="remove_budget",
    summary="Remove the organization's own budget",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound),
)
async def remove(db: Db, actor: Writer) -> None:
    await remove_budget(db, "organization")


@router.get(
    "/budgets/months",
    operation_id="list_spending",
    summary="What was spent by month, newest first",
    responses=problems(Forbidden),
)
async def spent(
    db: Db,
    actor: Reader,
    limit: Limit = 24,
    before: Annotated[date | None, Query(description="Only months that began earlier.")] = None,
) -> list[MonthOut]:
    return [MonthOut.model_validate(row) for row in await months(db, before=before, limit=limit)]


@router.get(
    THERE,
    operation_id="get_hospital_budget",
    summary="An organization's budgets, and what it spent this month",
    responses=problems(Forbidden, NotFound),
)
async def there(actor: Platform, db: DbThere) -> BudgetsOut:
    return await told(db)


@router.put(
    THERE,
    operation_id="set_hospital_budget",
    summary="Set the platform's budget for an organization; both hold, its own and this",
    responses=problems(Forbidden, NotFound),
)
async def put_there(body: BudgetIn, actor: Platform, db: DbThere) -> BudgetsOut:
    await set_budget(db, "platform", body)
    return await told(db)


@router.delete(
    THERE,
    operation_id="remove_hospital_budget",
    summary="Remove the platform's budget for an organization",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Forbidden, NotFound),
)
async def remove_there(actor: Platform, db: DbThere) -> None:
    await remove_budget(db, "platform")
