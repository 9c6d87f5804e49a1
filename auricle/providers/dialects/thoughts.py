"""Thinking told apart from words, where a server leaves the model's own marks in its text: `<think> … </think>`.

vLLM does so without its reasoning parser, and older Ollama and LM Studio. Nobody wants to hear it spoken.
"""

from typing import Literal

from auricle.providers.ports import ReasoningDelta, TextDelta

_BEGIN, _END = "<think>", "</think>"

Said = list[TextDelta | ReasoningDelta]


class Thoughts:
    """Takes an answer's text piece by piece. Only what begins the answer is thinking; marks later on are words."""

    def __init__(self) -> None:
        self.is_over = False  # all that follows is words
        self._stage: Literal["begin", "thinking", "after"] = "begin"
        self._held = ""  # what may yet be a mark, or a part of one

    def add(self, text: str) -> Said:
        self._held += text
        said: Said = []
        if self._stage == "begin":
            begun = self._held.lstrip()
            if len(begun) < len(_BEGIN) and _BEGIN.startswith(begun):
                return said
            if not begun.startswith(_BEGIN):
                return self._words()
            self._stage, self._held = "thinking", begun[len(_BEGIN) :]
        if self._stage == "thinking":
            thought, mark, rest = self._held.partition(_END)
            if not mark:
                return self._thought(len(self._held) - _partial_mark(self._held))
            said += self._thought(len(thought))
            self._stage, self._held = "after", rest
        self._held = self._held.lstrip()
        return said + (self._words() if self._held else [])

    def end(self) -> Said:
        """What is still held when the answer ends."""
        if not self._held:
            return []
        return self._thought(len(self._held)) if self._stage == "thinking" else self._words()

    def _words(self) -> Said:
        self.is_over, text, self._held = True, self._held, ""
        return [TextDelta(text)]

    def _thought(self, length: int) -> Said:
        thought, self._held = self._held[:length], self._held[length:]
        return [ReasoningDelta(thought)] if thought else []


def _partial_mark(text: str) -> int:
    """How many characters at the end may be the beginning of the closing mark."""
    return next((n for n in range(len(_END) - 1, 0, -1) if text.endswith(_END[:n])), 0)
