"""An answer that is begun before the turn has ended, on what was said so far. Nobody hears it unless that was all."""

from collections.abc import Callable

from auricle.voice.asked import Asked
from auricle.voice.reply import Reply
from auricle.voice.turns import Turns, same_words


class Speculation:
    def __init__(self, turns: Turns, start: Callable[[Asked], Reply], clock: Callable[[], float]) -> None:
        self._turns, self._start, self._clock = turns, start, clock
        self._guess: Reply | None = None

    def begin(self, text: str) -> None:
        """Start on this, unless that is under way."""
        if self._guess is not None and same_words(text, self._turns.guessed):
            return
        self.drop()
        asked = self._turns.guess(text, self._clock())
        if asked is not None:
            self._guess = self._start(asked)

    def drop(self) -> None:
        if self._guess is not None:
            self._guess.discard()
            self._guess = None

    def come_true(self, asked: Asked) -> tuple[Reply, Asked] | None:
        """The answer under way and its turn, where this is what was guessed; else it never was."""
        guess, self._guess = self._guess, None
        if guess is None:
            return None
        if not self._turns.is_as_guessed(asked):
            guess.discard()
            return None
        return guess, self._turns.confirmed(asked)
