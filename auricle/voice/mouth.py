"""The one task of a call that sends sound: frames at the pace of the ear, marks, and `clear` before anything newer."""

import asyncio
from collections.abc import Callable

from auricle.voice.playback import Frame, Mark, Playback, Wait
from auricle.voice.ports import Channel
from auricle.voice.taps import Taps


class Mouth:
    def __init__(self, channel: Channel, clock: Callable[[], float], taps: Taps) -> None:
        self._channel, self._taps = channel, taps
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._playback: Playback | None = None
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()  # the playout was stopped, or went on
        self._clear = False
        self.echoing = False  # this client has answered a mark

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._changed.clear()
            if self._clear:
                self._clear = False
                await self._channel.clear()
                self._taps.cleared()
            step = self._playback.next(self._clock()) if self._playback else Wait(None)
            match step:
                case Frame(pcm, visemes):
                    await self._channel.send_audio(pcm, visemes)
                    self._tell_taps(pcm)
                case Mark(name):
                    await self._channel.send_mark(name)
                case Wait(seconds):
                    await self._wait(seconds)

    def _tell_taps(self, pcm: bytes) -> None:
        if self._taps and self._playback:
            length_s = len(pcm) / 2 / self._channel.rate_hz
            self._taps.said(pcm, unheard_s=self._playback.unheard_s(self._clock()), length_s=length_s)

    async def _wait(self, seconds: float | None) -> None:
        timer = self._loop.call_later(seconds, self._changed.set) if seconds is not None else None
        try:
            await self._changed.wait()
        finally:
            if timer:
                timer.cancel()

    def play(self, playback: Playback) -> None:
        self._playback = playback
        self._changed.set()

    def wake(self) -> None:
        """There is more to send."""
        self._changed.set()

    def pause(self) -> None:
        if self._playback and self._playback.pause(self._clock()):
            self._clear = True
        self._wake_all()

    def resume(self) -> None:
        if self._playback:
            self._playback.resume(self._clock())
        self._wake_all()

    def stop(self, playback: Playback, *, is_only_shown: bool = False) -> None:
        """Drop the rest of this answer, here and at the client. `is_only_shown`: it has words there, but no sound."""
        if playback.stop(self._clock()) or is_only_shown:
            self._clear = True
        self._wake_all()

    def played(self, mark: str) -> None:
        if self._playback and self._playback.played(mark):
            self.echoing = True
            self._moved.set()

    def _wake_all(self) -> None:
        self._changed.set()
        self._moved.set()

    async def room(self, playback: Playback, max_ahead_s: float) -> None:
        """Wait until less than so much speech is ahead of the listener."""
        while not playback.stopped and playback.ahead_s(self._clock()) > max_ahead_s:
            await self._until_moved(playback, playback.ahead_s(self._clock()) - max_ahead_s)

    async def finished(self, playback: Playback) -> None:
        """Wait until all that was made has been played."""
        while not playback.stopped and not playback.is_finished(self._clock()):
            await self._until_moved(playback, playback.ahead_s(self._clock()))

    async def echoed(self, playback: Playback, within_s: float) -> None:
        """Wait, but not for long, until the client says that it has played all: its ear is later than our clock."""
        until = self._clock() + within_s
        while playback.awaits_echo() and (left_s := until - self._clock()) > 0:
            await self._until_moved(playback, left_s)

    async def _until_moved(self, playback: Playback, seconds: float) -> None:
        """Sleep about as long as the sound lasts, less where it was paused or dropped meanwhile."""
        self._moved.clear()
        timer = None if playback.paused else self._loop.call_later(max(0.005, seconds), self._moved.set)
        try:
            await self._moved.wait()
        finally:
            if timer:
                timer.cancel()
