"""The last messages of a session, numbered, so that a client that comes back gets each it has not seen."""

from collections import deque

MAX_MESSAGES, MAX_CHARS = 400, 200_000


def numbered(frame: str, seq: int) -> str:
    """The JSON object with its number; spliced, for parsing it again would cost more than the message."""
    return f'{frame[:-1]},"seq":{seq}}}'


class Kept:
    """Bounded by number and length: the oldest go first."""

    def __init__(self) -> None:
        self.last_seq = 0
        self._frames: deque[str] = deque()
        self._chars = 0

    def add(self, frame: str) -> str:
        """The next message, with its number."""
        self.last_seq += 1
        frame = numbered(frame, self.last_seq)
        self._frames.append(frame)
        self._chars += len(frame)
        while len(self._frames) > MAX_MESSAGES or self._chars > MAX_CHARS:
            self._chars -= len(self._frames.popleft())
        return frame

    def has_after(self, seq: int) -> bool:
        """Whether everything after that number is still here, and the number was ever given."""
        return self.last_seq - len(self._frames) <= seq <= self.last_seq

    def after(self, seq: int) -> list[str]:
        return list(self._frames)[len(self._frames) - (self.last_seq - seq) :]
