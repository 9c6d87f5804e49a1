"""What carriers ask of us: only with their own signature, only of their own line, and answered whatever the state."""

import asyncio
import xml.etree.ElementTree as ET
from typing import Any
from uuid import UUID, uuid4

import httpx2
import orjson
import pytest
from sqlalchemy import func, select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.patients.models import Patient
from auricle.phone.models import CallStatus, PhoneCall
from auricle.phone.signatures import is_exotels, is_plivos, is_twilios, plivo_signature, twilio_signature
from tests.billing.conftest import out_of_money
from tests.channels.talking import eventually
from tests.emulators.carriers.exchange import Call
from tests.phone.conftest import HANDOVER, KINDS, Clinic, clinic_at

every = pytest.mark.parametrize("kind", KINDS)

# Computed by the vendors' own libraries (twilio and plivo from PyPI), once.
TWILIO_VECTORS = (
    (
        "12345",
        "https://mycompany.com/myapp.php?foo=1&bar=2",
        [("CallSid", "CA1234567890ABCDE"), ("Caller", "+12349013030"), ("Digits", "1234"), ("From", "+12349013030"),
         ("To", "+18005551212")],
        "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
    ),
    (
        "12345",
        "https://auricle.example/webhooks/twilio/abc/voice",
        [("CallSid", "CA1"), ("From", "+919845012345"), ("Empty", "")],
        "ZUK+aedkhpDc5t2EX+fK0fU6cSw=",
    ),
)  # fmt: skip
PLIVO = "https://auricle.example/webhooks/plivo/abc"
PLIVO_VECTORS = (
    ("POST", f"{PLIVO}/voice", [("CallUUID", "u-1"), ("From", "919845012345"), ("To", "918000000000")],
     "igLwQn0WFcHuoizeFgHJAG6oYxuQHlk65Yoc+7Ib02E="),
    ("POST", f"{PLIVO}/status?call=7&b=2", [("CallUUID", "u-1"), ("Two", "b"), ("Two", "a")],
     "1Es+YsF+R60rHFYb3it8pPHReNeI189mJpuJrL/Sidc="),
    ("POST", f"{PLIVO}/status?call=7", [], "4iRovFlctVp44tUk+4IqSeUGxPa1c4Lwg7MqD45i/Yc="),
    ("POST", f"{PLIVO}/status", [], "vzi9tg4zwo+GOemZWqu4bfF918NcMd+ZLE6DasFRIeQ="),
    ("GET", f"{PLIVO}/voice?b=2&a=1", [], "cnLADaROaVSeV4co38RHVzzbYsvhUdOgt23kAwUXjPc="),
)  # fmt: skip


@pytest.mark.parametrize(("token", "url", "params", "signature"), TWILIO_VECTORS)
def test_twilios_signature_is_as_its_own_library_makes_it(token: str, url: str, params: Any, signature: str):
    assert twilio_signature(token, url, params) == signature
    assert is_twilios(token, url, params, signature)
    assert is_twilios(token, url.replace(".com/", ".com:443/").replace(".example/", ".example:443/"), params, signature)
    assert not is_twilios(token, url, [*params, ("More", "1")], signature)
    assert not is_twilios("other", url, params, signature)
    for wrong in ("", "x", signature[:-2], signature.lower(), "\udce4"):
        assert not is_twilios(token, url, params, wrong)


@pytest.mark.parametrize(("method", "url", "params", "signature"), PLIVO_VECTORS)
def test_plivos_signature_is_as_its_own_library_makes_it(method: str, url: str, params: Any, signature: str):
    assert plivo_signature("token", method, url, params, "12345") == signature
    assert is_plivos("token", method, url, params, "12345", f"other, {signature}")
    for nonce, given in (("12346", signature), ("", signature), ("12345", ""), ("12345", ",".join(["x"] * 9))):
        assert not is_plivos("token", method, url, params, nonce, given)


