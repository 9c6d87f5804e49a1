"""The lines of this process that a lost client may come back to, and how many may stand at the door."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from auricle.channels.line import Line
from auricle.voice.admission import Busy

MAX_AT_DOOR = 500


class Lines:
    def __init__(self) -> None:
        self._by_session: dict[UUID, Line] = {}
        self._at_door = 0

    @contextmanager
    def keeping(self, line: Line) -> Iterator[None]:
        self._by_session[line.talk.session_id] = line
        try:
            yield
        finally:
            del self._by_session[line.talk.session_id]

    def find(self, consultation_id: UUID, token_hash: bytes) -> Line | None:
        """The line of this consultation that takes this token."""
        for line in self._by_session.values():
            if line.talk.consultation_id == consultation_id and line.tokens.accept(token_hash):
                return line
        return None

    def holds(self, session_id: UUID) -> bool:
        return session_id in self._by_session

    @contextmanager
    def at_door(self) -> Iterator[None]:
        """For the time until a client has said who it is. Raises `Busy`."""
        if self._at_door >= MAX_AT_DOOR:
            raise Busy(reason="door", retry_after_s=5)
        self._at_door += 1
        try:
            yield
        finally:
            self._at_door -= 1
