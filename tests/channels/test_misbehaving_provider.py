"""Whatever the language model does, the patient gets an answer, the turn is on record, each attempt accounted for."""

import asyncio

import pytest

from auricle.channels.prepared import apology_text
from tests.channels.conftest import Clinic
from tests.channels.talking import answered, eventually, send, socket, speak, stream, streaming, type_in
from tests.emulators.openai_chat import Fault, OpenAIEmulator

QUESTION = "What should I bring along to my first appointment"
APOLOGY = apology_text("en")

EARLY = {
    "hangs before its first byte": (Fault("stall_first", stall_s=3), "timeout"),
    "hangs before its first word": (Fault("stall_middle", stall_s=3), "timeout"),
    "answers a web page": (Fault("html"), "failed"),
    "answers nothing": (Fault("empty"), "failed"),
    "does not know our key": (Fault("status", status=401), "refused"),
    "is busy": (Fault("status", status=429), "busy"),
    "is busy for long": (Fault("status", status=429, headers={"retry-after": "30"}), "busy"),
    "is broken": (Fault("status", status=500), "failed"),
}
MIDDLE = {
    "dies": (Fault("cut"), "failed"),
    "writes garbage": (Fault("malformed"), "failed"),
    "falls silent": (Fault("stall_middle", stall_s=3), "timeout"),
    "tells of an error": (Fault("error_chunk"), "failed"),
    "just ends": (Fault("cut_quietly"), "failed"),
}
early = pytest.mark.parametrize(("fault", "status"), EARLY.values(), ids=EARLY)
middle = pytest.mark.parametrize(("fault", "status"), MIDDLE.values(), ids=MIDDLE)


async def on_record(clinic: Clinic, consultation_id: str, answer: str, question: str = QUESTION) -> None:
    kept = await eventually(lambda: clinic.transcript(consultation_id), lambda k: len(k) >= 2)
    assert [(m["sender"], m["text"]) for m in kept] == [("patient", question), ("assistant", answer)]


@early
async def test_a_model_that_fails_before_its_first_word_is_replaced_in_the_same_turn(
    clinic: Clinic, emulated: OpenAIEmulator, fault: Fault, status: str
) -> None:
    if fault.name == "stall_middle":
        emulated.words = ["", "", "late."]
    emulated.always(fault)
    opened = await clinic.opened()
    answer = (await send(clinic, opened["session_id"], QUESTION)).raise_for_status().json()
    assert answer["text"] and answer["text"] != APOLOGY
    await on_record(clinic, opened["consultation_id"], answer["text"])
    usage = await eventually(lambda: clinic.usage(opened["consultation_id"]), lambda u: len(u) >= 2)
    assert usage == [("emulated", status, 1), ("offline", "ok", 2)]
    kept = (await clinic.transcript(opened["consultation_id"]))[-1]
    assert kept["served"] == {"llm": [{"provider": "offline", "model": None}]}


@early
async def test_without_another_model_the_patient_gets_the_apology_and_each_attempt_its_row(
    clinic: Clinic, emulated: OpenAIEmulator, fault: Fault, status: str
) -> None:
    if fault.name == "stall_middle":
        emulated.words = ["", "", "late."]
    emulated.always(fault)
    opened = await clinic.opened("alone")
    events = await stream(clinic, opened["session_id"], QUESTION)
    assert [kind for kind, _ in events] == ["delta", "answer"]
    assert events[-1][1]["text"] == APOLOGY
    await on_record(clinic, opened["consultation_id"], APOLOGY)
    attempts = 1 if status == "refused" or fault.headers else 2
    usage = await eventually(lambda: clinic.usage(opened["consultation_id"]), lambda u: len(u) >= attempts)
    assert usage == [("emulated", status, number + 1) for number in range(attempts)]


