"""Whole calls over real sockets: a carrier rings, the agent answers, is interrupted, is pressed at, and hands over."""

import asyncio
from typing import Any

import pytest

from auricle.phone.models import CallStatus, Direction
from tests import builders
from tests.channels.conftest import Clinic as Desk
from tests.channels.patient import App
from tests.channels.talking import eventually
from tests.emulators.carriers.handset import Handset
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.phone.conftest import HANDOVER, KINDS, NOTICE, Clinic, spoken

DOOR = "Please take the blue door."
LONG = "The clinic opens at nine. " + "We have many rooms and kind people who listen to you. " * 12


async def marked(handset: Handset, at_least: int) -> None:
    async def so_far() -> int:
        return len(handset.marks)

    assert await eventually(so_far, lambda n: n >= at_least) >= at_least, handset.wrong


async def sounds(handset: Handset, more_than: int) -> None:
    async def so_far() -> int:
        return len(handset.heard)

    assert await eventually(so_far, lambda n: n > more_than) > more_than


def transfers_when_a_key_is_pressed(body: dict[str, Any]) -> Scripted:
    if "DTMF" in str(body["messages"][-1]["content"]):
        return Scripted("I connect you with a person.", [("hand_over", {})])
    return Scripted(LONG)


@pytest.mark.slow
async def test_a_call_is_answered_interrupted_pressed_at_and_handed_over_on_every_carrier(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = transfers_when_a_key_is_pressed
    for exchange in clinic.exchanges.values():
        exchange.fast = False
    try:
        await asyncio.gather(*(whole_call(clinic, kind, number) for number, kind in enumerate(KINDS)))
    finally:
        for exchange in clinic.exchanges.values():
            exchange.fast = True


async def whole_call(clinic: Clinic, kind: str, number: int) -> None:
    exchange, caller = clinic.exchanges[kind], f"+91984505550{number}"
    patient = await clinic.patient(caller, agrees=False)
    call = clinic.call_in(kind, caller)
    handset = await exchange.connected(call)
    await marked(handset, 2)
    assert handset.marks[0] == "notice"
    handset.say(spoken(kind))
    await handset.said()
    await sounds(handset, len(handset.heard) + handset.shape.bytes_per_s)
    handset.say(spoken(kind, "05-barge-in.wav"))

    async def cleared() -> int:
        return handset.clears

    assert await eventually(cleared, bool), "the agent did not stop"
    await handset.said()
    await handset.press("0")
    await asyncio.wait_for(call.ended.wait(), 20)
    assert not handset.wrong
    assert call.did("Dial") == ["by the flow" if kind == "exotel" else HANDOVER]
    await check_record(clinic, kind, call, patient.id)
    if kind == "exotel":
        assert all(length % 320 == 0 and length >= 1600 for length in handset.lengths)
    else:
        assert len([path for _, path in exchange.requests if call.id in path]) == 1


async def test_a_hand_over_that_the_carrier_refuses_is_done_by_what_comes_after_the_socket(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = transfers_when_a_key_is_pressed
    exchange = clinic.exchanges["twilio"]
    call = clinic.call_in("twilio", "+919845055509")
    handset = await exchange.connected(call)
    await marked(handset, 2)
    exchange.status = 500
    await handset.press("0")
    await asyncio.wait_for(call.ended.wait(), 20)
    assert call.did("Dial") == [HANDOVER]
    assert len([path for _, path in exchange.requests if call.id in path]) == 2  # tried twice: that does no harm


async def check_record(clinic: Clinic, kind: str, call: Any, patient_id: Any) -> None:
    row = await clinic.call(call)
    assert row is not None and row.ended_because == "hand_over" and row.direction is Direction.INBOUND
    assert row.patient_id == patient_id and row.identified and row.notice == NOTICE
    agreed = await clinic.consents(patient_id)
    assert [(one.kind.value, one.decision.value, one.how) for one in agreed] == [("ai_use", "granted", "phone")]

    async def said() -> list[dict[str, Any]]:
        return await clinic.transcript(row.consultation_id)

    kept = await eventually(said, lambda m: any("0" in one["text"] for one in m if one["sender"] == "patient"))
    assert kept[0]["sender"] == "assistant" and "How can I help you?" in kept[0]["text"]
    assert any(one["interrupted"] for one in kept)
    assert "0" in [one["text"] for one in kept if one["sender"] == "patient"][-1]


async def test_the_caller_hangs_up_and_the_call_is_over(clinic: Clinic) -> None:
    calls = {kind: clinic.call_in(kind, f"+91984505560{number}") for number, kind in enumerate(KINDS)}
    for kind, call in calls.items():
        handset = await clinic.exchanges[kind].connected(call)
        await marked(handset, 2)
        await handset.hang_up()
    for kind, call in calls.items():

        async def status(call: Any = call) -> CallStatus | None:
            row = await clinic.call(call)
            return row.status if row else None

        assert await eventually(status, lambda s: s is CallStatus.COMPLETED) is CallStatus.COMPLETED, kind
        row = await clinic.call(call)
        assert row is not None and row.ended_because == "client" and row.seconds is not None and row.ended_at


@pytest.mark.slow
async def test_the_agent_hangs_up_by_the_carriers_interface_once_its_last_word_was_played(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.script = lambda body: Scripted("", [("end_call", {})])
    emulated.transcripts.extend(["That was all, thank you for the help", "Yes, please"])
    agent = await clinic.agent("Ears", stt={"default": [{"provider": "emulated"}]})
    await clinic.patch(f"lines/{clinic.lines['plivo']['id']}", {"agent_id": str(agent)})
    call = clinic.call_in("plivo", "+919845055603")
    handset = await clinic.exchanges["plivo"].connected(call)
    await marked(handset, 2)
    handset.say(spoken("plivo", "09-goodbye.wav"))
    await marked(handset, 3)  # it asks whether to end
    await asyncio.sleep(2.5)  # as long as the question lasts; this phone plays at once
    handset.say(spoken("plivo", "09-goodbye.wav"))
    await asyncio.wait_for(call.ended.wait(), 20)
    assert ("Ended", "by request") in call.done
    assert [method for method, path in clinic.exchanges["plivo"].requests if call.id in path] == ["DELETE"]
    row = await clinic.call(call)
    assert row is not None and row.ended_because == "agent"


async def test_one_consultation_goes_from_the_phone_to_the_browser_to_text(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    """A patient who calls and has a login goes on where they were, and it stays one record."""
    emulated.script = lambda body: Scripted(DOOR)
    person, signed_in = await clinic.service.member(clinic.organization_id, "patient")
    record = await builders.make_patient(
        clinic.service.database, clinic.service.keyring, clinic.system, account_id=person.account_id
    )
    await clinic.renumbered(record.id, "+919845055604")
    call = clinic.call_in("twilio", "+919845055604")
    handset = await clinic.exchanges["twilio"].connected(call)
    await marked(handset, 2)
    await handset.press("7")
    await marked(handset, 3)
    row = await clinic.call(call)
    assert row is not None and row.patient_id == record.id
    theirs = Desk(clinic.service, clinic.organization_id, signed_in, clinic.admin)
    app = await App(theirs, str(row.consultation_id)).open()
    await asyncio.wait_for(call.ended.wait(), 20)
    assert ("Ended", "by request") in call.done, "the phone falls silent, and is not put through to anybody"
    await app.ask("Which door was that again")
    await app.until("metrics")
    asked = {"consultation_id": str(row.consultation_id), "text": "And what do I bring along"}
    async with theirs.client() as http:
        answer = (await http.post("/api/v1/conversation/message", json=asked)).raise_for_status().json()
        one = (await http.get(f"/api/v1/consultations/{row.consultation_id}")).raise_for_status().json()
    assert answer["text"] and (await app.until("error"))["error_code"] == "session.moved"
    told = [m["content"] for m in emulated.requests[-1]["body"]["messages"] if m["role"] != "system"]
    assert told[-6:] == ["How can I help you?", "[DTMF 7]", DOOR, "Which door was that again", DOOR, asked["text"]]
    assert (one["type"], one["status"]) == ("phone", "active")
    used = [(session["channel"], session["ended_at"] is None) for session in one["sessions"][1:]]
    assert used == [("phone", False), ("browser", False), ("text", True)]
    assert [m["text"] for m in await clinic.transcript(row.consultation_id)] == [*told, DOOR]
