"""Long consultations: a window, a summary of what fell out of it, and no message lost between the two."""

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from auricle.actor import Actor
from auricle.agents.tools.toolbox import BUILT_IN
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.consent.retention import erase_messages
from auricle.consultations.answer import Carried
from auricle.consultations.digits import no_new_numbers, numbers_in, same_numbers
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.memory import LOOK_BACK, ConsultationMemory, Recalled, history, recall
from auricle.consultations.models import Message
from auricle.consultations.summary import MAX_CHARACTERS, summarise
from auricle.consultations.transcript import Said, append, read
from auricle.db.session import Database
from auricle.providers.ports import ChatMessage, ProviderFailed
from tests.agents.conftest import Clinic, Room, asks, results_in, tomorrow
from tests.emulators.openai_chat import Fault, OpenAIEmulator, Scripted


async def talked(clinic: Clinic, room: Room, exchanges: int, *, first: int = 1) -> None:
    """So many questions and answers, each with a number of its own."""
    said = []
    for number in range(first, first + exchanges):
        said += [Said("assistant", f"Question {number}?"), Said("patient", f"Answer number {number}, left ear.")]
    async with clinic.assembly.database.transaction(room.talk.actor) as db:
        consultation = await find_consultation(db, room.talk.consultation_id)
        await append(db, clinic.assembly.keyring, consultation, room.talk.session_id, said)


async def recalled(clinic: Clinic, room: Room) -> Recalled:
    async with clinic.assembly.database.transaction(clinic.doctor) as db:
        return await recall(db, clinic.assembly.keyring, room.talk.consultation_id)


async def summarised(clinic: Clinic, room: Room) -> None:
    await summarise(clinic.assembly, clinic.system, room.talk.consultation_id)


async def seen_by_the_model(clinic: Clinic, room: Room, emulated: OpenAIEmulator) -> str:
    """All that the model is given for the next answer, as after a resume."""
    emulated.script = lambda _: Scripted("I see.")
    async with clinic.assembly.database.transaction(room.talk.actor) as db:
        consultation = await find_consultation(db, room.talk.consultation_id)
        past = await read(db, clinic.assembly.keyring, consultation, last=LOOK_BACK)
    resumed = Room(room.assembly, replace(room.talk, carried=Carried()), history(past))
    await resumed.says("And now?")
    return str(emulated.requests[-1]["body"]["messages"])


