"""Spread live events to the watchers in this process, without losing one.

    async with Fanout(app_url) as fanout:
        async with fanout.subscribe(organization_id, kinds={"note.approved"}) as events:
            async for event in events: ...

One connection of its own listens; a notification only says which organization to read. Reading goes by transaction
numbers, not by event ids: an event whose transaction commits late has a lower id than what was read before it. So each
read takes everything from the oldest transaction that was still open at the last read, less what was already told.
The same read, after a lost connection, brings whatever was missed meanwhile.
"""

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

import asyncpg
import orjson

from auricle.errors import AuricleError, DatabaseUnavailable, Invalid, Unavailable
from auricle.live.events import CHANNEL, Event
from auricle.log import event as log_event

log = logging.getLogger("auricle.live")

PING_S, ANSWER_S = 10.0, 5.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
WINDOW = 5_000  # most events one read may bring; beyond that watchers are told to load anew
MOST_WAITING = 256  # events a watcher may be behind
MOST_WATCHERS = 5_000
CURSOR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")

READ = """
with here as (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest_open)
select oldest_open as mark, e.id, e.xid, e.kind, e.subject::text as subject, e.at
from here left join live_event e on e.xid >= coalesce($1::bigint, oldest_open) and e.organization_id = $2
order by e.id limit $3
"""


class EventsMissed(AuricleError):
    """More happened than can be told; load the present state and subscribe anew."""

    status, code, title = 503, "live.missed", "Events missed"


class WatcherTooSlow(EventsMissed):
    """Events came faster than they were read; load the present state and subscribe anew."""

    code = "live.too_slow"


class BadCursor(Invalid):
    """This is not a cursor that an event carried."""

    code = "live.bad_cursor"


class Watcher:
    """One subscription: an asynchronous iterator over a bounded buffer."""

    def __init__(self, kinds: Collection[str] | None) -> None:
        self._kinds = None if kinds is None else frozenset(kinds)
        self._waiting: deque[Event] = deque()
        self._told: frozenset[int] = frozenset()
        self._wake = asyncio.Event()
        self._end: AuricleError | None = None
        self.ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self.ended:
                raise self._end or StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._waiting.popleft()

    def replay(self, events: list[Event]) -> None:
        """Start with what happened before; it may be more than fits while live."""
        self._told = frozenset(event.id for event in events)
        self._waiting.extend(event for event in events if self._wants(event))

    def offer(self, event: Event) -> None:
        """Hand an event over without ever waiting for the watcher."""
        if self.ended or event.id in self._told or not self._wants(event):
            return
        if len(self._waiting) >= MOST_WAITING:
            self.end(WatcherTooSlow())
            return
        self._waiting.append(event)
        self._wake.set()

    def end(self, reason: AuricleError | None = None) -> None:
        """No more events: after those that wait, iteration stops, or raises the reason."""
        if not self.ended:
            self.ended, self._end = True, reason
            self._wake.set()

    def _wants(self, event: Event) -> bool:
        return self._kinds is None or event.kind in self._kinds


@dataclass
class Reading:
    """How far an organization was read: everything below `mark`, and of the rest the ids in `told`."""

    mark: int
    told: set[int]
    watchers: set[Watcher] = field(default_factory=set)


