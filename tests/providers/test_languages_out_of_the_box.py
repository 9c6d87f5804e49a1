"""Accounts at several vendors and an agent that says nothing of them: each language is served by who is best at it.

Deepgram for English, Sarvam for the languages of India, in hearing, speaking and translating; and when one fails, the
next speaks the same language with a voice of its own.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from auricle.providers.call import Call, Choice
from auricle.providers.health import check
from auricle.providers.ports import END_OF_SPEECH, Audio, EndOfSpeech, Transcript
from auricle.providers.routing import Router, router_for
from auricle.settings import Provider, Settings, Timeouts
from tests.emulators.azure import AzureEmulator
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.elevenlabs import ElevenLabsEmulator
from tests.emulators.sarvam import SarvamEmulator
from tests.emulators.server import Emulator, Fault
from tests.providers.conftest import all_of, served

RATE_HZ = 16_000
PATIENT = Timeouts(connect_s=5.0, first_s=30.0, gap_s=30.0, total_s=60.0)
EMULATORS: dict[str, type[Emulator]] = {
    "deepgram": DeepgramEmulator,
    "sarvam": SarvamEmulator,
    "azure": AzureEmulator,
    "elevenlabs": ElevenLabsEmulator,
}
INDIAN = ("hi", "ta", "te", "bn", "mr", "gu", "kn", "ml", "pa", "or")


class Installation:
    def __init__(self, router: Router, emulators: dict[str, Any]) -> None:
        self.router, self.emulators = router, emulators

    async def heard_by(self, language: str) -> list[str]:
        async def audio() -> AsyncIterator[bytes | EndOfSpeech]:
            for _ in range(5):
                yield b"\1\0" * (RATE_HZ // 10)
            yield END_OF_SPEECH

        events = await all_of(self.router.transcribe(Call(None, None, language), audio(), rate_hz=RATE_HZ))
        assert [e.is_final for e in events if isinstance(e, Transcript)].count(True) == 1
        return served(events)

    async def spoken_by(self, language: str, choices: list[Choice] | None = None) -> list[str]:
        events = await all_of(self.router.speak(Call(None, choices, language), "1, 2, 3."))
        assert any(isinstance(e, Audio) for e in events)
        return served(events)


@asynccontextmanager
async def installed(folder: Path, *vendors: str) -> AsyncIterator[Installation]:
    """Accounts at these vendors, in this order, each with nothing set but its key."""
    async with AsyncExitStack() as stack:
        emulators = {name: await stack.enter_async_context(EMULATORS[name]()) for name in vendors}
        given = {
            name: Provider(vendor=name, url=emulator.url, key=SecretStr("right-key"))
            for name, emulator in emulators.items()
        }
        router = router_for(Settings(data_dir=folder, providers=given, timeouts=PATIENT), lambda _: None)
        stack.push_async_callback(router.aclose)
        yield Installation(router, emulators)


@pytest.mark.parametrize("order", [("deepgram", "sarvam"), ("sarvam", "deepgram")])
async def test_english_is_deepgrams_and_indias_languages_are_sarvams(order: tuple[str, ...], tmp_path: Path) -> None:
    async with installed(tmp_path, *order) as ours:
        assert await ours.heard_by("en") == ["deepgram"]
        assert await ours.spoken_by("en") == ["deepgram"]
        for language in INDIAN:
            assert await ours.heard_by(language) == ["sarvam"], language
            assert await ours.spoken_by(language) == ["sarvam"], language
        for source, target in (("hi", "en"), ("en", "ta"), ("or", "hi")):
            await ours.router.translate(Call(None, None, source), "x", source=source, target=target)
        assert [r["path"] for r in ours.emulators["sarvam"].requests].count("/translate") == 3
        assert not any("translate" in r["path"] for r in ours.emulators["deepgram"].requests)


async def test_a_tamil_call_goes_on_at_deepgram_when_sarvam_does_not_hear(tmp_path: Path) -> None:
    async with installed(tmp_path, "deepgram", "sarvam") as ours:
        ours.emulators["sarvam"].always(Fault("status", 500))
        assert await ours.heard_by("ta") == ["sarvam", "deepgram"]


async def test_a_voice_that_fails_is_followed_by_one_of_the_same_language(tmp_path: Path) -> None:
    async with installed(tmp_path, "deepgram", "elevenlabs", "sarvam", "azure") as ours:
        ours.emulators["sarvam"].always(Fault("status", 500))
        assert await ours.spoken_by("hi") == ["elevenlabs"]
        assert ours.emulators["elevenlabs"].requests[-1]["body"]["language_code"] == "hi"
        ours.emulators["elevenlabs"].always(Fault("status", 503))
        assert await ours.spoken_by("hi") == ["azure"]
        assert 'name="hi-IN-SwaraNeural"' in ours.emulators["azure"].requests[-1]["body"]
        assert await ours.spoken_by("te") == ["azure"]  # the other's usual model does not know Telugu
        assert 'name="te-IN-ShrutiNeural"' in ours.emulators["azure"].requests[-1]["body"]
        assert not ours.emulators["deepgram"].requests


async def test_a_chosen_voice_belongs_to_its_provider_and_goes_to_no_other(tmp_path: Path) -> None:
    async with installed(tmp_path, "sarvam", "azure") as ours:
        ours.emulators["sarvam"].next(Fault("status", 500))
        chosen = [Choice("sarvam", voice="ritu", settings={"pace": 1.2}), Choice("azure")]
        assert await ours.spoken_by("ml", chosen) == ["azure"]
        assert ours.emulators["sarvam"].requests[0]["body"]["speaker"] == "ritu"
        body = ours.emulators["azure"].requests[0]["body"]
        assert 'name="ml-IN-SobhanaNeural"' in body and "ritu" not in body and "prosody" not in body


async def test_a_check_of_each_account_finds_it_well(tmp_path: Path) -> None:
    async with installed(tmp_path, "sarvam", "azure", "elevenlabs") as ours:
        for name in ours.emulators:
            state = await check(ours.router, name)
            assert state.is_well and state.checks, name
            ours.emulators[name].always(Fault("status", 503))
            assert {c.error for c in (await check(ours.router, name)).checks} == {"provider.failed"}


async def test_with_none_left_but_what_is_always_there_the_offline_voice_speaks_the_language(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader", reason="the offline voice is not installed")
    async with installed(tmp_path, "sarvam") as ours:
        ours.emulators["sarvam"].always(Fault("status", 500))
        assert await ours.spoken_by("hi") == ["offline"]
