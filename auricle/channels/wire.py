"""The contract of a wire: how one kind of client or carrier talks over its socket, without any I/O.

`protocols/` holds one core a wire; `socket.py` is the one shell that moves their frames. A core is made for one
connection and may keep what that connection told (a stream's id, a codec, a sequence number).
"""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from auricle.errors import AuricleError, Invalid
from auricle.voice.ports import Incoming

Frame = str | bytes  # one WebSocket message: text or binary


class BadMessage(Invalid):
    """This message is not one of the protocol's."""

    code = "protocol.bad_message"


class BadAudio(Invalid):
    """This audio is not in the form that was announced."""

    code = "protocol.bad_audio"


class Wire(Protocol):
    """Frames in, the engine's events out; what the engine says in, frames out. None: this wire can't carry it."""

    @property
    def rate_hz(self) -> int:
        """Rate of the engine's audio on this wire: 8000 or 16000."""
        ...

    @property
    def frame_s(self) -> float:
        """Length of one outgoing piece of audio, in seconds."""
        ...

    def read(self, frame: Frame) -> Incoming | None:
        """One incoming frame; None where it says nothing to the engine.

        Raises:
            BadMessage, BadAudio: neither ends the session.
        """
        ...

    def audio(self, pcm: bytes) -> Frame:
        """PCM16 mono at `rate_hz`: one piece, shorter at a sentence's end."""
        ...

    def mark(self, name: str) -> Frame: ...

    def clear(self) -> Frame: ...

    def transcript(self, text: str, *, is_final: bool) -> Frame | None: ...

    def reply(self, text: str, *, is_final: bool) -> Frame | None: ...

    def metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> Frame | None: ...

    def error(self, error: AuricleError) -> Frame | None: ...
