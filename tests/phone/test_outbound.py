"""Calls that we make: who may be called and when, what the carrier answers, and what becomes of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from auricle.actor import Actor
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.identity.models import Organization
from auricle.phone.forgotten import close_forgotten
from auricle.phone.models import CallStatus, PhoneCall
from auricle.phone.outbound import OutsideHours, check_hours
from auricle.phone.status import Progress, advance, progress_of
from auricle.settings import Phone
from tests.channels.talking import eventually
from tests.emulators.carriers.exchange import Call
from tests.phone.conftest import KINDS, Clinic

every = pytest.mark.parametrize("kind", KINDS)


async def placed(clinic: Clinic, kind: str, **body: Any) -> dict[str, Any]:
    return await clinic.post("calls", {"line_id": clinic.lines[kind]["id"], **body})


async def row_of(clinic: Clinic, call_id: str) -> PhoneCall:
    async with clinic.service.database.transaction(clinic.system) as db:
        return (await db.scalars(select(PhoneCall).where(PhoneCall.id == UUID(call_id)))).one()


def at_the_carrier(clinic: Clinic, kind: str, number: str) -> Call:
    return next(one for one in clinic.exchanges[kind].calls.values() if one.called == number)


@every
async def test_a_patient_is_called_hears_the_notice_and_talks(clinic: Clinic, kind: str):
    number, exchange = f"+91984505800{KINDS.index(kind)}", clinic.exchanges[kind]
    patient = await clinic.patient(number, agrees=False)
    made = await placed(clinic, kind, patient_id=str(patient.id), reason="Tomorrow's appointment")
    assert made["status"] == "initiated" and made["number"] == number and made["identified"]
    call = at_the_carrier(clinic, kind, number)
    if kind == "exotel":
        status_url, answering = call.asked["StatusCallback"], exchange.open(call, call.asked["StreamUrl"])
    else:
        names = ("StatusCallback", "Url") if kind == "twilio" else ("hangup_url", "answer_url")
        status_url, answering = call.asked[names[0]], exchange.follow(call, call.asked[names[1]])
        assert (await exchange.tell(call, status_url, "ringing")).status_code == 204
    call.task = asyncio.create_task(answering)
    handset = await exchange.connected(call)

    async def marks() -> int:
        return len(handset.marks)

    assert await eventually(marks, lambda n: n >= 2) >= 2
    await handset.hang_up()
    by = {"twilio": {"AnsweredBy": "human"}, "plivo": {"Machine": "false"}, "exotel": {}}[kind]
    await exchange.tell(call, status_url, "in-progress", **by)
    seconds = {"twilio": "CallDuration", "plivo": "Duration", "exotel": "ConversationDuration"}[kind]

    async def status() -> CallStatus:
        return (await row_of(clinic, made["id"])).status

    assert await eventually(status, lambda s: s is CallStatus.COMPLETED) is CallStatus.COMPLETED
    for _ in range(2):
        assert (await exchange.tell(call, status_url, "completed", **{seconds: "17"})).status_code == 204
    row = await row_of(clinic, made["id"])
    assert row.ended_because == "client" and row.carrier_call_id == call.id and row.consultation_id is not None
    assert row.answered_by == ("human" if by else None)
    assert [one.how for one in await clinic.consents(patient.id)] == ["phone"]


async def test_a_call_that_nobody_takes_ends_as_the_carrier_says(clinic: Clinic):
    for status, kept in (("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("canceled", "canceled")):
        number = f"+9198450590{len(status):02}"
        made = await placed(clinic, "twilio", number=number)
        call = at_the_carrier(clinic, "twilio", number)
        await clinic.exchanges["twilio"].tell(call, call.asked["StatusCallback"], status)
        await clinic.exchanges["twilio"].tell(call, call.asked["StatusCallback"], "ringing")
        row = await row_of(clinic, made["id"])
        assert row.status == kept and row.ended_at is not None and row.seconds in (None, 0)
        answer = await clinic.exchanges["twilio"].ask(call, call.asked["Url"], {})
        assert "<Hangup/>" in answer.text  # a late answer starts no conversation


async def test_a_refusal_of_the_carrier_is_told_and_kept(clinic: Clinic):
    exchange = clinic.exchanges["plivo"]
    exchange.status = 503
    told = await clinic.post("calls", {"line_id": clinic.lines["plivo"]["id"], "number": "+919845059100"}, status=502)
    assert told["error_code"] == "phone.carrier_failed" and told["context"]["carrier_status"] == "503"
    assert len(exchange.requests) == 1  # it may have arrived: to place it again could ring twice
    async with clinic.client() as http:
        kept = (await http.get("/api/v1/phone/calls")).raise_for_status().json()["items"][0]
    assert (kept["status"], kept["ended_because"]) == ("failed", "phone.carrier_failed")


async def test_a_wrong_token_is_refused_by_the_carrier(clinic: Clinic):
    await clinic.patch(f"carriers/{clinic.lines['twilio']['carrier_id']}", {"token": "wrong"})
    body = {"line_id": clinic.lines["twilio"]["id"], "number": "+919845059200"}
    assert (await clinic.post("calls", body, status=502))["context"]["carrier_status"] == "401"


async def test_the_same_request_calls_once(clinic: Clinic):
    body = {"line_id": clinic.lines["twilio"]["id"], "number": "+919845059300"}
    told = [await clinic.post("calls", body, **{"idempotency-key": "call-1"}) for _ in range(2)]
    assert told[0]["id"] == told[1]["id"] and len(clinic.exchanges["twilio"].requests) == 1


NUMBERS = (
    ({"number": "09845012345"}, "phone.number_not_e164"),
    ({"number": "+0123456789"}, "phone.number_not_e164"),
    ({"number": "+91804718000"}, None),
    ({"number": "+918047180000"}, "phone.number_not_allowed"),
    ({"number": "+918047189999"}, "phone.number_not_allowed"),
    ({}, "phone.whom_to_call"),
)


async def test_only_a_number_that_can_and_may_be_called_is_called(clinic: Clinic):
    for body, code in NUMBERS:
        asked = {"line_id": clinic.lines["twilio"]["id"], **body}
        told = await clinic.post("calls", asked, status=422 if code else 201)
        assert told.get("error_code") == code, body


async def test_nobody_is_called_who_refused_the_machine_or_on_a_line_that_is_off(clinic: Clinic):
    patient = await clinic.patient("+919845059400")
    async with clinic.service.database.transaction(clinic.system) as db:
        await decide(db, patient.id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="phone"))
    body = {"line_id": clinic.lines["twilio"]["id"], "patient_id": str(patient.id)}
    assert (await clinic.post("calls", body, status=403))["error_code"] == "consent.needed"
    await clinic.patch(f"lines/{clinic.lines['twilio']['id']}", {"active": False})
    assert (await clinic.post("calls", body, status=409))["error_code"] == "phone.switched_off"
    assert clinic.exchanges["twilio"].requests == []


async def test_an_organization_has_only_so_many_called_in_a_minute(clinic: Clinic):
    line = {"line_id": clinic.lines["twilio"]["id"]}
    async with clinic.client() as http:
        answers = await asyncio.gather(
            *(http.post("/api/v1/phone/calls", json={**line, "number": f"+9198450595{n:02}"}) for n in range(12))
        )
    assert sorted(one.status_code for one in answers) == [201] * 8 + [429] * 4
    assert {one.json()["error_code"] for one in answers if one.status_code == 429} == {"phone.too_many_calls"}
    assert len(clinic.exchanges["twilio"].requests) == 8


async def test_nobody_is_called_before_nine_or_after_nine_by_the_organizations_clock(clinic: Clinic):
    async with clinic.service.database.transaction(Actor.nobody()) as db:
        await db.execute(
            update(Organization).where(Organization.id == clinic.organization_id).values(time_zone="Asia/Kolkata")
        )
    async with clinic.service.database.transaction(clinic.system) as db:
        for utc, allowed in (("03:29", False), ("03:30", True), ("15:29", True), ("15:30", False), ("23:00", False)):
            now = datetime.fromisoformat(f"2026-11-21T{utc}").replace(tzinfo=UTC)
            if allowed:
                await check_hours(db, Phone(), now)
            else:
                with pytest.raises(OutsideHours):
                    await check_hours(db, Phone(), now)


async def test_callbacks_in_any_order_and_any_number_leave_the_same_call(clinic: Clinic):
    words = ["initiated", "ringing", "in-progress", "completed"]
    for order in (words, words[::-1], ["completed", "completed", "busy"], ["ringing", "completed", "in-progress"]):
        made = await placed(clinic, "twilio", number=f"+9198450597{words.index(order[0])}{len(order)}")
        async with clinic.service.database.transaction(clinic.system) as db:
            call = await db.get_one(PhoneCall, UUID(made["id"]))
            for word in order:
                from auricle.phone.models import Kind as Carrier

                await advance(db, call, progress_of(Carrier.TWILIO, {"CallStatus": word, "CallDuration": "9"}))
            assert call.status is CallStatus.COMPLETED and call.seconds == 9
            await advance(db, call, Progress(None, seconds=99, answered_by="machine_start"))
            assert call.seconds == 9 and call.answered_by == "machine_start"


async def test_a_call_of_which_no_more_word_comes_is_over_when_it_is_older_than_a_call_can_be(clinic: Clinic):
    made = [await placed(clinic, "twilio", number=f"+919845059{n}00") for n in (8, 9)]
    async with clinic.service.database.transaction(clinic.system) as db:
        old = await db.get_one(PhoneCall, UUID(made[0]["id"]))
        old.created_at = datetime.now(UTC) - timedelta(hours=5)
    await close_forgotten(clinic.service, Actor.nobody())  # type: ignore[arg-type]
    gone, young = [await row_of(clinic, one["id"]) for one in made]
    assert (gone.status, gone.ended_because) == (CallStatus.FAILED, "no_word") and gone.ended_at is not None
    assert young.status is CallStatus.INITIATED


@pytest.mark.parametrize(
    "fields",
    [{}, {"CallStatus": "a-new-word"}, {"CallDuration": "-1"}, {"CallDuration": "9" * 30}, {"CallDuration": "٣"},
     {"AnsweredBy": "x" * 500}, {"CallSid": "\x00"}],
)  # fmt: skip
def test_what_a_callback_says_in_words_we_do_not_know_is_left_out(fields: dict[str, str]):
    from auricle.phone.models import Kind as Carrier

    assert progress_of(Carrier.TWILIO, fields) == Progress(None)
