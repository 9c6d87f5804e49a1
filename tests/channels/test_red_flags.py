"""A red flag, typed or spoken, is answered by the script before any model, told to staff, and on record."""

import asyncio
import re

import pytest

from tests.channels.conftest import Clinic
from tests.channels.talking import answered, events_of, eventually, send, socket, speak, type_in
from tests.emulators.openai_chat import OpenAIEmulator

DANGER = "I have crushing chest pain and I can't breathe"


async def first_alert(clinic: Clinic, connected: asyncio.Event) -> dict[str, object]:
    """What staff are told who watch the live events."""
    watched = {"kind": "alert.red_flag"}
    async with (
        clinic.service.client(clinic.staff) as http,
        http.stream("GET", "/api/v1/events", params=watched, timeout=30) as answer,
    ):
        answer.raise_for_status()
        connected.set()
        async for _, told in events_of(answer):
            return told
    raise AssertionError("the events ended")


async def watching(clinic: Clinic) -> "asyncio.Task[dict[str, object]]":
    connected = asyncio.Event()
    task = asyncio.create_task(first_alert(clinic, connected))
    async with asyncio.timeout(10):
        await connected.wait()
    return task


async def assert_told(clinic: Clinic, watcher: "asyncio.Task[dict[str, object]]", consultation_id: str) -> None:
    async with asyncio.timeout(10):
        told = await watcher
    assert told["subject"]["consultation_id"] == consultation_id  # type: ignore[index]
    assert await eventually(lambda: clinic.alerts(consultation_id), bool) == ["chest_pain"]
    kept = await eventually(lambda: clinic.transcript(consultation_id), lambda k: len(k) >= 2)
    assert [(m["sender"], m["red_flag"]) for m in kept[:2]] == [("patient", "chest_pain"), ("assistant", None)]
    assert "1 1 2" in kept[1]["text"]


async def test_a_typed_red_flag_raises_the_alarm(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    watcher = await watching(clinic)
    opened = await clinic.opened()
    answer = (await send(clinic, opened["session_id"], DANGER)).raise_for_status().json()
    assert answer["red_flag"] == "chest_pain" and "1 1 2" in answer["text"]
    await assert_told(clinic, watcher, opened["consultation_id"])
    assert emulated.requests == []


async def test_a_red_flag_in_a_language_that_the_agent_does_not_speak_is_answered_in_it(clinic: Clinic) -> None:
    opened = await clinic.opened()
    for text, letters, language in (
        ("எனக்கு நெஞ்சு வலிக்குது", "அ-ஹ", "ta"),
        ("mujhe seene mein dard ho raha hai", "अ-ह", "hi"),
    ):
        answer = (await send(clinic, opened["session_id"], text)).raise_for_status().json()
        assert answer["red_flag"] == "chest_pain" and "1 1 2" in answer["text"]
        assert re.search(f"[{letters}]", answer["text"]) and not re.search("[a-z]", answer["text"])
        kept = (await clinic.transcript(opened["consultation_id"]))[-2:]
        assert [one["language"] for one in kept] == ["en", language]  # the conversation itself stays in the agent's own


async def test_a_red_flag_typed_into_a_live_session_raises_the_alarm(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    watcher = await watching(clinic)
    opened = await clinic.opened(type="voice")
    async with socket(clinic, opened["consultation_id"]) as live:
        await type_in(live, DANGER)
        assert "1 1 2" in await answered(live)
    await assert_told(clinic, watcher, opened["consultation_id"])
    assert emulated.requests == []


async def test_a_spoken_red_flag_raises_the_alarm(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.transcripts.extend([DANGER] * 4)
    watcher = await watching(clinic)
    opened = await clinic.opened("good ears", "voice")
    async with socket(clinic, opened["consultation_id"]) as live:
        speaking = asyncio.create_task(speak(live, "02-since.wav"))
        assert "1 1 2" in await answered(live)
        await speaking
    await assert_told(clinic, watcher, opened["consultation_id"])
    assert not [r for r in emulated.requests if r["path"].endswith("completions")]


@pytest.mark.parametrize("words", ["I have no chest pain at all, only the ringing", "no chest pain"])
async def test_a_denied_red_flag_raises_none(clinic: Clinic, emulated: OpenAIEmulator, words: str) -> None:
    opened = await clinic.opened()
    answer = (await send(clinic, opened["session_id"], words)).raise_for_status().json()
    assert answer["red_flag"] is None and "1 1 2" not in answer["text"]
    async with socket(clinic, opened["consultation_id"]) as live:
        await type_in(live, words)
        assert "1 1 2" not in await answered(live)
    kept = await eventually(lambda: clinic.transcript(opened["consultation_id"]), lambda k: len(k) >= 4)
    assert len(kept) >= 4 and not [m for m in kept if m["red_flag"]]
    assert await clinic.alerts(opened["consultation_id"]) == []
