"""Local hours become instants, also on the two days a year when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from auricle.patients.appointments.hours import (
    GRID,
    Exceptional,
    Opening,
    Span,
    covers,
    free_starts,
    grid,
    joined,
    open_spans,
    without,
)

BERLIN, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")
HALF_HOUR = timedelta(minutes=30)


def week(opens: int, closes: int) -> list[Opening]:
    return [Opening(day, time(opens), time(closes)) for day in range(7)]


def hours(spans: list[Span]) -> float:
    return sum((s.end - s.start).total_seconds() for s in spans) / 3600


def test_indian_hours_start_at_half_past_three_in_utc() -> None:
    (span,) = open_spans([date(2026, 12, 1)], week(9, 17), [], KOLKATA)
    assert span == Span(datetime(2026, 12, 1, 3, 30, tzinfo=UTC), datetime(2026, 12, 1, 11, 30, tzinfo=UTC))


def test_the_same_local_hours_move_by_an_hour_when_clocks_change() -> None:
    winter, summer = open_spans([date(2026, 3, 28), date(2026, 3, 29)], week(9, 17), [], BERLIN)
    assert (winter.start.hour, summer.start.hour) == (8, 7)
    assert hours([winter]) == hours([summer]) == 8


def test_a_night_that_loses_an_hour_has_fewer_slots_and_one_that_gains_has_more() -> None:
    night = week(0, 6)
    assert hours(open_spans([date(2026, 3, 29)], night, [], BERLIN)) == 5
    assert hours(open_spans([date(2026, 10, 25)], night, [], BERLIN)) == 7
    starts = list(free_starts(open_spans([date(2026, 3, 29)], night, [], BERLIN), HALF_HOUR, HALF_HOUR))
    local = [start.astimezone(BERLIN).time() for start in starts]
    assert len(starts) == len(set(starts)) == 10
    assert time(2, 30) not in local  # it does not exist that night


def test_hours_wholly_in_the_missing_hour_are_no_time_at_all_or_a_real_one() -> None:
    spans = open_spans([date(2026, 3, 29)], [Opening(6, time(2, 0), time(2, 30))], [], BERLIN)
    assert hours(spans) == 0.5
    assert spans[0].start == datetime(2026, 3, 29, 1, tzinfo=UTC)  # 03:00 by the clock


def test_a_day_off_an_hour_off_and_extra_hours() -> None:
    day = date(2026, 12, 1)
    assert open_spans([day], week(9, 17), [Exceptional(day, True)], KOLKATA) == []
    lunch = Exceptional(day, True, time(12), time(13))
    assert hours(open_spans([day], week(9, 17), [lunch], KOLKATA)) == 7
    evening = Exceptional(day, False, time(16), time(20))
    (span,) = open_spans([day], week(9, 17), [evening], KOLKATA)
    assert hours([span]) == 11


instants = st.integers(0, 200).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * GRID)
spans = st.lists(st.tuples(instants, instants).map(lambda p: Span(min(p), max(p))), max_size=8)


@given(spans, spans)
def test_cutting_spans_out_agrees_with_cutting_five_minutes_out_one_by_one(given_spans, taken) -> None:
    left = without(joined(given_spans), taken)
    slots = {at for span in given_spans for at in grid(span)} - {at for span in taken for at in grid(span)}
    assert {at for span in left for at in grid(span)} == slots
    assert all(a.end < b.start for a, b in zip(joined(given_spans), joined(given_spans)[1:], strict=False))
    for start in free_starts(left, HALF_HOUR, HALF_HOUR):
        assert covers(left, Span(start, start + HALF_HOUR))
