"""An exported part of the chain proves itself; any change to the file is found and its line named."""

import asyncio
from random import Random

import orjson
import pytest

from auricle.audit.export import check_export, exported, part_of
from auricle.audit.heads import Heads
from auricle.audit.reads import record
from auricle.audit.report import heads_of, report_export
from auricle.audit.seal import Sealer
from auricle.db.base import new_id
from tests import builders
from tests.builders import make_member, make_organization


@pytest.fixture(scope="module")
async def whole(database, tmp_path_factory):
    """The lines of an export of some thirty entries, and the heads that signed it."""
    admin = await make_member(database, await make_organization(database), "org_admin")
    for number in range(30):
        async with database.transaction(admin) as db:
            await record(db, "read", "patient", new_id(), page=number)
    heads = Heads(tmp_path_factory.mktemp("export") / "heads.jsonl", bytes(32))
    sealer = Sealer(database, heads)
    await sealer.round()
    await sealer.sign()
    async with database.transaction(admin) as db:
        part = await part_of(db, admin, None, None)
    data = b"".join([chunk async for chunk in exported(database, heads, admin, part)])
    return data.splitlines(keepends=True), heads


def test_an_untouched_export_is_intact_and_ours(whole):
    lines, heads = whole
    checked = check_export(lines, heads.public_key)
    assert checked.fault is None and checked.entries == len(lines) - 2 >= 30


def test_another_installations_key_is_not_ours(whole):
    lines, _ = whole
    assert check_export(lines, b"\x07" * 32).fault == "another installation's key signed this"


@pytest.mark.parametrize("seed", range(60))
def test_any_change_of_the_file_is_found(whole, seed):
    lines, heads = list(whole[0]), whole[1]
    random = Random(seed)
    kind, at = seed % 6, random.randrange(1, len(lines) - 1)
    match kind:
        case 0:
            row = orjson.loads(lines[at])
            row["entry"] = row["entry"].replace("read", "reed").replace("insert", "update")
            lines[at] = orjson.dumps(row) + b"\n"
        case 1:
            del lines[at]
        case 2:
            lines.insert(at, lines[random.randrange(1, len(lines) - 1)])
        case 3:
            other = 1 + (at % (len(lines) - 2))
            lines[at], lines[other] = lines[other], lines[at]
        case 4:
            del lines[at:]
        case 5:
            footer = orjson.loads(lines[-1])
            footer[random.choice(["seq", "hash", "sha256"])] = random.choice([1, "00"])
            lines[-1] = orjson.dumps(footer) + b"\n"
    assert check_export(lines, heads.public_key).fault is not None


@pytest.mark.parametrize("lines", [[], [b""], [b"\xff\n"], [b"[]\n"], [b"{}\n"], [b'{"format": "x"}\n'], [b"null\n"]])
def test_rubbish_is_no_export(lines):
    assert check_export(lines).fault is not None


def test_the_command_names_the_first_bad_line(whole, tmp_path):
    lines, heads = list(whole[0]), whole[1]
    told: list[str] = []
    file = tmp_path / "audit.ndjson"
    file.write_bytes(b"".join(lines))
    assert report_export(file, heads.public_key, told.append) == 0
    lines[7] = lines[7].replace(b"read", b"seen")
    file.write_bytes(b"".join(lines))
    assert report_export(file, None, told.append) == 1
    assert told[1] == "BAD: line 8: this entry was altered"


async def test_a_part_by_time_begins_where_the_chain_was_and_verifies_alone(service):
    organization_id = await builders.make_organization(service.database)
    admin, headers = await service.member(organization_id, "org_admin")
    heads = heads_of(service.settings, service.keyring)
    sealer = Sealer(service.database, heads)
    async with service.client(headers) as http:
        for _ in range(2):
            await http.get("/api/v1/patients")
            await sealer.round()
            await sealer.sign()
            await asyncio.sleep(0.05)
        entries = (await http.get("/api/v1/audit/entries")).raise_for_status().json()["items"]
        taken = await http.get("/api/v1/audit/export", params={"from": entries[0]["at"]})
        assert taken.headers["content-type"] == "application/x-ndjson"
        lines = taken.content.splitlines(keepends=True)
        assert orjson.loads(lines[0])["first"] > 1
        assert check_export(lines, heads.public_key).fault is None
        after = await http.get("/api/v1/audit/export", params={"from": "2099-01-01T00:00:00Z"})
        assert check_export(after.content.splitlines(keepends=True)).entries == 0
        again = (await http.get("/api/v1/audit/entries", params={"action": "export"})).json()["items"]
        assert len(again) == 2  # an export is itself in the audit
    _, clinician = await service.member(organization_id, "clinician")
    async with service.client(clinician) as http:
        assert (await http.get("/api/v1/audit/export")).status_code == 403


async def test_the_explorer_finds_what_happened_to_any_row_of_a_patient(service):
    organization_id = await builders.make_organization(service.database)
    admin, headers = await service.member(organization_id, "org_admin")
    one = await builders.make_patient(service.database, service.keyring, admin)
    other = await builders.make_patient(service.database, service.keyring, admin)
    for patient in (one, other):
        await builders.make_consultation(service.database, service.keyring, admin, patient.id)
    async with service.client(headers) as http:
        await http.get(f"/api/v1/patients/{one.id}")
        found = await http.get("/api/v1/audit/entries", params={"patient_id": str(one.id), "limit": 200})
    entries = found.raise_for_status().json()["items"]
    assert {"patient", "consultation", "consultation_session", "message", "consent", "data_key"} <= {
        e["entity"] for e in entries
    }
    assert str(other.id) not in found.text
    assert "read" in {e["action"] for e in entries}
