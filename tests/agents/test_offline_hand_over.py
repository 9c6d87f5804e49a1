"""Without any model the patient still gets a person when they ask for one."""

import pytest

from auricle.voice.ports import HandOver
from tests.agents.conftest import Clinic

OFFLINE = {"llm": [{"provider": "offline"}]}


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("I want to speak to a real person", "en"),
        ("can you put me through to somebody", "en"),
        ("मुझे किसी इंसान से बात करनी है", "hi"),
    ],
)
async def test_asking_for_a_person_hands_over(clinic: Clinic, words: str, language: str) -> None:
    room = await clinic.room("hand_over", providers=OFFLINE, language=language)
    said = await room.says(words)
    assert said.ending == HandOver("") and said.text


@pytest.mark.parametrize(
    "words", ["Are you a real person?", "My left ear rings", "The person next door told me to come"]
)
async def test_nothing_else_does(clinic: Clinic, words: str) -> None:
    room = await clinic.room("hand_over", providers=OFFLINE)
    assert (await room.says(words)).ending is None


async def test_an_agent_without_the_tool_does_not_promise_one(clinic: Clinic) -> None:
    room = await clinic.room(providers=OFFLINE, questions={"en": ["Which ear is it?"]})
    said = await room.says("I want to speak to a real person")
    assert said.ending is None and "handing over" not in said.text
