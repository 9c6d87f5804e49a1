"""Whole conversations with real speech and the real voice-activity network."""

import asyncio

from auricle.voice.vad import SharedVad
from tests.voice.stage import ANSWER, FIRST_SENTENCE, PHRASE_A, PHRASE_B, call, now, speech
from tests.voice.virtual_time import in_virtual_time


def test_a_turn_is_heard_answered_spoken_and_recorded(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(1.0)
        await c.line.say(speech(PHRASE_A))
        stopped_at = now()
        first_audio = await c.line.until("audio")
        await c.line.until("metrics")
        assert (await c.end()).kind == "client"
        # 200 ms stop + 100 STT + 200 first token + 7 tokens + 100 first speech, and at most one VAD window or two more
        assert 0.70 <= first_audio - stopped_at <= 0.85
        [turn] = c.providers.records
        assert turn.user_text == PHRASE_A
        assert turn.answer_text == turn.heard_text == ANSWER
        assert not turn.interrupted and turn.errors == ()
        steps = list(turn.waterfall_ms)
        assert steps == ["stt_final", "first_token", "first_sentence", "first_speech", "first_audio"]
        assert c.line.details("reply") == [ANSWER]
        assert c.line.dry_s < 0.01
        assert c.providers.open_streams == 0

    in_virtual_time(scenario())


def test_barge_in_clears_at_once_and_the_history_keeps_only_what_was_heard(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(1.0)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("audio")
        await c.line.hush(3.2)  # into the second sentence: the first is 2.4 s long
        onset = now()
        await c.line.say(speech(PHRASE_B))
        [cleared] = c.line.times("clear")
        assert cleared - onset <= 0.26
        await c.line.until("metrics", count=2)
        await c.end()
        first, second = c.providers.records
        assert first.interrupted
        assert first.heard_text.startswith(FIRST_SENTENCE + " Please tell me")
        assert len(first.heard_text) < len(ANSWER) - 40
        assert [m.content for m in c.providers.turns[1].history] == [PHRASE_A, first.heard_text]
        assert second.user_text == PHRASE_B and second.heard_text == ANSWER
        stale = [at for at in c.line.times("audio") if cleared < at < cleared + 2.0]
        assert stale == []

    in_virtual_time(scenario())


def test_nothing_is_left_behind_by_fifty_calls_in_one_loop(vad: SharedVad) -> None:
    async def scenario() -> None:
        async def caller() -> None:
            c = call(vad)
            await c.line.hush(0.5)
            await c.line.say(speech(PHRASE_A))
            await c.line.until("audio")
            await c.line.hush(1.0)
            await c.line.say(speech(PHRASE_B))
            await c.line.until("audio", count=len(c.line.times("audio")) + 1)
            await c.end()
            assert len(c.providers.records) == 2 and c.providers.open_streams == 0

        before = asyncio.all_tasks()
        async with asyncio.TaskGroup() as callers:
            for _ in range(50):
                callers.create_task(caller())
                await asyncio.sleep(0.037)
        assert asyncio.all_tasks() == before

    in_virtual_time(scenario())