def test_exotel_signs_in_or_comes_from_a_known_network():
    from ipaddress import ip_network

    right = "Basic aG9vazphLXBhc3N3b3Jk"
    assert is_exotels("hook", "a-password", [], right, "203.0.113.9")
    assert not is_exotels("hook", "a-password", [ip_network("203.0.113.0/24")], "", "203.0.113.9")
    assert is_exotels(None, None, [ip_network("203.0.113.0/24")], "", "203.0.113.9")
    assert not is_exotels(None, None, [ip_network("203.0.113.0/24")], right, "198.51.100.1")
    assert not is_exotels(None, None, [], "", "")


async def counts(clinic: Clinic) -> tuple[int, int]:
    async with clinic.service.database.transaction(clinic.system) as db:
        calls = await db.scalar(select(func.count()).select_from(PhoneCall))
        return calls or 0, await db.scalar(select(func.count()).select_from(Patient)) or 0


async def ended(call: Call) -> Call:
    await asyncio.wait_for(call.ended.wait(), 15)
    return call


@every
async def test_a_wrong_signature_changes_nothing(clinic: Clinic, kind: str):
    exchange, before = clinic.exchanges[kind], await counts(clinic)
    exchange.signed = False
    call = await ended(clinic.call_in(kind, "+919845057001"))
    assert call.answers[0].status_code == 403
    assert call.answers[0].json()["error_code"] == "phone.bad_signature"
    assert call.answers[0].headers["content-type"] == "application/problem+json"
    for action in ("after", "status"):
        url = clinic.lines[kind]["addresses"][action]
        told = await (exchange.ask if kind != "exotel" or action == "after" else unsigned)(call, url, {})
        assert told.status_code == 403
    assert await counts(clinic) == before


async def unsigned(call: Call, url: str, fields: dict[str, str]) -> httpx2.Response:
    async with httpx2.AsyncClient() as http:
        return await http.post(url, json={"CallSid": call.id, "Status": "completed", **fields})


async def test_a_line_answers_only_its_own_carrier_and_only_under_its_own_token(clinic: Clinic):
    twilio, plivo = clinic.exchanges["twilio"], clinic.exchanges["plivo"]
    call = Call("CA-x", "+919845057002", clinic.lines["twilio"]["number"])
    voice = clinic.lines["twilio"]["addresses"]["voice"]
    assert (await plivo.ask(call, voice.replace("/twilio/", "/plivo/"), {})).status_code == 404
    assert (await twilio.ask(call, voice[:-10] + "x/voice", {})).status_code == 404
    assert (await twilio.ask(call, voice.replace("/twilio/", "/telnyx/"), {})).status_code == 422
    renewed = await clinic.post(f"lines/{clinic.lines['twilio']['id']}/addresses", {}, status=200)
    assert (await twilio.ask(call, voice, {})).status_code == 404
    assert (await twilio.ask(call, renewed["addresses"]["voice"], {})).status_code == 200


async def test_another_organizations_line_ticket_and_signature_never_work(clinic: Clinic, service: Any):
    other = await clinic_at(service, clinic.exchanges)
    await other.patch(f"carriers/{other.lines['twilio']['carrier_id']}", {"token": "their-own-token"})
    exchange = clinic.exchanges["twilio"]
    call = Call("CA-other", "+919845057003", clinic.lines["twilio"]["number"])
    assert (await exchange.ask(call, other.lines["twilio"]["addresses"]["voice"], {})).status_code == 403
    answer = await exchange.ask(call, clinic.lines["twilio"]["addresses"]["voice"], {"CallStatus": "ringing"})
    ticket = next(ET.fromstring(answer.text).iter("Parameter")).attrib["value"]
    moved = other.organization_id.hex + ticket[32:]
    for wrong in (moved, ticket[:-1] + ("0" if ticket[-1] != "0" else "1"), "", "x" * 96):
        assert await closed_with(clinic, exchange.shape(call.id, "AC1", {"ticket": wrong}).opening()) == 4401
    assert await closed_with(clinic, exchange.shape("CA-elsewhere", "AC1", {"ticket": ticket}).opening()) == 4401
    assert await closed_with(clinic, exchange.shape(call.id, "AC1", {"ticket": ticket}).opening()) == 4401  # used up


