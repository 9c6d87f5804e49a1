"""`/api/v1/users/professionals`"""

from datetime import date, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, status

from auricle.actor import Actor
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, Invalid, NotFound, Unauthenticated
from auricle.patients.professionals.profile import EmployeeNumberTaken, change_professional, list_professionals
from auricle.patients.professionals.schemas import (
    ExceptionIn,
    ExceptionOut,
    OpeningOut,
    ProfessionalIn,
    ProfessionalOut,
    WeekIn,
    WeekOut,
)
from auricle.patients.professionals.week import (
    TooManyExceptions,
    UnknownTimeZone,
    add_exception,
    exceptions_of,
    remove_exception,
    set_week,
    time_zone,
    week_of,
)
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/users/professionals", tags=["professionals"])

By = Annotated[
    Literal["created_at", "-created_at", "name", "-name", "department", "-department", "specialty", "-specialty"], Sort
]

Changer = Annotated[Actor, Requires("professionals:own", "professionals:write")]
Reader = Annotated[Actor, Requires("professionals:own", "professionals:write", "appointments:read")]
REFUSED = (Unauthenticated, Forbidden, NotFound)
LONGEST = timedelta(days=400)


@router.get(
    "",
    operation_id="list_professionals",
    summary="The caller's own profile; for administrators, everyone's",
    responses=problems(Unauthenticated, Forbidden, BadCursor),
)
async def index(
    db: Db,
    assembly: Installed,
    actor: Changer,
    scope: Annotated[Literal["own", "organization"], Query(description="`organization`: administrators only.")] = "own",
    sort: By = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ProfessionalOut]:
    if scope == "organization":
        actor.require("professionals:write")
    found = await list_professionals(
        db, assembly.keyring, everyone=scope == "organization", order=ordered(sort, cursor), limit=limit + 1
    )
    return page(found, [one.id for one in found], limit)


@router.put(
    "/{professional_id}",
    operation_id="change_professional",
    summary="Set a professional's profile",
    responses=problems(*REFUSED, EmployeeNumberTaken),
)
async def change(
    professional_id: UUID, body: ProfessionalIn, db: Db, assembly: Installed, actor: Changer
) -> ProfessionalOut:
    return await change_professional(db, assembly.keyring, professional_id, body)


@router.get(
    "/{professional_id}/hours",
    operation_id="get_weekly_hours",
    summary="Weekly hours",
    responses=problems(*REFUSED, UnknownTimeZone),
)
async def hours(professional_id: UUID, db: Db, actor: Reader) -> WeekOut:
    openings = [OpeningOut.model_validate(row, from_attributes=True) for row in await week_of(db, professional_id)]
    return WeekOut(time_zone=str(await time_zone(db)), openings=openings)


@router.put(
    "/{professional_id}/hours",
    operation_id="set_weekly_hours",
    summary="Set the weekly hours",
    description="Replaces the whole week. Appointments that are booked already stay.",
    responses=problems(*REFUSED, UnknownTimeZone),
)
async def change_hours(professional_id: UUID, body: WeekIn, db: Db, actor: Changer) -> WeekOut:
    rows = await set_week(db, professional_id, body.openings)
    openings = [OpeningOut.model_validate(row, from_attributes=True) for row in rows]
    return WeekOut(time_zone=str(await time_zone(db)), openings=openings)


@router.get(
    "/{professional_id}/exceptions",
    operation_id="list_hours_exceptions",
    summary="Days that differ from the week",
    responses=problems(*REFUSED),
)
async def exceptions(
    professional_id: UUID,
    db: Db,
    actor: Reader,
    start: Annotated[date, Query(examples=["2026-12-01"])],
    end: Annotated[date, Query(examples=["2026-12-31"], description="Included; 400 days at most.")],
) -> list[ExceptionOut]:
    if not timedelta(0) <= end - start <= LONGEST:
        raise Invalid("The end comes after the start, and not more than 400 days.")
    rows = await exceptions_of(db, professional_id, start, end)
    return [ExceptionOut.model_validate(row, from_attributes=True) for row in rows]


@router.post(
    "/{professional_id}/exceptions",
    operation_id="add_hours_exception",
    summary="Add a day off or extra hours",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*REFUSED, TooManyExceptions),
)
async def except_day(professional_id: UUID, body: ExceptionIn, db: Db, actor: Changer) -> ExceptionOut:
    return ExceptionOut.model_validate(await add_exception(db, professional_id, body), from_attributes=True)


@router.delete(
    "/{professional_id}/exceptions/{exception_id}",
    operation_id="remove_hours_exception",
    summary="Take a day that differs back",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*REFUSED),
)
async def unexcept_day(professional_id: UUID, exception_id: UUID, db: Db, actor: Changer) -> None:
    await remove_exception(db, professional_id, exception_id)
