"""Built-in tools in whole answers: reads, writes with the patient's yes, endings, and what a model may not do."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from auricle.agents.tools import loop as tool_loop
from auricle.agents.tools.builtin.own_record import LOOK_UP_PATIENT
from auricle.agents.tools.models import ToolCallRow
from auricle.agents.tools.tool import BadArguments
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.models import Alert
from auricle.consultations.observations import observations
from auricle.knowledge.ingest import Work, ingest
from auricle.knowledge.receive import Labels, receive
from auricle.patients.appointments.book import Booking, book
from auricle.patients.appointments.models import AppointmentStatus
from auricle.providers.ports import ProviderFailed
from auricle.safety.claims import check_claim
from auricle.uploads.receive import held
from auricle.voice.ports import EndCall, HandOver
from auricle.voice.sentences import SentenceCutter
from tests.agents.conftest import Clinic, asks, results_in, scripted, told, tomorrow
from tests.emulators.openai_chat import OpenAIEmulator, Scripted


def booking(clinic: Clinic, hour: int = 10) -> dict[str, Any]:
    return {"professional_id": str(clinic.doctor.member_id), "starts_at": tomorrow(hour)}


async def booked_by_another(clinic: Clinic) -> str:
    """An appointment of the other patient's, tomorrow at half past ten; its id."""
    assert clinic.doctor.member_id is not None
    wanted = Booking(clinic.other.id, clinic.doctor.member_id, datetime.fromisoformat(tomorrow()), 30)
    async with clinic.assembly.database.transaction(clinic.admin) as db:
        return str((await book(db, clinic.assembly.keyring, wanted, now=datetime.now(UTC))).id)


async def test_a_read_goes_back_to_the_model_as_data_and_it_answers(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("look_up_patient"), Scripted("You have no appointment."))
    room = await clinic.room("look_up_patient")
    said = await room.says("Do I have an appointment?")
    assert said.text == "You have no appointment."
    (result,) = results_in(emulated.requests[-1]["body"])
    assert result.startswith('<result tool="look_up_patient"') and told(result)["name"] == "Asha Rao"
    assert await room.calls() == [("look_up_patient", "done")]


