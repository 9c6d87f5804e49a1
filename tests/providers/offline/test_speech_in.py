import asyncio
import os
import signal
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soxr
import yaml

from auricle.demo.make_audio import AUDIO, script
from auricle.providers.ports import (
    END_OF_SPEECH,
    EndOfSpeech,
    Identifying,
    ProviderFailed,
    ProviderRefused,
    Transcript,
    Usage,
)
from auricle.providers.vendors.offline import OfflineSpeechToText
from auricle.providers.vendors.offline.domain import TEMPLATES
from auricle.providers.vendors.offline.espeak import Manner, espeak
from auricle.providers.vendors.offline.lexicon import arpabet, pronunciations
from auricle.providers.vendors.offline.upsample import Doubler

TURNS = script()["turns"]
MEDICINE = next(turn["file"] for turn in TURNS if "drug" in turn["key_facts"])


def spoken(name: str) -> bytes:
    with wave.open(str(AUDIO / name)) as file:
        return file.readframes(file.getnframes())


def silence(seconds: float, rate_hz: int = 16_000) -> bytes:
    return bytes(int(seconds * rate_hz) * 2)


async def stream(*parts: bytes | EndOfSpeech, piece_bytes: int = 3_072) -> AsyncIterator[bytes | EndOfSpeech]:
    for part in parts:
        if isinstance(part, EndOfSpeech):
            yield part
        else:
            for start in range(0, len(part), piece_bytes):
                yield part[start : start + piece_bytes]
                await asyncio.sleep(0)


async def heard(
    recogniser: OfflineSpeechToText, *parts: bytes | EndOfSpeech, rate_hz: int = 16_000, **more: int
) -> tuple[list[Transcript], list[Transcript], Usage]:
    """Interims, finals and usage."""
    audio = stream(*parts, **more)
    events = [event async for event in recogniser.transcribe(audio, rate_hz=rate_hz, language="en-IN")]
    assert isinstance(events[-1], Usage)
    transcripts = [event for event in events if isinstance(event, Transcript)]
    return [t for t in transcripts if not t.is_final], [t for t in transcripts if t.is_final], events[-1]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn["file"])
async def test_the_key_facts_of_every_demo_file_are_heard(recogniser, turn):
    for lead_s, trail_s, piece_bytes in ((0.3, 0.2, 3_072), (0.05, 0.35, 640)):
        interims, finals, _ = await heard(
            recogniser, silence(lead_s), spoken(turn["file"]), silence(trail_s), END_OF_SPEECH, piece_bytes=piece_bytes
        )
        assert len(finals) == 1
        facts = turn["key_facts"].values()
        missing = [f for said in facts for f in (said if isinstance(said, list) else [said]) if f not in finals[0].text]
        assert not missing, finals[0].text
        assert interims


async def test_key_facts_are_heard_at_the_pace_of_speech(recogniser):
    async def live() -> AsyncIterator[bytes | EndOfSpeech]:
        pcm = silence(0.3) + spoken(MEDICINE) + silence(0.2)
        for start in range(0, len(pcm), 3_072):
            await asyncio.sleep(0.09)
            yield pcm[start : start + 3_072]
        yield END_OF_SPEECH

    events = [e async for e in recogniser.transcribe(live(), rate_hz=16_000, language="en")]
    finals = [e for e in events if isinstance(e, Transcript) and e.is_final]
    assert [f.text for f in finals] == ["i take ibuprofen four hundred milligrams twice a day"]
    assert sum(isinstance(e, Transcript) for e in events) > 5


async def test_each_end_of_speech_gets_exactly_one_final_even_in_silence(recogniser):
    _, finals, usage = await heard(
        recogniser,
        END_OF_SPEECH,
        silence(1.0),
        END_OF_SPEECH,
        spoken("09-goodbye.wav"),
        silence(0.2),
        END_OF_SPEECH,
        END_OF_SPEECH,
    )
    assert len(finals) == 4
    assert "goodbye" in finals[2].text
    assert finals[0].text == finals[3].text == ""
    assert usage.audio_s == pytest.approx(1.2 + len(spoken("09-goodbye.wav")) / 32_000, abs=0.01)


async def test_speech_left_open_at_the_end_is_still_answered(recogniser):
    _, finals, _ = await heard(recogniser, spoken("09-goodbye.wav"))
    assert len(finals) == 1 and "goodbye" in finals[0].text


async def test_the_phones_rate_is_heard(recogniser):
    wide = np.frombuffer(spoken(MEDICINE), "<i2").astype(float)
    narrow = np.convolve(wide, np.sinc(np.arange(-20, 21) / 2) * np.hamming(41) / 2, "same")[::2]
    pcm = np.clip(narrow, -32_768, 32_767).astype("<i2").tobytes()
    _, finals, _ = await heard(recogniser, silence(0.3, 8_000), pcm, silence(0.2, 8_000), END_OF_SPEECH, rate_hz=8_000)
    assert "ibuprofen" in finals[0].text and "four hundred" in finals[0].text


