"""Exotel's Voicebot applet: snake_case, numbers as text, PCM16 at 8 or 16 kHz.

carrier → connected · start · media · dtmf · mark · stop          we → media · mark · clear
Exotel plays without gaps only what comes in multiples of 320 bytes and at least 100 ms long, so the end of a sentence
is filled up with silence.
"""

from typing import ClassVar

from auricle.channels.protocols.carrier import (
    CarrierWire,
    Started,
    name_of,
    optional_text,
    part,
    rate_of,
    start_of,
)
from auricle.channels.wire import BadAudio, Frame

UNIT_BYTES = 320
SHORTEST_S = 0.1
RATES_HZ = (8000, 16000)  # 24 kHz is offered too, but the engine hears at one of these


class ExotelWire(CarrierWire):
    STREAM: ClassVar[str] = "stream_sid"
    frame_s = SHORTEST_S

    def __init__(self, started: Started) -> None:
        super().__init__(started)
        self._shortest = int(SHORTEST_S * started.rate_hz) * 2

    def decoded(self, data: bytes) -> bytes:
        if len(data) % 2:
            raise BadAudio("PCM16 audio has an even number of bytes.")
        return data

    def encoded(self, pcm: bytes) -> bytes:
        length = max(self._shortest, -(-len(pcm) // UNIT_BYTES) * UNIT_BYTES)
        return pcm.ljust(length, b"\0")


def read_start(frame: Frame) -> Started | None:
    """The beginning of a stream; None for `connected`. Raises `BadMessage` and `BadAudio`."""
    message = start_of(frame)
    if message is None:
        return None
    start = part(message, "start")
    media_format, parameters = part(start, "media_format"), start.get("custom_parameters")
    if "law" in optional_text(media_format.get("encoding")).lower():  # taken for PCM16 it would be noise
        raise BadAudio("Set the applet's MediaFormat to audio/L16.")
    return Started(
        stream_id=name_of(start.get("stream_sid", message.get("stream_sid"))),
        call_id=name_of(start.get("call_sid")),
        account_id=optional_text(start.get("account_sid")),
        rate_hz=rate_of(media_format, "sample_rate", RATES_HZ),
        ticket=optional_text(parameters.get("ticket")) if isinstance(parameters, dict) else "",
    )
