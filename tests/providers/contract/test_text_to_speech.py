"""What every voice promises, whatever its vendor's protocol."""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.call import Served
from auricle.providers.ports import Audio, Timings, Usage
from tests.emulators.server import Fault
from tests.providers.contract.conftest import (
    all_of,
    assert_a_busy_vendor_says_for_how_long,
    assert_a_wrong_key_is_refused,
    assert_an_outage_is_not_our_fault,
    nothing_left,
)
from tests.providers.contract.vendors import Case, Running, able

SENTENCE = "Please take a seat."

over_the_wire = pytest.mark.parametrize("case", able("tts"), ids=str)


async def spoken(it: Running, text: str = SENTENCE, **how: Any) -> list[Any]:
    return await all_of(it.router.speak(it.call(voice=it.case.tts.voice, **how), text))


@pytest.mark.parametrize("case", able("tts", emulated=False), ids=str)
async def test_a_sentence_is_whole_samples_and_then_its_usage(it: Running) -> None:
    events = await spoken(it)
    assert isinstance(events[0], Served) and isinstance(events[-1], Usage)
    audio = [e for e in events[1:-1] if not isinstance(e, Timings)]
    assert audio and all(isinstance(a, Audio) and a.pcm and len(a.pcm) % 2 == 0 for a in audio)
    record = it.records[0]
    assert record.status == "ok" and record.first_ms is not None
    assert record.audio_s == pytest.approx(sum(len(a.pcm) / 2 / a.rate_hz for a in audio))


@over_the_wire
async def test_the_rate_is_the_true_one_and_characters_are_counted(it: Running) -> None:
    events = await spoken(it)
    assert {e.rate_hz for e in events if isinstance(e, Audio)} == {it.case.tts.rate_hz}
    assert it.records[0].characters in (len(SENTENCE), None)


@pytest.mark.parametrize("case", [c for c in able("tts") if c.tts.has_timings], ids=str)
async def test_timings_tell_when_each_part_of_the_text_sounds(it: Running) -> None:
    events = await spoken(it)
    told = [t for e in events if isinstance(e, Timings) for t in e.told]
    assert "".join(t.text for t in told) == SENTENCE
    made_s = sum(len(e.pcm) / 2 / e.rate_hz for e in events if isinstance(e, Audio))
    at_s = [0.0, *(s for t in told for s in (t.start_s, t.end_s)), made_s + 0.1]
    assert at_s == sorted(at_s)
    assert isinstance(events[1], Audio)  # the first of it can already be played


@over_the_wire
async def test_sentences_follow_one_another(it: Running) -> None:
    first, second = await spoken(it), await spoken(it, "Is it the left ear?")
    assert all(any(isinstance(e, Audio) for e in events) for events in (first, second))
    assert [r.status for r in it.records] == ["ok", "ok"]


@over_the_wire
async def test_an_interrupted_sentence_leaves_nothing_and_is_metered_once(it: Running) -> None:
    it.emulator.next(Fault("stall_middle"))
    has_begun = asyncio.Event()

    async def listen() -> None:
        async with aclosing(it.router.speak(it.call(voice=it.case.tts.voice), SENTENCE)) as events:
            async for one in events:
                if isinstance(one, Audio):
                    has_begun.set()

    async with nothing_left(it):
        task = asyncio.create_task(listen())
        async with asyncio.timeout(60):
            while not (has_begun.is_set() or (it.emulator.open_streams and not it.case.tts.is_streamed)):
                await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [r.status for r in it.records] == ["cancelled"]


@over_the_wire
async def test_a_sentence_that_is_left_early_leaves_nothing(it: Running) -> None:
    async with nothing_left(it), aclosing(it.router.speak(it.call(voice=it.case.tts.voice), SENTENCE)) as events:
        async for one in events:
            if isinstance(one, Audio):
                break
    assert [r.status for r in it.records] == ["cancelled"]


@over_the_wire
async def test_a_refused_key_is_a_configuration_error(case: Case, tmp_path: Path) -> None:
    await assert_a_wrong_key_is_refused(case, tmp_path, spoken)


@over_the_wire
async def test_a_busy_vendor_says_for_how_long(it: Running) -> None:
    await assert_a_busy_vendor_says_for_how_long(it, spoken)


@over_the_wire
async def test_an_outage_is_told_apart_from_a_refusal(it: Running) -> None:
    await assert_an_outage_is_not_our_fault(it, spoken)


@over_the_wire
async def test_voices_that_can_be_listed_have_names_and_known_languages(it: Running) -> None:
    adapter = it.adapters.adapter("tts")
    if not hasattr(adapter, "voices"):
        pytest.skip("this vendor lists no voices")
    voices = await adapter.voices()
    assert voices and all(v.id and v.name for v in voices)
    assert len({v.id for v in voices}) == len(voices)
    assert all(len(code) == 2 and code.islower() for v in voices for code in v.languages)


@pytest.mark.parametrize(
    ("case", "ours", "theirs"),
    [pytest.param(c, o, t, id=f"{c}-{o}") for c in able("tts") for o, t in c.tts.languages.items()],
)
async def test_a_language_is_named_as_the_vendor_names_it(it: Running, ours: str, theirs: object) -> None:
    await spoken(it, language=ours)
    assert it.case.tts.language_sent is not None
    assert it.case.tts.language_sent(it.emulator) == theirs


@pytest.mark.parametrize("case", [c for c in able("tts") if c.tts.settings], ids=str)
async def test_settings_of_a_voice_reach_the_vendor(it: Running) -> None:
    settings = it.case.tts.settings
    await spoken(it, settings=settings)
    assert it.case.tts.settings_sent is not None
    sent = it.case.tts.settings_sent(it.emulator)
    assert sent == (next(iter(settings.values())) if len(settings) == 1 else settings)
