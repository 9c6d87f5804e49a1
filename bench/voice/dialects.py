"""What a caller says and hears on its wire: the browser's messages, or Twilio's Media Streams."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
import orjson

from auricle.voice.codec import mulaw_from_pcm16, pcm16_from_mulaw
from bench.voice.delays import FRAME_S
from bench.voice.wire import BINARY, TEXT, frame

LOUD = 500
FIRST_CHUNK = 100_000  # of a length that stays, so that a frame made once is the frame of any chunk


@dataclass(frozen=True, slots=True)
class Sound:
    seconds: float
    pcm: Callable[[], bytes]

    def is_loud(self) -> bool:
        return bool(np.abs(np.frombuffer(self.pcm(), "<i2").astype(np.int32)).max(initial=0) > LOUD)


@dataclass(frozen=True, slots=True)
class MarkAsked:
    name: str


@dataclass(frozen=True, slots=True)
class Cleared:
    """Drop queued audio now."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The server holds the call."""


@dataclass(frozen=True, slots=True)
class Failed:
    code: str


Heard = Sound | MarkAsked | Cleared | Ready | Failed


class Dialect(Protocol):
    @property
    def rate_hz(self) -> int: ...

    @property
    def says_ready(self) -> bool:
        """Whether the server answers the opening frames by `Ready`."""
        ...

    def sound(self, pcm: bytes) -> bytes:
        """A whole client frame with 20 ms of sound."""
        ...

    def numbered(self, sound: bytes, number: int) -> bytes:
        """The same sound as the call's next piece."""
        ...

    def played(self, mark: str) -> bytes: ...

    def end(self) -> bytes: ...

    def hear(self, kind: int, payload: bytes) -> Heard | None: ...


@dataclass(frozen=True, slots=True)
class Browser:
    """JSON with base64, or binary frames; PCM16 or µ-law."""

    rate_hz: int = 16_000
    encoding: str = "pcm16"
    binary: bool = False
    says_ready: bool = True

    @property
    def format(self) -> dict[str, object]:
        """As init-session announces it."""
        return {"encoding": self.encoding, "sample_rate": self.rate_hz, "binary": self.binary}

    def sound(self, pcm: bytes) -> bytes:
        data = mulaw_from_pcm16(pcm) if self.encoding == "mulaw" else pcm
        if self.binary:
            return frame(data, BINARY)
        return frame(orjson.dumps({"type": "audio", "data": base64.b64encode(data).decode()}))

    def numbered(self, sound: bytes, number: int) -> bytes:
        return sound

    def played(self, mark: str) -> bytes:
        return frame(orjson.dumps({"type": "played", "mark": mark}))

    def end(self) -> bytes:
        return frame(b'{"type":"end"}')

    def hear(self, kind: int, payload: bytes) -> Heard | None:
        if kind == BINARY:
            return self._sound(lambda: payload, len(payload))
        message = orjson.loads(payload)
        match message["type"]:
            case "audio_chunk":
                data = message["data"]
                return self._sound(lambda: base64.b64decode(data), decoded_length(data))
            case "mark":
                return MarkAsked(message["mark"])
            case "interrupted":
                return Cleared()
            case "session":
                return Ready()
            case "error":
                return Failed(message.get("error_code", ""))
        return None

    def _sound(self, data: Callable[[], bytes], length: int) -> Sound:
        if self.encoding == "mulaw":
            return Sound(length / self.rate_hz, lambda: pcm16_from_mulaw(data()))
        return Sound(length / 2 / self.rate_hz, data)


@dataclass(frozen=True, slots=True)
class Twilio:
    """Media Streams: µ-law at 8 kHz in JSON."""

    stream: str = "MZ" + "0" * 32
    call: str = "CA" + "0" * 32
    rate_hz: int = 8_000
    says_ready: bool = False
    account: ClassVar[str] = "AC" + "0" * 32

    def start(self, parameters: Mapping[str, str]) -> list[bytes]:
        """What Twilio sends first."""
        start = {
            "accountSid": self.account,
            "streamSid": self.stream,
            "callSid": self.call,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(parameters),
        }
        return [
            self._frame(event="connected", protocol="Call", version="1.0.0"),
            self._frame(event="start", sequenceNumber="1", start=start, streamSid=self.stream),
        ]

    def sound(self, pcm: bytes) -> bytes:
        payload = base64.b64encode(mulaw_from_pcm16(pcm)).decode()
        media = {"track": "inbound", "chunk": str(FIRST_CHUNK), "timestamp": "5", "payload": payload}
        return self._frame(event="media", sequenceNumber="4", media=media, streamSid=self.stream)

    def numbered(self, sound: bytes, number: int) -> bytes:
        return sound.replace(b"%d" % FIRST_CHUNK, b"%d" % (FIRST_CHUNK + number), 1)

    def played(self, mark: str) -> bytes:
        return self._frame(event="mark", sequenceNumber="4", streamSid=self.stream, mark={"name": mark})

    def end(self) -> bytes:
        stop = {"accountSid": self.account, "callSid": self.call}
        return self._frame(event="stop", sequenceNumber="5", streamSid=self.stream, stop=stop)

    def hear(self, kind: int, payload: bytes) -> Heard | None:
        message = orjson.loads(payload)
        match message["event"]:
            case "media":
                data = message["media"]["payload"]
                return Sound(decoded_length(data) / self.rate_hz, lambda: pcm16_from_mulaw(base64.b64decode(data)))
            case "mark":
                return MarkAsked(message["mark"]["name"])
            case "clear":
                return Cleared()
        return None

    def _frame(self, **message: object) -> bytes:
        return frame(orjson.dumps(message), TEXT)


def decoded_length(data: str) -> int:
    """Bytes that base64 text holds."""
    return len(data) * 3 // 4 - data.count("=", len(data) - 2)


def frames(dialect: Dialect, pcm: bytes) -> list[bytes]:
    """Speech as the client frames of a call."""
    step = int(dialect.rate_hz * FRAME_S) * 2
    return [dialect.sound(pcm[at : at + step]) for at in range(0, len(pcm), step)]


WIRES: Mapping[str, Callable[[], Dialect]] = {
    "browser": Browser,
    "browser-binary": lambda: Browser(binary=True),
    "browser-mulaw": lambda: Browser(8_000, "mulaw"),
    "twilio": Twilio,
}
