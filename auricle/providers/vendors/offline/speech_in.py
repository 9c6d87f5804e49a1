"""The offline recogniser: pocketsphinx in child processes. English only, for demonstrations and tests, not for care.

Audio before the first speech costs nothing: a light voice detector opens each utterance (with what came just before),
and only then a decoder is borrowed. Numbers come out as words.
"""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auricle.providers.ports import EndOfSpeech, ProviderFailed, ProviderRefused, Transcript, Usage, anonymous
from auricle.providers.vendors.offline import domain
from auricle.providers.vendors.offline.decoder_pool import Decoder, DecoderPool, Words
from auricle.providers.vendors.offline.domain import revision
from auricle.providers.vendors.offline.lexicon import lexicon, pronunciations
from auricle.providers.vendors.offline.upsample import Doubler

RATE_HZ = 16_000
BYTES_PER_S = RATE_HZ * 2
FRAME_S = 0.03
OPEN_FRAMES, OF_FRAMES = 2, 4  # speech in two of four 30 ms frames opens an utterance
PREROLL_BYTES = int(0.45 * BYTES_PER_S)
QUEUED_INTERIMS = 64
PREPARE_S = 120.0
# Without the second pass over the utterance the final is there 30 ms after the end instead of 300, and no worse.
DECODER: Mapping[str, Any] = {"samprate": RATE_HZ, "fwdflat": False}


class OfflineSpeechToText:
    """`SpeechToText` by pocketsphinx. For one event loop; `aclose()` ends its processes.

    `cache_folder` keeps the mixed language model, which takes some seconds to make the first time.
    """

    name = "pocketsphinx-en-us"

    def __init__(self, cache_folder: Path, *, processes: int | None = None) -> None:
        self._cache_folder = cache_folder
        self._processes = processes or max(2, os.cpu_count() or 1)
        self._preparing = asyncio.Lock()
        self._pool: DecoderPool | None = None

    async def warm(self, count: int = 1) -> None:
        """Load the model in `count` processes now, so that the first caller does not wait for it."""
        await (await self._decoders()).warm(count)

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None = None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        if language.split("-")[0].lower() != "en":
            raise ProviderRefused("The offline recogniser understands English only.", language=language)
        if rate_hz not in (8_000, RATE_HZ):
            raise ProviderRefused("The offline recogniser takes 8 or 16 kHz.", rate_hz=rate_hz)
        # Decoders serve everybody and unlearn nothing: no patient's name may come to stand in another's transcript.
        words = await pronunciations(anonymous(keyterms))
        stream = _Stream(await self._decoders(), words, doubled=rate_hz == 8_000)
        feeding = asyncio.create_task(stream.feed(audio), name="offline-recognition")
        try:
            while (transcript := await stream.heard.get()) is not None:
                yield transcript
            await feeding  # a failure of the feeding is a failure of the call
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([feeding])
        yield Usage(audio_s=stream.heard_s)

    async def _decoders(self) -> DecoderPool:
        if find_spec("pocketsphinx") is None:
            raise ProviderRefused("Offline speech recognition is not installed: `uv sync --group speech`.")
        async with self._preparing:
            if self._pool is None:
                model = await prepared_model(self._cache_folder)
                self._pool = DecoderPool(self._processes, {**DECODER, "lm": str(model)}, lexicon())
        return self._pool


async def prepared_model(cache_folder: Path) -> Path:
    """The language model's file, made if it is not there: in a process of its own, because it holds the lock too."""
    path = cache_folder / f"patients-{revision()}.lm"
    if path.is_file():
        return path
    cache_folder.mkdir(parents=True, exist_ok=True)
    maker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", domain.__name__, str(path)), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        async with asyncio.timeout(PREPARE_S):
            outcome = await maker.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            maker.kill()
        raise
    if outcome != 0:
        raise ProviderFailed("The offline recogniser's language model could not be made.", outcome=outcome)
    return path


class _Gate:
    """Finds the first speech of an utterance and remembers what came just before it."""

    def __init__(self) -> None:
        from pocketsphinx import Vad

        self._vad = Vad(Vad.LOOSE, RATE_HZ, FRAME_S)
        self._unseen = bytearray()
        self._recent: list[bool] = []
        self.before = bytearray()

    def opens(self, pcm: bytes) -> bool:
        self.before += pcm
        self._unseen += pcm
        size = self._vad.frame_bytes
        while len(self._unseen) >= size:
            self._recent = [*self._recent[1 - OF_FRAMES :], self._vad.is_speech(bytes(self._unseen[:size]))]
            del self._unseen[:size]
            if sum(self._recent) >= OPEN_FRAMES:
                return True
        del self.before[: max(0, len(self.before) - PREROLL_BYTES) & ~1]
        return False

    def taken(self) -> bytes:
        """What was held back, once."""
        held = bytes(self.before)
        self.before.clear()
        self._unseen.clear()
        self._recent.clear()
        return held


class _Stream:
    """One call's audio on its way to decoders and the transcripts on their way back."""

    def __init__(self, pool: DecoderPool, words: Words, *, doubled: bool) -> None:
        self._pool = pool
        self._words = words
        self._double = Doubler() if doubled else None
        self._gate = _Gate()
        self._decoder: Decoder | None = None
        self._cmn: str | None = None
        self._received_bytes = 0
        self._start_s = 0.0
        # Interims are dropped when the reader is slow (they replace one another), finals and the end never: there is
        # one for each end of speech, so they stay few.
        self.heard: asyncio.Queue[Transcript | None] = asyncio.Queue()

    @property
    def heard_s(self) -> float:
        return self._received_bytes / BYTES_PER_S

    async def feed(self, audio: AsyncIterator[bytes | EndOfSpeech]) -> None:
        try:
            async for piece in audio:
                if isinstance(piece, EndOfSpeech):
                    await self._close()
                else:
                    await self._hear(self._double(piece) if self._double else piece)
            if self._decoder is not None:
                await self._close()
        finally:
            if self._decoder is not None:
                self._decoder.forget()
                await self._pool.give_back(self._decoder)
            self.heard.put_nowait(None)

    async def _hear(self, pcm: bytes) -> None:
        self._received_bytes += len(pcm)
        if self._decoder is not None:
            await self._decoder.hear(pcm)
        elif self._gate.opens(pcm):
            await self._open()

    async def _open(self) -> None:
        held = self._gate.taken()
        self._start_s = self.heard_s - len(held) / BYTES_PER_S
        self._decoder = await self._pool.take()
        await self._decoder.begin(self._words, self._cmn, self._interim)
        await self._decoder.hear(held)

    async def _close(self) -> None:
        """Answer one `END_OF_SPEECH` with one final."""
        if self._decoder is None and not self._gate.before:
            self.heard.put_nowait(Transcript("", is_final=True, end_s=self.heard_s, language="en"))
            return
        if self._decoder is None:  # too faint for the gate, but the caller's own detector heard a speaker
            await self._open()
        assert self._decoder is not None
        decoder = self._decoder
        text, cmn = await decoder.finish()
        self._decoder = None
        await self._pool.give_back(decoder)
        self._cmn = cmn or self._cmn
        self.heard.put_nowait(self._transcript(text, is_final=True))

    def _interim(self, text: str) -> None:
        if self.heard.qsize() < QUEUED_INTERIMS:
            self.heard.put_nowait(self._transcript(text, is_final=False))

    def _transcript(self, text: str, *, is_final: bool) -> Transcript:
        return Transcript(text, is_final, start_s=self._start_s, end_s=self.heard_s, language="en")