async def test_noise_and_odd_pieces_do_no_harm(recogniser):
    noise = np.random.default_rng(1).integers(-20_000, 20_000, 16_000, dtype=np.int16).tobytes()
    _, finals, _ = await heard(recogniser, noise, END_OF_SPEECH, piece_bytes=641)
    assert len(finals) == 1


@pytest.mark.parametrize(("language", "rate_hz"), [("hi", 16_000), ("en", 44_100)])
async def test_what_it_cannot_hear_is_refused(recogniser, language, rate_hz):
    with pytest.raises(ProviderRefused):
        [e async for e in recogniser.transcribe(stream(END_OF_SPEECH), rate_hz=rate_hz, language=language)]


async def test_a_killed_process_fails_its_call_and_is_replaced(models_folder: Path):
    recogniser = OfflineSpeechToText(models_folder, processes=1)
    try:
        await recogniser.warm()
        assert recogniser._pool is not None
        (victim,) = recogniser._pool._free

        async def interrupted() -> AsyncIterator[bytes | EndOfSpeech]:
            yield spoken(MEDICINE)[:32_000]
            await asyncio.sleep(0.2)
            os.kill(victim.pid, signal.SIGKILL)
            await asyncio.sleep(0.2)
            yield spoken(MEDICINE)[32_000:]
            yield END_OF_SPEECH

        with pytest.raises(ProviderFailed):
            [e async for e in recogniser.transcribe(interrupted(), rate_hz=16_000, language="en")]
        _, finals, _ = await heard(recogniser, spoken("09-goodbye.wav"), silence(0.2), END_OF_SPEECH)
        assert "goodbye" in finals[0].text
    finally:
        await recogniser.aclose()


async def test_closing_a_call_in_the_middle_frees_its_decoder(models_folder: Path):
    recogniser = OfflineSpeechToText(models_folder, processes=1)
    try:
        for _ in range(3):  # with a decoder lost each time the second round would find none
            calling = recogniser.transcribe(stream(spoken(MEDICINE), END_OF_SPEECH), rate_hz=16_000, language="en")
            assert isinstance(await anext(calling), Transcript)
            await calling.aclose()
        _, finals, _ = await heard(recogniser, spoken("09-goodbye.wav"), silence(0.2), END_OF_SPEECH)
        assert [f.text for f in finals] == ["thank you goodbye"]
    finally:
        await recogniser.aclose()


async def test_a_patients_name_is_not_taught_to_a_decoder_that_serves_others_too(models_folder: Path):
    recogniser = OfflineSpeechToText(models_folder, processes=1)
    pieces: list[bytes] = []
    espeak().speak("hello Widex is here", Manner(), lambda pcm, _: pieces.append(pcm) is None)
    sound = soxr.resample(np.frombuffer(b"".join(pieces), "<i2"), espeak().rate_hz, 16_000)

    async def text(*keyterms: str) -> str:
        audio = stream(silence(0.3), sound.tobytes(), silence(0.3), END_OF_SPEECH)
        events = recogniser.transcribe(audio, rate_hz=16_000, language="en", keyterms=keyterms)
        return [e async for e in events if isinstance(e, Transcript)][-1].text

    try:
        assert "widex" not in await text(Identifying("Widex"))
        assert "widex" in await text("Widex")
        assert "widex" in await text()  # a decoder unlearns nothing
    finally:
        await recogniser.aclose()


async def test_a_key_term_outside_the_dictionary_gets_a_pronunciation():
    taught = dict(await pronunciations(["Widex Moment", "tinnitus"]))
    assert taught["widex"].split()[0] == "W" and taught["widex"].split()[-1] == "S"
    assert "tinnitus" not in taught
    assert arpabet("ˈtɪnɪtəs") == "T IH N IH T AH S"


def test_no_sentence_of_the_demo_stands_in_the_language_model():
    templates = yaml.safe_load(TEMPLATES.read_text("utf-8"))["templates"]
    said = {" ".join("".join(c for c in turn["words"].lower() if c.isalpha() or c == " ").split()) for turn in TURNS}
    assert said.isdisjoint(templates)


def test_doubling_keeps_a_tone_and_does_not_care_how_it_is_cut():
    at = np.arange(8_000)
    tone = (8_000 * np.sin(2 * np.pi * 1_000 * at / 8_000)).astype("<i2").tobytes()
    whole = Doubler()(tone)
    pieces = Doubler()
    assert b"".join(pieces(tone[i : i + 333]) for i in range(0, len(tone), 333)) == whole
    samples = np.frombuffer(whole, "<i2").astype(float)[400:-400]
    expected = 8_000 * np.sin(2 * np.pi * 1_000 * (np.arange(len(samples)) + 400) / 16_000)
    lag = min(range(32), key=lambda n: float(np.abs(samples[n:] - expected[: len(expected) - n]).max()))
    assert np.abs(samples[lag:] - expected[: len(expected) - lag]).max() < 400
