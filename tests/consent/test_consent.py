"""Without a patient's consent no AI hears, writes or indexes; with it they do; and taking it back works at once."""

import asyncio
import re
import time

import orjson
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from auricle.consent.models import Kind
from auricle.consent.texts import FALLBACK, shipped


def refused(answer, kind="ai_use"):
    assert answer.status_code == 403, answer.text
    problem = answer.json()
    return problem["error_code"] == "consent.needed" and problem["context"] == {"kind": kind}


def test_a_text_of_every_kind_ships_in_english_and_hindi_and_says_that_no_is_free():
    assert set(shipped()) == {(kind, language) for kind in Kind for language in ("en", "hi")}
    for (_, language), text in shipped().items():
        assert ("free to say no" if language == FALLBACK else "मना कर सकते हैं") in text.body
        assert re.fullmatch(r"[0-9a-f]{64}", text.hash)
    assert len({text.hash for text in shipped().values()}) == 8


def test_a_shipped_text_breaks_its_lines_only_after_a_sentence():
    for text in shipped().values():
        assert all(line.endswith((".", "।")) for line in text.body.splitlines())


async def test_no_message_reaches_the_agent_without_consent_and_one_does_with_it(clinic):
    case = await clinic.patient()
    assert refused(await case.says("My ear is ringing."))
    await case.decides("granted")
    assert (await case.says("My ear is ringing.")).status_code == 200
    await case.decides("withdrawn")
    assert refused(await case.says("Are you still there?"))


async def test_an_emergency_gets_its_script_and_its_alert_without_consent(clinic):
    case = await clinic.patient()
    answer = await case.says("I have crushing chest pain and can't breathe.")
    assert answer.status_code == 200 and answer.json()["red_flag"]
    async with clinic.service.client(clinic.headers["clinician"]) as http:
        kept = (await http.get(f"/api/v1/consultations/{case.consultation_id}/transcript")).json()["messages"]
    assert [m["red_flag"] for m in kept[-2:]] == [answer.json()["red_flag"], None]


async def test_consent_to_something_else_opens_no_conversation(clinic):
    case = await clinic.patient()
    await case.decides("granted", "recording")
    await case.decides("granted", "sharing")
    assert refused(await case.says("Hello, my ear hurts."))


async def test_an_opened_consultation_says_which_consent_it_needs(clinic):
    case = await clinic.patient()
    async with clinic.service.client(case.headers) as http:
        needed = [(await http.post("/api/v1/consultation/create", json={})).raise_for_status().json()["consent_needed"]]
        await case.decides("granted")
        needed += [
            (await http.post("/api/v1/consultation/create", json={})).raise_for_status().json()["consent_needed"]
        ]
    assert needed == [["ai_use"], []]


async def test_no_ticket_and_no_socket_without_consent(clinic):
    case = await clinic.patient(agrees=True)
    async with clinic.service.client(case.headers) as http:
        body = {"consultation_id": str(case.consultation_id)}
        ticket = (await http.post("/api/v1/ws/tickets", json=body)).raise_for_status().json()["ticket"]
        await case.decides("withdrawn")
        assert refused(await http.post("/api/v1/ws/tickets", json=body))
    async with connect(clinic.service.ws_url) as live:  # the ticket was given before
        await live.send(orjson.dumps({"type": "init-session", "ticket": ticket, **body}).decode())
        told = orjson.loads(await live.recv())
        assert (told["type"], told["error_code"]) == ("error", "consent.needed")


async def test_withdrawing_ends_a_live_session_within_seconds(clinic):
    case = await clinic.patient(agrees=True)
    body = {"consultation_id": str(case.consultation_id)}
    async with clinic.service.client(case.headers) as http:
        ticket = (await http.post("/api/v1/ws/tickets", json=body)).raise_for_status().json()["ticket"]
    async with connect(clinic.service.ws_url) as live:
        await live.send(orjson.dumps({"type": "init-session", "ticket": ticket, **body}).decode())
        assert orjson.loads(await live.recv())["type"] == "session"
        other = await clinic.patient(agrees=True)
        await other.decides("withdrawn")  # of somebody else: goes on
        await live.send('{"type":"text","text":"When do you open?"}')
        await until(live, "ai_response", is_final=True)
        withdrawn = time.monotonic()
        await case.decides("withdrawn")
        told = await until(live, "error")
        assert told["error_code"] == "consent.needed"
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(10):
                while True:
                    await live.recv()
        assert time.monotonic() - withdrawn < 5


async def until(live, kind, **fields):
    async with asyncio.timeout(15):
        while True:
            raw = await live.recv()
            if isinstance(raw, str):
                told = orjson.loads(raw)
                if told["type"] == kind and all(told.get(k) == v for k, v in fields.items()):
                    return told


async def test_no_note_is_asked_for_without_consent(clinic):
    case = await clinic.patient()
    async with clinic.service.client(clinic.headers["clinician"]) as http:
        wanted = {"consultation_id": str(case.consultation_id)}
        assert refused(await http.post("/api/v1/soap/generate", json=wanted))
        await case.decides("granted")
        assert (await http.post("/api/v1/soap/generate", json=wanted)).status_code == 202


