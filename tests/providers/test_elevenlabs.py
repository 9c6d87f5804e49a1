"""What is ElevenLabs' own: models that know languages, timings on two clocks, errors told in several ways."""

from pathlib import Path
from typing import Any

import pytest

from auricle.providers.call import Call, Choice, NoProvider
from auricle.providers.ports import (
    Audio,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ProviderTimeout,
    Timing,
    Timings,
)
from auricle.providers.vendors.elevenlabs import FLASH, V3, VENDOR, _failed, _Speech
from tests.emulators.elevenlabs import ElevenLabsEmulator
from tests.emulators.server import Fault
from tests.providers.conftest import all_of
from tests.providers.contract.vendors import Case, Running, running

SENTENCE = "Please take a seat, the doctor will see you soon."


def elevenlabs(**given: Any) -> Case:
    return Case("elevenlabs", ElevenLabsEmulator, given)


async def spoken(it: Running, language: str = "en", model: str | None = None) -> list[Any]:
    choice = Choice("it", model=model)
    return await all_of(it.router.speak(Call(None, [choice], language, retries=0), SENTENCE))


async def test_a_language_that_the_model_does_not_know_is_left_to_others(tmp_path: Path) -> None:
    async with running(elevenlabs(), tmp_path) as it:
        with pytest.raises(NoProvider):
            await spoken(it, "te")
        assert it.emulator.requests == []
        await spoken(it, "te", "eleven_v3")
        assert it.emulator.requests[0]["body"]["language_code"] == "te"
    async with running(elevenlabs(tts="eleven_v3"), tmp_path) as it:
        assert await spoken(it, "te")
    assert "ta" in FLASH and {"te", "kn", "ml", "bn", "gu", "mr", "pa"} <= V3 - FLASH and "or" not in V3
    assert VENDOR.speaks("tts", "te", "a model of next year")


async def test_models_that_refuse_to_be_told_the_language_are_not(tmp_path: Path) -> None:
    async with running(elevenlabs(tts="eleven_multilingual_v2"), tmp_path) as it:
        assert await spoken(it, "hi")
        assert "language_code" not in it.emulator.requests[0]["body"]


async def test_the_accounts_own_voice_serves_where_none_is_chosen_and_no_voice_leaves_its_place_in_the_url(
    tmp_path: Path,
) -> None:
    async with running(
        elevenlabs(options={"voice": "hA4zGnmTwX2NQiTRMt7o", "enable_logging": "false"}), tmp_path
    ) as it:
        await spoken(it)
        assert it.emulator.requests[0]["path"] == "/v1/text-to-speech/hA4zGnmTwX2NQiTRMt7o/stream/with-timestamps"
        assert it.emulator.requests[0]["query"]["enable_logging"] == "false"
        with pytest.raises(ProviderRefused):
            await all_of(it.router.speak(it.call(voice="../../v1/user?x=1#"), SENTENCE))
        assert len(it.emulator.requests) == 1  # there is no such path, so nothing was asked of another


@pytest.mark.parametrize("wire", ["http", "socket"])
async def test_an_error_in_the_middle_is_an_outage_without_its_prose(wire: str, tmp_path: Path) -> None:
    async with running(elevenlabs(options={"tts_wire": wire}), tmp_path) as it:
        it.emulator.next(Fault("error_chunk"))
        with pytest.raises(ProviderFailed) as caught:
            await spoken(it)
        assert type(caught.value) is ProviderFailed
        assert "private" not in f"{caught.value!r} {caught.value.context}"


@pytest.mark.parametrize("wire", ["http", "socket"])
async def test_an_answer_that_ends_early_has_not_said_all(wire: str, tmp_path: Path) -> None:
    async with running(elevenlabs(options={"tts_wire": wire}), tmp_path) as it:
        it.emulator.next(Fault("cut_quietly"))
        with pytest.raises(ProviderGarbled):
            await spoken(it)


