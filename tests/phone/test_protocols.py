"""The carriers' messages as their manuals show them, and as nobody should send them."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.channels.protocols import exotel, plivo, twilio
from auricle.channels.protocols.carrier import CarrierWire, Started
from auricle.channels.wire import BadAudio, BadMessage, Wire
from auricle.voice.codec import mulaw_from_pcm16, pcm16_from_mulaw
from auricle.voice.ports import AudioIn, Digit, End, Played

TICKET = "ab12" * 24


def text(message: object) -> str:
    return orjson.dumps(message).decode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


TWILIO_START = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"ticket": TICKET},
    },
    "streamSid": "MZ1",
}
EXOTEL_START = {
    "event": "start",
    "sequence_number": "1",
    "stream_sid": "MZ1",
    "start": {
        "stream_sid": "MZ1",
        "call_sid": "CA1",
        "account_sid": "AC1",
        "from": "+919845012345",
        "to": "+918000000000",
        "custom_parameters": {"ticket": TICKET},
        "media_format": {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "16"},
    },
}
PLIVO_START = {
    "event": "start",
    "sequenceNumber": 1,
    "start": {
        "callId": "CA1",
        "streamId": "MZ1",
        "accountId": "AC1",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
    },
    "extra_headers": f"ticket={TICKET};other=1",
}


@dataclass(frozen=True)
class Case:
    """One carrier: its start message, and how its messages are written."""

    name: str
    start: dict[str, Any]
    read_start: Callable[[str | bytes], Started | None]
    wire: Callable[[Started], CarrierWire]
    stream: str
    mulaw: bool

    def opened(self) -> CarrierWire:
        started = self.read_start(text(self.start))
        assert started is not None
        return self.wire(started)

    def message(self, event: str, **fields: object) -> str:
        return text({"event": event, self.stream: "MZ1", **fields})

    def media(self, data: bytes, chunk: object = None, **more: object) -> str:
        media: dict[str, object] = {"payload": b64(data), **more}
        return self.message("media", media=media if chunk is None else {**media, "chunk": chunk})

    def played(self, name: str) -> str:
        if self.name == "plivo":
            return self.message("playedStream", name=name)
        return self.message("mark", mark={"name": name})


CASES = (
    Case("twilio", TWILIO_START, twilio.read_start, twilio.TwilioWire, "streamSid", mulaw=True),
    Case("exotel", EXOTEL_START, exotel.read_start, exotel.ExotelWire, "stream_sid", mulaw=False),
    Case("plivo", PLIVO_START, plivo.read_start, plivo.PlivoWire, "streamId", mulaw=True),
)
every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def with_start(case: Case, **changes: object) -> str:
    return text({**case.start, "start": {**case.start["start"], **changes}})


@every
def test_a_start_tells_the_stream_the_call_and_the_ticket(case: Case):
    assert case.read_start(text(case.start)) == Started("MZ1", "CA1", "AC1", 8000, TICKET)


@pytest.mark.parametrize("case", CASES[:2], ids=lambda case: case.name)
def test_connected_comes_before_the_start_and_says_nothing(case: Case):
    assert case.read_start(text({"event": "connected", "protocol": "Call", "version": "1.0.0"})) is None


@every
def test_a_stream_that_does_not_begin_with_its_start_is_refused(case: Case):
    for frame in (case.media(b"\xff" * 160), case.message("stop"), "{}", "[]", "nonsense", b"\x00", "[" * 90_000):
        with pytest.raises(BadMessage):
            case.read_start(frame)


@every
def test_a_start_without_its_parts_is_refused(case: Case):
    for name in case.start["start"]:
        if name.startswith(("stream", "call")):
            incomplete = {key: value for key, value in case.start["start"].items() if key != name}
            with pytest.raises(BadMessage):
                case.read_start(text({"event": "start", "start": incomplete}))
    with pytest.raises(BadMessage):
        case.read_start(text({"event": "start", "start": []}))


def test_a_rate_that_is_not_carried_is_refused_with_the_reason():
    for rate in ("24000", "", "x", None, "8000.5"):
        with pytest.raises((BadAudio, BadMessage)):
            exotel.read_start(with_start(CASES[1], media_format={"encoding": "audio/x-raw", "sample_rate": rate}))
    with pytest.raises(BadAudio, match="8000"):
        exotel.read_start(with_start(CASES[1], media_format={"sample_rate": "24000"}))
    with pytest.raises(BadAudio):
        twilio.read_start(with_start(CASES[0], mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": 16000}))
    with pytest.raises(BadAudio):
        plivo.read_start(with_start(CASES[2], mediaFormat={"encoding": "audio/x-l16", "sampleRate": 8000}))
    for encoding in ("audio/x-mulaw", "mulaw", "PCMA-ALAW"):
        with pytest.raises(BadAudio, match="audio/L16"):
            exotel.read_start(with_start(CASES[1], media_format={"encoding": encoding, "sample_rate": "8000"}))
    for encoding in ("base64", "raw/slin", "audio/L16;rate=16000", None):
        as_told = with_start(CASES[1], media_format={"encoding": encoding, "sample_rate": "16000"})
        started = exotel.read_start(as_told)
        assert started is not None and started.rate_hz == 16000


@pytest.mark.parametrize(
    "headers",
    (
        f"ticket={TICKET}",
        f"a=1,ticket={TICKET},b=2",
        f"{{ticket: {TICKET}}}",
        f'{{"ticket": "{TICKET}"}}',
        f"X-PH-ticket={TICKET};X-PH-b=1",
        {"ticket": TICKET},
        {"X-PH-ticket": TICKET},
    ),
)
def test_plivos_headers_give_the_ticket_however_they_are_written(headers: object):
    assert plivo.ticket_in(headers) == TICKET


@pytest.mark.parametrize("headers", (None, 1, "", "noticket=x", "ticket", "x" * 10_000, {"ticket": 5}))
def test_headers_without_a_ticket_give_none(headers: object):
    assert plivo.ticket_in(headers) == ""


@every
@given(st.binary(min_size=2, max_size=640).map(lambda b: b[: len(b) // 2 * 2]))
def test_a_frame_of_the_caller_becomes_pcm(case: Case, data: bytes):
    heard = case.opened().read(case.media(data, "2", track="inbound", timestamp="5"))
    assert heard == AudioIn(pcm16_from_mulaw(data) if case.mulaw else data)


@every
@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=900))
def test_the_engines_audio_survives_the_way_to_the_phone(case: Case, samples: list[int]):
    pcm = np.array(samples, "<i2").tobytes()
    wire = case.opened()
    message = orjson.loads(wire.audio(pcm))
    sent = base64.b64decode(message["media"]["payload"])
    if case.mulaw:
        assert sent == mulaw_from_pcm16(pcm) and len(sent) == len(samples)
    else:
        assert sent.startswith(pcm) and not any(sent[len(pcm) :])
        assert len(sent) % 320 == 0 and len(sent) >= 1600
    back = wire.read(case.media(sent))
    assert isinstance(back, AudioIn)
    error = np.abs(np.frombuffer(back.pcm, "<i2")[: len(samples)].astype(int) - samples)
    assert (error <= (np.abs(samples) / 16 + 16 if case.mulaw else 0)).all()


def test_what_is_said_is_written_as_each_carrier_wants_it():
    pcm = b"\0" * 3200
    told = {case.name: [orjson.loads(x) for x in (w.audio(pcm), w.mark("t.1"), w.clear())]
            for case in CASES for w in [case.opened()]}  # fmt: skip
    silence = b64(mulaw_from_pcm16(pcm))
    assert told["twilio"] == [
        {"event": "media", "streamSid": "MZ1", "media": {"payload": silence}},
        {"event": "mark", "streamSid": "MZ1", "mark": {"name": "t.1"}},
        {"event": "clear", "streamSid": "MZ1"},
    ]
    assert told["exotel"] == [
        {"event": "media", "stream_sid": "MZ1", "media": {"payload": b64(pcm)}},
        {"event": "mark", "stream_sid": "MZ1", "mark": {"name": "t.1"}},
        {"event": "clear", "stream_sid": "MZ1"},
    ]
    assert told["plivo"] == [
        {"event": "playAudio", "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": silence}},
        {"event": "checkpoint", "streamId": "MZ1", "name": "t.1"},
        {"event": "clearAudio", "streamId": "MZ1"},
    ]


def test_exotel_is_sent_pieces_of_a_tenth_of_a_second_and_others_of_forty_milliseconds():
    assert [case.opened().frame_s for case in CASES] == [0.04, 0.1, 0.04]


@every
def test_marks_keys_and_the_end_are_told(case: Case):
    wire: Wire = case.opened()
    assert wire.read(case.played("t.1")) == Played("t.1")
    if case.name == "plivo":  # its pages name both
        assert wire.read(case.message("played", name="t.2")) == Played("t.2")
    assert [wire.read(case.message("dtmf", dtmf={"digit": key})) for key in "0#*D"] == [Digit(k) for k in "0#*D"]
    assert wire.read(case.message("clearedAudio")) is None
    assert wire.read(case.message("something-new", more={"a": 1})) is None
    assert wire.read(case.message("stop", stop={"callSid": "CA1"})) == End()


@every
def test_a_frame_sent_again_or_late_is_heard_once_and_a_gap_is_no_fault(case: Case):
    wire, sound = case.opened(), b"\x10\x20" * 80
    heard = [wire.read(case.media(sound, chunk)) is not None for chunk in ("1", "2", "2", "9", "3", "10", 11, "11")]
    assert heard == [True, True, False, True, False, True, True, False]
    assert wire.read(case.media(sound)) is not None  # without a number


@every
def test_the_agents_own_voice_on_a_two_way_stream_is_not_heard(case: Case):
    assert case.opened().read(case.media(b"\x10\x20", "1", track="outbound")) is None


@every
def test_what_is_no_message_of_this_stream_is_refused(case: Case):
    wire = case.opened()
    refused = (
        text(case.start),
        text({"event": "connected"}),
        text({"event": 7}),
        text({}),
        text([]),
        "",
        "\ud800",
        b"\x00\x01",
        "x" * 100_001,
        text({"event": "media", case.stream: "MZ2", "media": {"payload": "AAAA"}}),
        text({"event": "stop", case.stream: "MZ2"}),
        case.message("media"),
        case.message("media", media="AAAA"),
        case.message("media", media={"payload": "AAAA", "chunk": "x"}),
        case.message("media", media={"payload": "AAAA", "chunk": "9" * 40}),
        case.message("dtmf", dtmf={"digit": "12"}),
        case.message("dtmf", dtmf={"digit": 1}),
        case.message("dtmf"),
        case.played(""),
        case.played("x" * 201),
    )
    for frame in refused:
        with pytest.raises(BadMessage):
            wire.read(frame)


@every
@pytest.mark.parametrize("payload", ("", "A", "AA=", "A A=", "AAA*", "ÄÄÄÄ", 5, None, "=AAA"))
def test_audio_that_is_not_base64_is_refused(case: Case, payload: object):
    with pytest.raises(BadAudio):
        case.opened().read(case.message("media", media={"payload": payload}))


def test_half_a_sample_is_refused_where_samples_have_two_bytes():
    with pytest.raises(BadAudio):
        CASES[1].opened().read(CASES[1].media(b"\0\0\0"))


@every
@given(st.one_of(st.text(max_size=300), st.binary(max_size=100)))
def test_no_frame_at_all_breaks_a_wire(case: Case, frame: str | bytes):
    wire = case.opened()
    for read in (wire.read, case.read_start):
        try:
            read(frame)
        except (BadMessage, BadAudio):
            pass
    assert isinstance(wire.read(case.media(b"\0\0")), AudioIn), "and what comes after is heard"


json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@every
@given(st.sampled_from(["media", "mark", "dtmf", "start", "playedStream", "stop"]), json, json)
def test_no_value_in_a_message_breaks_a_wire(case: Case, event: str, first: object, second: object):
    wire = case.opened()
    inner = {"payload": first, "chunk": second, "name": first, "digit": second, "track": first}
    for fields in ({event: inner, "media": inner, "name": first}, {event: first, "media": second}):
        try:
            wire.read(text({"event": event, case.stream: "MZ1", **fields}))
        except (BadMessage, BadAudio):
            pass
        try:
            case.read_start(text({"event": "start", "start": first, **fields}))
        except (BadMessage, BadAudio):
            pass
    assert isinstance(wire.read(case.media(b"\0\0")), AudioIn), "and what comes after is heard"
