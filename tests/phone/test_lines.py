"""Carrier accounts and lines: what is kept sealed, who sees how much, and what is refused."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from auricle.phone.models import Kind
from auricle.phone.numbers import NumberNotE164, e164, masked, told_by
from auricle.phone.phrases import later, notice_of, phrases
from tests.phone.conftest import NOTICE, Clinic

ACCOUNT = {"kind": "twilio", "name": "More", "account_id": "AC2", "token": "a-token"}


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+91 98450 12345", "+919845012345"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("+44.20.7946.0000", "+442079460000"),
    ],
)
def test_a_number_is_kept_in_one_form(written: str, number: str):
    assert e164(written) == number and masked(number).endswith(number[-3:]) and number[:-3] not in masked(number)


@pytest.mark.parametrize("written", ["", "+", "9845012345", "+0845012345", "+9198", "+91984501234567890", "+91x", "١"])
def test_what_is_no_number_is_refused(written: str):
    with pytest.raises(NumberNotE164):
        e164(written)


@pytest.mark.parametrize(
    ("kind", "told", "number"),
    [
        (Kind.TWILIO, "+919845012345", "+919845012345"),
        (Kind.TWILIO, "anonymous", None),
        (Kind.TWILIO, "client:somebody", None),
        (Kind.PLIVO, "919845012345", "+919845012345"),
        (Kind.PLIVO, "anonymous", None),
        (Kind.EXOTEL, "09845012345", "+919845012345"),
        (Kind.EXOTEL, "+919845012345", "+919845012345"),
        (Kind.EXOTEL, "", None),
    ],
)
def test_a_carriers_way_of_telling_a_number_is_understood(kind: Kind, told: str, number: str | None):
    assert told_by(kind, told) == number


def test_every_language_of_the_product_has_its_words_and_a_line_may_have_its_own():
    languages = {"en", "hi", "ta", "te", "bn", "mr", "gu", "kn", "ml", "pa", "or"}
    assert set(phrases()) == languages
    assert len({later(one) for one in languages}) == len({notice_of({}, one) for one in languages}) == len(languages)
    assert notice_of({"hi": "अपना"}, "hi") == "अपना" and notice_of({"hi": "अपना"}, "ta") == phrases()["ta"]["notice"]
    assert later("fr") == later("en") and notice_of({"en": NOTICE}, "fr") == NOTICE


async def test_numbers_and_secrets_stand_nowhere_in_clear(clinic: Clinic):
    async with clinic.service.database.transaction(clinic.system) as db:
        held = ""
        for table in ("phone_carrier", "phone_line", "phone_call", "audit_entry"):
            rows = await db.execute(text(f"select t::text from {table} t"))
            held += "".join(str(row[0]) for row in rows)
    token = clinic.lines["twilio"]["addresses"]["voice"].split("/")[-2]
    for secret in ("twilio-token", "exotel-key", "a-password", "804718", token):
        assert secret not in held and secret.encode().hex() not in held


async def test_no_secret_is_shown_again_and_numbers_are_masked_for_readers(clinic: Clinic):
    async with clinic.client() as http:
        accounts = (await http.get("/api/v1/phone/carriers")).raise_for_status()
        made = await http.post("/api/v1/api-keys", json={"name": "Reader", "scopes": ["phone:read"]})
        key = made.raise_for_status().json()["key"]
    assert "token" not in accounts.text.replace("phone_token", "")
    async with clinic.service.client({"authorization": f"Bearer {key}"}) as http:
        lines = (await http.get("/api/v1/phone/lines")).raise_for_status().json()["items"]
        one = (await http.get(f"/api/v1/phone/lines/{lines[0]['id']}")).raise_for_status().json()
        assert (await http.patch(f"/api/v1/phone/lines/{one['id']}", json={"active": False})).status_code == 403
        placing = await http.post("/api/v1/phone/calls", json={"line_id": one["id"], "number": "+919845012345"})
        assert placing.status_code == 403
    assert len(lines) == 3 and one["addresses"] is None and one["number"].startswith("•")
    assert not one["handover_number"].startswith("+")


ACCOUNTS = (
    ({**ACCOUNT, "account_id": "AC1"}, 409, "phone.carrier_taken"),
    ({**ACCOUNT, "kind": "telnyx"}, 422, "validation.invalid"),
    ({**ACCOUNT, "token": ""}, 422, "validation.invalid"),
    ({**ACCOUNT, "kind": "exotel"}, 422, "phone.secret_missing"),
    ({**ACCOUNT, "kind": "exotel", "key": "k"}, 422, "phone.secret_missing"),
    ({**ACCOUNT, "url": "https://api.twilio.com.evil.example"}, 422, "phone.foreign_host"),
    ({**ACCOUNT, "url": "http://169.254.169.254"}, 422, "phone.foreign_host"),
    ({**ACCOUNT, "url": "http://api.twilio.com"}, 422, "phone.foreign_host"),
    ({**ACCOUNT, "url": "https://user@api.twilio.com"}, 422, "phone.foreign_host"),
    ({**ACCOUNT, "url": "https://api.twilio.com:notaport"}, 422, "phone.foreign_host"),
    ({**ACCOUNT, "url": "https://api.dublin.ie1.twilio.com"}, 201, None),
    ({**ACCOUNT, "kind": "exotel", "key": "k", "networks": ["203.0.113.0/24"]}, 201, None),
)


async def test_an_account_is_complete_and_at_its_carriers_own_address(clinic: Clinic):
    for body, status, code in ACCOUNTS:
        told = await clinic.post("carriers", body, status=status)
        assert told.get("error_code") == code, body


async def test_a_line_needs_an_agent_a_carrier_and_a_number_that_is_free(clinic: Clinic):
    line = {
        "name": "More",
        "carrier_id": clinic.lines["twilio"]["carrier_id"],
        "agent_id": str(clinic.agent_id),
        "number": "+14155550100",
    }
    for wrong, status, code in (
        ({"carrier_id": str(uuid4())}, 404, "not_found"),
        ({"agent_id": str(uuid4())}, 404, "not_found"),
        ({"number": clinic.lines["plivo"]["number"]}, 409, "phone.number_taken"),
        ({"number": "04155550100"}, 422, "phone.number_not_e164"),
        ({"notice": {"en": "Short."}}, 422, "validation.invalid"),
        ({"unknown": 1}, 422, "validation.invalid"),
    ):
        assert (await clinic.post("lines", {**line, **wrong}, status=status))["error_code"] == code
    made = await clinic.post("lines", line)
    async with clinic.client() as http:
        in_use = await http.delete(f"/api/v1/phone/carriers/{line['carrier_id']}")
        assert in_use.status_code == 409 and in_use.json()["error_code"] == "phone.carrier_in_use"
        assert (await http.delete(f"/api/v1/phone/lines/{made['id']}")).status_code == 204
        assert (await http.get(f"/api/v1/phone/lines/{made['id']}")).status_code == 404


async def test_a_line_that_was_used_is_switched_off_rather_than_removed(clinic: Clinic):
    call = clinic.call_in("twilio", "+919845059800")
    await (await clinic.exchanges["twilio"].connected(call)).hang_up()
    async with clinic.client() as http:
        refused = await http.delete(f"/api/v1/phone/lines/{clinic.lines['twilio']['id']}")
    assert refused.status_code == 409 and refused.json()["error_code"] == "phone.line_in_use"


async def test_an_export_of_a_patient_tells_their_calls(clinic: Clinic):
    from auricle.patients.export import phone_calls

    patient = await clinic.patient("+919845059850")
    body = {"line_id": clinic.lines["twilio"]["id"], "patient_id": str(patient.id), "reason": "A reminder"}
    made = await clinic.post("calls", body)
    told = [row async for row in phone_calls(clinic.service, clinic.system, patient.id)]  # type: ignore[arg-type]
    assert [(str(one["id"]), one["number"], one["reason"]) for one in told] == [
        (made["id"], "+919845059850", "A reminder")
    ]
    assert not {"ticket_hash", "number_blind", "organization_id"} & set(told[0])


async def test_the_calls_of_an_erased_patient_tell_no_number(clinic: Clinic):
    patient = await clinic.patient("+919845059900")
    await clinic.post("calls", {"line_id": clinic.lines["twilio"]["id"], "patient_id": str(patient.id), "reason": "X"})
    erasure = {"reason": "mistake", "confirm_patient_id": str(patient.id)}
    async with clinic.client() as http:
        (await http.post(f"/api/v1/patients/{patient.id}/erasure", json=erasure)).raise_for_status()
        kept = (await http.get("/api/v1/phone/calls")).raise_for_status().json()["items"][0]
    assert kept["patient_id"] == str(patient.id) and kept["number"] is None
    async with clinic.service.database.transaction(clinic.system) as db:
        assert await db.scalar(text("select count(*) from phone_call where number_blind is not null")) == 0
