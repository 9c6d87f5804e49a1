"""Erasure, export, holds: what a patient may ask for, and what must not be lost meanwhile."""

import asyncio
import io
import zipfile

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from auricle.actor import Actor
from auricle.audit.report import heads_of
from auricle.audit.seal import Sealer
from auricle.audit.verify import verify_all
from auricle.db.sealed import Forgotten, Keyring
from auricle.errors import IntegrityBroken
from auricle.patients.erase import certificate_message

SECRET = "Wolkenkuckucksheim"
SAID = (("assistant", "What brings you here?"), ("patient", f"I heard {SECRET} ringing, and take metformin 500 mg."))


async def ready(clinic, headers, path, states):
    async with clinic.service.client(headers) as http:
        for _ in range(150):
            answer = (await http.get(path)).raise_for_status().json()
            if answer["status"] in states:
                return answer
            await asyncio.sleep(0.1)
    raise AssertionError(answer)


async def erased(clinic, case):
    async with clinic.service.client(clinic.headers["org_admin"]) as http:
        body = {"reason": "patient_request", "confirm_patient_id": str(case.patient_id)}
        answer = await http.post(f"/api/v1/patients/{case.patient_id}/erasure", json=body)
        assert answer.status_code == 202, answer.text
    return await ready(clinic, clinic.headers["org_admin"], f"/api/v1/erasures/{answer.json()['id']}", {"erased"})


@pytest.fixture
async def noted(clinic):
    """A patient with a conversation and a note."""
    case = await clinic.patient(agrees=True, said=SAID)
    async with clinic.service.client(clinic.headers["clinician"]) as http:
        wanted = {"consultation_id": str(case.consultation_id)}
        note = (await http.post("/api/v1/soap/generate", params={"wait": 30}, json=wanted)).raise_for_status().json()
    assert note["note"] is not None
    return case, note["id"]


async def test_after_an_erasure_nothing_sealed_of_the_patient_opens_anywhere(clinic, noted):
    case, note_id = noted
    clinician = clinic.headers["clinician"]
    paths = [
        f"/api/v1/patients/{case.patient_id}",
        f"/api/v1/consultations/{case.consultation_id}/transcript",
        f"/api/v1/soap/notes/{note_id}",
    ]
    async with clinic.service.client(clinician) as http:
        for path in paths:
            assert (await http.get(path)).status_code == 200, path  # the web process holds the key now
        consultation = f"/api/v1/consultations/{case.consultation_id}"
        assert (await http.patch(consultation, json={"notes": SECRET})).json()["notes"] == SECRET
        await erased(clinic, case)
        await asyncio.sleep(1.2)
        for path in paths:
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["error_code"]) == (410, "sealed.forgotten"), path
            assert SECRET not in answer.text
        assert (await http.get(consultation)).json()["notes"] is None
        assert (await http.patch(consultation, json={"notes": SECRET})).json()["error_code"] == "sealed.forgotten"
        everyone = (await http.get("/api/v1/patients", params={"limit": 200})).raise_for_status().json()["items"]
        assert str(case.patient_id) not in {p["id"] for p in everyone}
        assert (await http.post("/api/v1/soap/generate", json={"consultation_id": str(case.consultation_id)})).is_error
    async with clinic.service.database.transaction(Actor.system(clinic.organization_id)) as db:
        with pytest.raises(Forgotten):
            await Keyring(bytes(range(32))).patient(db, case.patient_id)
        tokens = text("select count(*) from patient_token where patient_id = :id")
        assert await db.scalar(tokens, {"id": case.patient_id}) == 0
        member = text("select given_name || family_name from member m join account a on a.id = m.account_id "
                      "where a.email like 'erased-%@invalid'")  # fmt: skip
        assert set(await db.scalars(member)) == {""}
    async with clinic.service.client(case.headers) as http:
        assert (await http.get("/api/v1/patients")).status_code == 401  # the sign-in is over


async def test_another_process_that_holds_the_key_drops_it_within_seconds(clinic):
    case = await clinic.patient(agrees=True)
    elsewhere = Keyring(bytes(range(32)))
    system = Actor.system(clinic.organization_id)
    for _ in range(2):
        async with clinic.service.database.transaction(system) as db:
            await elsewhere.patient(db, case.patient_id)
    assert (clinic.organization_id, case.patient_id) in elsewhere._cache
    await erased(clinic, case)
    await asyncio.sleep(1.1)
    async with clinic.service.database.transaction(system) as db:
        with pytest.raises(Forgotten):
            await elsewhere.patient(db, case.patient_id)
        assert await elsewhere.patients(db, [case.patient_id]) == {}


async def test_the_audit_still_verifies_after_an_erasure_and_the_certificate_holds(clinic, noted):
    case, _ = noted
    certificate = (await erased(clinic, case))["certificate"]
    settings, keyring = clinic.service.settings, clinic.service.keyring
    heads = heads_of(settings, keyring)
    await Sealer(clinic.service.database, heads).round()
    report = await verify_all(clinic.service.database, heads)
    assert report.ok, report
    assert certificate["erased"]["keys"] == 1
    assert certificate["erased"]["messages"] >= 2 and certificate["erased"]["notes"] == 1
    assert SECRET not in orjson.dumps(certificate).decode()
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(certificate["public_key"]))
    assert certificate["public_key"] == heads.public_key.hex()
    key.verify(bytes.fromhex(certificate["signature"]), certificate_message(certificate))
    for name in ("patient", "erased_at", "erased"):
        with pytest.raises(InvalidSignature):
            changed = {**certificate, name: "other"}
            key.verify(bytes.fromhex(certificate["signature"]), certificate_message(changed))


