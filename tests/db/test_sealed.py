"""Sealed columns: opened only with their own key, at their own place, and not at all once forgotten."""

import asyncio
import io
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update

from auricle.db.sealed import (
    PIECE_BYTES,
    SEALED_PIECE_BYTES,
    DataKey,
    Forgotten,
    Key,
    Keyring,
    Unreadable,
    master_key,
)
from auricle.errors import Misconfigured
from auricle.patients.create import identity_of, read_patient
from tests.builders import make_member, make_organization, make_patient

ROW = UUID(int=7)


def key() -> Key:
    return Key(bytes(32))


def test_what_is_sealed_opens_at_its_own_place():
    assert key().open(key().seal("नमस्ते", "message", "text", ROW), "message", "text", ROW) == "नमस्ते"
    assert key().open(key().seal("", "message", "text", ROW), "message", "text", ROW) == ""


def test_the_same_text_is_never_sealed_to_the_same_bytes():
    assert key().seal("same", "message", "text", ROW) != key().seal("same", "message", "text", ROW)


@pytest.mark.parametrize(
    "place", [("message", "heard", ROW), ("alert", "text", ROW), ("message", "text", UUID(int=8))], ids=str
)
def test_moved_ciphertext_is_refused(place):
    with pytest.raises(Unreadable):
        key().open(key().seal("plain", "message", "text", ROW), *place)


def test_a_wrong_key_is_refused():
    with pytest.raises(Unreadable):
        Key(b"\x01" * 32).open(key().seal("plain", "message", "text", ROW), "message", "text", ROW)


def test_every_altered_byte_and_every_cut_is_refused():
    sealed = key().seal("plain", "message", "text", ROW)
    altered = [sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :] for i in range(len(sealed))]
    for bad in (*altered, *(sealed[:n] for n in range(len(sealed))), b""):
        with pytest.raises(Unreadable):
            key().open(bad, "message", "text", ROW)


def test_a_blind_index_depends_on_key_and_purpose():
    assert key().blind("record_number", "mrn-1") == key().blind("record_number", "mrn-1")
    assert key().blind("record_number", "mrn-1") != key().blind("phone", "mrn-1")
    assert key().blind("record_number", "mrn-1") != Key(b"\x01" * 32).blind("record_number", "mrn-1")


def test_a_master_key_of_a_wrong_size_or_form_is_refused(tmp_path):
    with pytest.raises(Misconfigured):
        Keyring(b"short")
    with pytest.raises(Misconfigured):
        master_key(SecretStr("not base64!"), tmp_path)


def test_the_master_key_is_made_once_for_its_owner_only(tmp_path):
    made = master_key(None, tmp_path / "new")
    assert made == master_key(None, tmp_path / "new")
    assert len(made) == 32
    assert (tmp_path / "new" / "master.key").stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
async def clinician(database):
    return await make_member(database, await make_organization(database), "clinician")


async def test_the_database_holds_no_identity_in_clear(database, keyring, clinician):
    await make_patient(database, keyring, clinician, given_name="Zubeida", record_number="MRN-CLEAR")
    async with database.transaction(clinician) as db:
        stored = "".join(await db.scalars(text("select to_jsonb(patient)::text from patient")))
        stored += "".join(await db.scalars(text("select coalesce(new::text, '') from audit_entry")))
    assert len(stored) > 500
    assert not any(form in stored for form in ("Zubeida", "MRN-CLEAR", b"Zubeida".hex(), b"MRN-CLEAR".hex()))


async def test_another_master_key_opens_nothing(database, keyring, clinician):
    patient = await make_patient(database, keyring, clinician)
    async with database.transaction(clinician) as db:
        with pytest.raises(Unreadable):
            await identity_of(db, Keyring(b"\x07" * 32), patient)


async def test_two_who_need_a_new_key_at_once_get_the_same_one(database, clinician, keyring):
    organization = await make_member(database, await make_organization(database))
    rings = [Keyring(bytes(range(32))) for _ in range(6)]

    async def blind(ring: Keyring) -> bytes:
        async with database.transaction(organization) as db:
            return (await ring.organization(db)).blind("x", "y")

    assert len(set(await asyncio.gather(*(blind(ring) for ring in rings)))) == 1


async def test_a_key_that_was_rolled_back_is_not_used_again(database, keyring):
    actor = await make_member(database, await make_organization(database))
    with pytest.raises(RuntimeError):
        async with database.transaction(actor) as db:
            (await keyring.organization(db)).seal("x", "t", "c", ROW)
            raise RuntimeError
    async with database.transaction(actor) as db:
        sealed = (await keyring.organization(db)).seal("kept", "t", "c", ROW)
    async with database.transaction(actor) as db:
        fresh = Keyring(bytes(range(32)))
        assert (await fresh.organization(db)).open(sealed, "t", "c", ROW) == "kept"


async def test_a_forgotten_patient_cannot_be_read_while_others_can(database, keyring, clinician):
    erased = await make_patient(database, keyring, clinician)
    other = await make_patient(database, keyring, clinician)
    async with database.transaction(clinician) as db:
        await db.execute(update(DataKey).where(DataKey.patient_id == erased.id).values(wrapped=None))
    keyring.forget(clinician.organization_id, erased.id)
    async with database.transaction(clinician) as db:
        with pytest.raises(Forgotten):
            await read_patient(db, keyring, erased.id)
        assert (await read_patient(db, keyring, other.id)).given_name == "Asha"


async def test_a_patients_key_of_another_organization_is_not_found(database, keyring, clinician):
    patient = await make_patient(database, keyring, clinician)
    stranger = await make_member(database, await make_organization(database))
    async with database.transaction(stranger) as db:
        with pytest.raises(Unreadable):
            await identity_of(db, keyring, patient)
        await db.rollback()


LARGE = bytes(range(256)) * 10_000  # two and a half pieces


def sealed_large(data: bytes) -> bytes:
    into = io.BytesIO()
    key().seal_large(io.BytesIO(data), into, "document", ROW)
    return into.getvalue()


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, len(LARGE)])
def test_a_file_of_any_size_comes_back_piece_by_piece(size):
    pieces = list(key().open_large(io.BytesIO(sealed_large(LARGE[:size])), "document", ROW))
    assert b"".join(pieces) == LARGE[:size]
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize(
    "harmed",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:SEALED_PIECE_BYTES],  # a whole piece, but not the last one
        lambda sealed: sealed[SEALED_PIECE_BYTES:],
        lambda sealed: sealed[SEALED_PIECE_BYTES : 2 * SEALED_PIECE_BYTES] + sealed[:SEALED_PIECE_BYTES],
        lambda sealed: sealed + sealed[-100:],
        lambda sealed: b"",
    ],
    ids=["cut", "cut between", "beheaded", "swapped", "longer", "gone"],
)
def test_a_large_file_of_which_a_piece_was_moved_or_lost_is_refused(harmed):
    with pytest.raises(Unreadable):
        list(key().open_large(io.BytesIO(harmed(sealed_large(LARGE))), "document", ROW))


def test_a_large_file_of_another_row_is_refused():
    with pytest.raises(Unreadable):
        list(key().open_large(io.BytesIO(sealed_large(b"x")), "document", UUID(int=8)))
