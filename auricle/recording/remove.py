"""Recordings end: deleted by somebody, by retention or with their patient; and those that a crash left open are closed.

Rows first, files after: the row says that it is deleted at once, a job removes the files, as often as it takes.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.consent.holds import check_no_hold
from auricle.consultations.models import Consultation
from auricle.identity.models import Organization
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.jobs.schedule import periodic
from auricle.live.events import publish
from auricle.patients.models import Patient
from auricle.recording.models import Recording, RecordingChunk, Replay
from auricle.recording.play import find_recording

BATCH = 500


async def delete_recording(db: AsyncSession, recording_id: UUID) -> None:
    """Delete one by a person's will. Raises `OnHold`; a hold on a record stands for those merged into it as well."""
    recording = await find_recording(db, recording_id)
    consultation = await db.get_one(Consultation, recording.consultation_id)
    patient = await db.get_one(Patient, consultation.patient_id)
    await check_no_hold(db, [one for one in (patient.id, patient.merged_into) if one is not None])
    await delete_recordings(db, [recording.id])


async def delete_recordings(db: AsyncSession, ids: Sequence[UUID]) -> int:
    """Mark recordings as deleted and queue the removal of their sound; how many were not deleted before.

    What replays heard in them goes at once.
    """
    marked = (
        await db.execute(
            update(Recording)
            .where(Recording.id.in_(ids), Recording.status != "deleted")
            .values(status="deleted")
            .returning(Recording.id, Recording.consultation_id)
        )
    ).all()
    await db.execute(update(Replay).where(Replay.recording_id.in_([id for id, _ in marked])).values(result=None))
    for recording_id, consultation_id in marked:
        await enqueue(db, "recording.remove_files", recording_id=recording_id)
        await publish(db, "recording.deleted", recording_id=recording_id, consultation_id=consultation_id)
    return len(marked)


@task("recording.remove_files", retries=8, timeout_s=600)
async def remove_files(assembly: Assembly, actor: Actor, recording_id: UUID) -> None:
    """Remove the sound of a deleted recording, batch by batch. Doing it twice changes nothing."""
    assert actor.organization_id is not None
    while True:
        async with assembly.database.transaction(actor) as db:
            rows = select(RecordingChunk).where(RecordingChunk.recording_id == recording_id).limit(BATCH)
            chunks = (await db.scalars(rows)).all()
        if not chunks:
            return
        for chunk in chunks:
            await assembly.objects.delete(actor.organization_id, chunk.place)
        async with assembly.database.transaction(actor) as db:
            await db.execute(delete(RecordingChunk).where(RecordingChunk.id.in_([chunk.id for chunk in chunks])))


CLOSE_LEFT_OPEN = text("""
    update recording r set status = 'complete', ended_at = now(), length_s = coalesce(
        (select max(c.start + c.samples)::float / r.rate_hz from recording_chunk c where c.recording_id = r.id), 0)
    where status = 'recording' and created_at < now() - interval '5 minutes' and not exists (
        select from recording_chunk c where c.recording_id = r.id and c.created_at > now() - interval '5 minutes')
""")


@periodic("recording.close_left_open", "*/10 * * * *")
async def close_left_open(assembly: Assembly, actor: Actor) -> None:
    """Complete the recordings whose process died: no chunk has come for minutes."""
    async with assembly.database.transaction(actor) as db:
        organizations = (await db.scalars(select(Organization.id).order_by(Organization.id))).all()
    for organization_id in organizations:
        async with assembly.database.transaction(Actor.system(organization_id, "recording")) as db:
            await db.execute(CLOSE_LEFT_OPEN)
