"""Patients are found by what is sealed about them, by their own hospital only, and no longer after erasure."""

import pytest
from sqlalchemy import func, select, text

from auricle.actor import Actor
from auricle.audit.models import AuditEntry
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.patients.create import change_patient, create_patient
from auricle.patients.models import Patient, PatientToken
from auricle.patients.schemas import Found, PatientIn
from auricle.patients.search import Question, search_patients
from auricle.patients.tokens import drop_tokens

PEOPLE = [
    ("Lakshmi", "Narayanan", "+91 98450 11111", "MRN-77/1"),
    ("Asha", "Rao", "+91 98450 22222", "MRN-78"),
    ("Vishwas", "Chaudhary", "044 2345 6789", "OP 900"),
    ("Katherine", "O'Brien", "+44 20 7946 0018", "K-1"),
    ("Mohammed", "Zakir", "+91 90000 33333", "M-5"),
    ("सुनीता", "शर्मा", None, None),
]


@pytest.fixture(scope="module")
async def people(database: Database, keyring: Keyring, desk: Actor) -> dict[str, Patient]:
    made = {}
    for given, family, phone, number in PEOPLE:
        wanted = PatientIn(
            given_name=given,
            family_name=family,
            phone=phone,
            record_number=number,
            email=f"{number}@example.org".replace(" ", "").replace("/", ".") if number else None,
        )
        async with database.transaction(desk) as db:
            made[given] = await create_patient(db, keyring, wanted)
    return made


async def search(database: Database, keyring: Keyring, actor: Actor, asked: str) -> list[Found]:
    async with database.transaction(actor) as db:
        return await search_patients(db, keyring, asked, limit=10)


@pytest.mark.parametrize(
    ("asked", "given", "by"),
    [
        ("lakshmi", "Lakshmi", "name"), ("Laxmi", "Lakshmi", "name"), ("lak", "Lakshmi", "name"),
        ("लक्ष्मी", "Lakshmi", "name"), ("lakhsmi narayan", "Lakshmi", "name"), ("narayanan laks", "Lakshmi", "name"),
        ("aasha rav", "Asha", "name"), ("biswas", "Vishwas", "name"), ("Vishvas Choudhury", "Vishwas", "name"),
        ("Kathryn", "Katherine", "name"), ("obrien", "Katherine", "name"), ("O’Brien", "Katherine", "name"),
        ("muhammad jakir", "Mohammed", "name"), ("Sunita", "सुनीता", "name"), ("suneetha sharma", "सुनीता", "name"),
        ("98450 11111", "Lakshmi", "phone"), ("+91-98450-22222", "Asha", "phone"), ("2222", "Asha", "phone"),
        ("022222", "Asha", "phone"), ("450 22222", "Asha", "phone"), ("020 7946 0018", "Katherine", "phone"),
        ("mrn771", "Lakshmi", "record_number"), ("MRN-77/1", "Lakshmi", "record_number"),
        ("k-1@EXAMPLE.org", "Katherine", "email"),
    ],
)  # fmt: skip
async def test_a_patient_is_found_first(database, keyring, desk, people, asked, given, by) -> None:
    found = await search(database, keyring, desk, asked)
    assert found, asked
    assert (found[0].patient.given_name, found[0].by) == (given, by)


@pytest.mark.parametrize(
    "asked", ["Wolfgang", "0000000", "99999 99999", "nobody@example.org", "%_%", "' or 1=1 --", "🙂🙂"]
)
async def test_what_nobody_has_finds_nobody(database, keyring, desk, people, asked) -> None:
    assert await search(database, keyring, desk, asked) == []


async def test_another_hospital_finds_nobody_and_has_other_tokens(database, keyring, desk, stranger, people) -> None:
    assert await search(database, keyring, stranger, "Lakshmi") == []
    async with database.transaction(stranger) as db:
        await create_patient(db, keyring, PatientIn(given_name="Lakshmi", family_name="Narayanan"))
        theirs = set(await db.scalars(select(PatientToken.token)))
    async with database.transaction(desk) as db:
        ours = set(await db.scalars(select(PatientToken.token)))
    assert len(theirs) > 10
    assert not ours & theirs


async def test_a_changed_name_is_found_and_the_old_one_is_not(database, keyring, desk) -> None:
    async with database.transaction(desk) as db:
        patient = await create_patient(db, keyring, PatientIn(given_name="Wilhelmina", family_name="Quist"))
    async with database.transaction(desk) as db:
        await change_patient(db, keyring, patient.id, PatientIn(given_name="Gertrude", family_name="Quist"))
    assert await search(database, keyring, desk, "Wilhelmina") == []
    assert [f.patient.id for f in await search(database, keyring, desk, "Gertrude")] == [patient.id]


async def test_dropped_tokens_leave_nothing_to_be_found_by(database, keyring, desk) -> None:
    async with database.transaction(desk) as db:
        patient = await create_patient(db, keyring, PatientIn(given_name="Xenophon", family_name="Ypsilanti"))
    async with database.transaction(desk) as db:
        await drop_tokens(db, patient.id)
        left = await db.scalar(select(func.count()).where(PatientToken.patient_id == patient.id))
    assert left == 0
    assert await search(database, keyring, desk, "Xenophon") == []


async def test_a_patient_and_its_tokens_come_and_go_together(database, keyring, desk) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction(desk) as db:
            await create_patient(db, keyring, PatientIn(given_name="Evaristo", family_name="Undone"))
            raise RuntimeError
    assert await search(database, keyring, desk, "Evaristo") == []


async def test_a_search_leaves_one_entry_of_a_read_without_what_was_asked(database, keyring, desk, people) -> None:
    async with database.transaction(desk) as db:
        before = await db.scalar(select(func.max(AuditEntry.id)))
        await search_patients(db, keyring, "Katherine", limit=5)
        entries = (await db.scalars(select(AuditEntry).where(AuditEntry.id > (before or 0)))).all()
    assert [(e.action, e.entity, e.new) for e in entries] == [("read", "patient", {"listed": 1, "searched": True})]


async def test_looking_tokens_up_uses_the_index_under_row_security(database, keyring, desk, people) -> None:
    async with database.transaction(desk) as db:
        await db.execute(text("set local enable_seqscan = off"))
        await db.execute(text("set local enable_bitmapscan = off"))
        plan = "\n".join(await db.scalars(text("explain select patient_id from patient_token where token = 7")))
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "Index Only Scan using ix_patient_token_token" in plan
    assert "token = " in condition
    assert "organization_id" in condition


def test_a_question_is_bounded_however_long() -> None:
    assert len(Question.of("abcdefgh " * 5_000).parts()) < 400
