"""One recording as a message, and the speech of a stored answer: every format, and what hostile files do."""

import asyncio
import io
import wave
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import numpy as np
import pytest

import auricle.channels.sound_files as sound_files
import auricle.demo
from auricle.channels.one_shot_routes import NotAcceptable, accepted
from auricle.channels.sound_files import DamagedSound, DecoderMissing, decoded
from auricle.errors import AuricleError
from tests.channels.conftest import Clinic
from tests.channels.talking import eventually, send
from tests.emulators.openai_chat import OpenAIEmulator

av = pytest.importorskip("av", reason="the extra `media` is not installed")

RECORDING = (Path(auricle.demo.__file__).parent / "audio" / "02-since.wav").read_bytes()
WORDS = "Where do I sit when I come in"
FORMATS = {
    "mp3": ("mp3", "libmp3lame", "s16p"),
    "m4a": ("mp4", "aac", "fltp"),
    "ogg": ("ogg", "libopus", "s16"),
    "webm": ("webm", "libopus", "s16"),
    "flac": ("flac", "flac", "s16"),
}


def tone(seconds: float, rate_hz: int = 48_000) -> np.ndarray[Any, Any]:
    t = np.arange(int(seconds * rate_hz)) / rate_hz
    return (8_000 * np.sin(2 * np.pi * 300 * t)).astype("<i2")


def encoded(name: str, samples: np.ndarray[Any, Any], rate_hz: int = 48_000) -> bytes:
    muxer, codec, form = FORMATS[name]
    out = io.BytesIO()
    with av.open(out, "w", format=muxer) as file:
        stream = file.add_stream(codec, rate=rate_hz, layout="mono")
        whole = samples if form != "fltp" else (samples / 32768).astype(np.float32)
        for start in range(0, len(whole), rate_hz):
            frame = av.AudioFrame.from_ndarray(
                whole[start : start + rate_hz].reshape(1, -1), format=form, layout="mono"
            )
            frame.sample_rate, frame.pts = rate_hz, start
            for packet in stream.encode(frame):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return out.getvalue()


