"""Who can be booked, and when they are free."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.identity.models import Member
from auricle.patients.appointments.hours import (
    GRID,
    Exceptional,
    Opening,
    Span,
    free_starts,
    joined,
    local_span,
    open_spans,
    without,
)
from auricle.patients.appointments.models import AppointmentSlot
from auricle.patients.appointments.schemas import BookableOut
from auricle.patients.professionals.models import ExceptionKind, Professional
from auricle.patients.professionals.profile import profiles
from auricle.patients.professionals.week import exceptions_of, time_zone, week_of

MOST_BOOKABLE = 200


async def bookable_professionals(db: AsyncSession) -> list[BookableOut]:
    """Professionals whom patients may book, by name."""
    statement = (
        profiles()
        .where(or_(Professional.id.is_(None), Professional.bookable.is_(True)))
        .order_by(Member.family_name, Member.given_name, Member.id)
        .limit(MOST_BOOKABLE)
    )
    rows = (await db.execute(statement)).all()
    return [
        BookableOut(
            id=row.Member.id,
            name=row.Member.full_name,
            department=row.department,
            specialty=row.specialty or row.Member.specialty,
        )
        for row in rows
    ]


async def hours_on(db: AsyncSession, member_id: UUID, days: Sequence[date], zone: ZoneInfo) -> list[Span]:
    """When a professional works on these days, booked or not."""
    week = [Opening(row.weekday, row.opens, row.closes) for row in await week_of(db, member_id)]
    differing = [
        Exceptional(row.day, row.kind is ExceptionKind.OFF, row.opens, row.closes)
        for row in await exceptions_of(db, member_id, days[0], days[-1])
    ]
    return open_spans(days, week, differing, zone)


async def free_times(
    db: AsyncSession, member_id: UUID, first: date, days: int, minutes: int, *, now: datetime, limit: int
) -> tuple[ZoneInfo, list[datetime]]:
    """Starts of appointments of this length that could be booked, from now on."""
    zone = await time_zone(db)
    asked = [first + timedelta(days=n) for n in range(days)]
    whole = Span(local_span(asked[0], None, None, zone).start, local_span(asked[-1], None, None, zone).end)
    past = Span(min(whole.start, now), now)
    free = without(await hours_on(db, member_id, asked, zone), [*await taken(db, member_id, whole), past])
    length = timedelta(minutes=minutes)
    starts: list[datetime] = []
    for start in free_starts(free, length, length):
        starts.append(start)
        if len(starts) == limit:
            break
    return zone, starts


async def taken(db: AsyncSession, member_id: UUID, within: Span) -> list[Span]:
    """When a professional is booked."""
    starts = await db.scalars(
        select(AppointmentSlot.starts_at).where(
            AppointmentSlot.member_id == member_id,
            AppointmentSlot.starts_at >= within.start,
            AppointmentSlot.starts_at < within.end,
        )
    )
    return joined(Span(start.astimezone(UTC), start.astimezone(UTC) + GRID) for start in starts)
