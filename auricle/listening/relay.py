"""Sound and words between a live call and the staff who listen in, whichever processes hold the two.

PostgreSQL carries them as notifications, sealed under the patient's key. Nothing is stored, and nothing is sent for a
call to which nobody listens: an onlooker announces itself every few seconds, and silence ends it.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from enum import Enum
from uuid import UUID

from auricle.db.direct import Direct
from auricle.db.sealed import Key, Unreadable
from auricle.errors import Unavailable
from auricle.log import event

log = logging.getLogger(__name__)

CHANNEL = "auricle_relay"
LARGEST_BYTES = 5_500  # with base64 and the header it stays below the 8,000 bytes that a notification carries
NOTIFY = f"select pg_notify('{CHANNEL}', $1)"


class To(Enum):
    """Which end of a relay a message is for."""

    CALL = "c"
    ONLOOKERS = "o"


class Kind(Enum):
    """What a message is, and what its body holds."""

    LISTEN = b"L"  # to the call: an onlooker's id; repeated, or the onlooker is gone
    TAKE_OVER = b"T"  # to the call: the onlooker's id
    RELEASE = b"R"
    TEXT = b"X"  # to the call: words for the patient, UTF-8
    VOICE = b"V"  # to the call: PCM16 of staff at the call's rate
    SOUND = b"S"  # to onlookers: µ-law at 8 kHz, patient and agent in turn, sample by sample
    STATE = b"K"  # to onlookers: JSON
    REFUSED = b"E"  # to onlookers: an id and the code of why it may not


Listener = Callable[[bytes], None]


class Relay:
    """This process's end of all relays. Messages to nobody here are dropped unread."""

    def __init__(self, direct: Direct) -> None:
        self._direct = direct
        self._listeners: dict[tuple[To, UUID], list[Listener]] = {}

    def join(self, to: To, session_id: UUID, listener: Listener) -> None:
        """From now on hand over, still sealed, what is for this end of this session. `listener` returns at once."""
        self._listeners.setdefault((to, session_id), []).append(listener)

    def leave(self, to: To, session_id: UUID, listener: Listener) -> None:
        there = self._listeners.get((to, session_id), [])
        if listener in there:
            there.remove(listener)
        if not there:
            self._listeners.pop((to, session_id), None)

    def heard(self, payload: str) -> None:
        """One notification. What is not ours or not well-formed is nobody's."""
        head, _, body = payload.partition(".")
        try:
            key = To(head[:1]), UUID(hex=head[1:])
            listeners = self._listeners.get(key)
            sealed = base64.b64decode(body, validate=True) if listeners else b""
        except (ValueError, binascii.Error):
            return
        for listener in list(listeners or ()):
            listener(sealed)

    async def send(self, to: To, session_id: UUID, key: Key, kind: Kind, body: bytes = b"") -> bool:
        """Send one message; False where the database does not carry it now. Sound that is lost is not sent again."""
        if len(body) > LARGEST_BYTES:
            raise ValueError("a relayed message is too long")
        sealed = key.seal_file(kind.value + body, "relay", session_id)
        try:
            await self._direct.fetch(NOTIFY, f"{to.value}{session_id.hex}.{base64.b64encode(sealed).decode()}")
        except Unavailable:
            return False
        return True


def opened(key: Key, session_id: UUID, sealed: bytes) -> tuple[Kind, bytes] | None:
    """A message's kind and body, or None where it was not made with this key."""
    try:
        plain = key.open_file(sealed, "relay", session_id)
        return Kind(plain[:1]), plain[1:]
    except (Unreadable, ValueError):
        event(log, "a relayed message could not be opened", logging.WARNING)
        return None
