"""When a professional is free: weekly hours and exceptions in local time, made into instants. No I/O.

Local times are read in the organization's time zone on each day. Where clocks go forward, a time that does not exist
is the instant an hour later by the clock; where they go back, a time that exists twice is the first. A span is counted
in real time, so a night with 23 hours has one hour less to book.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

GRID = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one instant to another, both in UTC; the end is not part of it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """A weekly opening. Monday is 0."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A day that differs: `off` takes time away (without times, the whole day), else it adds."""

    day: date
    off: bool
    opens: time | None = None
    closes: time | None = None


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The instant of a local time, in UTC."""
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def open_spans(
    days: Iterable[date], week: Sequence[Opening], exceptions: Sequence[Exceptional], zone: ZoneInfo
) -> list[Span]:
    """When the professional works on these days, in order, without overlaps."""
    given: list[Span] = []
    taken: list[Span] = []
    for day in days:
        given += [local_span(day, o.opens, o.closes, zone) for o in week if o.weekday == day.weekday()]
        for one in exceptions:
            if one.day == day:
                span = local_span(day, one.opens, one.closes, zone)
                (taken if one.off else given).append(span)
    return without(joined(given), taken)


def local_span(day: date, opens: time | None, closes: time | None, zone: ZoneInfo) -> Span:
    """Between two local times of a day; without them, the whole day."""
    start = instant(day, opens or time.min, zone)
    end = instant(day, closes, zone) if closes else instant(day + timedelta(days=1), time.min, zone)
    return Span(start, max(start, end))


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as possible."""
    out: list[Span] = []
    for span in sorted(spans):
        if out and span.start <= out[-1].end:
            out[-1] = Span(out[-1].start, max(out[-1].end, span.end))
        elif span.start < span.end:
            out.append(span)
    return out


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """What is left of spans when others are cut out."""
    left = list(spans)
    for cut in joined(taken):
        rest: list[Span] = []
        for span in left:
            before = Span(span.start, min(span.end, cut.start))
            after = Span(max(span.start, cut.end), span.end)
            rest += [part for part in (before, after) if part.start < part.end]
        left = rest
    return left


def free_starts(free: Iterable[Span], length: timedelta, step: timedelta) -> Iterator[datetime]:
    """Where appointments of a length could start, a step apart from each span's start on."""
    for span in free:
        start = on_grid(span.start)
        while start + length <= span.end:
            yield start
            start += step


def on_grid(at: datetime) -> datetime:
    """The instant itself or the next on the five-minute grid."""
    over = at.timestamp() % GRID.total_seconds()
    return at if over == 0 else at + timedelta(seconds=GRID.total_seconds() - over)


def grid(span: Span) -> list[datetime]:
    """Every five minutes of a span."""
    count = (span.end - span.start) // GRID
    return [span.start + n * GRID for n in range(count)]


def covers(spans: Iterable[Span], wanted: Span) -> bool:
    return any(span.start <= wanted.start and wanted.end <= span.end for span in spans)
