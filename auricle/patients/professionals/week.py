"""A professional's weekly hours and the days that differ."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.identity.models import Member, MemberStatus, Organization
from auricle.patients.professionals.models import HoursException, WeeklyHours
from auricle.patients.professionals.profile import check_may_change
from auricle.patients.professionals.schemas import ExceptionIn, OpeningIn

MOST_EXCEPTIONS = 500  # of one professional, from today on


class UnknownTimeZone(Conflict):
    """The organization's time zone is not one this installation knows."""

    code = "organization.unknown_time_zone"


class TooManyExceptions(Conflict):
    """There are as many days that differ as there may be."""

    code = "professional.too_many_exceptions"


async def time_zone(db: AsyncSession) -> ZoneInfo:
    """The organization's own time zone: hours are meant in it."""
    name = await db.scalar(select(Organization.time_zone).where(Organization.id == actor_of(db).organization_id))
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UnknownTimeZone from error


async def find_member(db: AsyncSession, member_id: UUID) -> Member:
    """A member who may see patients."""
    member = await db.get(Member, member_id)
    if member is None or member.role == "patient" or member.status is not MemberStatus.ACTIVE:
        raise NotFound("No such professional.")
    return member


async def week_of(db: AsyncSession, member_id: UUID) -> Sequence[WeeklyHours]:
    await find_member(db, member_id)
    statement = select(WeeklyHours).where(WeeklyHours.member_id == member_id)
    return (await db.scalars(statement.order_by(WeeklyHours.weekday, WeeklyHours.opens))).all()


async def set_week(db: AsyncSession, member_id: UUID, openings: Sequence[OpeningIn]) -> Sequence[WeeklyHours]:
    """Replace the whole week. Appointments that are booked already stay."""
    check_may_change(db, member_id)
    await find_member(db, member_id)
    await db.execute(delete(WeeklyHours).where(WeeklyHours.member_id == member_id))
    db.add_all([WeeklyHours(member_id=member_id, **opening.model_dump()) for opening in openings])
    await db.flush()
    return await week_of(db, member_id)


async def exceptions_of(db: AsyncSession, member_id: UUID, start: date, end: date) -> Sequence[HoursException]:
    """The days that differ, from one day to another, both included."""
    await find_member(db, member_id)
    statement = select(HoursException).where(
        HoursException.member_id == member_id, HoursException.day >= start, HoursException.day <= end
    )
    return (await db.scalars(statement.order_by(HoursException.day, HoursException.id).limit(MOST_EXCEPTIONS))).all()


async def add_exception(db: AsyncSession, member_id: UUID, wanted: ExceptionIn) -> HoursException:
    check_may_change(db, member_id)
    await find_member(db, member_id)
    ahead = select(func.count()).where(HoursException.member_id == member_id, HoursException.day >= func.current_date())
    if (await db.scalar(ahead) or 0) >= MOST_EXCEPTIONS:
        raise TooManyExceptions(limit=MOST_EXCEPTIONS)
    exception = HoursException(member_id=member_id, **wanted.model_dump())
    db.add(exception)
    await db.flush()
    return exception


async def remove_exception(db: AsyncSession, member_id: UUID, exception_id: UUID) -> None:
    check_may_change(db, member_id)
    exception = await db.get(HoursException, exception_id)
    if exception is None or exception.member_id != member_id:
        raise NotFound("No such exception.")
    await db.delete(exception)
    await db.flush()
