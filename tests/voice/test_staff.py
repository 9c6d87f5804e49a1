"""Staff take a call over, and give it back."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
import pytest

from auricle.errors import AuricleError
from auricle.providers.ports import Audio, ProviderFailed
from auricle.voice.ports import TextIn
from auricle.voice.staff import MAX_WAITING, NotTakenOver, StaffTooFast
from auricle.voice.turns import TextTooLong
from auricle.voice.vad import SharedVad
from tests.voice.stage import ANSWER, PHRASE_A, PHRASE_B, Call, Providers, call, now, seconds, speech, talking
from tests.voice.virtual_time import in_virtual_time


# ── staff ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_staff_who_take_over_silence_the_agent_and_the_person_is_still_understood(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad, Providers(heard=(PHRASE_A, PHRASE_B, PHRASE_A)))
        await c.line.hush(1.0)
        c.session.take_over()
        assert c.session.is_taken_over
        await c.line.hush(0.2)
        assert len(c.line.times("clear")) == 1
        c.session.staff_says("This is Nurse Rao. How are you feeling?")
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_B))  # speaking does not interrupt staff
        await c.line.until("metrics", count=2)
        await c.line.hush(1.0)
        assert len(c.providers.turns) == 1, "the agent answered in a take-over"
        c.session.release()
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics", count=3)
        await c.end()
        agent, *between, last = c.providers.records
        staff = next(r for r in between if r.kind == "staff")
        person = next(r for r in between if r.kind == "voice")
        assert agent.interrupted and 0 < len(agent.heard_text) < len(ANSWER)
        assert staff.answer_text == staff.heard_text == "This is Nurse Rao. How are you feeling?"
        assert staff.user_text == "" and not staff.interrupted and staff.reply_started_s is not None
        assert person.user_text == PHRASE_B and person.answer_text == "" and person.started_s is not None
        assert "This is Nurse Rao. How are you feeling?" in c.line.details("reply")
        assert last.answer_text == ANSWER
        assert [(m.role, m.content) for m in c.providers.turns[1].history[2:]] in (
            [("assistant", staff.heard_text), ("user", PHRASE_B)],
            [("user", PHRASE_B), ("assistant", staff.heard_text)],
        )

    in_virtual_time(scenario())


def test_a_red_flag_in_a_take_over_alerts_but_no_script_is_spoken(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = await talking(vad, Providers(heard=(PHRASE_A, "I have crushing chest pain and I can't breathe")))
        c.session.take_over()
        await c.line.hush(0.5)
        spoken = len(c.providers.spoken)
        await c.line.say(speech(PHRASE_B))
        await c.line.hush(1.0)
        c.line.incoming.put_nowait(TextIn("I want to kill myself"))
        await c.line.hush(0.5)
        await c.end()
        flags = [r.red_flag.category for r in c.providers.records if r.red_flag]
        assert len(flags) == 2 and len(c.providers.alerts) == 2
        assert len(c.providers.spoken) == spoken

    in_virtual_time(scenario())


def test_texts_of_staff_are_spoken_one_after_another_even_past_the_release(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await asyncio.sleep(0.01)
        c.session.take_over()
        texts = ["One more moment.", "Your doctor is on the way.", "The assistant goes on now."]
        for text in texts:
            c.session.staff_says(text)
        c.session.release()
        await c.line.until("metrics", count=3)
        await c.end()
        assert [r.answer_text for r in c.providers.records] == texts
        assert all(not r.interrupted for r in c.providers.records)
        with pytest.raises(NotTakenOver):
            c.session.staff_says("Too late.")

    in_virtual_time(scenario())


def test_a_turn_after_the_release_comes_before_what_staff_still_wanted_to_say(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await asyncio.sleep(0.01)
        c.session.take_over()
        for text in ("One.", "Two is a long text that takes a while to be spoken.", "Three."):
            c.session.staff_says(text)
        await c.line.until("metrics")
        c.session.release()
        c.line.incoming.put_nowait(TextIn("What now?"))
        await c.line.until("metrics", count=3)
        await c.line.hush(2.0)
        await c.end()
        assert [(r.kind, r.interrupted) for r in c.providers.records] == [
            ("staff", False), ("staff", True), ("text", False),
        ]  # fmt: skip
        assert c.providers.open_streams == 0

    in_virtual_time(scenario())


def test_staff_may_come_before_the_first_word_and_not_after_the_last(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, greeting="Good morning. This is the assistant.")
        c.session.take_over()
        c.session.staff_says("Good morning. This is Nurse Rao.")
        await c.session.staff_audio(bytes(640))
        await c.line.until("metrics")
        await c.end()
        assert [r.answer_text for r in c.providers.records] == ["Good morning. This is Nurse Rao."]
        c.session.take_over()
        assert not c.session.is_taken_over
        with pytest.raises(NotTakenOver):
            c.session.staff_says("Hello?")
        c.session.release()

    in_virtual_time(scenario())


def test_staff_are_told_when_nobody_listens_or_they_are_too_fast_or_too_long(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad)
        await asyncio.sleep(0.01)
        with pytest.raises(NotTakenOver):
            c.session.staff_says("Hello.")
        with pytest.raises(NotTakenOver):
            await c.session.staff_audio(bytes(640))
        c.session.take_over()
        with pytest.raises(TextTooLong):
            c.session.staff_says("x" * 5_000)
        for _ in range(MAX_WAITING + 1):  # one is being spoken
            c.session.staff_says("Please wait.")
        with pytest.raises(StaffTooFast):
            c.session.staff_says("Please wait.")
        await c.end()

    in_virtual_time(scenario())


def test_words_of_staff_that_no_voice_can_speak_are_shown_and_kept_without_an_apology(vad: SharedVad) -> None:
    async def dead(_: str) -> AsyncGenerator[Any, None]:
        nothing: tuple[Audio, ...] = ()
        await asyncio.sleep(0.1)
        for audio in nothing:
            yield audio
        raise ProviderFailed(capability="tts")

    async def scenario() -> None:
        c = call(vad, Providers(tts_fault=dead))
        await asyncio.sleep(0.01)
        c.session.take_over()
        c.session.staff_says("Please come in today.")
        await c.line.until("metrics")
        await c.end()
        [record] = c.providers.records
        assert record.answer_text == "Please come in today." and record.heard_text == "" and record.interrupted
        assert record.errors == ("provider.failed",) and c.line.times("audio") == []
        assert c.line.details("reply") == ["Please come in today."]

    in_virtual_time(scenario())


async def speak_live(
    c: Call,
    pcm: bytes,
) -> None:
    """Send staff's voice at the pace of speech, in pieces of 20 ms."""
    step, started = 640, now()
    for at in range(0, len(pcm), step):
        await c.session.staff_audio(pcm[at : at + step])
        await asyncio.sleep(max(0, started + seconds(pcm[: at + step]) - now()))


