"""Hands the sound of a session to those who record it or listen in, with the times of both sides on one line."""

import logging
from collections.abc import Callable, Iterable

from auricle.voice.ports import Tap

log = logging.getLogger(__name__)

MAX_UNHEARD_S = 2.5  # no client is ever sent so much ahead of what it plays


class Taps:
    """All taps of one session. One that fails is taken off: it must not end the conversation it listens to."""

    def __init__(self, taps: Iterable[Tap], audio_s: Callable[[], float], clock: Callable[[], float]) -> None:
        self._taps = list(taps)
        self._audio_s, self._clock = audio_s, clock
        self._said_until_s = 0.0  # on the clock of the audio received: the end of what was sent …
        self._ends_at = float("-inf")  # … and when that is heard, on the session's clock

    def __bool__(self) -> bool:
        return bool(self._taps)

    def add(self, tap: Tap) -> None:
        if not self._taps:
            self._said_until_s = 0.0  # nobody watched: what was said before is unknown
        if tap not in self._taps:
            self._taps.append(tap)

    def remove(self, tap: Tap) -> None:
        if tap in self._taps:
            self._taps.remove(tap)

    def heard(self, pcm: bytes, at_s: float) -> None:
        if self._taps:
            self._tell(lambda tap: tap.heard(pcm, at_s))

    def said(self, pcm: bytes, *, unheard_s: float, length_s: float) -> None:
        """This was just sent. `unheard_s`: how much was sent that the person has yet to hear, this included."""
        if not self._taps:
            return
        waits_s = max(0.0, unheard_s - length_s)
        at_s = self._audio_s() + waits_s
        if self._said_until_s > 0:  # speech is never told to overlap, and what is played without a gap has none
            at_s = self._said_until_s if waits_s > 0 else max(at_s, self._said_until_s)
        self._said_until_s, self._ends_at = at_s + length_s, self._clock() + waits_s + length_s
        self._tell(lambda tap: tap.said(pcm, at_s))

    def cleared(self) -> None:
        if not self._taps:
            return
        unheard_s = min(max(0.0, self._ends_at - self._clock()), MAX_UNHEARD_S)
        at_s = self._said_until_s = max(0.0, self._said_until_s - unheard_s)
        self._ends_at = self._clock()
        self._tell(lambda tap: tap.cleared(at_s))

    def _tell(self, tell: Callable[[Tap], None]) -> None:
        for tap in tuple(self._taps):
            try:
                tell(tap)
            except Exception:
                log.exception("a tap of a session failed and was taken off")
                self.remove(tap)