async def test_asking_twice_gives_the_same_erasure(clinic):
    case = await clinic.patient(agrees=True)
    first, again = await erased(clinic, case), await erased(clinic, case)
    assert first["id"] == again["id"]
    async with clinic.service.client(clinic.headers["org_admin"]) as http:
        (newest,) = (await http.get("/api/v1/erasures", params={"limit": 1})).raise_for_status().json()["items"]
    assert newest == again


async def test_a_hold_keeps_everything_until_it_is_lifted(clinic):
    case = await clinic.patient(agrees=True)
    place = f"/api/v1/patients/{case.patient_id}"
    body = {"reason": "law", "confirm_patient_id": str(case.patient_id)}
    async with clinic.service.client(clinic.headers["org_admin"]) as http:
        held = await http.post(f"{place}/holds", json={"reason": "Court order 118"})
        assert (held.status_code, held.json()["reason"]) == (201, "Court order 118")
        assert (await http.post(f"{place}/holds", json={"reason": "Again"})).json()["error_code"] == "patient.on_hold"
        refused = await http.post(f"{place}/erasure", json=body)
        assert (refused.status_code, refused.json()["error_code"]) == (409, "patient.on_hold")
        assert (await http.get(place)).status_code == 200
        assert (await http.post(f"{place}/holds/release")).json()["released_at"]
        assert (await http.post(f"{place}/holds/release")).json()["error_code"] == "patient.no_hold"
        assert (await http.post(f"{place}/erasure", json=body)).status_code == 202


async def test_the_database_itself_refuses_to_forget_a_held_key_or_to_bring_one_back(clinic):
    case, gone = await clinic.patient(), await clinic.patient()
    await erased(clinic, gone)
    async with clinic.service.client(clinic.headers["org_admin"]) as http:
        (await http.post(f"/api/v1/patients/{case.patient_id}/holds", json={"reason": "Inquest"})).raise_for_status()
    for patient_id, wrapped in ((case.patient_id, None), (gone.patient_id, b"anything")):
        with pytest.raises((DBAPIError, IntegrityBroken)):
            async with clinic.service.database.transaction(Actor.system(clinic.organization_id)) as db:
                change = text("update data_key set wrapped = :wrapped where patient_id = :id")
                await db.execute(change, {"id": patient_id, "wrapped": wrapped})


async def test_only_administrators_erase_and_only_with_the_id_said_twice(clinic):
    case, other = await clinic.patient(), await clinic.patient()
    body = {"reason": "mistake", "confirm_patient_id": str(case.patient_id)}
    for headers in (clinic.headers["clinician"], clinic.headers["staff"], case.headers):
        async with clinic.service.client(headers) as http:
            assert (await http.post(f"/api/v1/patients/{case.patient_id}/erasure", json=body)).status_code == 403
    async with clinic.service.client(clinic.headers["org_admin"]) as http:
        answer = await http.post(f"/api/v1/patients/{other.patient_id}/erasure", json=body)
        assert (answer.status_code, answer.json()["error_code"]) == (422, "erasure.not_confirmed")


async def test_a_patient_takes_everything_about_them_once(clinic, noted):
    case, note_id = noted
    async with clinic.service.client(case.headers) as http:
        asked = await http.post(f"/api/v1/patients/{case.patient_id}/exports")
        assert asked.status_code == 202
        place = f"/api/v1/exports/{asked.json()['id']}"
        told = await ready(clinic, case.headers, place, {"ready", "failed"})
        assert told["status"] == "ready", told
        stored = clinic.service.settings.data_dir / "objects" / str(clinic.organization_id) / "exports"
        assert all(SECRET.encode() not in file.read_bytes() for file in stored.iterdir())
        async with clinic.service.client(clinic.headers["org_admin"]) as stranger:
            assert (await stranger.post(f"{place}/download")).status_code == 404  # not the one who asked
        taken = await http.post(f"{place}/download")
        assert taken.status_code == 200
        again = await http.post(f"{place}/download")
        assert (again.status_code, again.json()["error_code"]) == (410, "export.gone")
    archive = zipfile.ZipFile(io.BytesIO(taken.content))
    names = ("identity", "consultations", "messages", "observations", "ratings", "documents", "notes", "consents")
    names += ("appointments", "phone_calls", "accesses")
    parts = {name: [orjson.loads(line) for line in archive.read(f"{name}.ndjson").splitlines()] for name in names}
    manifest = orjson.loads(archive.read("manifest.json"))
    assert {name: part["lines"] for name, part in manifest["files"].items()} == {
        f"{name}.ndjson": len(rows) for name, rows in parts.items()
    }
    assert parts["identity"][0]["family_name"] == "Rao"
    assert [c["id"] for c in parts["consultations"]] == [str(case.consultation_id)]
    assert any(SECRET in m["text"] for m in parts["messages"])
    assert [n["id"] for n in parts["notes"]] == [note_id] and parts["notes"][0]["statements"][0]["evidence"]
    assert parts["consents"][0]["text_body"]
    assert {"patient", "message", "soap_note", "consent"} <= {a["entity"] for a in parts["accesses"]}
    assert not list(stored.glob(f"{asked.json()['id']}*"))


async def test_an_export_of_another_patient_is_not_to_be_had(clinic):
    case, other = await clinic.patient(), await clinic.patient()
    async with clinic.service.client(case.headers) as http:
        assert (await http.post(f"/api/v1/patients/{other.patient_id}/exports")).status_code == 404
        for _ in range(3):
            assert (await http.post(f"/api/v1/patients/{case.patient_id}/exports")).status_code == 202
        assert (await http.post(f"/api/v1/patients/{case.patient_id}/exports")).status_code == 429