def wav(samples: np.ndarray[Any, Any], *, rate_hz: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def video_only() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(10):
            for packet in stream.encode(av.VideoFrame(32, 32, "yuv420p")):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return out.getvalue()


def claims_ten_hours() -> bytes:
    """A second of sound in a FLAC whose header says ten hours."""
    data = bytearray(encoded("flac", tone(1)))
    total = 36_000 * 48_000
    data[21] = data[21] & 0xF0 | total >> 32
    data[22:26] = (total & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(data)


async def say(clinic: Clinic, sound: bytes, agent: str = "good ears", **more: Any) -> httpx2.Response:
    opened = await clinic.opened(agent)
    async with clinic.client() as http:
        return await http.post(
            "/api/v1/conversation/audio", params={"session_id": opened["session_id"], **more}, content=sound
        )


@pytest.mark.parametrize("name", ["wav", *FORMATS])
async def test_a_recording_of_every_kind_is_understood_and_answered(
    clinic: Clinic, emulated: OpenAIEmulator, name: str
) -> None:
    emulated.transcripts.append(WORDS)
    sound = RECORDING if name == "wav" else encoded(name, tone(1.5))
    answer = (await say(clinic, sound)).raise_for_status().json()
    assert (answer["transcript"], answer["text"], answer["red_flag"]) == (WORDS, "Please take a seat.", None)
    assert answer["message_id"] and not answer["ended"]


async def test_a_form_takes_the_recording_and_the_record_keeps_both_sides(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.transcripts.append(WORDS)
    opened = await clinic.opened("good ears")
    async with clinic.client() as http:
        answer = await http.post(
            "/api/v1/conversation/audio",
            files={"file": ("said.wav", RECORDING, "audio/wav")},
            data={"session_id": opened["session_id"]},
        )
    told = answer.raise_for_status().json()
    kept = await clinic.transcript(opened["consultation_id"])
    assert [(m["sender"], m["text"]) for m in kept] == [("patient", WORDS), ("assistant", "Please take a seat.")]
    assert kept[1]["id"] == told["message_id"]
    used = await eventually(lambda: clinic.usage(opened["consultation_id"], "stt"), bool)
    assert used == [("emulated", "ok", 1)]


async def test_a_recorded_red_flag_raises_the_alarm(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.transcripts.append("I have crushing chest pain and I can't breathe")
    answer = (await say(clinic, RECORDING)).raise_for_status().json()
    assert answer["red_flag"] == "chest_pain" and "1 1 2" in answer["text"]


@pytest.mark.parametrize(
    ("sound", "status", "code"),
    [
        pytest.param(b"", 422, "audio.no_sound", id="nothing"),
        pytest.param(b"%PDF-1.7 " + bytes(500), 415, "audio.unknown_kind", id="no sound file"),
        pytest.param(b"RIFF\x24\0\0\0WAVE", 422, "audio.damaged", id="an empty WAV"),
        pytest.param(wav(tone(400, 8_000), rate_hz=8_000), 413, "audio.too_long", id="a long WAV"),
        pytest.param(b"ID3" + bytes(300), 422, "audio.damaged", id="an MP3 of nothing"),
        pytest.param(b"OggS" + bytes(range(256)) * 4, 422, "audio.damaged", id="rubbish in Ogg"),
        pytest.param(b"\x1aE\xdf\xa3" + bytes(500), 422, "audio.damaged", id="rubbish in WebM"),
        pytest.param(encoded("m4a", tone(1))[:600], 422, "audio.damaged", id="an M4A cut off"),
        pytest.param(claims_ten_hours(), 413, "audio.too_long", id="says it lasts ten hours"),
        pytest.param(encoded("flac", np.zeros(48_000 * 320, "<i2")), 413, "audio.too_long", id="long silence, small"),
        pytest.param(video_only(), 422, "audio.no_sound", id="only pictures"),
    ],
)
async def test_a_hostile_file_is_named_and_leaves_no_trace(
    clinic: Clinic, emulated: OpenAIEmulator, sound: bytes, status: int, code: str
) -> None:
    opened = await clinic.opened("good ears")
    async with clinic.client() as http:
        refused = await http.post(
            "/api/v1/conversation/audio", params={"session_id": opened["session_id"]}, content=sound
        )
    assert (refused.status_code, refused.json()["error_code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"
    assert await clinic.transcript(opened["consultation_id"]) == []
    assert emulated.requests == []


async def test_a_body_over_the_limit_is_refused(clinic: Clinic) -> None:
    refused = await say(clinic, bytes(clinic.service.settings.max_body_bytes + 1))
    assert (refused.status_code, refused.json()["error_code"]) == (413, "request.too_large")


async def test_a_recording_belongs_somewhere(clinic: Clinic) -> None:
    async with clinic.client() as http:
        nowhere = await http.post("/api/v1/conversation/audio", content=RECORDING)
        elsewhere = await http.post(
            "/api/v1/conversation/audio", params={"session_id": str(uuid4())}, content=RECORDING
        )
        empty = await http.post("/api/v1/conversation/audio", files={"other": ("x", b"x")})
    assert (nowhere.status_code, nowhere.json()["error_code"]) == (422, "validation.invalid")
    assert elsewhere.status_code == 404
    assert (empty.status_code, empty.json()["error_code"]) == (422, "audio.bad_form")


async def test_silence_is_no_message(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.transcripts.append("")
    refused = await say(clinic, wav(np.zeros(16_000, "<i2")))
    assert (refused.status_code, refused.json()["error_code"]) == (422, "audio.nothing_heard")


def test_without_the_decoder_wav_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sound_files, "av_module", lambda: None)
    assert decoded(RECORDING)
    with pytest.raises(DecoderMissing):
        decoded(encoded("mp3", tone(1)))
    assert accepted("audio/mpeg, audio/wav;q=0.1") == "audio/wav"
    with pytest.raises(NotAcceptable):
        accepted("audio/mpeg")


@pytest.mark.parametrize(("width", "dtype"), [(1, "u1"), (2, "<i2"), (4, "<i4")])
def test_samples_of_every_width_sound_the_same(width: int, dtype: str) -> None:
    wanted = tone(1, 16_000) / 32768
    given = (wanted * 127 + 128) if width == 1 else wanted * (2 ** (8 * width - 1) - 1)
    heard = np.frombuffer(decoded(wav(given.astype(dtype), width=width)), "<i2") / 32768
    assert np.abs(heard - wanted).max() < 0.02


def test_stereo_of_any_rate_becomes_one_voice() -> None:
    stereo = np.repeat(tone(2, 44_100), 2)
    assert len(decoded(wav(stereo, rate_hz=44_100, channels=2))) == pytest.approx(64_000, rel=0.01)


def test_a_rate_at_which_a_small_frame_becomes_gigabytes_is_refused() -> None:
    with pytest.raises(DamagedSound):
        decoded(encoded("flac", np.zeros(2_000, "<i2"), rate_hz=10))


def test_random_bytes_behind_any_beginning_are_refused_by_name() -> None:
    dice = np.random.default_rng(5)
    for start in (b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"ID3", b"\xff\xfb", b"RIFF0000WAVEfmt ", b"0000ftypM4A "):
        for size in (0, 1, 40, 400, 4_000):
            data = start + dice.bytes(size)
            with pytest.raises(AuricleError):
                decoded(data)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_anywhere_gives_what_it_holds_or_is_damaged(name: str) -> None:
    whole = encoded(name, tone(2))
    for share in (0.1, 0.5, 0.9):
        try:
            assert len(decoded(whole[: int(len(whole) * share)])) <= 66_000
        except (DamagedSound, sound_files.NoSound):
            pass


async def test_reading_a_long_file_keeps_the_process_answering(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.transcripts.extend([WORDS] * 20)
    reading = asyncio.create_task(say(clinic, encoded("mp3", tone(200))))
    waits = []
    async with clinic.client() as http:
        while not reading.done():
            started = asyncio.get_running_loop().time()
            (await http.get("/health")).raise_for_status()
            waits.append(asyncio.get_running_loop().time() - started)
            await asyncio.sleep(0.01)
    assert (await reading).status_code == 200
    assert len(waits) > 5  # one that blocks would let one or two through


# ── the speech of an answer ───────────────────────────────────────────────────────────────────────────────────────
async def spoken(clinic: Clinic, accept: str, message_id: str | None = None) -> httpx2.Response:
    if message_id is None:
        opened = await clinic.opened()
        message_id = (await send(clinic, opened["session_id"], WORDS)).raise_for_status().json()["message_id"]
    async with clinic.client() as http:
        return await http.get(
            "/api/v1/conversation/audio", params={"message_id": message_id}, headers={"accept": accept}
        )


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("audio/wav", "audio/wav"),
        ("audio/mpeg", "audio/mpeg"),
        ("audio/ogg", "audio/ogg"),
        ("text/html, audio/wav;q=0.4, audio/opus", "audio/ogg"),
        ("*/*", "audio/wav"),
    ],
)
async def test_an_answer_is_spoken_in_the_format_asked_for(clinic: Clinic, accept: str, kind: str) -> None:
    answer = (await spoken(clinic, accept)).raise_for_status()
    assert answer.headers["content-type"] == kind
    seconds = len(decoded(answer.content)) / 2 / 16_000
    assert 0.5 < seconds < 10


@pytest.mark.parametrize("accept", ["text/html", "audio/aac", "audio/wav;q=0", "audio/wav;q=x"])
async def test_any_other_format_is_not_acceptable(clinic: Clinic, accept: str) -> None:
    refused = await spoken(clinic, accept)
    assert (refused.status_code, refused.json()["error_code"]) == (406, "request.not_acceptable")


async def test_only_a_stored_answer_is_spoken(clinic: Clinic) -> None:
    opened = await clinic.opened()
    await send(clinic, opened["session_id"], WORDS)
    asked = (await clinic.transcript(opened["consultation_id"]))[0]["id"]
    for message_id in (asked, str(uuid4())):
        assert (await spoken(clinic, "audio/wav", message_id)).status_code == 404
