"""Builds each turn with the conversation as it was heard, and decides what needs no model."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import replace
from uuid import UUID, uuid4

from auricle.errors import TooLarge
from auricle.providers.ports import ChatMessage
from auricle.safety.respond import EmergencyScript
from auricle.voice.asked import Asked
from auricle.voice.backchannel import words_of
from auricle.voice.heard import Heard
from auricle.voice.language import Follower
from auricle.voice.ports import Services, Turn, TurnRecord
from auricle.voice.trivial import canned_reply, trivial_kind

MAX_MESSAGES = 40  # the answer's own window is smaller; this is only the bound of a long call
MAX_TEXT_CHARS = 4_000
QUESTION_MARKS = ("?", "؟")


class TextTooLong(TooLarge):
    """This text is longer than a message may be."""

    code = "message.too_long"


def checked_length(text: str) -> str:
    """The text itself. Raises `TextTooLong`."""
    if len(text) > MAX_TEXT_CHARS:
        raise TextTooLong(max_chars=MAX_TEXT_CHARS)
    return text


def same_words(a: str, b: str) -> bool:
    """Equal but for case and punctuation, which recognizers add late."""
    return words_of(a) == words_of(b)


class Turns:
    def __init__(
        self, services: Services, language: str, history: Sequence[ChatMessage], languages: Collection[str] = ()
    ) -> None:
        self._services = services
        self._follower = Follower(language, languages)
        self._history = deque(history, maxlen=MAX_MESSAGES)
        self.next_id: UUID = uuid4()  # known before the turn ends, so that an early alert can name it
        self._guessed: Turn | None = None

    @property
    def language(self) -> str:
        """The one the conversation is in now."""
        return self._follower.language

    @property
    def guessed(self) -> str:
        return self._guessed.text if self._guessed else ""

    def greeting(self, text: str, now: float) -> Asked:
        return Asked(self._turn(""), "greeting", now, fixed_text=text)

    def farewell(self, reason: str, now: float) -> Asked:
        """The prepared apology: the conversation is ended from outside."""
        return Asked(self._turn(""), "greeting", now, failed=reason)

    def typed(self, text: str, now: float) -> Asked:
        self._follower.follow(text)
        script = self._services.emergency(text, self.language)
        return Asked(self._turn(text, kind="text"), "text", now, fixed_text=self._canned(text), script=script)

    def spoken(self, heard: Heard, now: float) -> Asked:
        """A spoken turn. Where the recognizer failed, its words are the last interim, or none."""
        text, before = heard.text, self.language
        language = self._follower.follow(text, recognized=heard.language, confidence=heard.confidence)
        script = heard.script if language == before else None
        script = script or (self._services.emergency(text, language) if text else None) or heard.script
        asked = Asked(self._turn(text), "voice", heard.ended_at, started_s=heard.started_s, ended_s=heard.ended_s,
                      script=script, heard_by=heard.served)  # fmt: skip
        if not text:
            return replace(asked, failed=heard.failed)
        errors = (heard.failed,) if heard.failed else ()
        return replace(asked, stt_final_at=now, fixed_text=self._canned(text), errors=errors)

    def guess(self, text: str, now: float) -> Asked | None:
        """A turn that may not be one. None where no model would be asked anyway."""
        if self._canned(text) is not None or self._services.emergency(text, self.language) is not None:
            return None
        self._guessed = self._turn(text, confirmed=False, language=self._follower.would_follow(text))
        return Asked(self._guessed, "voice", now)

    def is_as_guessed(self, asked: Asked) -> bool:
        needs_model = asked.script is None and asked.fixed_text is None and asked.failed is None
        if not needs_model or self._guessed is None or self._guessed.language != asked.turn.language:
            return False
        return same_words(asked.turn.text, self._guessed.text)

    def confirmed(self, asked: Asked) -> Asked:
        """The guessed turn, with the facts of the one that came true and the words as finally written."""
        assert self._guessed is not None
        turn = replace(asked.turn, turn_id=self._guessed.turn_id, confirmed=self._guessed.confirmed)
        return replace(asked, turn=turn)

    def staff(self, text: str, now: float) -> Asked:
        """Words of staff, to be spoken as they are."""
        return Asked(self._turn(""), "staff", now, fixed_text=text)

    def unfinished(self, text: str, script: EmergencyScript | None, now: float) -> Asked:
        """Words of a turn that will not end."""
        return Asked(self._turn(text), "voice", now, script=script)

    def remember(self, record: TurnRecord) -> None:
        """The next answer knows what was said and what was heard, nothing else."""
        if record.user_text:
            self._history.append(ChatMessage("user", record.user_text))
        if record.heard_text:
            self._history.append(ChatMessage("assistant", record.heard_text))

    def _turn(self, text: str, *, kind: str = "voice", confirmed: bool = True, language: str | None = None) -> Turn:
        event = asyncio.Event()
        turn_id = self.next_id
        if confirmed:
            event.set()
            self.next_id = uuid4()
        language = language or self.language
        return Turn(turn_id, text, language, "text" if kind == "text" else "voice", tuple(self._history),
                    trivial_kind(text, language) is not None, event)  # fmt: skip

    def _canned(self, text: str) -> str | None:
        last = self._history[-1] if self._history else None
        after_question = (
            last is not None and last.role == "assistant" and last.content.rstrip().endswith(QUESTION_MARKS)
        )
        return canned_reply(text, self.language, after_question=after_question)