async def test_a_model_is_offered_what_the_agent_names_and_the_actor_may_use(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = scripted(Scripted("Hello."))
    may_join = clinic.person.limited_to(["own:read", "consultations:join", "consultations:create"])
    room = await clinic.room("look_up_patient", "book_appointment", "hand_over", actor=may_join)
    await room.says("Hello")
    offered = [t["function"]["name"] for t in emulated.requests[-1]["body"]["tools"]]
    assert offered == ["look_up_patient", "hand_over"]


@pytest.mark.parametrize(
    "arguments",
    [{"patient_id": "01a1fd6f-0000-7000-8000-000000000000"}, {"name": "Fisch"}, "[]", '"x"', '{"a": {"b": 1}}'],
)
async def test_an_argument_that_the_schema_does_not_name_is_refused(arguments: Any) -> None:
    with pytest.raises(BadArguments):
        LOOK_UP_PATIENT.read(arguments if isinstance(arguments, str) else json.dumps(arguments))


async def test_reads_of_one_round_run_together_and_keep_their_order(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(
        Scripted("", [("look_up_patient", {}), ("find_appointment_slots", {"days": 2}), ("no_such_tool", {})]),
        Scripted("There are times."),
    )
    room = await clinic.room("look_up_patient", "find_appointment_slots")
    assert (await room.says("When can I come?")).text == "There are times."
    first, second, third = results_in(emulated.requests[-1]["body"])
    assert told(first)["name"] == "Asha Rao" and told(third) == {"error": "unknown_tool"}
    times = told(second)["slots"]
    assert any(one["professional_id"] == str(clinic.doctor.member_id) and one["starts_at"] for one in times)


async def test_a_name_that_the_model_made_up_is_not_kept_in_clear(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("asha_rao_has_a_rash"), Scripted("I can't do that."))
    room = await clinic.room("look_up_patient")
    await room.says("I have a rash.")
    assert await room.calls() == [("(unknown)", "refused")]


async def test_a_booking_is_asked_then_done_once_on_a_yes(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    wanted = booking(clinic)
    emulated.script = scripted(asks("book_appointment", wanted, "Let me see."))
    room = await clinic.room("book_appointment")
    asked = await room.says("Book me in tomorrow at half past ten")
    assert "Shall I book" in asked.text and "Meera Iyer" in asked.text and "10:30" in asked.text
    assert await clinic.appointments() == [] and await room.calls() == [("book_appointment", "pending")]

    twice = [asks("book_appointment", wanted)] * 2
    emulated.script = scripted(*twice, Scripted("It is booked."))
    done = await room.says("Yes please", fresh=True)
    assert done.text == "It is booked."
    assert await clinic.appointments() == [AppointmentStatus.BOOKED]
    assert await room.calls() == [("book_appointment", "done")]
    assert told(results_in(emulated.requests[-1]["body"])[0])["booked"] is True

    emulated.script = scripted(Scripted("Anything else?"))
    await room.says("Thank you so much for that", fresh=True)
    told_again = str(emulated.requests[-1]["body"]["messages"])
    assert "was called already" in told_again


@pytest.mark.parametrize(
    "reply",
    ["No, not that", "What does it cost?", "yes but make it Wednesday", "नहीं", "hmm let me think", "nothing, wait"],
)
async def test_without_a_plain_yes_nothing_is_booked(clinic: Clinic, emulated: OpenAIEmulator, reply: str) -> None:
    emulated.script = scripted(asks("book_appointment", booking(clinic)))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")
    emulated.script = scripted(asks("book_appointment", booking(clinic)), Scripted("All right."))
    await room.says(reply, fresh=True)
    assert await clinic.appointments() == []
    assert ("book_appointment", "done") not in await room.calls()


async def test_a_yes_to_another_time_is_no_yes_to_this(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("book_appointment", booking(clinic, 10)))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")
    emulated.script = scripted(asks("book_appointment", booking(clinic, 11)))
    again = await room.says("Yes please")
    assert "11:30" in again.text and await clinic.appointments() == []


async def test_a_question_that_was_not_heard_whole_is_asked_again(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("book_appointment", booking(clinic)))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")
    heard = room.history[-1]
    room.history[-1] = type(heard)("assistant", heard.content[:14])  # interrupted
    again = await room.says("Yes yes")
    assert "Shall I book" in again.text and await clinic.appointments() == []


async def test_our_question_is_a_sentence_of_its_own_however_the_model_ended(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    """Else a dose would hide behind our question mark."""
    emulated.script = scripted(asks("book_appointment", booking(clinic), "You can take 400 mg of ibuprofen"))
    asked = await (await clinic.room("book_appointment")).says("Book me in tomorrow at half past ten")
    cutter = SentenceCutter()
    dose, question = [*cutter.feed(asked.text), *cutter.finish()]
    assert check_claim(dose, "en").claim == "dose" and question.startswith("Shall I book")


async def test_two_requests_with_the_same_yes_book_once(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    wanted = booking(clinic)
    emulated.script = scripted(asks("book_appointment", wanted))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")

    def agreeable(body: dict[str, Any]) -> Scripted:
        return Scripted("Done.") if results_in(body) else asks("book_appointment", wanted)

    emulated.script = agreeable
    twins = [type(room)(room.assembly, room.talk, list(room.history)) for _ in range(2)]
    await asyncio.gather(*(twin.says("Yes", fresh=True) for twin in twins))
    assert await clinic.appointments() == [AppointmentStatus.BOOKED]


async def test_a_question_is_known_to_a_request_while_another_reads_it_too(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    wanted = booking(clinic)
    emulated.script = scripted(asks("book_appointment", wanted))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")
    emulated.script = scripted(asks("book_appointment", wanted), Scripted("Done."))
    asked = len(emulated.requests)
    async with clinic.assembly.database.transaction(clinic.person) as db:
        rows = await db.scalars(select(ToolCallRow).where(ToolCallRow.status == "pending").with_for_update())
        assert len(rows.all()) == 1
        answering = asyncio.create_task(room.says("Yes", fresh=True))
        while len(emulated.requests) == asked and not answering.done():
            await asyncio.sleep(0.01)
    assert (await answering).text == "Done."
    assert await clinic.appointments() == [AppointmentStatus.BOOKED]


async def test_a_yes_to_a_question_that_another_request_has_overtaken_is_asked_for_again(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    wanted = booking(clinic)
    emulated.script = scripted(asks("book_appointment", wanted))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")
    twin = type(room)(room.assembly, room.talk, list(room.history))
    final = asyncio.Event()
    asked = len(emulated.requests)
    emulated.script = scripted(asks("book_appointment", wanted), Scripted("Done."))
    answering = asyncio.create_task(twin.says("Yes", fresh=True, confirmed=final))
    while len(emulated.requests) == asked:
        await asyncio.sleep(0.01)
    emulated.script = scripted(asks("book_appointment", booking(clinic, 11)))
    assert "11:30" in (await room.says("No, an hour later", fresh=True)).text
    emulated.script = scripted(Scripted("It is booked."))
    final.set()
    assert "Shall I book" in (await answering).text and await clinic.appointments() == []


async def test_a_time_that_is_taken_is_not_even_asked_about(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    wanted = booking(clinic)
    await booked_by_another(clinic)
    emulated.script = scripted(asks("book_appointment", wanted), Scripted("That time is taken."))
    room = await clinic.room("book_appointment")
    assert (await room.says("Book me in")).text == "That time is taken."
    assert told(results_in(emulated.requests[-1]["body"])[0])["error"] == "appointment.slot_taken"


async def test_another_patients_appointment_is_out_of_reach_even_for_staffs_conversation(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    theirs = await booked_by_another(clinic)
    for actor in (clinic.person, clinic.admin):
        emulated.script = scripted(asks("cancel_appointment", {"appointment_id": theirs}), Scripted("I can't."))
        room = await clinic.room("cancel_appointment", actor=actor)
        assert (await room.says("Cancel it")).text == "I can't."
    assert await clinic.appointments(clinic.other) == [AppointmentStatus.BOOKED]


async def test_a_symptom_is_noted_on_a_yes_and_can_be_read(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    symptom = {"symptom": "ringing", "side": "left", "since": "two weeks"}
    emulated.script = scripted(asks("record_symptom", symptom))
    room = await clinic.room("record_symptom", "record_vitals")
    asked = await room.says("My left ear has been ringing for two weeks")
    assert "ringing" in asked.text and asked.text.endswith("?")
    emulated.script = scripted(asks("record_symptom", symptom), Scripted("Noted."))
    await room.says("yes")
    async with clinic.assembly.database.transaction(clinic.doctor) as db:
        consultation = await find_consultation(db, room.talk.consultation_id)
        (noted,) = await observations(db, clinic.assembly.keyring, consultation)
    assert (noted.kind, noted.said) == ("symptom", symptom)


async def test_an_agent_may_note_symptoms_without_asking_where_it_is_set_so(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = scripted(asks("record_symptom", {"symptom": "ringing"}), Scripted("I see."))
    room = await clinic.room({"name": "record_symptom", "confirm": False})
    assert (await room.says("My ear rings")).text == "I see."
    assert await room.calls() == [("record_symptom", "done")]


async def test_impossible_vitals_are_refused(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("record_vitals", {"systolic": 4000}), Scripted("Please say that again."))
    room = await clinic.room("record_vitals")
    await room.says("My pressure is four thousand")
    assert told(results_in(emulated.requests[-1]["body"])[0])["error"] == "tool.bad_arguments"
    assert await room.calls() == [("record_vitals", "refused")]


async def test_hand_over_ends_the_agents_part(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("hand_over", {"reason": "asked"}, "A colleague will take over."))
    room = await clinic.room("hand_over")
    said = await room.says("I want to speak to a person")
    assert said.ending == HandOver("asked") and said.text == "A colleague will take over."
    async with clinic.assembly.database.transaction(clinic.system) as db:
        wanted = select(Alert.kind).where(Alert.consultation_id == room.talk.consultation_id)
        assert (await db.scalars(wanted)).all() == ["hand_over"], "staff are rung, in the text channel too"


async def test_a_goodbye_ends_the_call_and_nothing_else_does_unasked(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("end_call"), Scripted("Goodbye."))
    room = await clinic.room("end_call")
    kept = await room.says("Where can I park?")
    assert kept.ending is None and kept.text == "Shall I end the call now?"
    emulated.script = scripted(asks("end_call"), Scripted("Goodbye."))
    over = await room.says("Thanks, bye")
    assert over.ending == EndCall("") and over.text == "Goodbye."


async def test_a_model_that_only_calls_tools_is_stopped(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = lambda _: Scripted("", [("look_up_patient", {})] * 3)
    room = await clinic.room("look_up_patient")
    with pytest.raises(ProviderFailed):
        await room.says("Hello")
    done = [status for _, status in await room.calls()]
    assert len(emulated.requests) <= tool_loop.MAX_ROUNDS + 1
    assert done.count("done") <= tool_loop.MAX_CALLS


async def test_a_guess_changes_nothing_until_it_is_confirmed(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = scripted(asks("book_appointment", booking(clinic)))
    room = await clinic.room("book_appointment")
    await room.says("Book me in tomorrow")

    def agreeable(body: dict[str, Any]) -> Scripted:
        return Scripted("Done.") if results_in(body) else asks("book_appointment", booking(clinic))

    emulated.script = agreeable
    confirmed = asyncio.Event()
    guess = asyncio.create_task(room.says("Yes", confirmed=confirmed))
    await asyncio.sleep(0.5)
    assert await clinic.appointments() == [] and not guess.done()
    confirmed.set()
    assert (await guess).text.endswith("Done.")
    assert await clinic.appointments() == [AppointmentStatus.BOOKED]


async def test_the_wrong_guess_is_dropped_without_a_trace(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.script = lambda _: asks("book_appointment", booking(clinic))
    room = await clinic.room("book_appointment")
    guess = asyncio.create_task(room.says("Book", confirmed=asyncio.Event()))
    await asyncio.sleep(0.4)
    guess.cancel()
    with pytest.raises(asyncio.CancelledError):
        await guess
    assert await room.calls() == []


async def test_a_search_by_the_model_is_kept_to_the_documents_that_the_agent_is_kept_to(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    assembly = clinic.assembly
    for name, labels in {"staff.md": Labels(collection="staff"), "ent.md": Labels(specialty="ent")}.items():
        with held(name, f"# Door code\n\nThe door code of the {name} room is 4711.".encode()) as incoming:
            received = await receive(assembly.database, assembly.objects, clinic.admin, incoming, labels)
        await ingest(Work(assembly.knowledge, assembly.objects, clinic.admin, received.document.id))
    for kept_to, found in (
        ({}, {"staff.md", "ent.md"}),
        ({"collection": "staff"}, {"staff.md"}),
        ({"specialty": "ent"}, {"ent.md"}),
        ({"collection": "nothing"}, set()),
    ):
        emulated.script = scripted(
            asks("search_knowledge", {"query": "What is the door code?"}), Scripted("Let me tell you.")
        )
        room = await clinic.room("search_knowledge", retrieval=kept_to)
        await room.says("Good morning.")
        (result,) = results_in(emulated.requests[-1]["body"])
        passages = str([one["text"] for one in told(result)["passages"]])
        assert {name for name in ("staff.md", "ent.md") if name in passages} == found
