"""Whole conversations with real speech and the real voice-activity network."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import numpy as np
import pytest

from auricle.providers.ports import Audio, EndOfSpeech, ProviderFailed, TextDelta, Timing, Timings, Transcript, Usage
from auricle.settings import Voice
from auricle.voice.ports import AudioIn, EndCall, HandOver, Interrupt, TextIn, Turn
from auricle.voice.records import TurnsNotStored
from auricle.voice.vad import SharedVad
from tests.voice.stage import (
    ANSWER,
    APOLOGY,
    FIRST_SENTENCE,
    PHRASE_A,
    PHRASE_B,
    TONE,
    Line,
    Providers,
    call,
    now,
    speech,
)
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
        assert cleared - onset <= 0.30
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


def test_a_backchannel_pauses_and_the_agent_goes_on_where_it_stopped(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(heard=(PHRASE_A, "okay right")))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("audio")
        await c.line.hush(1.0)
        await c.line.say(speech("okay right"))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert not turn.interrupted and turn.heard_text == ANSWER
        assert len(c.line.times("clear")) == 1
        sent_s = sum(len(pcm) for pcm in c.line.details("audio")) / 2 / 16_000
        assert 8.35 <= sent_s <= 8.7  # 28 words of 0.3 s, and at most the lead sent twice

    in_virtual_time(scenario())


def test_a_false_interruption_without_words_lets_the_agent_go_on(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(heard=(PHRASE_A, "")))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("audio")
        await c.line.hush(1.0)
        await c.line.say(speech("aah"))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert not turn.interrupted and turn.heard_text == ANSWER

    in_virtual_time(scenario())


def test_silence_and_noise_are_no_turn(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(heard=()))
        await c.line.hush(3.0)
        noise = np.random.default_rng(7).normal(0, 2_000, 16_000 * 4).astype("<i2").tobytes()
        await c.line.say(noise)
        await c.line.hush(2.0)
        await c.end()
        assert c.providers.records == [] and c.providers.turns == []
        assert c.line.times("audio") == []

    in_virtual_time(scenario())


async def _hang(*_: Any) -> AsyncGenerator[Any, None]:
    await asyncio.sleep(3_600)
    yield None


async def _garbage(*_: Any) -> AsyncGenerator[Any, None]:
    yield b"\xff\xfe nonsense"


async def _nothing(*_: Any) -> AsyncGenerator[Any, None]:
    return
    yield


async def _bug(*_: Any) -> AsyncGenerator[Any, None]:
    raise KeyError("a vendor's bug")
    yield


async def _dying_model(_: Turn) -> AsyncGenerator[Any, None]:
    for word in (FIRST_SENTENCE + " Please tell me when").split():
        yield TextDelta(word + " ")
    raise ProviderFailed


async def _endless_model(_: Turn) -> AsyncGenerator[Any, None]:
    while True:
        yield TextDelta("and on and on it goes. ")
        await asyncio.sleep(0.001)


async def _dying_voice(_: str) -> AsyncGenerator[Any, None]:
    yield Audio(TONE, 24_000)
    raise ProviderFailed


async def _timed_voice(sentence: str) -> AsyncGenerator[Any, None]:
    for number, word in enumerate(sentence.split()):
        yield Audio(TONE, 24_000)
        yield Timings((Timing(word, number * 0.1, number * 0.1 + 0.1),))
    yield Usage(characters=len(sentence))


async def _impossible_voice(_: str) -> AsyncGenerator[Any, None]:
    yield Audio(TONE, 7)


def test_timings_between_the_audio_leave_the_answer_as_it_is(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(tts_fault=_timed_voice))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.errors == () and turn.heard_text == turn.answer_text == ANSWER
        assert c.providers.open_streams == 0

    in_virtual_time(scenario())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"llm_fault": _hang}, "provider.timeout"),
        ({"llm_fault": _garbage}, "provider.garbled"),
        ({"llm_fault": _nothing}, "provider.empty"),
        ({"llm_fault": _bug}, "internal"),
        ({"llm_fault": _dying_model}, "provider.failed"),
        ({"tts_fault": _hang}, "provider.timeout"),
        ({"tts_fault": _nothing}, "provider.empty"),
        ({"tts_fault": _garbage}, "provider.garbled"),
        ({"tts_fault": _dying_voice}, "provider.failed"),
        ({"tts_fault": _impossible_voice}, "provider.garbled"),
        ({"stt_fault": _hang}, "provider.timeout"),
        ({"stt_fault": _garbage}, "provider.garbled"),
        ({"stt_fault": _nothing}, "provider.failed"),
        ({"stt_fault": _bug}, "internal"),
    ],
)
def test_a_provider_that_fails_ends_in_the_apology_and_the_turn_is_kept(
    vad: SharedVad, fault: dict[str, Any], code: str
) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(**fault))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.errors == (code,)
        assert turn.answer_text.endswith(APOLOGY.text) and turn.heard_text.endswith(APOLOGY.text)
        assert turn.user_text == ("" if "stt_fault" in fault else PHRASE_A)
        assert c.line.times("audio") and c.providers.open_streams == 0

    in_virtual_time(scenario())


def test_an_endless_answer_is_cut_off(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(llm_fault=_endless_model))
        await c.line.hush(0.6)
        c.line.incoming.put_nowait(TextIn("hello there"))
        await c.line.until("metrics", limit_s=3_000, listening=False)
        await c.end()
        [turn] = c.providers.records
        assert turn.errors == ("provider.endless",) and len(turn.answer_text) < 7_000

    in_virtual_time(scenario())


def test_a_slow_model_is_covered_by_a_filler_that_is_no_part_of_the_answer(vad: SharedVad) -> None:
    async def slow(_: Turn) -> AsyncGenerator[Any, None]:
        await asyncio.sleep(5.0)
        yield TextDelta("Here I am.")

    async def scenario() -> None:
        c = call(vad, Providers(llm_fault=slow))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        spoken_at = now()
        first = await c.line.until("audio")
        assert 3.9 <= first - spoken_at <= 4.7  # Voice.reply_deadline_s after the end of the turn
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.answer_text == turn.heard_text == "Here I am." and turn.errors == ()

    in_virtual_time(scenario())


def test_the_last_interim_stands_in_for_a_final_that_never_comes(vad: SharedVad) -> None:
    async def mute(audio: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                await asyncio.sleep(3_600)
            yield Transcript("I have a bad fever", is_final=False)

    async def scenario() -> None:
        c = call(vad, Providers(stt_fault=mute))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.user_text == "I have a bad fever" and turn.heard_text == ANSWER
        assert turn.errors == ("provider.timeout",) and c.providers.open_streams == 0

    in_virtual_time(scenario())


def test_a_client_that_vanishes_in_the_middle_of_an_answer_leaves_a_record_of_what_it_heard(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("audio")
        await c.line.hush(1.0)
        c.line.broken = True
        ending = await c.task
        assert (ending.kind, ending.reason) == ("client", "connection lost")
        [turn] = c.providers.records
        assert turn.interrupted and ANSWER.startswith(turn.heard_text) and len(turn.heard_text) < len(FIRST_SENTENCE)
        assert c.providers.open_streams == 0
        assert asyncio.all_tasks() == {asyncio.current_task()}

    in_virtual_time(scenario())


def test_words_of_a_turn_that_never_ended_are_kept(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A)[: 16_000 * 2 * 2])
        c.line.incoming.put_nowait(None)
        await c.task
        [turn] = c.providers.records
        assert PHRASE_A.startswith(turn.user_text) and turn.user_text and turn.answer_text == ""

    in_virtual_time(scenario())


def test_cancelling_the_session_is_a_normal_end_that_loses_no_turn(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        c.line.incoming.put_nowait(TextIn("How do I clean it?"))
        await c.line.until("audio", listening=False)
        c.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await c.task
        [turn] = c.providers.records
        assert turn.interrupted and turn.user_text == "How do I clean it?"
        assert c.providers.open_streams == 0

    in_virtual_time(scenario())


def test_typed_text_is_a_turn_and_interrupts_the_answer_before(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        c.line.incoming.put_nowait(TextIn("  What are your hours? "))
        await c.line.until("audio", listening=False)
        await c.line.hush(1.0)
        c.line.incoming.put_nowait(TextIn("And on Sunday?"))
        c.line.incoming.put_nowait(TextIn("   "))
        await c.line.until("metrics", count=2, listening=False)
        c.line.incoming.put_nowait(TextIn("x" * 5_000))
        await c.line.hush(0.1)
        await c.end()
        first, second = c.providers.records
        assert (first.kind, first.user_text, first.interrupted) == ("text", "What are your hours?", True)
        assert second.user_text == "And on Sunday?" and second.heard_text == ANSWER
        assert c.line.details("error") == ["message.too_long"]

    in_virtual_time(scenario())


def test_the_stop_button_silences_the_agent(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        c.line.incoming.put_nowait(TextIn("What are your hours?"))
        await c.line.until("audio", listening=False)
        await c.line.hush(0.9)
        c.line.incoming.put_nowait(Interrupt())
        await c.line.hush(1.0)
        assert max(c.line.times("audio")) < c.line.times("clear")[0]
        await c.end()
        assert c.providers.records[0].heard_text == "Sure, I can"

    in_virtual_time(scenario())


def test_a_red_flag_in_an_interim_alerts_at_once_and_is_answered_by_the_script_not_the_model(vad: SharedVad) -> None:
    said = "I have a strong chest pain since this morning doctor and I sweat"

    async def scenario() -> None:
        c = call(vad, Providers(heard=(said,)))
        await c.line.hush(0.6)
        await c.line.say(speech(said))
        stopped_at = now()
        await c.line.until("metrics")
        await c.end()
        [(alerted_at, turn_id, script)] = c.providers.alerts
        [turn] = c.providers.records
        assert alerted_at < stopped_at - 0.5
        assert script.category == "chest_pain" and turn.turn_id == turn_id
        assert turn.red_flag == script and turn.heard_text == script.text and "1 1 2" in turn.heard_text
        assert c.providers.turns == []

    in_virtual_time(scenario())


def test_a_red_flag_is_answered_even_when_the_recognizer_dies_after_it(vad: SharedVad) -> None:
    async def dies(audio: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for _ in audio:
            yield Transcript("I can't breathe since an hour", is_final=False)
            raise ProviderFailed

    async def scenario() -> None:
        c = call(vad, Providers(stt_fault=dies))
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.red_flag and turn.red_flag.category == "breathing_trouble"
        assert turn.heard_text == turn.red_flag.text

    in_virtual_time(scenario())


def test_a_typed_red_flag_alerts_too(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        c.line.incoming.put_nowait(TextIn("I want to kill myself"))
        await c.line.until("metrics", listening=False)
        await c.end()
        [turn] = c.providers.records
        assert [(t, s.category) for _, t, s in c.providers.alerts] == [(turn.turn_id, "suicidal_intent")]
        assert c.providers.turns == []

    in_virtual_time(scenario())


def test_thanks_need_no_model_and_a_mere_yes_goes_there_marked_as_trivial(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        c.line.incoming.put_nowait(TextIn("Thank you!"))
        await c.line.until("metrics", listening=False)
        assert c.providers.turns == []
        assert "welcome" in c.providers.records[0].heard_text
        c.line.incoming.put_nowait(TextIn("yes"))
        await c.line.until("metrics", count=2, listening=False)
        await c.end()
        [turn] = c.providers.turns
        assert turn.trivial

    in_virtual_time(scenario())


def test_the_agent_can_end_the_call_after_it_was_heard(vad: SharedVad) -> None:
    async def goodbye(_: Turn) -> AsyncGenerator[Any, None]:
        yield TextDelta("Goodbye, and get well soon.")
        yield EndCall("done")

    async def scenario() -> None:
        c = call(vad, Providers(llm_fault=goodbye))
        c.line.incoming.put_nowait(TextIn("That was all for now, bye"))
        ending = await c.task
        assert (ending.kind, ending.reason) == ("agent", "done")
        assert c.providers.records[0].heard_text == "Goodbye, and get well soon."
        assert now() >= c.line.play_end - 0.05

    in_virtual_time(scenario())


def test_the_last_word_is_played_to_its_end_however_long_it_is_on_its_way_but_no_echo_is_awaited_for_ever(
    vad: SharedVad,
) -> None:
    async def goodbye(_: Turn) -> AsyncGenerator[Any, None]:
        yield TextDelta("Goodbye, and get well soon.")
        yield HandOver("asked for a person")

    async def scenario(*, goes_deaf: bool) -> float:
        c = call(vad, Providers(llm_fault=goodbye), line=Line(late_s=0.4), greeting="Hello, I am an AI.")
        await c.line.until("mark", listening=False)
        await asyncio.sleep(2.0)
        c.line.echoes_marks = not goes_deaf
        c.line.incoming.put_nowait(TextIn("I want to talk to a person"))
        assert (await c.task).kind == "hand_over"
        return now() - c.line.play_end

    late_s = in_virtual_time(scenario(goes_deaf=False))
    assert 0 <= late_s < 0.1
    assert 0.4 < in_virtual_time(scenario(goes_deaf=True)) < 1.0


def test_a_greeting_is_spoken_first_and_can_be_interrupted(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, greeting="Hello, I am an AI assistant of the clinic. How can I help you today?")
        await c.line.until("audio")
        await c.line.hush(0.5)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics", count=2)
        await c.end()
        greeting, turn = c.providers.records
        assert greeting.kind == "greeting" and greeting.interrupted and greeting.user_text == ""
        assert c.providers.turns[0].history[0].content == greeting.heard_text
        assert turn.heard_text == ANSWER

    in_virtual_time(scenario())


def test_an_answer_started_on_the_interim_is_kept_when_the_final_says_the_same(vad: SharedVad) -> None:
    async def equal(audio: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                await asyncio.sleep(0.6)
                yield Transcript("I have a bad fever.", is_final=True)
            else:
                yield Transcript("i have a bad fever", is_final=False)

    async def scenario(final_delay_saved: bool) -> float:
        c = call(vad, Providers(stt_fault=equal), speculate=final_delay_saved)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        stopped_at = now()
        heard_at = await c.line.until("audio")
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.heard_text == ANSWER and turn.user_text == "I have a bad fever."
        assert c.line.details("reply") == [ANSWER] and len(c.providers.turns) == 1
        return heard_at - stopped_at

    waited = in_virtual_time(scenario(False))
    guessed = in_virtual_time(scenario(True))
    assert guessed <= waited - 0.35


def test_an_answer_to_a_wrong_guess_never_happened(vad: SharedVad) -> None:
    async def differs(audio: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                await asyncio.sleep(0.6)
                yield Transcript("I have a bad fever and a cough", is_final=True)
            else:
                yield Transcript("I have a bad fever", is_final=False)

    async def scenario() -> None:
        c = call(vad, Providers(stt_fault=differs), speculate=True)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        [turn] = c.providers.records
        assert turn.user_text == "I have a bad fever and a cough" and turn.heard_text == ANSWER
        assert [t.confirmed.is_set() for t in c.providers.turns] == [False, True]
        assert c.line.details("reply") == [ANSWER]

    in_virtual_time(scenario())


def test_a_microphone_that_goes_silent_ends_the_turn(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        stopped_at = now()
        while not c.line.times("audio"):
            assert now() - stopped_at < 3
            await asyncio.sleep(0.05)
        await c.end()
        assert c.providers.records[0].user_text == PHRASE_A

    in_virtual_time(scenario())


def test_bad_audio_is_refused_by_type_and_the_call_goes_on(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        for pcm in (b"\0" * 641, bytes(16_000 * 2 * 3), bytes(16_000 * 2 * 2), bytes(16_000 * 2 * 2)):
            c.line.incoming.put_nowait(AudioIn(pcm))
            await asyncio.sleep(1.01 if len(pcm) != 64_000 else 0)
        await c.line.hush(1.0)
        assert c.line.details("error") == ["audio.odd_length", "audio.too_long", "audio.flood"]
        await c.line.hush(1.0)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("audio")
        await c.end()
        assert c.providers.records[0].user_text == PHRASE_A

    in_virtual_time(scenario())


def test_a_client_that_sends_nothing_but_rubbish_is_given_up(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        for _ in range(600):
            c.line.incoming.put_nowait(AudioIn(b"x"))
        ending = await c.task
        assert (ending.kind, ending.reason) == ("failed", "audio.odd_length")
        assert len(c.line.details("error")) <= 2

    in_virtual_time(scenario())


def test_a_turn_is_stored_when_the_database_comes_back(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(record_failures=5))
        c.line.incoming.put_nowait(TextIn("What are your hours?"))
        await c.line.until("metrics", listening=False)
        await c.end()
        assert [t.user_text for t in c.providers.records] == ["What are your hours?"]

    in_virtual_time(scenario())


def test_turns_that_can_not_be_stored_are_handed_back_never_dropped(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(record_failures=10_000))
        c.line.incoming.put_nowait(TextIn("What are your hours?"))
        await c.line.until("metrics", listening=False)
        with pytest.raises(TurnsNotStored) as lost:
            await c.end()
        assert [t.user_text for t in lost.value.turns] == ["What are your hours?"]

    in_virtual_time(scenario())


def test_a_call_ends_at_its_longest(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, settings=Voice(max_call_s=60))
        ending = await c.task
        assert ending.kind == "too_long" and 59 < now() < 62

    in_virtual_time(scenario())