def test_the_voice_of_staff_reaches_the_person_and_its_words_are_kept(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(heard=("Hello this is nurse Rao speaking",)))
        await c.line.hush(0.5)
        c.session.take_over()
        voice = bytes(16_000) + speech(PHRASE_B) + bytes(32_000)
        await speak_live(c, voice)
        await c.line.hush(0.5)
        sent = b"".join(c.line.details("audio"))
        assert sent == voice[: len(sent)] and len(voice) - len(sent) < 3_000
        assert c.line.dry_s < 0.03
        await c.end()
        [record] = c.providers.records
        assert record.kind == "staff" and record.answer_text == "Hello this is nurse Rao speaking"
        assert record.reply_started_s is not None and record.reply_ended_s is not None
        assert c.providers.turns == [] and c.line.details("final") == []
        assert c.line.details("reply") == ["Hello this is nurse Rao speaking"]

    in_virtual_time(scenario())


def test_the_buffer_of_a_live_voice_is_bounded_and_loses_the_oldest(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(heard=()))
        await c.line.hush(0.5)
        c.session.take_over()
        tone = (8_000 * np.sin(np.arange(16_000 * 8) / 20)).astype("<i2").tobytes()
        await speak_live(c, tone[: 16_000 * 2])
        await c.session.staff_audio(tone[16_000 * 2 : 16_000 * 2 + 16_000 * 2 * 3 // 2])  # a stall, then all at once
        await asyncio.sleep(0)
        behind_s = c.session._staff._live.ahead_s(now())  # type: ignore[union-attr]
        assert behind_s <= 0.7
        for bad in (b"\0", bytes(16_000 * 2 * 3)):  # half a sample; three seconds at once
            with pytest.raises(AuricleError):
                await c.session.staff_audio(bad)
        await c.end()

    in_virtual_time(scenario())
