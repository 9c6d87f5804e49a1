"""Keep the sound of a live session: chunks are compressed, sealed and stored while the call goes on.

The call never waits for the store. Chunks that can't be stored are tried again; a few may wait, more are given up and
counted, so the memory of a call is bounded whatever the store does.
"""

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import select

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.consent.decide import holds
from auricle.consent.models import Kind
from auricle.consent.watch import until_withdrawn
from auricle.consultations.answer import Talk
from auricle.db.base import new_id
from auricle.db.sealed import Key
from auricle.errors import AuricleError
from auricle.live.events import publish
from auricle.log import event
from auricle.recording.models import Recording, RecordingChunk
from auricle.recording.play import RecordingGone
from auricle.recording.tracks import Chunk, Tracks
from auricle.voice.ports import Tap

log = logging.getLogger(__name__)

MOST_WAITING = 5
TRIES, PAUSE_S = 6, 0.5  # 15 s: a database that restarts costs no sound
FINISH_S = 10.0  # after the call, for what still waits


class Tapped(Protocol):
    """A live session, as whoever listens to it sees it."""

    def add_tap(self, tap: Tap) -> None: ...
    def remove_tap(self, tap: Tap) -> None:
        """No error where it is not there."""
        ...


class Keeper:
    """Stores the chunks of one recording, in order, one at a time."""

    def __init__(self, assembly: Assembly, actor: Actor, recording_id: UUID, rate_hz: int, key: Key) -> None:
        self._assembly, self._actor, self._recording_id, self._key = assembly, actor, recording_id, key
        assert actor.organization_id is not None
        self.organization_id = actor.organization_id
        self._rate_hz = rate_hz
        self._waiting: deque[Chunk] = deque()
        self._changed = asyncio.Event()
        self._over = self._gone = self._storing = False
        self._end = self._missing = 0

    def take(self, chunk: Chunk) -> None:
        """Queue a chunk; with too many waiting, the oldest is given up."""
        if self._gone:
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._missing += 1
        self._waiting.append(chunk)
        self._end = chunk.start + chunk.samples
        self._changed.set()

    async def run(self) -> None:
        """Store until told that it is over and nothing waits."""
        while self._waiting or not self._over:
            if not self._waiting:
                self._changed.clear()
                await self._changed.wait()
                continue
            chunk, self._storing = self._waiting.popleft(), True
            try:
                if not await self._stored(chunk):
                    self._missing += 1
            except RecordingGone:
                self._gone = True
                self._waiting.clear()
            except Exception:  # the pieces after this one may be kept
                log.exception("a piece of a recording was lost")
                self._missing += 1
            self._storing = False  # and stays, where this is cancelled

    def no_more(self) -> None:
        self._over = True
        self._changed.set()

    @property
    def _lost(self) -> int:
        """The pieces given up, and those that nobody waits for any more."""
        return self._missing + len(self._waiting) + self._storing

    async def _stored(self, chunk: Chunk) -> bool:
        chunk_id = new_id()
        sealed = await asyncio.to_thread(self._sealed, chunk.pcm, chunk_id)
        for number in range(TRIES):
            try:
                await self._store(chunk, chunk_id, sealed)
                return True
            except RecordingGone:
                raise
            except (AuricleError, OSError) as error:
                event(log, "a piece of a recording was not stored", logging.WARNING, error=type(error).__name__)
            if number + 1 < TRIES:
                await asyncio.sleep(PAUSE_S * 2**number)
        return False

    def _sealed(self, pcm: bytes, chunk_id: UUID) -> bytes:
        return self._key.seal_file(zlib.compress(pcm, 1), "recording_chunk", chunk_id)

    async def _store(self, chunk: Chunk, chunk_id: UUID, sealed: bytes) -> None:
        """First the file, then its row: a crash between leaves a file nobody refers to, never a row without one.

        Raises:
            RecordingGone: it was deleted under way. Whoever deletes it waits for this row, or this row for them.
        """
        row = RecordingChunk(
            id=chunk_id,
            recording_id=self._recording_id,
            start=chunk.start,
            samples=chunk.samples,
            byte_size=len(sealed),
        )
        await self._assembly.objects.put(self.organization_id, row.place, sealed)
        try:
            async with self._assembly.database.transaction(self._actor) as db:
                status = select(Recording.status).where(Recording.id == self._recording_id)
                if await db.scalar(status.with_for_update(read=True)) == "deleted":
                    raise RecordingGone
                db.add(row)
        except RecordingGone:
            await self._assembly.objects.delete(self.organization_id, row.place)
            raise

    async def close(self) -> None:
        async with self._assembly.database.transaction(self._actor) as db:
            recording = await db.get_one(Recording, self._recording_id, with_for_update=True)
            if recording.status == "recording":
                recording.status, recording.ended_at = "complete", datetime.now(UTC)
                recording.length_s, recording.missing = self._end / self._rate_hz, self._lost
                await publish(
                    db,
                    "recording.complete",
                    recording_id=recording.id,
                    consultation_id=recording.consultation_id,
                )


@asynccontextmanager
async def recorded(assembly: Assembly, session: Tapped, talk: Talk, rate_hz: int) -> AsyncIterator[None]:
    """For the length of the block, record the session if its patient agrees to that; until they no longer do."""
    keeper = await begun(assembly, talk, rate_hz)
    if keeper is None:
        yield
        return
    organization_id, tracks = keeper.organization_id, Tracks(rate_hz, keeper.take)

    async def until_taken_back() -> None:
        await until_withdrawn(assembly.fanout, assembly.database, organization_id, talk.patient_id, Kind.RECORDING)
        session.remove_tap(tracks)

    keeping, watching = asyncio.create_task(keeper.run()), asyncio.create_task(until_taken_back())
    session.add_tap(tracks)
    try:
        yield
    finally:
        session.remove_tap(tracks)
        watching.cancel()
        tracks.finish()
        keeper.no_more()
        await finish(keeper, keeping)
        await asyncio.gather(watching, return_exceptions=True)


async def begun(assembly: Assembly, talk: Talk, rate_hz: int) -> Keeper | None:
    """A recording of this session, or None: its patient does not agree, or it could not be begun."""
    assert talk.actor.organization_id is not None
    actor = Actor.system(talk.actor.organization_id, "recording")
    try:
        async with assembly.database.transaction(actor) as db:
            if not await holds(db, talk.patient_id, Kind.RECORDING):
                return None
            recording = Recording(consultation_id=talk.consultation_id, session_id=talk.session_id, rate_hz=rate_hz)
            db.add(recording)
            await db.flush()
            key = await assembly.keyring.patient(db, talk.patient_id)
            await publish(db, "recording.started", recording_id=recording.id, consultation_id=recording.consultation_id)
    except AuricleError as error:  # the call is worth more than its recording
        event(log, "a recording could not be begun", logging.WARNING, error=type(error).__name__)
        return None
    return Keeper(assembly, actor, recording.id, rate_hz, key)


async def finish(keeper: Keeper, keeping: asyncio.Task[None]) -> None:
    """Let what waits be stored, within a bound; then close the recording."""
    try:
        async with asyncio.timeout(FINISH_S):
            await keeping
    except TimeoutError:
        event(log, "the end of a recording was not stored in time", logging.WARNING)
    except Exception:
        log.exception("a recording failed")
    try:
        await keeper.close()
    except AuricleError:  # the periodic job closes what nobody closed
        event(log, "a recording could not be closed", logging.WARNING)
