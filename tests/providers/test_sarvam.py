"""What is Sarvam's own: two recognizers' sockets, modes, key terms, voices that belong to models and languages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.ports import (
    END_OF_SPEECH,
    Audio,
    EndOfSpeech,
    ProviderBusy,
    ProviderFailed,
    ProviderRefused,
    Transcript,
    Usage,
)
from auricle.providers.vendors.sarvam_speech import KNOWN, code_of, failed
from auricle.providers.vendors.sarvam_speech.hearing import fitting
from auricle.providers.vendors.sarvam_speech.speaking import known_voices, usual_voice
from tests.emulators.sarvam import SarvamEmulator
from tests.emulators.server import Fault
from tests.providers.conftest import ASK, all_of
from tests.providers.contract.vendors import Case, Running, running

RATE_HZ = 16_000
TENTH = b"\1\0" * (RATE_HZ // 10)


async def spoken(*tenths: int) -> AsyncIterator[bytes | EndOfSpeech]:
    for count in tenths:
        for _ in range(count):
            yield TENTH
        yield END_OF_SPEECH


async def heard(it: Running, *tenths: int, language: str = "hi", rate_hz: int = RATE_HZ) -> list[Any]:
    events = await all_of(it.router.transcribe(it.call(language), spoken(*tenths), rate_hz=rate_hz))
    return [e for e in events if isinstance(e, Transcript)]


def sarvam(**given: Any) -> Case:
    return Case("sarvam", SarvamEmulator, given)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "/speech-to-text-realtime/ws"),
        ({"stt": "saaras:v3-realtime"}, "/speech-to-text-realtime/ws"),
        ({"stt": "saaras:v3"}, "/speech-to-text/ws"),
        ({"stt": "saaras:v4", "options": {"stt_socket": "finals"}}, "/speech-to-text/ws"),
    ],
)
async def test_the_model_says_which_socket_is_asked(given: dict[str, Any], path: str, tmp_path: Path) -> None:
    async with running(sarvam(**given), tmp_path) as it:
        assert [t.text for t in await heard(it, 1) if t.is_final]
        assert it.emulator.requests[0]["path"] == path


async def test_a_final_tells_where_in_the_audio_it_was(tmp_path: Path) -> None:
    async with running(sarvam(), tmp_path) as it:
        finals = [t for t in await heard(it, 3, 5) if t.is_final]
        assert [(t.start_s, t.end_s) for t in finals] == [
            (pytest.approx(0.0), pytest.approx(0.3)),
            (pytest.approx(0.3), pytest.approx(0.8)),
        ]
        assert it.records[0].audio_s == pytest.approx(0.8)


async def test_the_telephones_rate_is_taken_and_others_are_refused(tmp_path: Path) -> None:
    async with running(sarvam(), tmp_path) as it:
        assert await heard(it, 2, rate_hz=8_000)
        assert it.emulator.requests[0]["query"]["sample_rate"] == "8000"
        with pytest.raises(ProviderRefused):
            await heard(it, 2, rate_hz=22_050)


async def test_what_is_translated_while_it_is_heard_is_english(tmp_path: Path) -> None:
    async with running(sarvam(options={"mode": "translate"}), tmp_path) as it:
        it.emulator.transcripts.append("my ear hurts")
        assert {t.language for t in await heard(it, 6)} == {"en"}
        assert it.emulator.requests[0]["query"]["mode"] == "translate"
    async with running(sarvam(options={"mode": "nonsense"}), tmp_path) as it:
        with pytest.raises(ProviderRefused):
            await heard(it, 1)
        assert it.emulator.requests == []


async def test_what_the_older_socket_cuts_in_two_is_one_final(tmp_path: Path) -> None:
    async with running(sarvam(stt="saaras:v3"), tmp_path) as it:
        it.emulator.cuts_after_s = 0.4
        it.emulator.transcripts.extend(["मुझे दर्द है", "कल से"])
        has_cut = asyncio.Event()

        async def speech() -> AsyncIterator[bytes | EndOfSpeech]:
            for _ in range(4):
                yield TENTH
            await has_cut.wait()
            yield TENTH
            yield END_OF_SPEECH

        told = []
        async with aclosing(it.router.transcribe(it.call("hi"), speech(), rate_hz=RATE_HZ)) as events:
            async for event in events:
                if isinstance(event, Transcript):
                    told.append(event)
                    has_cut.set()
        assert [(t.text, t.is_final) for t in told] == [("मुझे दर्द है", False), ("मुझे दर्द है कल से", True)]


@pytest.mark.parametrize("stt", ["saaras:v4", "saaras:v3"])
async def test_an_error_told_on_the_socket_is_an_outage_without_its_prose(stt: str, tmp_path: Path) -> None:
    async with running(sarvam(stt=stt), tmp_path) as it:
        it.emulator.next(Fault("error_chunk"))
        with pytest.raises(ProviderFailed) as caught:
            await heard(it, 3)
        assert type(caught.value) is ProviderFailed
        assert "private" not in f"{caught.value!r} {caught.value.context}"


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"code": "rate_limit_exceeded_error"}, ProviderBusy),
        ({"code": "invalid_api_key_error"}, ProviderRefused),
        ({"code": "insufficient_quota_error"}, ProviderRefused),
        ({"code": "rate_limited", "status_code": 429}, ProviderBusy),
        ({"code": "beta_denied", "status_code": 403}, ProviderRefused),
        ({"code": 429}, ProviderBusy),
        ({"code": 422, "message": "private words"}, ProviderRefused),
        ({"code": None}, ProviderFailed),
        ({"code": True}, ProviderFailed),
        ({"code": "a sentence about private words"}, ProviderFailed),
        ({}, ProviderFailed),
    ],
)
def test_each_code_is_the_failure_that_it_means(told: dict[str, Any], kind: type[ProviderFailed]) -> None:
    failure = failed(told)
    assert type(failure) is kind
    assert "private" not in f"{failure!r} {failure.context}"


def test_as_many_key_terms_go_as_the_vendor_takes() -> None:
    assert fitting(["Sharma Clinic", " metformin ", "", "x" * 65]) == ["Sharma Clinic", "metformin"]
    assert len(fitting([f"term {n}" for n in range(80)])) == 50
    hindi = fitting(["बहुत लंबा नाम " * 4] * 50)
    assert 0 < len(hindi) < 20  # a URL has an end, and these letters take nine bytes of it each


def test_odia_has_two_names_and_a_foreign_language_none() -> None:
    assert (code_of("or"), code_of("or", odia="or-IN"), code_of("hi-IN"), code_of("EN")) == (
        "od-IN",
        "or-IN",
        "hi-IN",
        "en-IN",
    )
    with pytest.raises(ProviderRefused):
        code_of("fr")


async def test_every_language_of_the_recognizer_is_accepted(tmp_path: Path) -> None:
    async with running(sarvam(), tmp_path) as it:
        for language in sorted(KNOWN):
            assert await heard(it, 1, language=language)


def test_a_voice_belongs_to_a_model_and_speaks_the_language_asked_for() -> None:
    by_name = {v.id: v for v in known_voices()}
    for model, languages in (
        ("bulbul:v3", ("en", "hi", "or", "ml")),
        ("bulbul:v2", ("en", "hi", "or")),
        ("bulbul:v4-flash", ("en", "hi", "ta", "bn", "gu", "kn", "mr", "pa", "te")),
    ):
        for language in languages:
            voice = by_name[usual_voice(model, language)]
            assert voice.models == (model,) and language in voice.languages
    assert by_name[usual_voice("bulbul:v9", "hi")].models == ("bulbul:v3",)
    assert by_name["simran_enhi_customer"].languages == ("en", "hi")
    with pytest.raises(ProviderRefused):
        usual_voice("bulbul:v4-flash", "or")


@pytest.mark.parametrize("options", [{}, {"tts_wire": "socket"}])
async def test_a_text_beyond_the_vendors_limit_is_spoken_in_parts(options: dict[str, str], tmp_path: Path) -> None:
    text = "This is a long answer. " * 120
    async with running(sarvam(options=options), tmp_path) as it:
        events = await all_of(it.router.speak(it.call("en"), text))
        assert events[-1] == Usage(characters=len(text))
        assert sum(len(e.pcm) for e in events if isinstance(e, Audio)) / 2 / 24_000 > 0.03 * len(text)
        bodies = [r["body"]["text"] for r in it.emulator.requests if r["body"]]
        told = [f["data"]["text"] for f in it.emulator.received if f["type"] == "text"]
        parts = bodies or told
        assert len(parts) == 2 and all(len(part) <= 2_500 and part.endswith(".") for part in parts)


async def test_a_socket_that_ends_before_its_final_event_has_not_said_all(tmp_path: Path) -> None:
    async with running(sarvam(options={"tts_wire": "socket"}), tmp_path) as it:
        it.emulator.next(Fault("cut_quietly"))
        with pytest.raises(ProviderFailed):
            await all_of(it.router.speak(it.call("en"), "Please take a seat in the hall."))


async def test_its_model_is_told_not_to_think_and_not_asked_to_count(tmp_path: Path) -> None:
    async with running(sarvam(llm="sarvam-105b"), tmp_path) as it:
        await all_of(it.router.generate(it.call(), ASK))
        body = it.emulator.requests[0]["body"]
        assert body["reasoning_effort"] is None and "stream_options" not in body
    async with running(sarvam(llm="sarvam-105b", options={"reasoning_effort": "low"}), tmp_path) as it:
        await all_of(it.router.generate(it.call(), ASK))
        assert it.emulator.requests[0]["body"]["reasoning_effort"] == "low"


async def test_an_account_for_speech_is_no_language_model_unless_it_names_one(tmp_path: Path) -> None:
    async with running(sarvam(), tmp_path) as it:
        assert it.adapters.capabilities == ("stt", "tts", "translation")
    async with running(sarvam(llm="sarvam-105b"), tmp_path) as it:
        assert it.adapters.capabilities == ("stt", "llm", "tts", "translation")