async def test_a_model_that_has_no_socket_is_a_refusal_there(tmp_path: Path) -> None:
    async with running(elevenlabs(tts="eleven_v3", options={"tts_wire": "socket"}), tmp_path) as it:
        with pytest.raises(ProviderRefused):
            await spoken(it)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"error": "invalid_api_key", "code": 1008}, ProviderRefused),
        ({"error": "quota_exceeded", "code": 1008}, ProviderRefused),
        ({"error": "concurrent_limit_exceeded", "code": 1008}, ProviderBusy),
        ({"detail": {"status": "too_many_concurrent_requests", "message": "private"}}, ProviderBusy),
        ({"error": "input_timeout_exceeded", "code": 1008}, ProviderTimeout),
        ({"error": "something_new", "code": 1008}, ProviderRefused),
        ({"error": "something_new", "code": 1011}, ProviderFailed),
        ({"error": "private words in a sentence"}, ProviderGarbled),
        ({"detail": "private"}, ProviderGarbled),
        ({}, ProviderGarbled),
    ],
)
def test_each_error_is_the_failure_that_it_means(told: dict[str, Any], kind: type[ProviderFailed]) -> None:
    failure = _failed(told)
    assert type(failure) is kind
    assert "private" not in f"{failure!r} {failure.context}"


SECOND = {"audio": "AAAA" * 12_000}  # 36,000 bytes: 0.75 s


def words(letters: str, starts: list[int], **more: Any) -> dict[str, Any]:
    return {**SECOND, "alignment": {"chars": [*letters], "charStartTimesMs": starts, **more}}


def timings(*messages: dict[str, Any]) -> list[Timing]:
    speech = _Speech()
    return [t for m in messages for e in speech.events(m) if isinstance(e, Timings) for t in e.told]


def test_timings_on_the_clock_of_each_message_are_put_on_that_of_the_sentence() -> None:
    told = timings(
        words("Hi ", [0, 100, 300], charDurationsMs=[100, 200, 50]),
        words("you ", [0, 100, 200, 300], charsDurationsMs=[100, 100, 100, 40]),
    )
    assert "".join(t.text for t in told) == "Hi you"  # the space that is sent behind it is not the text's
    assert [t.start_s for t in told] == pytest.approx([0.0, 0.1, 0.3, 0.75, 0.85, 0.95])


def test_timings_on_the_clock_of_the_whole_stay_as_they_are() -> None:
    at = {"character_start_times_seconds": [0.0, 0.4], "character_end_times_seconds": [0.4, 0.7]}
    later = {"character_start_times_seconds": [0.75, 1.0], "character_end_times_seconds": [1.0, 1.2]}
    told = timings(
        {"audio_base64": SECOND["audio"], "alignment": {"characters": ["a", "b"], **at}},
        {"audio_base64": SECOND["audio"], "alignment": {"characters": ["c", "d"], **later}},
    )
    assert [(t.text, t.start_s) for t in told] == [("a", 0.0), ("b", 0.4), ("c", 0.75), ("d", 1.0)]


@pytest.mark.parametrize(
    "alignment",
    [
        5,
        {},
        {"chars": ["a"], "charStartTimesMs": [0]},
        {"chars": ["a"], "charStartTimesMs": ["x"], "charDurationsMs": [1]},
        {"chars": ["a", "b"], "charStartTimesMs": [0], "charDurationsMs": [1]},
        {"characters": ["a"], "character_start_times_seconds": [0.0], "character_end_times_seconds": []},
    ],
)
def test_timings_that_can_not_be_read_are_garbled(alignment: Any) -> None:
    with pytest.raises(ProviderGarbled):
        timings({**SECOND, "alignment": alignment})


def test_a_few_letters_without_a_time_are_no_sign_of_a_cut_and_many_are() -> None:
    speech = _Speech()
    list(speech.events(words("98 kg ", [0, 10, 20, 30, 40, 50], charDurationsMs=[10] * 6)))
    speech.finish("98.4 kg")
    with pytest.raises(ProviderGarbled):
        speech.finish("98.4 kg, and come back")
    _Speech().finish("no timings were told at all")


def test_sound_comes_before_its_timings() -> None:
    events = list(_Speech().events(words("a", [0], charDurationsMs=[10])))
    assert isinstance(events[0], Audio) and isinstance(events[-1], Timings)
