"""What an agent may do for somebody of whom only a number is known."""

from dataclasses import replace

import pytest

from auricle.actor import Actor
from auricle.phone.callers import speaking_for
from tests.agents.conftest import Clinic, asks, scripted
from tests.agents.test_tools import booking
from tests.emulators.openai_chat import OpenAIEmulator, Scripted


def caller(clinic: Clinic, *, identified: bool) -> Actor:
    return speaking_for(clinic.organization_id, clinic.patient.id, Actor.nobody(), identified=identified)


@pytest.mark.parametrize(("identified", "booked"), [(False, 1), (True, 0)])
async def test_a_caller_without_a_record_books_and_one_with_a_record_must_be_known_better(
    clinic: Clinic, emulated: OpenAIEmulator, identified: bool, booked: int
) -> None:
    wanted = booking(clinic)
    emulated.script = scripted(asks("book_appointment", wanted, "Let me see."), Scripted("I see."))
    room = await clinic.room("book_appointment")
    room.talk = replace(room.talk, actor=caller(clinic, identified=identified))
    await room.says("I would like to come tomorrow at half past ten")
    emulated.script = scripted(asks("book_appointment", wanted, "Let me see."), Scripted("Good."))
    await room.says("Yes, please")
    assert len(await clinic.appointments()) == booked


async def test_a_number_alone_opens_no_patients_record(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("look_up_patient", text="Let me see."), Scripted("I can't see that."))
    room = await clinic.room("look_up_patient")
    room.talk = replace(room.talk, actor=caller(clinic, identified=True))
    await room.says("What do you know about me?")
    assert await room.calls() == []
    assert "tools" not in emulated.requests[-1]["body"]