async def test_staff_record_for_a_patient_only_with_how_they_were_told(clinic):
    case = await clinic.patient()
    place = f"/api/v1/patients/{case.patient_id}/consents"
    async with clinic.service.client(clinic.headers["staff"]) as http:
        wanted = {"kind": "recording", "decision": "granted"}
        answer = await http.post(place, json=wanted)
        assert (answer.status_code, answer.json()["error_code"]) == (422, "consent.how_unclear")
        answer = await http.post(place, json={**wanted, "how": "spoken", "decided_by": "representative"})
        assert answer.status_code == 201
        assert (answer.json()["how"], answer.json()["decided_by"]) == ("spoken", "representative")
        assert answer.json()["recorded_by"] == str(clinic.people["staff"].member_id)
    async with clinic.service.client(case.headers) as http:
        answer = await http.post(place, json={**wanted, "how": "paper"})
        assert answer.json()["error_code"] == "consent.how_unclear"


async def test_a_consent_keeps_version_hash_and_language_of_what_was_shown_and_history_is_kept(clinic):
    case = await clinic.patient()
    place = f"/api/v1/patients/{case.patient_id}/consents"
    async with clinic.service.client(case.headers) as http:
        shown = (await http.get("/api/v1/consents/texts", params={"language": "hi"})).raise_for_status().json()["items"]
        text = next(t for t in shown if t["kind"] == "ai_use")
        body = {"kind": "ai_use", "decision": "granted", "language": "hi", "text_hash": text["hash"]}
        kept = (await http.post(place, json=body)).raise_for_status().json()
        assert (kept["text_hash"], kept["text_version"], kept["language"]) == (text["hash"], text["version"], "hi")
        await http.post(place, json={"kind": "ai_use", "decision": "withdrawn"})
        await http.post(
            place, json={"kind": "ai_use", "decision": "granted", "language": "ta"}
        )  # none: English is shown
        whole = (await http.get(place)).raise_for_status().json()
    assert [one["decision"] for one in whole["history"]] == ["granted", "withdrawn", "granted"]
    assert [one["language"] for one in whole["history"]] == ["en", "en", "hi"]
    assert whole["standing"] == {"ai_use": True, "recording": False, "sharing": False, "training": False}


async def test_another_patient_and_another_clinic_decide_nothing(clinic):
    case, other = await clinic.patient(), await clinic.patient()
    for headers in (other.headers, (await foreign(clinic))):
        async with clinic.service.client(headers) as http:
            for kind in Kind:
                answer = await http.post(
                    f"/api/v1/patients/{case.patient_id}/consents",
                    json={"kind": kind, "decision": "granted", "how": "paper"},
                )
                assert answer.status_code == 404
            assert (await http.get(f"/api/v1/patients/{case.patient_id}/consents")).status_code == 404
    assert refused(await case.says("Hello, my ear hurts."))


async def foreign(clinic):
    from tests import builders

    elsewhere = await builders.make_organization(clinic.service.database)
    return (await clinic.service.member(elsewhere, "org_admin"))[1]


async def test_a_new_text_is_shown_and_one_that_renews_asks_everybody_again(service):
    from tests import builders
    from tests.consent.conftest import Clinic

    organization_id = await builders.make_organization(service.database)
    people, headers = {}, {}
    for role in ("org_admin", "clinician"):
        people[role], headers[role] = await service.member(organization_id, role)
    clinic = Clinic(service, organization_id, people, headers)
    case = await clinic.patient()
    await case.decides("granted")
    old = shipped()[Kind.AI_USE, "en"]
    async with service.client(headers["org_admin"]) as http:
        new = {"kind": "ai_use", "language": "en", "title": "The assistant", "body": "New words."}
        first = (await http.post("/api/v1/consents/texts", json=new)).raise_for_status().json()
        assert (first["version"], first["hash"] != old.hash) == (2, True)
        assert (await case.says("My ear is ringing.")).status_code == 200  # the old consent still stands
        renewing = {**new, "language": "hi", "renew": True}
        assert (await http.post("/api/v1/consents/texts", json=renewing)).status_code == 201
        every = (await http.get("/api/v1/consents/texts", params={"every": True})).raise_for_status().json()["items"]
    told = [(one["version"], one["published_at"] is None) for one in every if one["hash"] in (old.hash, first["hash"])]
    assert told == [(2, False), (1, True)], "the newest first, and what shipped still to be read"
    assert refused(await case.says("My ear is ringing."))
    async with service.client(case.headers) as http:
        stale = {"kind": "ai_use", "decision": "granted", "text_hash": old.hash}
        answer = await http.post(f"/api/v1/patients/{case.patient_id}/consents", json=stale)
        assert (answer.status_code, answer.json()["error_code"]) == (409, "consent.text_changed")
    await case.decides("granted")
    assert (await case.says("My ear is ringing.")).status_code == 200
    async with service.client(headers["clinician"]) as http:
        assert (await http.post("/api/v1/consents/texts", json=new)).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "everything", "decision": "granted"},
        {"kind": "ai_use", "decision": "perhaps"},
        {"kind": "ai_use", "decision": "granted", "text_hash": "short"},
        {"kind": "ai_use", "decision": "granted", "language": "english"},
        {"kind": "ai_use", "decision": "granted", "decided_by": "erasure"},
        {"kind": "ai_use", "decision": "granted", "position": 1},
    ],
)
async def test_a_decision_that_is_none_is_refused(clinic, body):
    case = await clinic.patient()
    async with clinic.service.client(case.headers) as http:
        assert (await http.post(f"/api/v1/patients/{case.patient_id}/consents", json=body)).status_code == 422


async def test_decisions_at_the_same_moment_keep_one_order(clinic):
    case = await clinic.patient()
    await asyncio.gather(*(case.decides("granted" if n % 2 else "withdrawn") for n in range(8)))
    await case.decides("withdrawn")
    assert refused(await case.says("My ear is ringing."))