async def test_what_fell_out_is_summarised_and_the_next_answer_knows_it(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    room = await clinic.room()
    await talked(clinic, room, 15)
    emulated.script = lambda _: Scripted("The patient answered number 1 to 5, left ear.")
    await summarised(clinic, room)
    asked = str(emulated.requests[-1]["body"]["messages"])
    assert "Answer number 5," in asked and "Answer number 6," not in asked
    kept = await recalled(clinic, room)
    assert (kept.summary, kept.uncovered) == ("The patient answered number 1 to 5, left ear.", 20)
    seen = await seen_by_the_model(clinic, room, emulated)
    assert "The patient answered number 1 to 5" in seen
    assert "Answer number 6," in seen and "Answer number 5," not in seen


async def test_without_a_summary_the_messages_stay_up_to_the_bound(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    room = await clinic.room()
    await talked(clinic, room, 15)
    emulated.always(Fault("status", 500))
    with pytest.raises(ProviderFailed):
        await summarised(clinic, room)
    emulated.always(None)
    seen = await seen_by_the_model(clinic, room, emulated)
    assert all(f"Answer number {n}," in seen for n in range(1, 16))
    await talked(clinic, room, 30, first=16)
    seen = await seen_by_the_model(clinic, room, emulated)
    assert "Answer number 45," in seen and seen.count("Answer number") == LOOK_BACK // 2


async def test_summaries_roll_on_from_one_another(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    room = await clinic.room()
    await talked(clinic, room, 15)
    emulated.script = lambda _: Scripted("First part.")
    await summarised(clinic, room)
    await talked(clinic, room, 6, first=16)
    emulated.script = lambda _: Scripted("First and second part.")
    await summarised(clinic, room)
    asked = str(emulated.requests[-1]["body"]["messages"])
    assert "First part." in asked and "Answer number 6," in asked and "Answer number 5," not in asked
    assert (await recalled(clinic, room)).summary == "First and second part."
    before = len(emulated.requests)
    await summarised(clinic, room)
    assert len(emulated.requests) == before, "there is nothing new to summarise"


async def test_a_summary_with_a_number_that_nobody_said_is_replaced_by_an_extract(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    room = await clinic.room()
    await talked(clinic, room, 15)
    emulated.script = lambda _: Scripted("The patient takes 500 mg.")
    await summarised(clinic, room)
    summary = (await recalled(clinic, room)).summary
    assert "500" not in summary and "Question 1? – Answer number 1, left ear." in summary


async def test_without_a_model_the_answers_are_extracted_and_the_length_is_bounded(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    room = await clinic.room(providers={"llm": [{"provider": "offline"}]})
    await talked(clinic, room, 60)
    for _ in range(3):
        await summarised(clinic, room)
    kept = await recalled(clinic, room)
    assert emulated.requests == [] and len(kept.summary) <= MAX_CHARACTERS
    assert "Answer number 50," in kept.summary and kept.uncovered == 20


async def test_the_summary_is_sealed_and_asked_for_while_the_talk_goes_on(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = lambda _: Scripted("Left ear.")
    room = await clinic.room()
    await talked(clinic, room, 15)
    async with clinic.assembly.database.transaction(Actor.system(clinic.organization_id)) as db:
        queued = await db.scalar(text("select count(*) from live_event where kind = 'consultation.message'"))
        assert queued
    await summarised(clinic, room)
    async with clinic.assembly.database.transaction(clinic.system) as db:
        wanted = select(ConsultationMemory).where(ConsultationMemory.consultation_id == room.talk.consultation_id)
        row = (await db.scalars(wanted)).one()
        assert b"Left" not in row.summary


async def test_without_consent_no_model_summarises(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    room = await clinic.room()
    await talked(clinic, room, 15)
    async with clinic.assembly.database.transaction(clinic.admin) as db:
        await decide(db, clinic.patient.id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="paper"))
    await summarised(clinic, room)
    assert emulated.requests == [] and (await recalled(clinic, room)).summary == ""


async def test_what_is_erased_is_gone_from_the_summary_too(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = lambda _: Scripted("Left ear.")
    room = await clinic.room()
    await talked(clinic, room, 15)
    await summarised(clinic, room)
    async with clinic.assembly.database.transaction(clinic.system) as db:
        ids = (await db.scalars(select(Message.id).where(Message.consultation_id == room.talk.consultation_id))).all()
        await erase_messages(db, ids)
    assert (await recalled(clinic, room)).summary == ""


async def test_an_answer_needs_no_database(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    """Nor do the tools that do: they tell that they can't, and the agent goes on."""
    wanted = {"professional_id": str(clinic.doctor.member_id), "starts_at": tomorrow()}
    room = await clinic.room("book_appointment", "look_up_patient")
    await talked(clinic, room, 12)
    emulated.script = lambda body: Scripted("Please call us.") if results_in(body) else asks("book_appointment", wanted)
    away = replace(clinic.assembly, database=Database("postgresql://nobody@127.0.0.1:1/nothing"))
    long_talk = [ChatMessage("user", f"Answer {n}") for n in range(24)]
    carried = Carried(tools={"book_appointment": BUILT_IN["book_appointment"]})
    said = await Room(away, replace(room.talk, carried=carried), long_talk).says("Book me in")
    assert said.text == "Please call us."
    emulated.script = lambda _: Scripted("Hello.")
    assert (await Room(away, replace(room.talk, carried=Carried()), long_talk).says("Hello")).text == "Hello."
    assert await clinic.appointments() == []


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ("Take 500 mg twice", "500 mg दिन में दो बार", True),
        ("Take 500 mg", "५०० मिलीग्राम लें", True),
        ("Take 500 mg", "50 mg lein", False),
        ("at 10:30", "10:30 बजे", True),
        ("1,00,000 and 2.5", "100000 और 2.5", True),
        ("left ear", "बायां कान 2", False),
        ("2 and 2", "2", False),
        ("௧௨ days", "12 நாட்கள்", True),
    ],
)
def test_numbers_are_compared_whatever_script_they_are_in(before: str, after: str, same: bool) -> None:
    assert same_numbers(before, after) is same


def test_a_number_that_is_not_in_the_source_is_found() -> None:
    assert no_new_numbers("500 mg, 2 weeks", "2 weeks") and not no_new_numbers("500 mg", "50 mg")
    assert numbers_in("١٢ and 3") == {"12": 1, "3": 1}
