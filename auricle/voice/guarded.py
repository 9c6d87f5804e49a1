"""The last look at an answer on its way out, piece by piece.

A piece may be less than a sentence, for the voice starts with a clause: "You can take ibuprofen," claims nothing, and
neither does "400 mg, three times a day." So each piece is judged with what of its sentence came before.
"""

from collections.abc import Callable

from auricle.voice.sentences import CLOSERS, ENDS, MAX_CHARS

QUESTIONS = ("?", "؟")
MAX_BEFORE_CHARS = 2 * MAX_CHARS  # of a sentence that does not end


class Guarded:
    """One answer. Pieces come in their order, as `SentenceCutter` gives them."""

    def __init__(self, guard: Callable[[str, str, str], str]) -> None:
        """`guard`: a piece, its language, what of its sentence came before → what may be said in its place."""
        self._guard = guard
        self._before = ""
        self._replaced = False  # something else was said for this sentence already

    def piece(self, text: str, language: str) -> str:
        """What may be said in the place of this piece; empty where its sentence was replaced before.

        A question is asked all the same: it claims nothing, and may be the code's own.
        """
        ending = text.rstrip(CLOSERS + " ")
        dropped = self._replaced and not ending.endswith(QUESTIONS)
        said = "" if dropped else self._guard(text, language, self._before)
        if ending.endswith(tuple(ENDS)):
            self._before, self._replaced = "", False
        else:
            self._before, self._replaced = f"{self._before} {text}".strip()[-MAX_BEFORE_CHARS:], said != text
        return said
