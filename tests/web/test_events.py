"""Over the wire: the stream of live events, come back to with a cursor that is good, too old, or none."""

import asyncio

from tests.running_service import Service
from tests.web.conftest import Hospital

HERE_WITHIN_S = 20.0


async def told_behind(service: Service, hospital: Hospital, cursor: str) -> list[str]:
    """The lines of the stream behind this cursor, until it ends."""
    async with (
        asyncio.timeout(HERE_WITHIN_S),
        service.client(hospital.headers["org_admin"]) as http,
        http.stream("GET", "/api/v1/events", headers={"Last-Event-ID": cursor}) as events,
    ):
        return [line async for line in events.aiter_lines() if line]


async def test_events_that_are_no_longer_kept_are_told_as_missed_and_the_stream_ends(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    assert await told_behind(service, hospitals[0], "99999-9223372036") == [
        "event: missed",
        'data: {"error_code":"live.missed"}',
    ]


async def test_what_is_no_cursor_is_refused_before_the_stream_begins(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    async with service.client(hospitals[0].headers["org_admin"]) as http:
        refused = await http.get("/api/v1/events", headers={"Last-Event-ID": "the last one"})
    assert (refused.status_code, refused.json()["error_code"]) == (422, "live.bad_cursor")
