"""Builds each turn with the conversation as it was heard, and decides what needs no model."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from auricle.providers.ports import ChatMessage
from auricle.safety.respond import EmergencyScript
from auricle.voice.asked import Asked
from auricle.voice.backchannel import words_of
from auricle.voice.listen import Heard
from auricle.voice.ports import Services, Turn, TurnRecord
from auricle.voice.trivial import canned_reply, trivial_kind

MAX_MESSAGES = 40  # the answer's own window is smaller; this is only the bound of a long call
QUESTION_MARKS = ("?", "؟")


def same_words(a: str, b: str) -> bool:
    """Equal but for case and punctuation, which recognizers add late."""
    return words_of(a) == words_of(b)


class Turns:
    def __init__(self, services: Services, language: str, history: Sequence[ChatMessage]) -> None:
        self._services = services
        self._language = language
        self._history = deque(history, maxlen=MAX_MESSAGES)
        self.next_id: UUID = uuid4()  # known before the turn ends, so that an early alert can name it
        self._guessed: Turn | None = None

    @property
    def guessed(self) -> str:
        return self._guessed.text if self._guessed else ""

    def greeting(self, text: str, now: float) -> Asked:
        return Asked(self._turn(""), "greeting", now, fixed_text=text)

    def typed(self, text: str, now: float) -> Asked:
        script = self._services.emergency(text, self._language)
        return Asked(self._turn(text, kind="text"), "text", now, fixed_text=self._canned(text), script=script)

    def spoken(self, heard: Heard, now: float) -> Asked:
        """A spoken turn. Where the recognizer failed, its words are the last interim, or none."""
        text = heard.text
        script = heard.script or (self._services.emergency(text, self._language) if text else None)
        asked = Asked(self._turn(text), "voice", heard.ended_at, started_s=heard.started_s, ended_s=heard.ended_s,
                      script=script)  # fmt: skip
        if not text:
            return replace(asked, failed=heard.failed)
        errors = (heard.failed,) if heard.failed else ()
        return replace(asked, stt_final_at=now, fixed_text=self._canned(text), errors=errors)

    def guess(self, text: str, now: float) -> Asked | None:
        """A turn that may not be one. None where no model would be asked anyway."""
        if self._canned(text) is not None or self._services.emergency(text, self._language) is not None:
            return None
        self._guessed = self._turn(text, confirmed=False)
        return Asked(self._guessed, "voice", now)

    def is_as_guessed(self, asked: Asked) -> bool:
        needs_model = asked.script is None and asked.fixed_text is None and asked.failed is None
        return needs_model and self._guessed is not None and same_words(asked.turn.text, self._guessed.text)

    def confirmed(self, asked: Asked) -> Asked:
        """The guessed turn, with the facts of the one that came true and the words as finally written."""
        assert self._guessed is not None
        turn = replace(asked.turn, turn_id=self._guessed.turn_id, confirmed=self._guessed.confirmed)
        return replace(asked, turn=turn)

    def unanswered(self, text: str, script: EmergencyScript | None) -> TurnRecord:
        turn = self._turn(text)
        return TurnRecord(
            turn_id=turn.turn_id, kind="voice", language=self._language, at=datetime.now(UTC), user_text=text,
            started_s=None, ended_s=None, answer_text="", heard_text="", reply_started_s=None, reply_ended_s=None,
            interrupted=False, citations=(), waterfall_ms={}, red_flag=script, errors=(),
        )  # fmt: skip

    def remember(self, record: TurnRecord) -> None:
        """The next answer knows what was said and what was heard, nothing else."""
        if record.user_text:
            self._history.append(ChatMessage("user", record.user_text))
        if record.heard_text:
            self._history.append(ChatMessage("assistant", record.heard_text))

    def _turn(self, text: str, *, kind: str = "voice", confirmed: bool = True) -> Turn:
        event = asyncio.Event()
        turn_id = self.next_id
        if confirmed:
            event.set()
            self.next_id = uuid4()
        return Turn(turn_id, text, self._language, "text" if kind == "text" else "voice", tuple(self._history),
                    trivial_kind(text, self._language) is not None, event)  # fmt: skip

    def _canned(self, text: str) -> str | None:
        last = self._history[-1] if self._history else None
        after_question = (
            last is not None and last.role == "assistant" and last.content.rstrip().endswith(QUESTION_MARKS)
        )
        return canned_reply(text, self._language, after_question=after_question)
