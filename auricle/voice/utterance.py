"""The speech of one turn on its way to the recognizer, and what comes back."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from auricle.providers.call import Served, named_once
from auricle.providers.ports import END_OF_SPEECH, EndOfSpeech, ProviderFailed, ProviderGarbled, Transcript, Usage
from auricle.voice.ports import Services

PIECE_S = 0.096  # speech goes to speech-to-text in pieces of this length
MAX_BACKLOG_S = 30.0  # speech that the recognizer has not taken yet
CLOSING_S = 5.0  # after the turn the recognizer may take so long to say what it used


class Utterance:
    """The speech of one turn: an async iterator that a recognizer reads while the session fills it."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.failed: str | None = None  # the code of what went wrong
        self.served: tuple[Served, ...] = ()  # who has heard something of it
        self.closing: asyncio.Timeout | None = None
        self.closed = False
        self.pauses = 0  # how often the speaker has stopped so far
        self._piece_bytes = int(rate_hz * PIECE_S) * 2
        self._max_bytes = int(rate_hz * MAX_BACKLOG_S) * 2
        self._gathered = bytearray()
        self._pieces: deque[bytes | EndOfSpeech] = deque()
        self._backlog_bytes = 0
        self._changed = asyncio.Event()

    def add(self, pcm: bytes) -> bool:
        """Returns False where the recognizer is so far behind that there is no room."""
        if self.closed or self._backlog_bytes + len(pcm) > self._max_bytes:
            return self.closed
        self._gathered += pcm
        self._backlog_bytes += len(pcm)
        if len(self._gathered) >= self._piece_bytes:
            self._pass_on()
        return True

    def end_of_speech(self) -> None:
        self.pauses += 1
        self._pass_on()
        self._pieces.append(END_OF_SPEECH)
        self._changed.set()

    def close(self) -> None:
        """The turn is over. The recognizer may still say what it used."""
        if not self.closed:
            self.closed = True
            self._pass_on()
            if self.closing is not None:
                self.closing.reschedule(asyncio.get_running_loop().time() + CLOSING_S)

    def _pass_on(self) -> None:
        if self._gathered:
            self._pieces.append(bytes(self._gathered))
            self._gathered.clear()
        self._changed.set()

    def __aiter__(self) -> AsyncIterator[bytes | EndOfSpeech]:
        return self

    async def __anext__(self) -> bytes | EndOfSpeech:
        while not self._pieces:
            if self.closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        piece = self._pieces.popleft()
        if isinstance(piece, bytes):
            self._backlog_bytes -= len(piece)
        return piece


async def read_transcripts(
    utterance: Utterance, services: Services, language: str, take: Callable[[Transcript], Awaitable[None]]
) -> None:
    """Read the recognizer until the utterance is closed and it is done.

    Raises:
        ProviderFailed: it stopped before the turn did, or sent something that is no transcript.
        Exception: whatever else it raises.
    """
    try:
        async with asyncio.timeout(None) as utterance.closing:
            async with aclosing(services.transcribe(utterance, utterance.rate_hz, language)) as items:
                by: Served | None = None
                async for item in items:
                    if isinstance(item, Transcript):
                        if by is not None:
                            utterance.served, by = named_once(utterance.served, by), None
                        await take(item)
                    elif isinstance(item, Served):
                        by = item
                    elif not isinstance(item, Usage):
                        raise ProviderGarbled(capability="stt")
    except TimeoutError:
        if not utterance.closed:
            raise
    finally:
        utterance.closing = None
    if not utterance.closed:
        raise ProviderFailed("The recognizer stopped before the turn did.", capability="stt")
