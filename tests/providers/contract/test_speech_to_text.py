"""What every recognizer promises, whatever its vendor's protocol."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from auricle.providers.ports import END_OF_SPEECH, EndOfSpeech, Transcript, Usage
from tests.providers.contract.conftest import (
    all_of,
    assert_a_busy_vendor_says_for_how_long,
    assert_a_wrong_key_is_refused,
    assert_an_outage_is_not_our_fault,
    nothing_left,
)
from tests.providers.contract.vendors import Case, Running, able

RATE_HZ = 16_000
PIECE = b"\x01\x00" * (RATE_HZ // 50)  # 20 ms, as calls bring it

over_the_wire = pytest.mark.parametrize("case", able("stt"), ids=str)


async def spoken(*utterances: int) -> AsyncIterator[bytes | EndOfSpeech]:
    """Utterances of so many pieces, each with its end."""
    for pieces in utterances:
        for _ in range(pieces):
            yield PIECE
            await asyncio.sleep(0.001)
        yield END_OF_SPEECH


async def heard(it: Running, *utterances: int, language: str = "en", keyterms: tuple[str, ...] = ()) -> list[object]:
    call = it.call(language)
    return await all_of(it.router.transcribe(call, spoken(*utterances), rate_hz=RATE_HZ, keyterms=keyterms))


async def one_utterance(it: Running) -> list[object]:
    return await heard(it, 10)


def finals(events: list[object]) -> list[str]:
    return [e.text for e in events if isinstance(e, Transcript) and e.is_final]


@over_the_wire
async def test_each_end_of_speech_is_answered_by_one_final_in_order(it: Running) -> None:
    it.emulator.transcripts.extend(["good morning", "my ear hurts", "since monday"])
    events = await heard(it, 30, 10, 20)
    assert finals(events) == ["good morning", "my ear hurts", "since monday"]
    assert isinstance(events[-1], Usage)
    record = it.records[0]
    assert [r.status for r in it.records] == ["ok"]
    assert record.audio_s is not None and record.audio_s >= 1.0
    assert record.first_ms is not None


@over_the_wire
async def test_silence_is_answered_by_an_empty_final_and_the_next_words_by_theirs(it: Running) -> None:
    it.emulator.transcripts.extend(["", "my ear hurts"])
    assert finals(await heard(it, 10, 10)) == ["", "my ear hurts"]


@over_the_wire
async def test_an_end_of_speech_without_any_sound_is_answered_too(it: Running) -> None:
    it.emulator.transcripts.append("my ear hurts")
    assert finals(await heard(it, 0, 0)) == ["", ""]
    assert finals(await heard(it, 10)) == ["my ear hurts"]


@pytest.mark.parametrize("case", able("stt", emulated=False), ids=str)
async def test_as_many_finals_come_as_ends_of_speech(it: Running) -> None:
    assert len(finals(await heard(it, 20, 20))) == 2
    assert [r.status for r in it.records] == ["ok"]


@pytest.mark.parametrize("case", [c for c in able("stt") if c.stt.has_interims], ids=str)
async def test_words_are_heard_before_the_speaker_stops(it: Running) -> None:
    it.emulator.transcripts.append("my ear hurts since monday")
    has_interim = asyncio.Event()

    async def until_heard() -> AsyncIterator[bytes | EndOfSpeech]:
        async with asyncio.timeout(20):
            while not has_interim.is_set():
                yield PIECE
                await asyncio.sleep(0.005)
        yield END_OF_SPEECH

    seen: list[Transcript] = []
    async with aclosing(it.router.transcribe(it.call(), until_heard(), rate_hz=RATE_HZ)) as events:
        async for one in events:
            if isinstance(one, Transcript):
                seen.append(one)
                has_interim.set()
    assert not seen[0].is_final and seen[0].text
    assert [t.text for t in seen if t.is_final] == ["my ear hurts since monday"]


@over_the_wire
async def test_a_hang_up_after_an_answer_leaves_nothing_and_is_metered_once(it: Running) -> None:
    it.emulator.transcripts.extend(["good morning", "my ear hurts"])

    async def endless() -> AsyncIterator[bytes | EndOfSpeech]:
        for _ in range(10):
            yield PIECE
        yield END_OF_SPEECH
        while True:
            yield PIECE
            await asyncio.sleep(0.01)

    async with nothing_left(it), aclosing(it.router.transcribe(it.call(), endless(), rate_hz=RATE_HZ)) as events:
        async for one in events:
            if isinstance(one, Transcript) and one.is_final:
                break
    assert len(it.records) == 1
    assert it.records[0].status == "ok"  # all that was asked was answered
    assert it.records[0].audio_s is not None


@over_the_wire
async def test_a_cancelled_call_leaves_nothing_and_is_metered_once(it: Running) -> None:
    begun = asyncio.Event()

    async def without_an_end() -> AsyncIterator[bytes | EndOfSpeech]:
        while True:
            yield PIECE
            begun.set()
            await asyncio.sleep(0.01)

    async with nothing_left(it):
        events = it.router.transcribe(it.call(), without_an_end(), rate_hz=RATE_HZ)
        task = asyncio.create_task(all_of(events))
        await begun.wait()
        await asyncio.sleep(0.2)  # the socket is open, words are under way
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(it.records) == 1


@over_the_wire
async def test_a_refused_key_is_a_configuration_error(case: Case, tmp_path: Path) -> None:
    await assert_a_wrong_key_is_refused(case, tmp_path, one_utterance)


@over_the_wire
async def test_a_busy_vendor_says_for_how_long(it: Running) -> None:
    await assert_a_busy_vendor_says_for_how_long(it, one_utterance)


@over_the_wire
async def test_an_outage_is_told_apart_from_a_refusal(it: Running) -> None:
    await assert_an_outage_is_not_our_fault(it, one_utterance)


@pytest.mark.parametrize(
    ("case", "ours", "theirs"),
    [pytest.param(c, o, t, id=f"{c}-{o}") for c in able("stt") for o, t in c.stt.languages.items()],
)
async def test_a_language_is_named_as_the_vendor_names_it(it: Running, ours: str, theirs: object) -> None:
    await heard(it, 10, language=ours)
    assert it.case.stt.language_sent is not None
    assert it.case.stt.language_sent(it.emulator) == theirs


@pytest.mark.parametrize("case", [c for c in able("stt") if c.stt.terms_sent is not None], ids=str)
async def test_terms_of_the_clinic_reach_the_recognizer(it: Running) -> None:
    await heard(it, 10, keyterms=("metformin", "otitis"))
    assert it.case.stt.terms_sent is not None
    sent = repr(it.case.stt.terms_sent(it.emulator))
    assert "metformin" in sent and "otitis" in sent
