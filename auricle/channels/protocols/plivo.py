"""Plivo Audio Streaming: camelCase, numbers as numbers, µ-law at 8 kHz (which our answer asks for), no `connected`.

carrier → start · media · dtmf · playedStream · clearedAudio · stop          we → playAudio · checkpoint · clearAudio
"""

import re
from typing import ClassVar

from auricle.channels.protocols.carrier import (
    CarrierWire,
    Message,
    Started,
    name_of,
    optional_text,
    part,
    rate_of,
    start_of,
)
from auricle.channels.wire import BadAudio, Frame

ENCODING = "audio/x-mulaw"
MAX_HEADERS_CHARS = 600
# `extra_headers` is text: pairs of our answer's `extraHeaders`, which Plivo has written in more than one way.
TICKET = re.compile(r"(?:^|[{;,\s\"'])(?:X-PH-)?ticket[\"']?\s*[=:]\s*[\"']?([0-9A-Za-z]{1,200})", re.IGNORECASE)


class PlivoWire(CarrierWire):
    STREAM: ClassVar[str] = "streamId"
    PLAYED: ClassVar[frozenset[str]] = frozenset({"playedStream", "played"})  # its pages name both

    def _mark_name(self, message: Message) -> object:
        return message.get("name")

    def _media_message(self, payload: str) -> Message:
        return {
            "event": "playAudio",
            "media": {"contentType": ENCODING, "sampleRate": self.rate_hz, "payload": payload},
        }

    def mark(self, name: str) -> str:
        return self._message("checkpoint", name=name)

    def clear(self) -> str:
        return self._message("clearAudio")


def read_start(frame: Frame) -> Started | None:
    """The beginning of a stream. Raises `BadMessage` and `BadAudio`."""
    message = start_of(frame)
    if message is None:
        return None
    start = part(message, "start")
    media_format = part(start, "mediaFormat")
    if media_format.get("encoding") != ENCODING:
        raise BadAudio("This encoding is not carried.")
    return Started(
        stream_id=name_of(start.get("streamId", message.get("streamId"))),
        call_id=name_of(start.get("callId")),
        account_id=optional_text(start.get("accountId")),
        rate_hz=rate_of(media_format, "sampleRate", (8000,)),
        ticket=ticket_in(message.get("extra_headers", start.get("extra_headers"))),
    )


def ticket_in(headers: object) -> str:
    if isinstance(headers, dict):
        return optional_text(headers.get("ticket", headers.get("X-PH-ticket")))
    found = TICKET.search(headers[:MAX_HEADERS_CHARS]) if isinstance(headers, str) else None
    return found[1] if found else ""
