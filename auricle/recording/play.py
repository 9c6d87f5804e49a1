"""Find recordings and give their sound back as one WAV, chunk by chunk."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record_read
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.transcript import Said
from auricle.db.sealed import Key
from auricle.errors import AuricleError, Invalid, NotFound
from auricle.recording.models import Recording, RecordingChunk
from auricle.storage.objects import ObjectMissing

Track = Literal["both", "patient", "agent"]
AROUND_S = 0.3  # what is heard before and after an utterance, so that nothing of it is cut off


class RecordingGone(AuricleError):
    """This recording was deleted."""

    status, code, title = 410, "recording.deleted", "Recording deleted"


class BadRange(Invalid):
    """What is to be heard ends before it begins."""

    code = "recording.bad_range"


async def recordings_of(db: AsyncSession, consultation_id: UUID) -> Sequence[Recording]:
    """The recordings of a consultation that the actor may see, in the order of its sessions."""
    await find_consultation(db, consultation_id)
    rows = select(Recording).where(Recording.consultation_id == consultation_id).order_by(Recording.id).limit(500)
    return (await db.scalars(rows)).all()


async def find_recording(db: AsyncSession, recording_id: UUID, *, lock: bool = False) -> Recording:
    recording = await db.get(Recording, recording_id, with_for_update=lock or None)
    if recording is None:
        raise NotFound("No such recording.")
    await find_consultation(db, recording.consultation_id)
    return recording


async def sound_of(db: AsyncSession, consultation_id: UUID) -> Mapping[UUID, UUID]:
    """Which recording holds the sound of which session."""
    kept = select(Recording.session_id, Recording.id).where(
        Recording.consultation_id == consultation_id, Recording.status != "deleted"
    )
    return {row.session_id: row.id for row in await db.execute(kept.limit(500))}


def link(sound: Mapping[UUID, UUID], said: Said) -> str | None:
    """Where one utterance is heard, by its session's recording; None where it was written, or not recorded."""
    recording_id = sound.get(said.session_id) if said.session_id else None
    if recording_id is None or said.start_s is None or said.end_s is None:
        return None
    track = "patient" if said.sender == "patient" else "agent"
    heard = f"from_s={max(0.0, said.start_s - AROUND_S):.2f}&to_s={said.end_s + AROUND_S:.2f}"
    return f"/api/v1/recordings/{recording_id}/audio?track={track}&{heard}"


class Sound:
    """A recording, or a part of it, opened for reading: its length is known, its chunks are fetched one by one."""

    def __init__(
        self,
        assembly: Assembly,
        recording: Recording,
        chunks: Sequence[RecordingChunk],
        key: Key,
        *,
        from_s: float = 0.0,
        to_s: float | None = None,
    ) -> None:
        """Raises `BadRange`."""
        self._assembly, self._chunks, self._key = assembly, chunks, key
        self._organization_id = recording.organization_id
        self.rate_hz = recording.rate_hz
        if to_s is not None and to_s <= from_s:
            raise BadRange
        whole = max((chunk.start + chunk.samples for chunk in chunks), default=0)
        self._end = whole if to_s is None else min(whole, round(to_s * self.rate_hz))
        self._begin = min(self._end, round(from_s * self.rate_hz))

    @property
    def samples(self) -> int:
        return self._end - self._begin

    async def stereo(self) -> AsyncIterator[bytes]:
        """Interleaved PCM16, patient left and agent right, without a gap: what is missing is silence."""
        at = self._begin
        for chunk in self._chunks:
            first, last = max(chunk.start, self._begin), min(chunk.start + chunk.samples, self._end)
            if first >= last:
                continue
            async for silence in _silence(first - at):
                yield silence
            yield (await self._opened(chunk))[(first - chunk.start) * 4 : (last - chunk.start) * 4]
            at = last
        async for silence in _silence(self._end - at):
            yield silence

    async def _opened(self, chunk: RecordingChunk) -> bytes:
        try:
            sealed = await self._assembly.objects.get(self._organization_id, chunk.place)
        except ObjectMissing:
            return bytes(chunk.samples * 4)
        return await asyncio.to_thread(_unpacked, self._key, sealed, chunk)

    async def track(self, track: Literal["patient", "agent"], after_s: float = 0.0) -> AsyncIterator[bytes]:
        """One voice alone as PCM16, with silence behind it."""
        async for pcm in self.stereo():
            yield np.frombuffer(pcm, np.int16)[0 if track == "patient" else 1 :: 2].tobytes()
        yield bytes(round(after_s * self.rate_hz) * 2)

    async def wav(self, track: Track) -> AsyncIterator[bytes]:
        channels = 2 if track == "both" else 1
        yield wav_header(self.rate_hz, channels, self.samples)
        async for pcm in self.stereo() if track == "both" else self.track(track):
            yield pcm

    def wav_bytes(self, track: Track) -> int:
        return 44 + self.samples * 2 * (2 if track == "both" else 1)


def _unpacked(key: Key, sealed: bytes, chunk: RecordingChunk) -> bytes:
    unpack = zlib.decompressobj()
    pcm = unpack.decompress(key.open_file(sealed, "recording_chunk", chunk.id), chunk.samples * 4)
    return pcm.ljust(chunk.samples * 4, b"\0")


async def _silence(samples: int) -> AsyncIterator[bytes]:
    while samples > 0:
        yield bytes(min(samples, 160_000) * 4)
        samples -= 160_000


def wav_header(rate_hz: int, channels: int, samples: int) -> bytes:
    """The 44 bytes before PCM16."""
    size = samples * channels * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, channels),
        *(rate_hz, rate_hz * channels * 2, channels * 2, 16, b"data", size),
    )


async def open_sound(
    assembly: Assembly, actor: Actor, recording_id: UUID, *, from_s: float = 0.0, to_s: float | None = None
) -> Sound:
    """A recording's sound, for whoever may see its consultation. The listening is noted in the audit.

    Raises `RecordingGone` and `BadRange`.
    """
    async with assembly.database.transaction(actor) as db:
        recording = await find_recording(db, recording_id)
        if recording.status == "deleted":
            raise RecordingGone
        consultation = await find_consultation(db, recording.consultation_id)
        rows = select(RecordingChunk).where(RecordingChunk.recording_id == recording_id).order_by(RecordingChunk.start)
        chunks = (await db.scalars(rows)).all()
        key = await assembly.keyring.patient(db, consultation.patient_id)
        await record_read(db, "recording", recording.id)
        return Sound(assembly, recording, chunks, key, from_s=from_s, to_s=to_s)
