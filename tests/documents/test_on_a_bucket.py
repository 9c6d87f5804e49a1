"""What keeps files keeps them in a bucket too: knowledge and recordings."""

import numpy as np
import pytest

from auricle.actor import Actor
from auricle.assemble import assembled
from auricle.consent.models import Kind
from auricle.recording.keep import Keeper
from auricle.recording.models import Recording
from auricle.recording.play import open_sound
from auricle.recording.remove import delete_recording, remove_files
from auricle.recording.tracks import Chunk
from tests import builders
from tests.bucket import stored
from tests.knowledge.over_http import upload, when_done


@pytest.fixture
async def assembly(service):
    async with assembled(service.settings) as assembly:
        yield assembly


async def test_knowledge_is_taught_from_the_bucket_and_leaves_it(desk):
    async with desk.client("org_admin") as http:
        document_id = (await upload(http)).json()["id"]
        assert (await when_done(http, document_id))["status"] == "live"
        place = f"/{desk.organization_id}/knowledge/{document_id}"
        assert place in stored(desk.service.settings.objects)
        assert (await http.delete(f"/api/v1/rag/documents/{document_id}")).status_code == 204
    assert place not in stored(desk.service.settings.objects)


async def test_a_recording_is_kept_in_the_bucket_and_heard_from_it(desk, assembly):
    patient = await desk.patient(Kind.AI_USE, Kind.RECORDING)
    clinician = desk.people["clinician"]
    consultation, session = await builders.make_consultation(assembly.database, assembly.keyring, clinician, patient.id)
    async with assembly.database.transaction(clinician) as db:
        recording = Recording(consultation_id=consultation.id, session_id=session.id, rate_hz=16_000)
        db.add(recording)
        await db.flush()
        key = await assembly.keyring.patient(db, patient.id)
    keeper = Keeper(assembly, Actor.system(desk.organization_id), recording.id, 16_000, key)
    sound = np.arange(64_000, dtype="<i2").tobytes()
    for number in range(2):
        keeper.take(Chunk(number * 16_000, sound[number * 64_000 : (number + 1) * 64_000]))
    keeper.no_more()
    await keeper.run()
    await keeper.close()
    heard = await open_sound(assembly, clinician, recording.id)
    assert b"".join([piece async for piece in heard.stereo()]) == sound
    assert str(recording.id) in stored(desk.service.settings.objects)
    async with assembly.database.transaction(desk.people["org_admin"]) as db:
        await delete_recording(db, recording.id)
    await remove_files(assembly, Actor.system(desk.organization_id), recording.id)
    assert str(recording.id) not in stored(desk.service.settings.objects)
