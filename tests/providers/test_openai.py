"""OpenAI: what each family of models is asked, hearing by files and live, voices, vectors, models that end."""

import base64
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.call import Call, Choice, NoProvider
from auricle.providers.health import check, provider_states
from auricle.providers.ports import (
    Audio,
    ChatMessage,
    LanguageRequest,
    Offered,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    TextDelta,
    ToolSpec,
    Transcript,
)
from tests.emulators.openai import OpenAI
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.test_speech_to_text import finals, spoken
from tests.providers.contract.vendors import Case, Running, running

ASK = LanguageRequest([ChatMessage("user", "Where do I sit?")], temperature=0.3, max_tokens=100)
TOOLS = [ToolSpec("find_slot", "Finds a free appointment.", {"type": "object", "properties": {}})]
FAMILIES = ["gpt-6-luna", "gpt-6-sol", "gpt-6.1-terra", "gpt-5.6-luna", "gpt-5.4-mini", "gpt-5.1", "gpt-4o", "gpt-4.1"]
SLOW_FAMILIES = ["gpt-6-astra", "gpt-6.1-sol", "gpt-5-mini", "o3", "o4-mini", "chat-latest"]
WITHOUT_TOOLS = ["gpt-6-astra", "gpt-6.1-sol"]


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Case("openai", OpenAI), tmp_path) as made:
        yield made


def call(model: str, language: str = "en") -> Call:
    return Call(None, [Choice("it", model)], language, retries=0)


async def asked(it: Running, request: LanguageRequest, model: str) -> dict[str, Any]:
    events = await all_of(it.router.generate(call(model), request))
    assert any(isinstance(e, TextDelta) for e in events)
    body: dict[str, Any] = it.emulator.requests[-1]["body"]
    return body


@pytest.mark.parametrize("model", FAMILIES + SLOW_FAMILIES)
async def test_every_family_of_models_takes_what_it_is_sent(it: Running, model: str) -> None:
    body = await asked(it, ASK, model)
    assert "max_tokens" not in body
    is_quick = model in FAMILIES
    assert body.get("temperature") == (0.3 if is_quick else None)
    assert body["max_completion_tokens"] == 100 if is_quick or model == "chat-latest" else 1_000


@pytest.mark.parametrize("model", [m for m in FAMILIES + SLOW_FAMILIES if m not in WITHOUT_TOOLS])
async def test_every_family_that_can_takes_tools(it: Running, model: str) -> None:
    body = await asked(it, LanguageRequest(ASK.messages, tools=TOOLS), model)
    assert body["tools"][0]["function"]["name"] == "find_slot"


@pytest.mark.parametrize("model", WITHOUT_TOOLS)
async def test_a_model_that_takes_no_tools_here_says_so_as_a_setting_to_correct(it: Running, model: str) -> None:
    with pytest.raises(ProviderRefused):
        await all_of(it.router.generate(call(model), LanguageRequest(ASK.messages, tools=TOOLS)))


async def test_the_owner_may_let_a_model_think(tmp_path: Path) -> None:
    async with running(Case("openai", OpenAI, {"options": {"reasoning_effort": "medium"}}), tmp_path) as it:
        body = await asked(it, ASK, "gpt-6-luna")
        assert body["reasoning_effort"] == "medium" and "temperature" not in body
        assert body["max_completion_tokens"] > 1_000
        assert (await asked(it, LanguageRequest(ASK.messages, tools=TOOLS), "gpt-6-luna"))["reasoning_effort"] == "none"


async def test_an_unknown_model_is_a_setting_to_correct(it: Running) -> None:
    with pytest.raises(ProviderRefused) as caught:
        await all_of(it.router.generate(call("no-such-model"), ASK))
    assert caught.value.context["vendor_code"] == "model_not_found"


async def test_a_key_alone_gives_no_voice_because_every_model_for_it_ends(it: Running) -> None:
    assert it.adapters.capabilities == ("stt", "llm", "embedding")


async def test_the_models_of_the_account_are_listed_with_their_last_day(it: Running) -> None:
    offered = await it.adapters.adapter("llm").models()
    assert Offered("gpt-4o", date(2027, 1, 14)) in offered and Offered("gpt-6-luna") in offered


async def test_a_check_warns_of_a_last_day_that_only_the_vendor_knows(tmp_path: Path) -> None:
    class Announcing(OpenAI):
        listed = ({"id": "gpt-6-nova", "shutdown_date": "2999-05-01"}, {"id": "text-embedding-3-small"})

    async with running(Case("openai", Announcing, {"llm": "gpt-6-nova"}), tmp_path) as it:
        assert "gpt-6-nova" not in (await provider_states(it.router))[0].warnings
        state = await check(it.router, "it")
        assert state.is_well
        assert state.warnings == {"gpt-6-nova": "gpt-6-nova will be switched off on 2999-05-01, says its vendor."}
        it.emulator.always(Fault("status", 500))
        assert (await check(it.router, "it")).warnings == {}


