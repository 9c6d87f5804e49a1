"""People pause in the middle of what they say: the answer is prepared at once and held back a moment."""

import pytest

from auricle.settings import Voice
from auricle.voice.unfinished import is_unfinished
from auricle.voice.vad import SharedVad
from tests.voice.stage import PHRASE_A, PHRASE_B, Providers, call, now, seconds, speech
from tests.voice.virtual_time import in_virtual_time


@pytest.mark.parametrize(
    "text",
    [
        "I have a pain in my",
        "it started yesterday and",
        "so I was walking, um",
        "it hurts because",
        "मुझे दर्द है और",
        "mujhe dard hai lekin",
        "எனக்கு வலி இருக்கு ஆனா",
        "my number is 98 45",
        "my number is nine eight four five",
        "the left ear,",
        "I was on",
    ],
)
def test_words_after_which_more_comes_are_known(text: str) -> None:
    assert is_unfinished(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I have a pain in my ear",
        "yes",
        "मुझे दर्द है",
        "எனக்கு வலி",
        "since three weeks",
        "9845012345",
        "nine eight four five zero one two three four five",
        "I am 45",
        "at half past two",
        "what is that?",
    ],
)
def test_words_that_may_be_all_are_not_taken_for_unfinished(text: str) -> None:
    assert not is_unfinished(text)


def test_a_pause_in_the_middle_does_not_end_the_turn(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, settings=Voice(), speculate=True)
        await c.line.hush(1.0)
        await c.line.say(speech(PHRASE_A))
        await c.line.hush(0.36)
        await c.line.say(speech(PHRASE_B))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.started_s is not None and turn.ended_s is not None
        assert turn.ended_s - turn.started_s > seconds(speech(PHRASE_A)) + 0.36 + seconds(speech(PHRASE_B)) - 0.2

    in_virtual_time(scenario())


def test_the_moment_costs_nothing_where_the_answer_takes_longer_to_make(vad: SharedVad) -> None:
    async def scenario() -> None:
        waits = []
        for settings in (Voice(settle_s=0.1, unfinished_s=0.1), Voice()):
            c = call(vad, settings=settings, speculate=True)
            await c.line.hush(1.0)
            await c.line.say(speech(PHRASE_A))
            stopped_at = now()
            waits.append(await c.line.until("audio") - stopped_at)
            await c.end()
        assert waits[1] - waits[0] < 0.04

    in_virtual_time(scenario())


def test_after_unfinished_words_the_agent_waits_longer(vad: SharedVad) -> None:
    async def scenario() -> None:
        waits = []
        for words in ("my left ear hurts", "my left ear hurts and"):
            c = call(vad, Providers(heard=[words]), settings=Voice(), speculate=True)
            await c.line.hush(1.0)
            await c.line.say(speech(PHRASE_A))
            stopped_at = now()
            waits.append(await c.line.until("audio") - stopped_at)
            await c.end()
        assert waits[1] > 1.1 > waits[0]

    in_virtual_time(scenario())


def test_a_plain_yes_is_answered_at_once(vad: SharedVad) -> None:
    async def scenario() -> None:
        ends = []
        for words in ("yes", "my ear hurts"):
            c = call(vad, Providers(heard=[words]), settings=Voice())
            await c.line.hush(1.0)
            await c.line.say(speech("yes"))
            stopped_at = now()
            await c.line.until("audio")
            ends.append(now() - stopped_at)
            await c.end()
        assert ends[0] < ends[1]

    in_virtual_time(scenario())
