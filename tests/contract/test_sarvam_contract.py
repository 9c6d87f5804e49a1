"""Sarvam has no specification: its own SDK drives our emulator, and the SDK's models judge every frame and body.

The models allow further fields and any value in place of an enumeration. Here neither is allowed: a misspelt name would
pass otherwise.
"""

import base64
import typing
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from auricle.providers.account import Account
from auricle.providers.choice import account_of
from auricle.providers.connections import Connections
from auricle.providers.ports import END_OF_SPEECH, EndOfSpeech, Transcript, Usage
from auricle.providers.vendors.sarvam import VENDOR, Translate
from auricle.providers.vendors.sarvam_speech.hearing import Hear
from auricle.providers.vendors.sarvam_speech.speaking import Speak, known_voices
from auricle.settings import Provider
from tests.emulators.sarvam import SarvamEmulator

sarvamai = pytest.importorskip("sarvamai", reason="the Sarvam SDK is not installed")

RATE_HZ = 16_000
TENTH = b"\1\0" * (RATE_HZ // 10)
SAID = {  # what our two sockets say, by what tells the messages apart
    "audio_input": "RealtimeAudioInput",
    "speech_start": "RealtimeSpeechStart",
    "speech_end": "RealtimeSpeechEnd",
    "end": "RealtimeEnd",
    "session.begin": "RealtimeSessionBegin",
    "transcript.partial": "RealtimeTranscriptPartial",
    "transcript.final": "RealtimeTranscriptFinal",
    "session.end": "RealtimeSessionEnd",
}


@pytest.fixture
async def server() -> AsyncIterator[SarvamEmulator]:
    async with SarvamEmulator() as running:
        yield running


def sdk_of(server: SarvamEmulator, key: str = "right-key") -> Any:
    from sarvamai.environment import SarvamAIEnvironment

    own = SarvamAIEnvironment(base=server.url, creative=server.url, production=server.url.replace("http", "ws"))
    return sarvamai.AsyncSarvamAI(api_subscription_key=key, environment=own)


def account(server: SarvamEmulator, **given: Any) -> Account:
    provider = Provider(vendor="sarvam", url=server.url, key=SecretStr("right-key"), **given)
    return account_of("sarvam", VENDOR, provider, Connections(), Path())


def judge(model: str, value: Any) -> None:
    """The value is what the SDK's model says, and nothing more."""
    pending = [getattr(sarvamai, model).model_validate(value)]
    while pending:
        one = pending.pop()
        assert not one.model_extra, f"{model} knows nothing of {sorted(one.model_extra)}"
        pending += [part for part in vars(one).values() if hasattr(part, "model_extra")]


def judge_query(query: Mapping[str, str], prefix: str, client: Any) -> None:
    """Each parameter is one that the SDK's method takes, with a value that its type lists."""
    takes, judged = typing.get_type_hints(client.connect).keys(), 0
    for name, value in query.items():
        parameter = name.replace("-", "_")
        assert parameter in takes, name
        listed = getattr(sarvamai, f"{prefix}{''.join(w.title() for w in parameter.split('_'))}", None)
        if listed is not None:
            assert value in typing.get_args(typing.get_args(listed)[0]), (name, value)
            judged += 1
    assert judged >= 2


async def utterances(*tenths: int) -> AsyncIterator[bytes | EndOfSpeech]:
    for count in tenths:
        for _ in range(count):
            yield TENTH
        yield END_OF_SPEECH


# ── the SDK drives the emulator ───────────────────────────────────────────────────────────────────────────────────
async def test_the_sdk_hears_over_both_sockets(server: SarvamEmulator) -> None:
    server.transcripts.extend(["नमस्ते", "मुझे दर्द है"])
    sdk, sound = sdk_of(server), base64.b64encode(b"RIFF" + TENTH).decode()
    async with sdk.speech_to_text_streaming.connect(language_code="hi-IN", model="saaras:v3", vad_signals="true") as ws:
        await ws.transcribe(audio=sound)
        await ws.flush()
        told = [await ws.recv() for _ in range(3)]
        assert [t.type for t in told] == ["events", "events", "data"]
        assert told[2].data.transcript == "नमस्ते"
    async with sdk.speech_to_text_realtime_streaming.connect(language_code="hi-IN", endpointing="manual") as ws:
        await ws.send_realtime_speech_start(sarvamai.RealtimeSpeechStart())
        for _ in range(4):
            await ws.send_realtime_audio_input(sarvamai.RealtimeAudioInput(audio=base64.b64encode(TENTH).decode()))
        await ws.send_realtime_speech_end(sarvamai.RealtimeSpeechEnd())
        await ws.send_realtime_end(sarvamai.RealtimeEnd())
        told = [await ws.recv() for _ in range(4)]
        assert [t.event for t in told] == ["session.begin", "transcript.partial", "transcript.final", "session.end"]
        assert (told[2].text, told[3].audio_duration_s) == ("मुझे दर्द है", pytest.approx(0.4))


async def test_the_sdk_speaks_translates_and_writes(server: SarvamEmulator) -> None:
    sdk = sdk_of(server)
    async with sdk.text_to_speech_streaming.connect(model="bulbul:v3", send_completion_event="true") as ws:
        await ws.configure(target_language_code="hi-IN", speaker="shubh", output_audio_codec="linear16")
        await ws.convert("नमस्ते")
        await ws.flush()
        assert (await ws.recv()).type == "audio"
        while (told := await ws.recv()).type == "audio":
            pass
        assert told.data.event_type == "final"
    pieces = sdk.text_to_speech.convert_stream(
        text="नमस्ते", language_code="hi-IN", model="bulbul:v3", output_audio_codec="linear16"
    )
    assert b"".join([piece async for piece in pieces])
    server.translations.append("Hello")
    answer = await sdk.text.translate(input="नमस्ते", source_language_code="hi-IN", target_language_code="en-IN")
    assert answer.translated_text == "Hello"
    chunks = await sdk.chat.completions(
        messages=[{"role": "user", "content": "x"}], model="sarvam-105b-conversations", stream=True
    )
    assert "".join([c.choices[0].delta.content or "" async for c in chunks if c.choices]) == "".join(server.words)


async def test_the_sdk_finds_refusals_where_it_looks_for_them(server: SarvamEmulator) -> None:
    with pytest.raises(sarvamai.ForbiddenError):
        await sdk_of(server, "wrong").text.translate(
            input="x", source_language_code="hi-IN", target_language_code="en-IN"
        )
    with pytest.raises(sarvamai.BadRequestError):
        await sdk_of(server).text.translate(input="x", source_language_code="fr-FR", target_language_code="en-IN")
    with pytest.raises(sarvamai.UnprocessableEntityError):
        await sdk_of(server).text.translate(
            input="x" * 1_001, source_language_code="hi-IN", target_language_code="en-IN", model="mayura:v1"
        )
    with pytest.raises(sarvamai.core.api_error.ApiError):
        async with sdk_of(server, "wrong").text_to_speech_streaming.connect(model="bulbul:v3"):
            pass


# ── our adapters drive the emulator ───────────────────────────────────────────────────────────────────────────────
async def test_every_frame_of_live_recognition_is_as_the_sdk_has_it(server: SarvamEmulator) -> None:
    server.transcripts.extend(["मुझे दर्द है कल से", "हाँ"])
    hear = Hear(account(server))
    events = [
        e async for e in hear.transcribe(
            utterances(9, 2), rate_hz=RATE_HZ, language="hi", model=None, keyterms=["Sharma Clinic"]
        )
    ]  # fmt: skip
    assert [e.text for e in events if isinstance(e, Transcript) and e.is_final] == ["मुझे दर्द है कल से", "हाँ"]
    assert events[-1] == Usage(audio_s=pytest.approx(1.1))
    judge_query(
        server.requests[0]["query"],
        "SpeechToTextRealtimeStreaming",
        sdk_of(server).speech_to_text_realtime_streaming,
    )
    for frame in server.received + server.sent:
        judge(SAID[frame["event"]], frame)
    assert {frame["event"] for frame in server.received + server.sent} == set(SAID)


async def test_every_frame_of_the_older_recognition_is_as_the_sdk_has_it(server: SarvamEmulator) -> None:
    server.transcripts.extend(["வணக்கம்"])
    hear = Hear(account(server, stt="saaras:v3", options={"mode": "verbatim"}))
    events = [e async for e in hear.transcribe(utterances(3), rate_hz=8_000, language="ta", model=None, keyterms=["x"])]
    assert [e.text for e in events if isinstance(e, Transcript)] == ["வணக்கம்"]
    judge_query(server.requests[0]["query"], "SpeechToTextStreaming", sdk_of(server).speech_to_text_streaming)
    assert "keyterms" not in server.requests[0]["query"]  # this model takes none
    for frame in server.received:
        judge("SttFlushSignal" if "type" in frame else "AudioMessage", frame)
    for frame in server.sent:
        judge("SpeechToTextStreamingResponse", frame)
        judge("EventsData" if frame["type"] == "events" else "SpeechToTextTranscriptionData", frame["data"])


async def test_every_frame_and_body_of_speech_is_as_the_sdk_has_it(server: SarvamEmulator) -> None:
    settings = {"pace": 1.1, "temperature": 0.5, "dict_id": "d", "unknown": 1}
    by_socket = Speak(account(server, options={"tts_wire": "socket"}))
    sound = [a async for a in by_socket.speak("ନମସ୍କାର", voice="ritu", language="or", settings=settings)]
    assert sound[-1] == Usage(characters=7)
    kinds = {"config": "ConfigureConnection", "text": "SendText", "flush": "FlushSignal"}
    assert [frame["type"] for frame in server.received] == list(kinds)
    for frame in server.received:
        judge(kinds[frame["type"]], frame)
    for frame in server.sent:
        judge("EventResponse" if frame["type"] == "event" else "AudioOutput", frame)
    judge_query(server.requests[0]["query"], "TextToSpeechStreaming", sdk_of(server).text_to_speech_streaming)
    body = server.requests[0]["body"]
    assert body is None
    async for _ in Speak(account(server)).speak("ନମସ୍କାର", voice="ritu", language="or", settings=settings):
        pass
    body = server.requests[1]["body"]
    assert set(body) <= set(typing.get_type_hints(sdk_of(server).text_to_speech.convert_stream))
    assert body["language_code"] in listed("TextToSpeechLanguage") and body["speaker"] in listed("TextToSpeechSpeaker")
    assert "unknown" not in body and body["output_audio_codec"] in listed("SpeechStreamCodec")


async def test_a_translation_asks_for_what_the_sdk_can_ask_for(server: SarvamEmulator) -> None:
    translate = Translate(account(server, translation="mayura:v1", options={"translation_mode": "modern-colloquial"}))
    await translate.translate("Take rest.", source="en", target="pa")
    body = server.requests[0]["body"]
    assert set(body) <= set(typing.get_type_hints(sdk_of(server).text.translate))
    assert body["mode"] in listed("TranslateMode") and body["model"] in listed("TranslateModel")
    assert body["source_language_code"] in listed("TranslateSourceLanguage")
    assert body["target_language_code"] in listed("TranslateTargetLanguage")


def test_the_voices_that_we_name_are_those_of_the_sdk() -> None:
    assert {voice.id for voice in known_voices()} == set(listed("TextToSpeechSpeaker"))


def listed(name: str) -> tuple[str, ...]:
    """The values of one of the SDK's enumerations, each of which is a union with `Any`."""
    return typing.get_args(typing.get_args(getattr(sarvamai, name))[0])