async def test_vectors_come_packed_and_as_short_as_the_owner_wants(tmp_path: Path) -> None:
    async with running(Case("openai", OpenAI, {"options": {"dimensions": "2"}}), tmp_path) as it:
        answer = await it.router.embed(it.call(), ["a", "bbb"], task="query")
        assert answer.vectors.shape == (2, 2)
        body = it.emulator.requests[-1]["body"]
        assert (body["encoding_format"], body["dimensions"]) == ("base64", 2)
    async with running(Case("openai", OpenAI, {"options": {"dimensions": "many"}}), tmp_path) as it:
        with pytest.raises(ProviderRefused):
            await it.router.embed(it.call(), ["a"], task="query")
        assert not it.emulator.requests


async def transcribed(it: Running, model: str, *utterances: int, rate_hz: int = 16_000, **how: Any) -> list[object]:
    return await all_of(it.router.transcribe(call(model), spoken(*utterances), rate_hz=rate_hz, **how))


async def test_newer_models_say_words_while_they_transcribe_a_file(it: Running) -> None:
    it.emulator.transcripts.append("my ear hurts")
    events = await transcribed(it, "gpt-4o-transcribe", 10, keyterms=["otitis"])
    assert [e.text for e in events if isinstance(e, Transcript)] == [
        "my",
        "my ear",
        "my ear hurts",
        "my ear hurts",
    ]
    assert finals(events) == ["my ear hurts"]
    assert it.emulator.requests[-1]["body"]["prompt"] == "otitis"


async def test_the_old_model_is_read_whole(it: Running) -> None:
    it.emulator.transcripts.append("my ear hurts")
    events = await transcribed(it, "whisper-1", 10)
    assert [e.text for e in events if isinstance(e, Transcript)] == ["my ear hurts"]
    assert "stream" not in it.emulator.requests[-1]["body"]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("cut", ProviderFailed),
        ("cut_quietly", ProviderFailed),
        ("empty", ProviderFailed),
        ("malformed", ProviderGarbled),
        ("error_chunk", ProviderFailed),
    ],
)
@pytest.mark.parametrize("model", ["gpt-transcribe", "gpt-live-transcribe"])
async def test_words_that_break_off_are_no_final(it: Running, fault: Any, kind: type, model: str) -> None:
    it.emulator.transcripts.append("my ear hurts")
    it.emulator.next(Fault(fault))
    events: list[object] = []
    with pytest.raises(ProviderFailed) as caught:
        async for one in it.router.transcribe(call(model), spoken(10), rate_hz=16_000):
            events.append(one)
    assert type(caught.value) is kind
    assert "private" not in f"{caught.value!r} {caught.value.context}"
    assert finals(events) == []


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000])
async def test_live_sound_of_any_rate_arrives_at_the_one_that_is_taken(it: Running, rate_hz: int) -> None:
    it.emulator.transcripts.append("my ear hurts")
    seconds = 50 * 320 / rate_hz  # pieces of 320 samples
    events = await transcribed(it, "gpt-live-transcribe", 50, rate_hz=rate_hz)
    assert finals(events) == ["my ear hurts"]
    sent = [base64.b64decode(f["audio"]) for f in it.emulator.received if f["type"] == "input_audio_buffer.append"]
    assert sum(map(len, sent)) / 2 / 24_000 == pytest.approx(seconds, abs=0.01)
    assert it.records[0].audio_s == pytest.approx(seconds)


async def test_a_word_of_a_tenth_of_a_second_is_filled_up_and_heard(it: Running) -> None:
    it.emulator.transcripts.append("no")
    assert finals(await transcribed(it, "gpt-live-transcribe", 2)) == ["no"]
    assert it.records[0].audio_s == pytest.approx(0.04)


async def test_a_session_that_is_refused_is_a_setting_to_correct(it: Running) -> None:
    with pytest.raises(ProviderRefused):
        await transcribed(it, "gpt-live-transcribe-of-tomorrow", 10)
    assert it.records[0].status == "refused"


async def test_a_language_whisper_was_not_made_for_is_left_to_others(it: Running) -> None:
    with pytest.raises(NoProvider):
        await all_of(it.router.transcribe(call("gpt-transcribe", "or"), spoken(5), rate_hz=16_000))
    assert not it.emulator.requests


async def test_a_voice_of_the_organizations_own_is_named_as_such(tmp_path: Path) -> None:
    async with running(Case("openai", OpenAI, {"tts": "gpt-4o-mini-tts"}), tmp_path) as it:
        events = await all_of(it.router.speak(it.call(voice="voice_1234"), "Please take a seat."))
        assert any(isinstance(e, Audio) for e in events)
        assert it.emulator.requests[-1]["body"]["voice"] == {"id": "voice_1234"}
        newer = {v.id for v in await it.adapters.adapter("tts").voices() if v.models}
        assert "marin" in newer and "alloy" not in newer