@middle
async def test_a_model_that_fails_in_the_middle_keeps_what_was_said_and_apologises_for_the_rest(
    clinic: Clinic, emulated: OpenAIEmulator, fault: Fault, status: str
) -> None:
    emulated.words = ["Please bring your old hearing aid.", " And your", " list of medicines."]
    emulated.always(fault)
    opened = await clinic.opened()
    events = await stream(clinic, opened["session_id"], QUESTION)
    assert {kind for kind, _ in events[:-1]} == {"delta"} and events[-1][0] == "answer"
    answer = events[-1][1]["text"]
    assert answer.startswith("Please bring your old hearing aid. ") and answer.endswith(APOLOGY)
    await on_record(clinic, opened["consultation_id"], events[-1][1]["text"])
    usage = await eventually(lambda: clinic.usage(opened["consultation_id"]), lambda u: len(u) >= 1)
    assert usage == [("emulated", status, 1)]


@pytest.mark.parametrize("name", [*EARLY, *MIDDLE])
async def test_a_caller_is_never_left_in_silence(clinic: Clinic, emulated: OpenAIEmulator, name: str) -> None:
    fault, status = (EARLY | MIDDLE)[name]
    emulated.always(fault)
    opened = await clinic.opened("alone", "voice")
    async with socket(clinic, opened["consultation_id"]) as live:
        await type_in(live, QUESTION)
        answer = await answered(live)
        emulated.always(None)
        assert answer.endswith(APOLOGY)
        await live.send('{"type":"end"}')
        await live.wait_closed()
        assert live.close_code == 1000
    await on_record(clinic, opened["consultation_id"], answer)
    usage = await eventually(lambda: clinic.usage(opened["consultation_id"]), lambda u: len(u) >= 1)
    assert {(provider, told) for provider, told, _ in usage} == {("emulated", status)}


async def test_a_spoken_question_to_a_model_that_hangs_is_answered_by_the_next(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.always(Fault("stall_first", stall_s=3))
    opened = await clinic.opened("default", "voice")
    async with socket(clinic, opened["consultation_id"]) as live:
        speaking = asyncio.create_task(speak(live, "08-hours.wav"))
        answer = await answered(live)
        await speaking
    assert answer and APOLOGY not in answer
    kept = await eventually(lambda: clinic.transcript(opened["consultation_id"]), lambda k: len(k) >= 2)
    assert [m["sender"] for m in kept][:2] == ["patient", "assistant"]
    usage = await eventually(lambda: clinic.usage(opened["consultation_id"]), lambda u: ("offline", "ok", 2) in u)
    assert usage[-1] == ("offline", "ok", 2)


async def test_a_reader_who_vanishes_in_the_middle_of_a_streamed_answer_leaves_the_turn_on_record(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.words = ["Please bring your old hearing aid.", " And your", " list of medicines."]
    emulated.always(Fault("stall_middle", stall_s=3))
    opened = await clinic.opened()
    async for kind, _ in streaming(clinic, opened["session_id"], QUESTION):
        assert kind == "delta"
        break
    kept = await eventually(lambda: clinic.transcript(opened["consultation_id"]), lambda k: len(k) >= 2)
    assert [m["sender"] for m in kept] == ["patient", "assistant"]
    assert kept[0]["text"] == QUESTION and kept[1]["text"].startswith("Please bring your old hearing aid.")


async def test_what_was_said_before_the_consultation_was_ended_stays_on_record(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.words = ["Please bring your old hearing aid.", " And your", " list of medicines."]
    emulated.always(Fault("stall_middle", stall_s=0.4))
    opened = await clinic.opened()
    asking = asyncio.create_task(send(clinic, opened["session_id"], QUESTION))
    await eventually(lambda: asyncio.sleep(0, emulated.open_streams), bool)
    async with clinic.client() as http:
        (await http.post(f"/api/v1/consultations/{opened['consultation_id']}/end")).raise_for_status()
    assert (await asking).status_code == 200
    kept = await clinic.transcript(opened["consultation_id"])
    assert [m["sender"] for m in kept] == ["patient", "assistant"]
    late = await send(clinic, opened["session_id"], QUESTION)
    assert (late.status_code, late.json()["error_code"]) == (409, "consultation.ended")
