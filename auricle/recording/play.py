"""Find recordings and give their sound back as one WAV, chunk by chunk."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Literal
from uuid import UUID

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record_read
from auricle.consultations.lifecycle import find_consultation
from auricle.db.sealed import Key
from auricle.errors import AuricleError, NotFound
from auricle.recording.models import Recording, RecordingChunk
from auricle.storage.objects import ObjectMissing

Track = Literal["both", "patient", "agent"]


class RecordingGone(AuricleError):
    """This recording was deleted."""

    status, code, title = 410, "recording.deleted", "Recording deleted"


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


class Sound:
    """A recording opened for reading: its length is known, its chunks are fetched one by one."""

    def __init__(self, assembly: Assembly, recording: Recording, chunks: Sequence[RecordingChunk], key: Key) -> None:
        self._assembly, self._chunks, self._key = assembly, chunks, key
        self._organization_id = recording.organization_id
        self.rate_hz = recording.rate_hz
        self.samples = max((chunk.start + chunk.samples for chunk in chunks), default=0)

    async def stereo(self) -> AsyncIterator[bytes]:
        """Interleaved PCM16, patient left and agent right, without a gap: what is missing is silence."""
        at = 0
        for chunk in self._chunks:
            async for silence in _silence(chunk.start - at):
                yield silence
            yield await self._opened(chunk)
            at = chunk.start + chunk.samples

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


async def open_sound(assembly: Assembly, actor: Actor, recording_id: UUID) -> Sound:
    """A recording's sound, for whoever may see its consultation. The listening is noted in the audit."""
    async with assembly.database.transaction(actor) as db:
        recording = await find_recording(db, recording_id)
        if recording.status == "deleted":
            raise RecordingGone
        consultation = await find_consultation(db, recording.consultation_id)
        rows = select(RecordingChunk).where(RecordingChunk.recording_id == recording_id).order_by(RecordingChunk.start)
        chunks = (await db.scalars(rows)).all()
        key = await assembly.keyring.patient(db, consultation.patient_id)
        await record_read(db, "recording", recording.id)
    return Sound(assembly, recording, chunks, key)
