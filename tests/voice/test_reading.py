"""A client that plays no sound: what is sent to it in writing is what it has heard."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from auricle.providers.ports import TextDelta
from auricle.voice.ports import Interrupt, TextIn, Turn
from auricle.voice.vad import SharedVad
from tests.voice.stage import ANSWER, PHRASE_A, PHRASE_B, Call, Line, Providers, call, speech
from tests.voice.virtual_time import in_virtual_time


def reading(vad: SharedVad, providers: Providers | None = None, **more: Any) -> Call:
    return call(vad, providers, line=Line(sound=False), **more)


def assert_silent(c: Call) -> None:
    assert c.line.counts["audio"] == c.line.counts["mark"] == c.line.counts["visemes"] == 0
    assert c.providers.spoken == []


async def slowly(turn: Turn) -> AsyncGenerator[TextDelta, None]:
    for word in ("Please ", "sit ", "down. ", "Then ", "wait ", "for ", "us. ", "We ", "come."):
        yield TextDelta(word)
        await asyncio.sleep(0.7)


def test_an_answer_is_over_once_it_is_written_and_the_next_knows_all_of_it(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = reading(vad, greeting="Hello there. I am a computer program.")
        await c.line.until("metrics", listening=False)
        for count, text in enumerate((PHRASE_A, PHRASE_B), start=2):
            c.line.incoming.put_nowait(TextIn(text))
            await c.line.until("metrics", count=count, listening=False)
        await c.end()
        assert [(r.heard_text, r.interrupted) for r in c.providers.records[1:]] == [(ANSWER, False)] * 2
        assert c.providers.turns[0].history[0].content == "Hello there. I am a computer program."
        assert c.providers.turns[1].history[2].content == ANSWER
        assert all(r.reply_started_s is None and "first_audio" not in r.waterfall_ms for r in c.providers.records)
        assert c.line.counts["clear"] == 0
        assert_silent(c)

    in_virtual_time(scenario())


@pytest.mark.parametrize("stop", [TextIn(PHRASE_B), Interrupt()])
def test_what_was_written_when_it_is_stopped_is_kept_and_nothing_is_added(
    vad: SharedVad, stop: TextIn | Interrupt
) -> None:
    async def scenario() -> None:
        c = reading(vad, Providers(llm_fault=slowly))
        c.line.incoming.put_nowait(TextIn(PHRASE_A))
        await c.line.until("delta", listening=False)
        c.line.incoming.put_nowait(stop)
        await c.line.until("metrics", listening=False)
        await asyncio.sleep(0.5)
        await c.end()
        first = c.providers.records[0]
        assert first.interrupted and first.heard_text == "Please sit down."
        assert c.line.counts["clear"] >= 1
        if isinstance(stop, TextIn):
            assert c.providers.turns[1].history[-1].content == "Please sit down."
        assert_silent(c)

    in_virtual_time(scenario())


def test_an_answer_that_is_stopped_when_it_was_shown_but_not_begun_to_sound_is_taken_back(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        c.line.incoming.put_nowait(TextIn(PHRASE_A))
        await c.line.until("delta", listening=False)
        c.line.incoming.put_nowait(TextIn(PHRASE_B))  # the first speech is still being made
        await c.line.until("metrics", count=2, listening=False)
        await c.end()
        assert [(r.interrupted, r.heard_text) for r in c.providers.records] == [(True, ""), (False, ANSWER)]
        told = [what for _, what, _ in c.line.log]
        assert told.index("clear") < told.index("audio"), "the next answer would be shown as the end of this one"

    in_virtual_time(scenario())


def test_a_slow_model_is_waited_for_without_a_filler(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = reading(vad, Providers(llm_fault=slowly))  # longer than speech may take to come
        c.line.incoming.put_nowait(TextIn(PHRASE_A))
        await c.line.until("metrics", listening=False)
        await c.end()
        assert c.providers.records[0].heard_text == "Please sit down. Then wait for us. We come."
        assert c.providers.records[0].errors == ()
        assert_silent(c)

    in_virtual_time(scenario())


def test_whoever_reads_may_still_speak(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = reading(vad)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        assert (c.providers.records[0].user_text, c.providers.records[0].heard_text) == (PHRASE_A, ANSWER)
        assert_silent(c)

    in_virtual_time(scenario())


def test_what_staff_type_and_say_is_read(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = reading(vad, Providers(heard=(PHRASE_B,)))
        await asyncio.sleep(0.1)
        c.session.take_over()
        c.session.staff_says("This is Nurse Rao.")
        await c.line.until("metrics", listening=False)
        pcm = speech(PHRASE_B) + bytes(32_000)
        for at in range(0, len(pcm), 640):
            await c.session.staff_audio(pcm[at : at + 640])
            await asyncio.sleep(0.02)
        await c.end()
        assert [(r.kind, r.heard_text) for r in c.providers.records] == [
            ("staff", "This is Nurse Rao."),
            ("staff", PHRASE_B),
        ]
        assert c.line.details("reply") == ["This is Nurse Rao.", PHRASE_B]
        assert_silent(c)

    in_virtual_time(scenario())
