"""The audio between a caller and a speech recognizer: bounded, and kept until it was answered.

A recognizer that fails is replaced; the next one hears again what the last one had not yet put into a final.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable

from auricle.providers.ports import EndOfSpeech

KEEP_S = 30.0  # the longest stretch without a final that a new provider hears again; older audio is dropped


class AudioRelay:
    """Pieces of PCM16 mono and ends of speech, one reader at a time. `on_end` is told of each end, and of the last."""

    def __init__(self, rate_hz: int, on_end: Callable[[], None], keep_s: float = KEEP_S) -> None:
        self._bytes_per_s = rate_hz * 2
        self._keep_bytes = int(keep_s * self._bytes_per_s)
        self._on_end = on_end
        self._kept: deque[bytes | EndOfSpeech] = deque()
        self._kept_bytes = 0
        self._read = 0  # how many of the kept pieces the reader has taken
        self._ends_kept: deque[float] = deque()  # when each unanswered end of speech came
        self._closed_at: float | None = None
        self._more = asyncio.Event()
        self.dropped_s = 0.0
        self.read_s = 0.0  # by the present reader

    def put(self, piece: bytes | EndOfSpeech) -> None:
        self._kept.append(piece)
        if isinstance(piece, EndOfSpeech):
            self._ends_kept.append(asyncio.get_running_loop().time())
            self._on_end()
        else:
            self._kept_bytes += len(piece)
            while self._kept_bytes > self._keep_bytes:
                self._drop_oldest()
        self._more.set()

    def close(self) -> None:
        """The caller has no more audio."""
        self._closed_at = asyncio.get_running_loop().time()
        self._on_end()
        self._more.set()

    @property
    def is_finished(self) -> bool:
        """All audio came and every end of speech was answered."""
        return self._closed_at is not None and not self._ends_kept

    @property
    def waiting_since(self) -> float | None:
        """When the oldest end of speech that has no final yet came (loop time)."""
        return self._ends_kept[0] if self._ends_kept else None

    @property
    def ended_since(self) -> float | None:
        """Since when there is no more audio."""
        return self._closed_at

    def answered(self) -> None:
        """A final came: forget the audio it answers, up to the end of speech, or else all that was heard."""
        has_end = bool(self._ends_kept) and any(isinstance(p, EndOfSpeech) for p in list(self._kept)[: self._read])
        while self._kept and self._read:
            piece = self._kept[0]
            self._drop_oldest(count=False)
            if has_end and isinstance(piece, EndOfSpeech):
                break

    async def reader(self) -> AsyncGenerator[bytes | EndOfSpeech, None]:
        """All that is unanswered, then what comes. A new reader takes the place of the one before."""
        self._read, self.read_s = 0, 0.0
        while True:
            while self._read < len(self._kept):
                piece = self._kept[self._read]
                self._read += 1
                if not isinstance(piece, EndOfSpeech):
                    self.read_s += len(piece) / self._bytes_per_s
                yield piece
            if self._closed_at is not None:
                return
            self._more.clear()
            await self._more.wait()

    def _drop_oldest(self, *, count: bool = True) -> None:
        piece = self._kept.popleft()
        was_read = self._read > 0
        self._read = max(0, self._read - 1)
        if isinstance(piece, EndOfSpeech):
            self._ends_kept.popleft()
        else:
            self._kept_bytes -= len(piece)
            if count and not was_read:
                self.dropped_s += len(piece) / self._bytes_per_s