async def test_a_ticket_of_one_carriers_call_opens_no_socket_of_another(clinic: Clinic):
    exchange, voice = clinic.exchanges["twilio"], clinic.lines["twilio"]["addresses"]["voice"]
    call = Call("CA-kind", "+919845057010", clinic.lines["twilio"]["number"])
    ticket = next(ET.fromstring((await exchange.ask(call, voice, {})).text).iter("Parameter")).attrib["value"]
    opening = clinic.exchanges["plivo"].shape(call.id, "AC1", {"ticket": ticket}).opening()
    assert await closed_with(clinic, opening, "plivo") == 4401


async def closed_with(clinic: Clinic, opening: list[Any], kind: str = "twilio") -> int:
    """Open a media socket with these messages: the code it is closed with."""
    url = clinic.service.url.replace("http", "ws", 1) + f"/ws/phone/{kind}"
    async with connect(url) as live:
        for message in opening:
            await live.send(message if isinstance(message, str | bytes) else orjson.dumps(message).decode())
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await live.recv()
        assert live.close_code is not None
        return live.close_code


async def test_a_media_socket_without_a_valid_start_is_closed(clinic: Clinic):
    connected = {"event": "connected"}
    for opening in (["nonsense"], [b"\x00"], [connected] * 4, [{"event": "media"}], ["x" * 120_000]):
        assert await closed_with(clinic, opening) in (1008, 1009)


async def test_a_ticket_opens_one_socket_once_and_a_repeated_webhook_gives_the_same_call_a_new_one(clinic: Clinic):
    exchange, voice = clinic.exchanges["twilio"], clinic.lines["twilio"]["addresses"]["voice"]
    call = Call("CA-again", "+919845057004", clinic.lines["twilio"]["number"])
    first = next(ET.fromstring((await exchange.ask(call, voice, {})).text).iter("Parameter")).attrib["value"]
    before = await counts(clinic)
    second = next(ET.fromstring((await exchange.ask(call, voice, {})).text).iter("Parameter")).attrib["value"]
    assert first != second and await counts(clinic) == before
    assert await closed_with(clinic, exchange.shape(call.id, "AC1", {"ticket": first}).opening()) == 4401


async def test_a_patient_who_refused_the_machine_is_put_through_to_a_person(clinic: Clinic):
    patient = await clinic.patient("+91 98450 57005")
    async with clinic.service.database.transaction(clinic.system) as db:
        await decide(db, patient.id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="phone"))
    for kind in ("twilio", "plivo"):
        call = await ended(clinic.call_in(kind, "+919845057005"))
        assert call.did("Dial") == [HANDOVER] and not call.did("Stream")
        row = await clinic.call(call)
        assert row is not None and row.ended_because == "consent.needed" and row.consultation_id is None
    call = await ended(clinic.call_in("exotel", "09845057005"))
    assert call.answers[0].status_code == 503 and call.did("Dial") == ["by the flow"]
    await clinic.patch(f"lines/{clinic.lines['twilio']['id']}", {"handover_number": ""})
    call = await ended(clinic.call_in("twilio", "+919845057005"))
    assert "call again later" in call.did("Say")[0] and call.did("Hangup")


async def test_a_line_that_is_switched_off_puts_through_and_looks_up_nobody(clinic: Clinic):
    await clinic.patch(f"lines/{clinic.lines['twilio']['id']}", {"active": False})
    before = (await counts(clinic))[1]
    call = await ended(clinic.call_in("twilio", "+919845057006"))
    assert call.did("Dial") == [HANDOVER] and (await counts(clinic))[1] == before
    row = await clinic.call(call)
    assert row is not None and row.ended_because == "phone.switched_off" and row.patient_id is None


