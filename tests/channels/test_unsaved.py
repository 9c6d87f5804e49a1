"""Turns that the database did not take in time are kept sealed, and stored once it is back."""

from pathlib import Path

from auricle.channels.unsaved import Unsaved
from auricle.consultations.transcript import Said, read
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.patients.erase import erase_patient
from tests import builders

NOWHERE = "postgresql://auricle_app:x@127.0.0.1:1/auricle"
WORDS = "my left ear hurts since Monday"


async def test_a_kept_turn_is_unreadable_on_disk_and_stored_exactly_once(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    organization_id = await builders.make_organization(database)
    clinician = await builders.make_member(database, organization_id)
    patient = await builders.make_patient(database, keyring, clinician)
    consultation, session = await builders.make_consultation(database, keyring, clinician, patient.id)
    unsaved = Unsaved(tmp_path / "unsaved", keyring, database)
    turn = Said("patient", WORDS, start_s=1.0, end_s=2.5)
    unsaved.keep(organization_id, consultation.id, session.id, [turn])
    unsaved.keep(organization_id, consultation.id, session.id, [turn])
    assert all(b"left ear" not in file.read_bytes() for file in (tmp_path / "unsaved").iterdir())

    assert await unsaved.restore() == 2
    assert not list((tmp_path / "unsaved").iterdir())
    async with database.transaction(clinician) as db:
        kept = [said.text for said in await read(db, keyring, consultation)]
    assert kept.count(WORDS) == 1


async def test_a_turn_stays_on_disk_while_the_database_is_away(keyring: Keyring, tmp_path: Path) -> None:
    away = Database(NOWHERE)
    unsaved = Unsaved(tmp_path / "unsaved", keyring, away)
    unsaved.keep(builders.new_id(), builders.new_id(), builders.new_id(), [Said("patient", WORDS)])
    assert await unsaved.restore() == 0
    assert len(list((tmp_path / "unsaved").glob("*.turns"))) == 1
    await away.close()


async def test_an_altered_file_is_left_alone(database: Database, keyring: Keyring, tmp_path: Path) -> None:
    unsaved = Unsaved(tmp_path / "unsaved", keyring, database)
    unsaved.keep(builders.new_id(), builders.new_id(), builders.new_id(), [Said("patient", WORDS)])
    (file,) = (tmp_path / "unsaved").iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert await unsaved.restore() == 0
    assert file.exists()


async def test_turns_of_a_patient_who_was_erased_meanwhile_are_dropped(
    database: Database, keyring: Keyring, tmp_path: Path
) -> None:
    organization_id = await builders.make_organization(database)
    admin = await builders.make_member(database, organization_id, "org_admin")
    patient = await builders.make_patient(database, keyring, admin)
    consultation, session = await builders.make_consultation(database, keyring, admin, patient.id)
    unsaved = Unsaved(tmp_path / "unsaved", keyring, database)
    unsaved.keep(organization_id, consultation.id, session.id, [Said("patient", WORDS)])
    async with database.transaction(admin) as db:
        await erase_patient(db, keyring, patient.id, "patient_request")
    await unsaved.restore()
    assert not list((tmp_path / "unsaved").iterdir())
