"""ElevenLabs' specifications and its own SDK as judges of our requests and of our emulator's answers.

The SDK speaks to the socket over TLS only, so the emulator has a certificate for it.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.ports import Audio, Timings
from tests.contract.spec import document, judge, nullable
from tests.emulators.elevenlabs import VOICES, ElevenLabsEmulator
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import CASES, Case, Running, running

HTTP, SOCKETS = "elevenlabs/openapi.json", "elevenlabs/asyncapi.yml"
STREAM = "/v1/text-to-speech/{voice_id}/stream/with-timestamps"
SENTENCE = "Please take a seat, the doctor will see you soon."


def http_complaints(name: str, value: Any) -> list[str]:
    return judge(HTTP, f"/components/schemas/{name}").complaints(value)


def socket_complaints(name: str, value: Any) -> list[str]:
    return judge(SOCKETS, f"/components/schemas/{name}", nullable).complaints(value)


def parameters(path: str, method: str) -> dict[str, Any]:
    """The schema of each parameter in the query."""
    listed = document(HTTP)["paths"][path][method]["parameters"]
    return {p["name"]: p["schema"] for p in listed if p["in"] == "query"}


def case_of(note: str) -> Case:
    return next(c for c in CASES if c.vendor == "elevenlabs" and c.note == note)


async def spoken(it: Running, **settings: Any) -> list[Any]:
    return await all_of(it.router.speak(it.call("hi", voice=VOICES[1][0], settings=settings), SENTENCE))


# ── our adapter drives the emulator, the specification judges ─────────────────────────────────────────────────────
async def test_our_request_for_speech_and_each_line_of_the_answer_are_as_specified(tmp_path: Path) -> None:
    async with running(case_of(""), tmp_path) as it:
        await spoken(it, stability=0.4, style=0.1, use_speaker_boost=True, seed=7, apply_text_normalization="on")
        asked = it.emulator.requests[0]
        name = "Body_text_to_speech_stream_with_timestamps"
        assert http_complaints(name, asked["body"]) == []
        assert set(asked["body"]) <= set(document(HTTP)["components"]["schemas"][name]["properties"])
        known = parameters(STREAM, "post")
        assert set(asked["query"]) <= set(known)
        assert asked["query"]["output_format"] in known["output_format"]["enum"]
        assert len(it.emulator.sent) > 2
        for line in it.emulator.sent:
            assert http_complaints("StreamingAudioChunkWithTimestampsResponseModel", line) == []


async def test_the_judge_refuses_what_is_wrong() -> None:
    name = "Body_text_to_speech_stream_with_timestamps"
    assert http_complaints(name, {"text": None})
    assert http_complaints(name, {"text": "x", "voice_settings": {"stability": 2}})
    assert http_complaints("StreamingAudioChunkWithTimestampsResponseModel", {"audio": "x"})
    assert socket_complaints("AudioOutput", {"isFinal": True})
    assert socket_complaints("SendText", {"text": 5})


async def test_every_frame_of_the_socket_is_as_specified(tmp_path: Path) -> None:
    async with running(case_of("socket"), tmp_path) as it:
        await spoken(it, stability=0.4, speed=1.1)
        channel = document(SOCKETS)["channels"]["/v1/text-to-speech/{voice_id}/stream-input"]
        known = channel["bindings"]["ws"]["query"]["properties"]
        query = it.emulator.requests[0]["query"]
        assert set(query) <= set(known)
        assert (
            query["output_format"] in document(SOCKETS)["components"]["schemas"]["TextToSpeechOutputFormatEnum"]["enum"]
        )
        begin, text, end = it.emulator.received
        assert socket_complaints("InitializeConnection", begin) == [] and begin["text"] == " "
        assert socket_complaints("RealtimeVoiceSettings", begin["voice_settings"]) == []
        assert socket_complaints("SendText", text) == [] and text["text"].endswith(" ") and text["flush"] is True
        assert socket_complaints("CloseConnection", end) == [] and end["text"] == ""
        *sounds, final = it.emulator.sent
        assert sounds and all(socket_complaints("AudioOutput", frame) == [] for frame in sounds)
        assert socket_complaints("FinalOutput", final) == [] and final["isFinal"] is True


async def test_the_list_of_voices_is_asked_for_and_answered_as_specified(tmp_path: Path) -> None:
    async with running(case_of(""), tmp_path) as it:
        listed = await it.adapters.adapter("tts").voices()
        assert [(v.id, v.gender, v.languages) for v in listed] == [(v, g, ls) for v, _, g, ls in VOICES]
        assert len(it.emulator.requests) == 2  # two to a page
        for asked in it.emulator.requests:
            assert set(asked["query"]) <= set(parameters("/v2/voices", "get"))
        async with it.adapters.account.stream("/v2/voices", method="GET") as reply:
            assert http_complaints("GetVoicesV2ResponseModel", await reply.json()) == []


# ── the SDK drives the emulator ───────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def server() -> AsyncIterator[ElevenLabsEmulator]:
    async with ElevenLabsEmulator() as made:
        yield made


async def test_the_sdk_reads_speech_with_timings_and_the_voices(server: ElevenLabsEmulator) -> None:
    elevenlabs = pytest.importorskip("elevenlabs.client", reason="the ElevenLabs SDK is not installed")
    sdk = elevenlabs.AsyncElevenLabs(base_url=server.url, api_key=server.key)
    said, sound = "", ""
    async for chunk in sdk.text_to_speech.stream_with_timestamps(
        VOICES[0][0], text=SENTENCE, model_id="eleven_flash_v2_5", output_format="pcm_24000"
    ):
        sound += chunk.audio_base_64
        said += "".join(chunk.alignment.characters) if chunk.alignment else ""
    assert said == SENTENCE and sound
    page = await sdk.voices.search(page_size=100)
    assert [v.name for v in page.voices] == ["George", "Sarah"] and page.has_more
    stranger = elevenlabs.AsyncElevenLabs(base_url=server.url, api_key="wrong")
    from elevenlabs.core.api_error import ApiError

    with pytest.raises(ApiError) as caught:
        await stranger.voices.search()
    assert caught.value.status_code == 401
    with pytest.raises(ApiError) as caught:
        async for _ in sdk.text_to_speech.stream_with_timestamps("nobody", text="x", output_format="pcm_24000"):
            pass
    assert caught.value.status_code == 404


async def test_the_sdk_speaks_over_the_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elevenlabs = pytest.importorskip("elevenlabs.client", reason="the ElevenLabs SDK is not installed")
    trustme = pytest.importorskip("trustme", reason="trustme is not installed")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    def said(key: str, url: str) -> bytes:
        sdk = elevenlabs.ElevenLabs(base_url=url, api_key=key)
        text = iter(["Please take a seat, ", "the doctor will see you soon."])
        made = sdk.text_to_speech.convert_realtime(
            VOICES[0][0], text=text, model_id="eleven_flash_v2_5", output_format="pcm_24000"
        )
        return b"".join(made)

    async with ElevenLabsEmulator().secured(tmp_path / "server.pem") as server:
        assert server.url.startswith("https://")
        sound = await asyncio.to_thread(said, "right-key", server.url)
        assert len(sound) > 48_000 and server.received[0]["text"] == " " and server.received[-1] == {"text": ""}
        from elevenlabs.core.api_error import ApiError

        with pytest.raises(ApiError) as caught:
            await asyncio.to_thread(said, "wrong", server.url)
        assert caught.value.status_code == 1008


async def test_both_wires_say_the_same_with_the_same_timings(tmp_path: Path) -> None:
    found = []
    for note in ("", "socket"):
        async with running(case_of(note), tmp_path) as it:
            events = await spoken(it)
            told = [t for e in events if isinstance(e, Timings) for t in e.told]
            timings = [(t.text, round(t.start_s, 3), round(t.end_s, 3)) for t in told]
            found.append((b"".join(e.pcm for e in events if isinstance(e, Audio)), timings))
    (sound, told), (socket_sound, socket_told) = found
    assert len(told) == len(SENTENCE)
    assert [t[0] for t in told] == [t[0] for t in socket_told]
    assert all(abs(a[1] - b[1]) < 0.05 for a, b in zip(told, socket_told, strict=True))
    assert 0 <= len(socket_sound) - len(sound) < 48_000 * 0.1  # the socket's text ends with a space