async def test_a_carrier_that_asks_again_once_the_line_is_open_is_answered(clinic: Clinic):
    line = f"lines/{clinic.lines['twilio']['id']}"
    exchange, voice = clinic.exchanges["twilio"], clinic.lines["twilio"]["addresses"]["voice"]
    call = Call("CA-asked-again", "+919845057010", clinic.lines["twilio"]["number"])
    await clinic.patch(line, {"active": False})
    assert "<Dial" in (await exchange.ask(call, voice, {})).text
    await clinic.patch(line, {"active": True})
    answer = await exchange.ask(call, voice, {})
    assert answer.status_code == 200 and "<Stream" in answer.text


async def test_a_full_process_says_busy_and_the_callers_that_came_too_late_reach_a_person(clinic: Clinic):
    line = f"lines/{clinic.lines['plivo']['id']}"
    calls = [clinic.call_in("twilio", f"+9198450571{n:02}") for n in range(6)]
    for one in calls:
        await clinic.exchanges["twilio"].connected(one)

    async def heard() -> int:
        return sum(bool(one.handset and one.handset.marks) for one in calls)

    assert await eventually(heard, lambda n: n == 6) == 6
    assert (await ended(clinic.call_in("plivo", "+919845057200"))).did("Dial") == [HANDOVER]
    await clinic.patch(line, {"handover_number": ""})
    call = await ended(clinic.call_in("plivo", "+919845057200"))
    assert call.done == [("Hangup", "")] and 'reason="busy"' in call.answers[0].text
    for one in calls:
        assert one.handset is not None
        await one.handset.hang_up()


@every
async def test_an_unknown_caller_gets_a_record_of_their_own_and_is_the_same_one_next_time(clinic: Clinic, kind: str):
    shown = "09845057300" if kind == "exotel" else "+919845057300"
    seen: list[UUID | None] = []
    for _ in range(2):
        call = clinic.call_in(kind, shown)
        handset = await clinic.exchanges[kind].connected(call)
        await handset.hang_up()
        row = await clinic.call(call)
        assert row is not None and not row.identified
        seen.append(row.patient_id)
    assert seen[0] == seen[1] is not None
    async with clinic.client() as http:
        patient = (await http.get(f"/api/v1/patients/{seen[0]}")).raise_for_status().json()
    assert (patient["given_name"], patient["phone"]) == ("Caller", "+919845057300")


async def test_a_number_that_two_patients_share_names_neither(clinic: Clinic):
    family = {(await clinic.patient("+91 98450 57400")).id for _ in range(2)}
    call = clinic.call_in("twilio", "+919845057400")
    await (await clinic.exchanges["twilio"].connected(call)).hang_up()
    row = await clinic.call(call)
    assert row is not None and row.patient_id not in family and not row.identified


async def test_a_caller_who_hangs_up_during_the_notice_has_agreed_to_nothing(clinic: Clinic):
    patient = await clinic.patient("+91 98450 57500", agrees=False)
    exchange = clinic.exchanges["twilio"]
    exchange.fast = False
    try:
        call = clinic.call_in("twilio", "+919845057500")
        handset = await exchange.connected(call)
        await asyncio.sleep(0.5)
        await handset.hang_up()
    finally:
        exchange.fast = True

    async def status() -> CallStatus | None:
        row = await clinic.call(call)
        return row.status if row else None

    assert await eventually(status, lambda s: s is CallStatus.COMPLETED) is CallStatus.COMPLETED
    row = await clinic.call(call)
    assert row is not None and row.notice is None and await clinic.consents(patient.id) == []


@every
async def test_a_caller_whose_media_socket_broke_is_put_through_to_a_person(clinic: Clinic, kind: str):
    call = clinic.call_in(kind, "+919845057600")
    handset = await clinic.exchanges[kind].connected(call)

    async def marks() -> int:
        return len(handset.marks)

    assert await eventually(marks, bool)
    await handset.live.close()  # and no word from the carrier
    await ended(call)
    assert call.did("Dial") == ["by the flow" if kind == "exotel" else HANDOVER]
    row = await clinic.call(call)
    assert row is not None and row.ended_because == "connection_lost" and not row.status.is_end


