"""What the carriers' media sockets have in common: JSON text frames, audio in base64, marks, keys of the phone.

Each carrier's own file says how it names things, which audio it carries, and how it tells that a stream has begun.
"""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import orjson

from auricle.channels.wire import BadAudio, BadMessage, Frame
from auricle.errors import AuricleError
from auricle.voice.codec import mulaw_from_pcm16, pcm16_from_mulaw
from auricle.voice.playback import FRAME_S
from auricle.voice.ports import AudioIn, Digit, End, Incoming, Played

MAX_FRAME_CHARS = 100_000  # two seconds of PCM16 at 16 kHz in base64 are 85,000
MAX_NAME_CHARS = 200
KEYS = frozenset("0123456789*#ABCD")
REPEATED_WITHIN = 50  # a number so little behind the last one is a frame sent again, or come late

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Started:
    """What a carrier said of a stream at its beginning. `ticket` is empty where it brought none."""

    stream_id: str
    call_id: str
    account_id: str
    rate_hz: int
    ticket: str


class CarrierWire:
    """One carrier's stream after its start message. Subclasses name things; audio is µ-law unless they say so."""

    STREAM: ClassVar[str]  # the field of the stream's id
    PLAYED: ClassVar[frozenset[str]] = frozenset({"mark"})  # the events that answer a mark
    frame_s: float = FRAME_S

    def __init__(self, started: Started) -> None:
        self.started = started
        self.rate_hz = started.rate_hz
        self._stream_id = started.stream_id
        self._chunk = -1
        self.stopped = False  # the carrier has said that the stream is over; else its socket just broke
        # A frame of audio is these with the payload between them: nothing is rendered 25 times a second.
        empty = orjson.dumps(self._media_message("|")).decode()
        self._before, _, self._after = empty.partition("|")

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, frame: Frame) -> Incoming | None:
        message = message_of(frame)
        event = message.get("event")
        if not isinstance(event, str):
            raise BadMessage("A message names its event.")
        if message.get(self.STREAM, self._stream_id) != self._stream_id:
            raise BadMessage("This message is of another stream.")
        if event == "media":
            return self._heard(part(message, "media"))
        if event in self.PLAYED:
            return Played(name_of(self._mark_name(message)))
        if event == "dtmf":
            return pressed(part(message, "dtmf").get("digit"))
        if event == "stop":
            self.stopped = True
            return End()
        if event in ("start", "connected"):
            raise BadMessage("The stream has begun already.")
        return None  # `clearedAudio`, and whatever a carrier adds one day

    def _heard(self, media: Message) -> AudioIn | None:
        if media.get("track", "inbound") != "inbound":
            return None  # our own voice, where a stream carries both
        chunk = number_of(media.get("chunk"))
        if chunk is not None:
            if self._chunk - REPEATED_WITHIN < chunk <= self._chunk:
                return None
            self._chunk = chunk
        return AudioIn(self.decoded(payload_of(media.get("payload"))))

    def _mark_name(self, message: Message) -> object:
        return part(message, "mark").get("name")

    def decoded(self, data: bytes) -> bytes:
        """PCM16 of the carrier's audio. Raises `BadAudio`."""
        return pcm16_from_mulaw(data)

    # ── what goes out ─────────────────────────────────────────────────────────────────────────────────────────────
    def audio(self, pcm: bytes) -> str:
        return f"{self._before}{binascii.b2a_base64(self.encoded(pcm), newline=False).decode()}{self._after}"

    def encoded(self, pcm: bytes) -> bytes:
        return mulaw_from_pcm16(pcm)

    def mark(self, name: str) -> str:
        return self._message("mark", mark={"name": name})

    def clear(self) -> str:
        return self._message("clear")

    def _media_message(self, payload: str) -> Message:
        return {"event": "media", self.STREAM: self._stream_id, "media": {"payload": payload}}

    def _message(self, event: str, **fields: object) -> str:
        return orjson.dumps({"event": event, self.STREAM: self._stream_id, **fields}).decode()

    # ── what a phone does not show ────────────────────────────────────────────────────────────────────────────────
    def transcript(self, text: str, *, is_final: bool) -> None:
        return None

    def reply(self, text: str, *, is_final: bool) -> None:
        return None

    def metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None:
        return None

    def error(self, error: AuricleError) -> None:
        return None


def message_of(frame: Frame) -> dict[str, Any]:
    if isinstance(frame, bytes):
        raise BadMessage("A carrier sends text frames only.")
    if len(frame) > MAX_FRAME_CHARS:
        raise BadMessage("This message is too long.", max_chars=MAX_FRAME_CHARS)
    try:
        message = orjson.loads(frame)
    except orjson.JSONDecodeError as error:
        raise BadMessage("This is not JSON.") from error
    if not isinstance(message, dict):
        raise BadMessage("A message is a JSON object.")
    return message


def start_of(frame: Frame) -> Message | None:
    """The start message of a stream; None for the `connected` that some carriers send before it."""
    message = message_of(frame)
    event = message.get("event")
    if event == "connected":
        return None
    if event != "start":
        raise BadMessage("A stream begins with `start`.")
    return message


def part(message: Message, name: str) -> Message:
    value = message.get(name)
    if not isinstance(value, dict):
        raise BadMessage(f"`{name}` is missing.")
    return value


def name_of(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARS:
        raise BadMessage("A name is missing, or too long.")
    return value


def optional_text(value: object) -> str:
    """A value that may be missing, as text; nothing where it is anything else."""
    return value if isinstance(value, str) and len(value) <= MAX_NAME_CHARS else ""


def number_of(value: object) -> int | None:
    """A number, which some carriers send as text. None where there is none."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and len(value) <= 15 and value.isascii() and value.isdigit():
        return int(value)
    raise BadMessage("A number is not one.")


def rate_of(media_format: Message, field: str, allowed: tuple[int, ...]) -> int:
    """The announced rate. Raises `BadAudio` where we do not carry it."""
    rate_hz = number_of(media_format.get(field))
    if rate_hz not in allowed:
        raise BadAudio(f"Audio of this rate is not carried here; set it to {allowed[0]} Hz.", sample_rate=rate_hz)
    return rate_hz


def pressed(key: object) -> Digit:
    if not isinstance(key, str) or key not in KEYS:
        raise BadMessage("This is no key of a phone.")
    return Digit(key)


def payload_of(payload: object) -> bytes:
    if not isinstance(payload, str) or not payload:
        raise BadAudio("Audio comes as base64 in `payload`.")
    try:
        return binascii.a2b_base64(payload, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise BadAudio("Audio is not base64.") from error
