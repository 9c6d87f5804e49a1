"""Whatever the owner of the database does to the versions of notes is found by the audit that has their hashes."""

import psycopg
import pytest

from auricle.notes.approve import approve
from auricle.notes.verify import Fault, Report, verify
from auricle.notes.versions import history, link


@pytest.fixture
def superuser(urls, postgres):
    name = urls.app.split("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(postgres.admin_url, dbname=name, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # no trigger tells the audit of it
        yield connection


async def verified(clinic) -> Report:
    async with clinic.transaction(clinic.system) as db:
        return await verify(db, clinic.clinician.organization_id)


@pytest.fixture
async def note(clinic):
    """A signed note of three versions, beside another."""
    first = await clinic.drafted()
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, first, version=1)
    note = await clinic.with_unsupported()
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note.id, version=2, seen={s.id for s in note.statements})
    return note


CUT = """
    update soap_note set status = 'draft', user_approved = false, approved_by = null, approved_at = null, version = 2
    where id = %(note)s
"""
GONE = CUT.replace("version = 2", "version = 0").replace("draft", "queued")


@pytest.mark.parametrize(
    ("done", "kind", "number"),
    [
        (("update note_version set body = body || '\\x00' where note_id = %(note)s and number = 2",), "altered", 2),
        (("update note_version set reason = 'edited' where note_id = %(note)s and number = 3",), "altered", 3),
        (("delete from note_version where note_id = %(note)s and number = 2",), "missing", 2),
        (("delete from note_version where note_id = %(note)s and number = 3",), "end early", 3),
        (("delete from note_version where note_id = %(note)s and number = 3", CUT), "missing", 3),
        (("delete from note_version where note_id = %(note)s", GONE), "missing", 1),
        (
            (
                "insert into note_version select gen_random_uuid(), organization_id, now(), note_id, 4, reason, "
                "created_by, body, hash, hash from note_version where note_id = %(note)s and number = 3",
            ),
            "altered",
            4,
        ),
    ],
)
async def test_a_version_that_was_changed_or_taken_away_is_named(clinic, note, superuser, done, kind, number):
    assert (await verified(clinic)).fault is None
    for statement in done:
        superuser.execute(statement, {"note": str(note.id)})
    fault = (await verified(clinic)).fault
    assert fault is not None and (fault.note_id, fault.number) == (note.id, number) and kind in fault.kind, fault


async def test_a_chain_cut_at_its_end_looks_whole_by_itself_and_not_beside_the_audit(clinic, note, superuser):
    superuser.execute("delete from note_version where note_id = %s and number = 3", (str(note.id),))
    superuser.execute(CUT, {"note": str(note.id)})
    async with clinic.transaction() as db:
        assert (await history(db, note.id)).intact
    assert (await verified(clinic)).fault == Fault("version missing", note.id, 3)


async def test_a_version_that_fits_the_chain_and_that_the_audit_never_heard_of_is_not_on_record(
    clinic, note, superuser
):
    async with clinic.transaction() as db:
        last = (await history(db, note.id)).versions[-1]
    forged = link(note.id, 4, "edited", None, last.hash, last.body)
    superuser.execute(
        "insert into note_version (id, organization_id, note_id, number, reason, body, previous_hash, hash) "
        "select gen_random_uuid(), organization_id, note_id, 4, 'edited', body, hash, %s from note_version "
        "where id = %s",
        (forged, last.id),
    )
    superuser.execute("update soap_note set version = 4 where id = %s", (note.id,))
    async with clinic.transaction() as db:
        assert (await history(db, note.id)).intact
    assert (await verified(clinic)).fault == Fault("version not on record", note.id, 4)


async def test_versions_are_read_a_batch_at_a_time_and_each_is_counted(clinic, note, monkeypatch):
    for batch in (1, 2, 200):
        monkeypatch.setattr("auricle.notes.verify.BATCH", batch)
        assert (await verified(clinic)).sentence().endswith("5 versions of 2 notes intact")
