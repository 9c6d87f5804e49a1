"""Twilio Media Streams: camelCase, numbers as text, µ-law at 8 kHz.

carrier → connected · start · media · dtmf · mark · stop          we → media · mark · clear
A mark comes back when it was played, and also when `clear` dropped it.
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

ENCODING = "audio/x-mulaw"


class TwilioWire(CarrierWire):
    STREAM: ClassVar[str] = "streamSid"


def read_start(frame: Frame) -> Started | None:
    """The beginning of a stream; None for `connected`. Raises `BadMessage` and `BadAudio`."""
    message = start_of(frame)
    if message is None:
        return None
    start = part(message, "start")
    media_format = part(start, "mediaFormat")
    if media_format.get("encoding") != ENCODING:
        raise BadAudio("This encoding is not carried.")
    parameters = start.get("customParameters")
    return Started(
        stream_id=name_of(start.get("streamSid", message.get("streamSid"))),
        call_id=name_of(start.get("callSid")),
        account_id=optional_text(start.get("accountSid")),
        rate_hz=rate_of(media_format, "sampleRate", (8000,)),
        ticket=optional_text(parameters.get("ticket")) if isinstance(parameters, dict) else "",
    )
