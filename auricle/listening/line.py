"""The call's end: a live session that staff may listen to, take over, and give back."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol
from uuid import UUID

import orjson

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record
from auricle.consultations.answer import Talk
from auricle.db.sealed import Key
from auricle.errors import AuricleError
from auricle.listening.monitor import Monitor
from auricle.listening.relay import Kind, To, opened
from auricle.live.events import publish
from auricle.log import event
from auricle.voice.ports import Tap

log = logging.getLogger(__name__)

LEASE_S = 12.0  # an onlooker that is silent for so long is gone
LOOK_S = 3.0
MOST_ONLOOKERS = 5
MOST_WAITING = 50


class Taken(Protocol):
    """A live session, as staff see it."""

    def add_tap(self, tap: Tap) -> None: ...
    def remove_tap(self, tap: Tap) -> None: ...
    def take_over(self) -> None: ...
    def release(self) -> None: ...
    def staff_says(self, text: str) -> None: ...
    async def staff_audio(self, pcm: bytes) -> None: ...


class Line:
    """One call's onlookers: who they are, who of them speaks in the agent's place."""

    def __init__(self, assembly: Assembly, session: Taken, talk: Talk, rate_hz: int) -> None:
        assert talk.actor.organization_id is not None
        self._assembly, self._session, self._talk = assembly, session, talk
        self._actor = Actor.system(talk.actor.organization_id, "listening")
        self._session_id = talk.session_id
        self._rate_hz = rate_hz
        self._monitor: Monitor | None = None
        self._seen: dict[UUID, float] = {}
        self._in_charge: UUID | None = None
        self._incoming: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._outgoing: deque[tuple[Kind, bytes]] = deque(maxlen=MOST_WAITING)
        self._changed = asyncio.Event()
        self._clock = asyncio.get_running_loop().time

    def take(self, sealed: bytes) -> None:
        self._incoming.append(sealed)
        self._changed.set()

    def _sound(self, piece: bytes) -> None:
        self._outgoing.append((Kind.SOUND, piece))
        self._changed.set()

    async def run(self) -> None:
        """Serve onlookers until cancelled."""
        key = await self._key()
        while True:
            self._changed.clear()
            while self._incoming:
                await self._obey(key, self._incoming.popleft())
            while self._outgoing:
                await self._assembly.relay.send(To.ONLOOKERS, self._session_id, key, *self._outgoing.popleft())
            await self._changed.wait()

    async def watch_leases(self) -> None:
        """Forget who is silent, until cancelled; a task of its own, for a frozen database holds `run` for minutes."""
        while True:
            await asyncio.sleep(LOOK_S)
            self._forget_silent()

    async def over(self) -> None:
        """Tell those who listen that the call has ended."""
        if self._seen:
            state = orjson.dumps({"ended": True})
            await self._assembly.relay.send(To.ONLOOKERS, self._session_id, await self._key(), Kind.STATE, state)

    async def _key(self) -> Key:
        async with self._assembly.database.transaction(self._actor) as db:
            return await self._assembly.keyring.patient(db, self._talk.patient_id)

    async def _obey(self, key: Key, sealed: bytes) -> None:
        message = opened(key, self._session_id, sealed)
        if message is None:
            return
        kind, body = message
        if len(body) < 16:
            return
        onlooker, body = UUID(bytes=body[:16]), body[16:]
        if kind in (Kind.LISTEN, Kind.TAKE_OVER):  # the second may overtake the first
            self._listened(onlooker)
        if onlooker not in self._seen:
            return
        if kind is Kind.TAKE_OVER:
            await self._taken_over(onlooker)
        elif onlooker == self._in_charge:
            await self._led(kind, body)

    def _listened(self, onlooker: UUID) -> None:
        if onlooker not in self._seen and len(self._seen) >= MOST_ONLOOKERS:
            self._refuse(onlooker, "listening.too_many")
            return
        if self._monitor is None:  # a new one: what nobody listened to is no silence to catch up with
            self._monitor = Monitor(self._rate_hz, self._sound)
            self._session.add_tap(self._monitor)
        self._seen[onlooker] = self._clock()
        self._tell_state()  # a sign of life

    async def _taken_over(self, onlooker: UUID) -> None:
        if self._in_charge not in (None, onlooker):
            self._refuse(onlooker, "listening.taken")
            return
        if self._in_charge is None:
            self._in_charge = onlooker
            self._session.take_over()
            await self._note("consultation.taken_over", onlooker)
        self._tell_state()

    async def _led(self, kind: Kind, body: bytes) -> None:
        try:
            if kind is Kind.RELEASE:
                await self._released()
            elif kind is Kind.VOICE:
                await self._session.staff_audio(body)
            elif kind is Kind.TEXT:
                self._session.staff_says(body.decode())
        except AuricleError as error:
            if self._in_charge is not None:
                self._refuse(self._in_charge, error.code)

    async def _released(self) -> None:
        onlooker, self._in_charge = self._in_charge, None
        self._session.release()
        if onlooker is not None:
            await self._note("consultation.released", onlooker)
        self._tell_state()

    def _forget_silent(self) -> None:
        """An onlooker whose process died must not keep the patient without anybody to talk to."""
        before = self._clock() - LEASE_S
        gone = [one for one, seen in self._seen.items() if seen < before]
        for one in gone:
            del self._seen[one]
            if one == self._in_charge:
                self._in_charge = None
                self._session.release()
        if self._monitor is not None and not self._seen:
            self._session.remove_tap(self._monitor)
            self._monitor = None

    def _refuse(self, onlooker: UUID, code: str) -> None:
        self._outgoing.append((Kind.REFUSED, onlooker.bytes + code.encode()))

    def _tell_state(self) -> None:
        state = {
            "onlookers": len(self._seen),
            "taken_over_by": str(self._in_charge) if self._in_charge else None,
            "sample_rate": self._rate_hz,
        }
        self._outgoing.append((Kind.STATE, orjson.dumps(state)))

    async def _note(self, what: str, onlooker: UUID) -> None:
        try:
            async with self._assembly.database.transaction(self._actor) as db:
                await record(
                    db, what.partition(".")[2], "consultation", self._talk.consultation_id, onlooker=str(onlooker)
                )
                await publish(db, what, consultation_id=self._talk.consultation_id)
        except AuricleError as error:
            event(log, "a take-over could not be noted", logging.WARNING, error=type(error).__name__)


@asynccontextmanager
async def open_to_staff(assembly: Assembly, session: Taken, talk: Talk, rate_hz: int) -> AsyncIterator[None]:
    """For the length of the block staff may listen in on this session and take it over; unused, it costs nothing."""
    line = Line(assembly, session, talk, rate_hz)
    serving: list[asyncio.Task[None]] = []

    def take(sealed: bytes) -> None:
        line.take(sealed)
        if not serving:
            serving.extend((asyncio.create_task(serve(line)), asyncio.create_task(line.watch_leases())))

    assembly.relay.join(To.CALL, talk.session_id, take)
    try:
        yield
    finally:
        assembly.relay.leave(To.CALL, talk.session_id, take)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        with suppress(AuricleError):
            await line.over()


async def serve(line: Line) -> None:
    while True:
        try:
            await line.run()
        except AuricleError as error:  # the database is away: the call goes on, onlookers wait
            event(log, "onlookers can't be served now", logging.WARNING, error=type(error).__name__)
            await asyncio.sleep(LOOK_S)
        except Exception:  # nor may staff who took over be left in charge for ever
            log.exception("serving onlookers failed")
            await asyncio.sleep(LOOK_S)
