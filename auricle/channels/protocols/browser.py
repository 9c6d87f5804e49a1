"""The wire of browsers and apps. MISSION 1.3.

client → init-session · audio · text · played · interrupt · end, and binary frames of PCM16
server → session · transcript · ai_response · audio_chunk · visemes · mark · interrupted · metrics · error ·
         session_ended

Every message of the server but audio and visemes carries `seq`, a rising number; docs/guides/websocket.md has them all.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auricle.channels.wire import BadAudio, BadMessage, Frame
from auricle.errors import AuricleError
from auricle.voice.codec import mulaw_from_pcm16, pcm16_from_mulaw
from auricle.voice.playback import FRAME_S
from auricle.voice.ports import AudioIn, End, Ending, Incoming, Interrupt, Played, TextIn
from auricle.voice.visemes import Viseme

MAX_MESSAGE_BYTES = 128_000
MAX_TEXT = 4_000
SUBPROTOCOL = "auricle.v1"


class AudioFormat(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Literal["pcm16", "mulaw"] = "pcm16"
    sample_rate: Literal[8000, 16000] = 16000
    binary: bool = Field(False, description="Send audio to the client as binary frames, too.")
    sound: bool = Field(True, description="False: the client plays no sound. No speech is made, answers are read.")
    visemes: bool = Field(False, description="Tell how a mouth moves that says it, where the voice has its times.")


class InitSession(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["init-session"]
    consultation_id: UUID
    language: str | None = Field(None, pattern=r"^[a-z]{2}$")
    audio: AudioFormat = AudioFormat()
    ticket: str | None = Field(None, max_length=200)
    resume: str | None = Field(None, max_length=200, description="Of the last `session` message: come back to it.")
    last_seq: int = Field(0, ge=0, le=2**53, description="With `resume`: the highest `seq` that was seen.")


@dataclass(frozen=True, slots=True)
class BrowserWire:
    """The wire of one connection with its announced audio format."""

    format: AudioFormat = AudioFormat()
    frame_s: float = FRAME_S

    @property
    def rate_hz(self) -> int:
        return self.format.sample_rate

    def read(self, frame: Frame) -> Incoming:
        """One incoming frame. Raises `BadMessage` or `BadAudio`; neither ends the session."""
        if isinstance(frame, bytes):
            return AudioIn(self._pcm(frame))
        message = parsed(frame)
        match message.get("type"):
            case "audio":
                return AudioIn(self._pcm(decoded(message.get("data"))))
            case "text":
                return TextIn(words(message.get("text")))
            case "played":
                return Played(words(message.get("mark"), limit=200))
            case "interrupt":
                return Interrupt()
            case "end":
                return End()
        raise BadMessage("This message type is not known.")

    def audio(self, pcm: bytes) -> Frame:
        data = mulaw_from_pcm16(pcm) if self.format.encoding == "mulaw" else pcm
        if self.format.binary:
            return data
        return (
            f'{{"type":"audio_chunk","data":"{base64.b64encode(data).decode()}",'
            f'"sample_rate":{self.format.sample_rate},"encoding":"{self.format.encoding}"}}'
        )

    def visemes(self, visemes: Sequence[Viseme]) -> Frame:
        """The shapes of a mouth, in milliseconds from the beginning of the next piece of audio."""
        return message("visemes", visemes=[tuple(one) for one in visemes])

    def mark(self, name: str) -> Frame:
        return message("mark", mark=name)

    def clear(self) -> Frame:
        return message("interrupted")

    def transcript(self, text: str, *, is_final: bool) -> Frame:
        return message("transcript", text=text, is_final=is_final)

    def reply(self, text: str, *, is_final: bool) -> Frame:
        return message("ai_response", text=text, is_final=is_final)

    def metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> Frame:
        return message("metrics", turn_id=turn_id, waterfall_ms={k: round(v, 1) for k, v in waterfall_ms.items()})

    def error(self, error: AuricleError) -> Frame:
        return error_message(error)

    def _pcm(self, data: bytes) -> bytes:
        if self.format.encoding == "mulaw":
            return pcm16_from_mulaw(data)
        if len(data) % 2:
            raise BadAudio("PCM16 audio has an even number of bytes.")
        return data


def read_init(frame: str | bytes) -> InitSession:
    """The first message of a connection."""
    if isinstance(frame, bytes):
        raise BadMessage("The first message is init-session.")
    try:
        return InitSession.model_validate(parsed(frame))
    except ValidationError as error:
        fields = {".".join(str(p) for p in e["loc"]): e["type"] for e in error.errors()[:10]}
        raise BadMessage("The first message is init-session.", **fields) from error


def message(kind: str, **fields: Any) -> str:
    return orjson.dumps({"type": kind, **fields}, default=str).decode()


def session_message(
    session_id: UUID,
    consultation_id: UUID,
    language: str,
    audio: AudioFormat,
    *,
    resume: str | None,
    seq: int = 0,
    resumed: Literal["messages", "record"] | None = None,
    texts_received: int = 0,
) -> str:
    """The answer to init-session.

    Args:
        seq: the number after which messages follow.
        resumed: what follows first: the `messages` not seen yet, or the stored `record` of the session left behind.
        texts_received: how many `text` messages of this session have come; a client sends again what is missing.
    """
    return message(
        "session",
        session_id=session_id,
        consultation_id=consultation_id,
        language=language,
        audio=audio.model_dump(),
        resume=resume,
        resumed=resumed is not None,
        replay=resumed,
        texts_received=texts_received,
        seq=seq,
    )


def stored_message(sender: str, text: str, message_id: UUID) -> str:
    """One message of the record, as it would have been told."""
    kind = "transcript" if sender == "patient" else "ai_response"
    return message(kind, text=text, is_final=True, message_id=message_id, stored=True)


def ended_message(ending: Ending) -> str:
    """The last message. What a model gave as its reason is for staff; a code is for the client."""
    return message("session_ended", reason=ending.kind, code=ending.reason if ending.kind == "failed" else None)


def error_message(error: AuricleError) -> str:
    return message(
        "error",
        error_code=error.code,
        message=error.message,
        error=type(error).__name__,
        context={k: str(v) for k, v in error.context.items()},
    )


def parsed(frame: str) -> dict[str, Any]:
    try:
        value = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise BadMessage("This is not JSON.") from error
    if not isinstance(value, dict):
        raise BadMessage("A message is a JSON object.")
    return value


def decoded(data: object) -> bytes:
    if not isinstance(data, str):
        raise BadAudio("Audio comes as base64 in `data`.")
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAudio("Audio is not base64.") from error


def words(value: object, *, limit: int = MAX_TEXT) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > limit:
        raise BadMessage(f"A text of 1 to {limit} characters is needed.")
    return value