class Fanout:
    """The events of every organization that somebody in this process watches."""

    def __init__(
        self, url: str, *, ping_s: float = PING_S, also: Mapping[str, Callable[[str], None]] | None = None
    ) -> None:
        """`also`: other channels to listen to on the same connection, and who is told; losses are not made up."""
        self._url, self._ping_s, self._also = url, ping_s, also or {}
        self._readings: dict[UUID, Reading] = {}
        self._behind: set[UUID] = set()  # organizations to read
        self._wake = asyncio.Event()
        self._connected = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._one_at_a_time = asyncio.Lock()  # on the connection, and on `_readings`
        self._task: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether events arrive now; while not, the connection is being made again and nothing is lost."""
        return self._connected.is_set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="live events")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for reading in self._readings.values():
            for watcher in reading.watchers:
                watcher.end()

    @asynccontextmanager
    async def subscribe(
        self, organization_id: UUID, kinds: Collection[str] | None = None, after: str | None = None
    ) -> AsyncIterator[Watcher]:
        """Watch an organization: every event committed from now on, each once, in the order of their reading.

        Args:
            kinds: only these; all by default.
            after: the `cursor` of the last event seen. What came since is told first; some of it, committed at about
                the same time, may be told twice.

        Raises:
            EventsMissed: on entering, when what came since is too much or no longer kept; while iterating, when too
                much happened at once, or (`WatcherTooSlow`) the watcher did not keep up.
            DatabaseUnavailable: on entering; later losses of the database are repaired silently.
        """
        watcher = Watcher(kinds)
        cursor = parse_cursor(after) if after else None
        if sum(len(reading.watchers) for reading in self._readings.values()) >= MOST_WATCHERS:
            raise Unavailable("Too many live subscriptions; try again later.")
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                await self._join(organization_id, watcher, cursor)
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise DatabaseUnavailable from error
        try:
            yield watcher
        finally:
            self._leave(organization_id, watcher)

    async def _join(self, organization_id: UUID, watcher: Watcher, cursor: tuple[int, int] | None) -> None:
        await self._connected.wait()
        async with self._one_at_a_time:
            if self._connection is None:
                raise DatabaseUnavailable
            reading = self._readings.get(organization_id)
            if cursor is not None or reading is None:
                mark, events = await self._read(self._connection, organization_id, cursor and cursor[0])
                if cursor is not None:
                    await self._check_kept(self._connection, organization_id, cursor[1])
                    watcher.replay([event for event, _ in events if event.id != cursor[1]])
                if reading is None:
                    reading = Reading(mark, {event.id for event, xid in events if xid >= mark})
                    self._readings[organization_id] = reading
            reading.watchers.add(watcher)

    def _leave(self, organization_id: UUID, watcher: Watcher) -> None:
        watcher.end()
        reading = self._readings.get(organization_id)
        if reading is not None:
            reading.watchers.discard(watcher)
            if not reading.watchers:
                del self._readings[organization_id]

    async def _run(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._listen()
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log_event(log, "live events lost their connection", logging.WARNING, error=type(error).__name__)
            pause_s = FIRST_PAUSE_S if self._connected.is_set() else min(LONGEST_PAUSE_S, pause_s * 2)
            self._connected.clear()
            await asyncio.sleep(pause_s)

    async def _listen(self) -> None:
        """Serve watchers for as long as one connection lives."""
        connection = await asyncpg.connect(
            self._url,
            timeout=ANSWER_S,
            command_timeout=ANSWER_S,
            server_settings={"application_name": "auricle-events"},
        )
        try:
            connection.add_termination_listener(lambda _: self._wake.set())
            await connection.add_listener(CHANNEL, self._heard)
            for channel, tell in self._also.items():
                await connection.add_listener(channel, lambda _c, _p, _n, payload, tell=tell: tell(str(payload)))
            self._connection = connection
            self._connected.set()
            self._behind.update(self._readings)  # listening first, then reading what was missed: no gap between
            while not connection.is_closed():
                await self._catch_up(connection)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._ping_s)
                    continue
                async with self._one_at_a_time:  # a frozen server closes nothing; only silence tells
                    await connection.fetchval("select 1", timeout=ANSWER_S)
        finally:
            self._connection = None
            connection.terminate()

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        with contextlib.suppress(ValueError):  # any role may notify; what is not ours is not for us
            organization_id = UUID(str(payload).partition(":")[0])
            if organization_id in self._readings:
                self._behind.add(organization_id)
                self._wake.set()

    async def _catch_up(self, connection: asyncpg.Connection) -> None:
        self._wake.clear()
        while self._behind:
            organization_id = self._behind.pop()
            async with self._one_at_a_time:
                reading = self._readings.get(organization_id)
                if reading is not None:
                    await self._tell(connection, organization_id, reading)

    async def _tell(self, connection: asyncpg.Connection, organization_id: UUID, reading: Reading) -> None:
        try:
            mark, events = await self._read(connection, organization_id, reading.mark)
        except EventsMissed as missed:
            del self._readings[organization_id]
            for watcher in reading.watchers:
                watcher.end(missed)
            return
        for event, _ in events:
            if event.id not in reading.told:
                for watcher in reading.watchers:
                    watcher.offer(event)
        reading.mark, reading.told = mark, {event.id for event, xid in events if xid >= mark}

    async def _read(
        self, connection: asyncpg.Connection, organization_id: UUID, mark: int | None
    ) -> tuple[int, list[tuple[Event, int]]]:
        """What an organization's committed transactions from `mark` on told, and the mark of the next read."""
        async with _organization(connection, organization_id):
            rows = await connection.fetch(READ, mark, organization_id, WINDOW + 1)
        if len(rows) > WINDOW:
            raise EventsMissed
        next_mark = oldest_untold = rows[0]["mark"]
        events: list[tuple[Event, int]] = []
        for row in reversed(rows):
            if row["id"] is not None:
                # Whoever stops behind this event has not seen the rest of this read, nor what was open during it.
                cursor = f"{oldest_untold}-{row['id']}"
                subject = orjson.loads(row["subject"])
                events.append((Event(row["id"], organization_id, row["kind"], subject, row["at"], cursor), row["xid"]))
                oldest_untold = min(oldest_untold, row["xid"])
        return next_mark, events[::-1]

    async def _check_kept(self, connection: asyncpg.Connection, organization_id: UUID, event_id: int) -> None:
        async with _organization(connection, organization_id):
            if not await connection.fetchval("select exists (select from live_event where id = $1)", event_id):
                raise EventsMissed


def parse_cursor(text: str) -> tuple[int, int]:
    found = CURSOR.fullmatch(text)
    if found is None:
        raise BadCursor
    return int(found[1]), int(found[2])


@asynccontextmanager
async def _organization(connection: asyncpg.Connection, organization_id: UUID) -> AsyncIterator[None]:
    """One read in an organization. Broken off, it leaves the connection in no known state: that is made anew."""
    try:
        async with connection.transaction(readonly=True):
            await connection.execute("select set_config('auricle.organization', $1, true)", str(organization_id))
            yield
    except EventsMissed:
        raise
    except BaseException:
        connection.terminate()
        raise
