"""The last look at an answer on its way out, piece by piece.

A piece may be less than a sentence, for the voice starts with a clause: "You can take ibuprofen," claims nothing, and
neither does "400 mg, three times a day." So each piece is judged by itself, and with what of its sentence came before.
"""

from collections.abc import Callable

from auricle.voice.sentences import CLOSERS, ENDS, MAX_CHARS

QUESTIONS = ("?", "؟")
MAX_BEFORE_CHARS = 2 * MAX_CHARS  # of a sentence that does not end


class Guarded:
    """One answer. Pieces come in their order, as `SentenceCutter` gives them."""

    def __init__(self, guard: Callable[[str, str], str]) -> None:
        """`guard`: words and their language → what may be said; the words themselves where they are harmless."""
        self._guard = guard
        self._before = ""
        self._replaced = False  # something else was said for this sentence already

    def piece(self, text: str, language: str) -> str:
        """What may be said in the place of this piece; empty where its sentence was replaced before.

        A question is asked all the same: it claims nothing, and may be the code's own.
        """
        ending = text.rstrip(CLOSERS + " ")
        said = "" if self._replaced and not ending.endswith(QUESTIONS) else self._judged(text, language)
        if ending.endswith(tuple(ENDS)):
            self._before, self._replaced = "", False
        else:
            self._before, self._replaced = f"{self._before} {text}"[-MAX_BEFORE_CHARS:], said != text
        return said

    def _judged(self, text: str, language: str) -> str:
        alone = self._guard(text, language)
        if alone != text or not self._before:
            return alone
        whole = f"{self._before} {text}"
        together = self._guard(whole, language)
        return text if together == whole else together
