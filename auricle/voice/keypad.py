"""Keys pressed on a telephone: those pressed close together are one typed turn, `#` ends it at once."""

import asyncio
from collections.abc import Callable

from auricle.errors import Invalid

KEYS = frozenset("0123456789*#ABCD")
MAX_DIGITS = 32  # the longest number somebody types; more is a stuck key


class UnknownKey(Invalid):
    """A telephone has no such key."""

    code = "keypad.unknown_key"


def digits_text(digits: str) -> str:
    """How typed keys stand in the conversation: the same in every language, and plain to a model."""
    return f"[DTMF {' '.join(digits)}]"


class Keypad:
    def __init__(
        self,
        pause_s: float,
        began: Callable[[], None],
        typed: Callable[[str], None],
        later: Callable[[float, Callable[[], None]], asyncio.TimerHandle],
    ) -> None:
        """`began` is told of the first key of a turn, `typed` its text, `pause_s` after its last key at the latest."""
        self._pause_s, self._began, self._typed, self._later = pause_s, began, typed, later
        self._digits = ""
        self._timer: asyncio.TimerHandle | None = None

    def press(self, digit: str) -> None:
        """Raises `UnknownKey`."""
        if digit not in KEYS:
            raise UnknownKey
        self._stop_timer()
        if not self._digits:
            self._began()
        self._digits += digit
        if digit == "#" or len(self._digits) >= MAX_DIGITS:
            self._flush()
        else:
            self._timer = self._later(self._pause_s, self._flush)

    def take(self) -> str:
        """The text of what was pressed and is no turn yet, which it then never will be; empty for nothing."""
        self._stop_timer()
        digits, self._digits = self._digits, ""
        if len(digits) > 1:
            digits = digits.removesuffix("#")
        return digits_text(digits) if digits else ""

    def _flush(self) -> None:
        self._timer = None
        if text := self.take():
            self._typed(text)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
