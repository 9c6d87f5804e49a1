"""A client that plays no sound: no speech is made for it, and what was sent to it counts as read."""

from typing import Any

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from auricle.agents.config import AgentConfig
from tests import builders
from tests.channels.conftest import Clinic
from tests.channels.patient import App
from tests.channels.talking import eventually, message
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.emulators.server import Fault

GREETING = "Hello, I am Asha, the clinic's assistant. I am a computer program, not a person. How may I help you today?"
QUESTION = "Where do I sit when I come in"


async def reading(clinic: Clinic, agent: str = "default", **form: Any) -> App:
    return await (await App.of(clinic, agent)).open(audio={"sound": False, **form})


def sounds(app: App) -> int:
    """What was told of sound, in any form."""
    return app.missed_audio + sum(one["type"] in ("mark", "visemes") for one in app.seen)


async def kept(clinic: Clinic, app: App, messages: int) -> list[tuple[str, str, str | None]]:
    found = await eventually(lambda: clinic.transcript(app.consultation_id), lambda found: len(found) >= messages)
    return [(one["sender"], one["text"], one["heard"]) for one in found]


async def test_a_greeting_that_is_answered_at_once_was_read_whole_and_no_speech_is_made(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    voices = {"tts": {"default": [{"provider": "clear"}]}, "llm": [{"provider": "emulated"}]}
    config = AgentConfig.model_validate({"name": "greets", "greeting": {"en": GREETING}, "providers": voices})
    clinic.agents["greets"] = (await builders.make_agent(clinic.service.database, clinic.system, config)).agent_id
    app = await reading(clinic, "greets", visemes=True)
    assert app.session["audio"]["sound"] is False
    await app.until("ai_response", text=GREETING)
    await app.ask(QUESTION)
    await app.until("ai_response", text="Please take a seat.")
    await app.hang_up()
    assert await kept(clinic, app, 3) == [
        ("assistant", GREETING, None),
        ("patient", QUESTION, None),
        ("assistant", "Please take a seat.", None),
    ]
    answering = next(one["body"] for one in emulated.requests if one["path"].endswith("/completions"))
    assert [one["content"] for one in answering["messages"] if one["role"] == "assistant"] == [GREETING]
    assert sounds(app) == 0
    assert await clinic.usage(app.consultation_id, "tts") == []
    assert [one for one in emulated.requests if one["path"].endswith("/speech")] == []


async def test_a_client_that_asks_for_sound_or_says_nothing_of_it_is_spoken_to(clinic: Clinic) -> None:
    for form in ({}, {"sound": True}):
        app = await (await App.of(clinic)).open(audio=form)
        assert app.session["audio"]["sound"] is True
        await app.ask(QUESTION)
        await app.until("metrics")
        await app.hang_up()
        assert app.missed_audio
        assert await eventually(lambda: clinic.usage(app.consultation_id, "tts"), bool)  # noqa: B023


async def test_what_stops_an_answer_is_told_and_what_was_sent_of_it_is_kept(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.words = ["Please sit down.", *(" Then wait for us in the hall." for _ in range(8))]
    emulated.next(Fault("drip", pause_s=0.02))  # half a second a word
    app = await reading(clinic)
    await app.ask(QUESTION)
    await app.until("ai_response")
    await app.ask("And then?")
    await app.until("interrupted")
    sent = "".join(one["text"] for one in app.seen if one["type"] == "ai_response").strip()
    await app.until("ai_response", is_final=True)
    await app.hang_up()
    (_, first, second, _) = await kept(clinic, app, 4)
    assert (first[2], second[:2]) == (sent, ("patient", "And then?")) and "".join(emulated.words) not in sent
    assert sounds(app) == 0


@pytest.mark.parametrize(
    ("asked", "call", "reason"),
    [
        ("Thanks, bye", ("end_call", {}), "agent"),
        ("I want to talk to a person please", ("hand_over", {"reason": "asked for a person"}), "hand_over"),
    ],
)
async def test_a_session_that_is_read_ends_as_one_that_is_heard(
    clinic: Clinic, emulated: OpenAIEmulator, asked: str, call: tuple[str, Any], reason: str
) -> None:
    emulated.script = lambda _: Scripted("Goodbye then.", [call])
    app = await reading(clinic, "helped")
    await app.ask(asked)
    assert (await app.until("session_ended"))["reason"] == reason
    with pytest.raises(ConnectionClosed):
        await app.next()
    assert app.answers() == ["Goodbye then."] and sounds(app) == 0
    assert (await kept(clinic, app, 2))[1] == ("assistant", "Goodbye then.", None)


async def test_an_emergency_and_a_failure_are_answered_in_writing(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    app = await reading(clinic, "alone")
    await app.ask("I have crushing chest pain and I can't breathe")
    assert "1 1 2" in (await app.until("ai_response", is_final=True))["text"]
    await app.until("metrics")
    assert await eventually(lambda: clinic.alerts(app.consultation_id), bool) == ["chest_pain"]
    emulated.always(Fault("status", 500))
    await app.ask(QUESTION)
    apology = (await app.until("ai_response", is_final=True))["text"]
    await app.hang_up()
    assert (await kept(clinic, app, 4))[3] == ("assistant", apology, None) and sounds(app) == 0


async def test_what_was_answered_while_nobody_was_there_is_read_after_the_return(clinic: Clinic) -> None:
    app = await reading(clinic)
    await app.ask(QUESTION)
    await app.until("ai_response")
    app.drop()
    await app.back()
    assert app.session["audio"]["sound"] is False
    await app.until("metrics")
    await app.hang_up()
    (_, answer) = await kept(clinic, app, 2)
    assert answer[1:] == (app.answers()[0], None) and sounds(app) == 0
    assert app.numbers() == list(range(1, len(app.seen) + 1))


@pytest.mark.parametrize("value", [7, "perhaps", None, []])
async def test_what_is_no_answer_to_whether_sound_is_wanted_is_refused(clinic: Clinic, value: Any) -> None:
    async with connect(clinic.service.ws_url) as live:
        init = {"type": "init-session", "consultation_id": str(clinic.organization_id), "audio": {"sound": value}}
        await live.send(orjson.dumps(init).decode())
        told = await message(live)
        assert (told["error_code"], list(told["context"])) == ("protocol.bad_message", ["audio.sound"])
        assert told["context"]["audio.sound"].startswith("bool_")
        with pytest.raises(ConnectionClosed):
            await live.recv()
    assert live.close_code == 1008
