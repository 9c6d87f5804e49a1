"""Notes and their versions go together when their time is over."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from auricle.actor import Actor
from auricle.ai.local import LocalAI
from auricle.consent.retention import erase_due, set_rule
from auricle.notes.generate import generate, request_note
from tests.builders import make_consultation, make_member, make_organization, make_patient
from tests.notes.conftest import Means

LEFT = text("select (select count(*) from note_version), (select count(*) from note_statement), "
            "(select count(*) from soap_note where source is not null)")  # fmt: skip


async def test_a_notes_versions_statements_and_source_go_with_it(database, keyring, urls):
    admin = await make_member(database, await make_organization(database), "org_admin")
    system = Actor.system(admin.organization_id)
    patient = await make_patient(database, keyring, admin)
    consultation, _ = await make_consultation(database, keyring, admin, patient.id)
    async with database.transaction(admin) as db:
        note = await request_note(db, consultation.id)
        await set_rule(db, "notes", 400)
    await generate(Means(database, keyring, LocalAI(), urls.worker), system, note.id)
    now = datetime.now(UTC)
    assert await erase_due(database, system, now=now + timedelta(days=399)) == {}
    async with database.transaction(admin) as db:
        assert min((await db.execute(LEFT)).one()) > 0
    assert await erase_due(database, system, now=now + timedelta(days=401)) == {"notes": 1}
    async with database.transaction(admin) as db:
        assert tuple((await db.execute(LEFT)).one()) == (0, 0, 0)