async def test_a_media_socket_that_sends_rubbish_all_the_time_is_closed_and_others_are_not(clinic: Clinic):
    well = clinic.call_in("twilio", "+919845057700")
    handset = await clinic.exchanges["twilio"].connected(well)
    exchange, voice = clinic.exchanges["twilio"], clinic.lines["twilio"]["addresses"]["voice"]
    call = Call("CA-rubbish", "+919845057701", clinic.lines["twilio"]["number"])
    ticket = next(ET.fromstring((await exchange.ask(call, voice, {})).text).iter("Parameter")).attrib["value"]
    shape = exchange.shape(call.id, "AC1", {"ticket": ticket})
    rubbish = ["{", b"\xff" * 9, shape.message("media", media={"payload": "*"}), shape.message("dtmf", dtmf={})]
    assert await closed_with(clinic, [*shape.opening(), *rubbish * 20]) in (1000, 1011)
    assert not handset.over.is_set()
    await handset.hang_up()


async def test_a_callback_about_a_call_that_nobody_knows_is_not_found(clinic: Clinic):
    exchange, status = clinic.exchanges["twilio"], clinic.lines["twilio"]["addresses"]["status"]
    call = Call("CA-nobody", "+919845057006", "")
    assert (await exchange.tell(call, status, "completed")).status_code == 404
    assert (await exchange.tell(call, f"{status}?call={uuid4()}", "completed")).status_code == 404
    assert (await exchange.tell(call, f"{status}?call=x", "completed")).status_code == 422


@every
async def test_a_call_that_there_is_no_money_for_is_not_taken_and_goes_to_a_person(clinic: Clinic, kind: str):
    await out_of_money(clinic.service.database, clinic.organization_id)
    call = await ended(clinic.call_in(kind, "+919845057810"))
    kept = await clinic.call(call)
    assert kept is not None and kept.ended_because == "billing.budget_exhausted" and kept.consultation_id is None
    if kind == "exotel":
        assert call.answers[0].status_code == 503  # its flow goes on to a person
    else:
        assert HANDOVER in call.answers[0].text


async def test_where_nobody_can_take_over_a_voice_asks_to_call_later_and_names_the_emergency_number(clinic: Clinic):
    await clinic.patch(f"lines/{clinic.lines['twilio']['id']}", {"handover_number": ""})
    await out_of_money(clinic.service.database, clinic.organization_id)
    call = await ended(clinic.call_in("twilio", "+919845057811"))
    (said,) = call.did("Say")
    assert "call again later" in said and "emergency number" in said and call.did("Hangup")
    kept = await clinic.call(call)
    assert kept is not None and (kept.ended_because, kept.consultation_id) == ("billing.budget_exhausted", None)


async def test_a_call_that_was_taken_or_placed_while_there_was_money_is_not_turned_away(clinic: Clinic):
    exchange, line = clinic.exchanges["twilio"], clinic.lines["twilio"]
    theirs = Call("CA-with-money", "+919845057813", line["number"])
    assert "<Stream" in (await exchange.ask(theirs, line["addresses"]["voice"], {})).text
    await clinic.post("calls", {"line_id": line["id"], "number": "+919845057814"})
    ours = next(one for one in exchange.calls.values() if one.called == "+919845057814")
    await out_of_money(clinic.service.database, clinic.organization_id)
    assert "<Stream" in (await exchange.ask(theirs, line["addresses"]["voice"], {})).text
    assert "<Stream" in (await exchange.ask(ours, ours.asked["Url"], {})).text


async def test_nobody_is_called_without_money(clinic: Clinic):
    await out_of_money(clinic.service.database, clinic.organization_id)
    body = {"line_id": clinic.lines["twilio"]["id"], "number": "+919845057812"}
    refused = await clinic.post("calls", body, status=402)
    assert refused["error_code"] == "billing.budget_exhausted"
