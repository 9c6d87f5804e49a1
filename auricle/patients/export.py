"""Everything about a patient as one zip: made by a job, sealed under the patient's key, taken once, gone in an hour."""

import hashlib
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import IO, Any
from uuid import UUID

import orjson
from sqlalchemy import Row, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.models import AuditEntry
from auricle.audit.of_patient import about_patient
from auricle.audit.reads import record
from auricle.consent.models import Consent, ConsentText, PatientExport
from auricle.consultations.models import Consultation, Message
from auricle.consultations.observations import Observation
from auricle.consultations.ratings import ConsultationRating
from auricle.consultations.ratings import opened as comment_of
from auricle.consultations.transcript import opened
from auricle.db.sealed import Key
from auricle.db.session import actor_of
from auricle.documents.export import documents, documents_of, file_of, write_file
from auricle.errors import AuricleError, Forbidden, NotFound, TooLarge
from auricle.identity.models import Organization
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.jobs.schedule import periodic
from auricle.live.events import publish
from auricle.notes.content import open_note
from auricle.notes.models import Note, NoteStatus
from auricle.notes.read import authors_of, shown
from auricle.patients.create import find_patient, identity_of, whole
from auricle.patients.models import Patient
from auricle.phone.models import PhoneCall
from auricle.storage.objects import ObjectMissing

KEPT_S = 3600.0
BATCH = 500
LARGEST_BYTES = 100_000_000
MOST_WAITING = 3  # exports one member may have waiting or ready at a time

APPOINTMENTS = text("""
    select id, patient_id, member_id, starts_at, ends_at, status, type, reason, created_at from appointment
    where patient_id = :record and id > :after order by id limit :limit
""")


class ExportGone(AuricleError):
    """This export was taken already or has expired; ask for another."""

    status, code, title = 410, "export.gone", "Gone"


class ExportTooLarge(TooLarge):
    """This patient's data does not fit into one export."""

    code = "export.too_large"


class TooManyExports(AuricleError):
    """Take the exports that wait for you first."""

    status, code, title = 429, "export.too_many", "Too many exports"


async def request_export(db: AsyncSession, patient_id: UUID) -> PatientExport:
    """Queue an export; only whoever asked may take it."""
    await find_patient(db, patient_id)
    member_id = actor_of(db).member_id
    if member_id is None:
        raise Forbidden("Only a member may ask for an export.")
    waiting = select(func.count()).where(
        PatientExport.requested_by == member_id,
        PatientExport.status.in_(["queued", "ready"]),
        PatientExport.created_at > func.now() - timedelta(seconds=KEPT_S),
    )
    if (await db.scalar(waiting) or 0) >= MOST_WAITING:
        raise TooManyExports
    export = PatientExport(patient_id=patient_id, requested_by=member_id)
    db.add(export)
    await db.flush()
    await record(db, "export", "patient", patient_id, export_id=str(export.id))
    await enqueue(db, "patients.export", export_id=export.id)
    return export


async def find_export(db: AsyncSession, export_id: UUID, *, lock: bool = False) -> PatientExport:
    export = await db.get(PatientExport, export_id, with_for_update=lock or None)
    if export is None or export.requested_by != actor_of(db).member_id:
        raise NotFound("No such export.")
    return export


async def take(assembly: Assembly, actor: Actor, export_id: UUID) -> bytes:
    """The zip, once. Raises `ExportGone` ever after."""
    async with assembly.database.transaction(actor) as db:
        export = await find_export(db, export_id, lock=True)
        if export.status in ("queued", "failed"):
            raise NotFound("This export is not ready.")
        if export.status != "ready" or export.expires_at is None or export.expires_at <= datetime.now(UTC):
            raise ExportGone
        key = await assembly.keyring.patient(db, export.patient_id)
        sealed = await assembly.objects.get(export.organization_id, place(export_id))
        data = key.open_file(sealed, "patient_export", export_id)
        export.status, export.taken_at = "taken", datetime.now(UTC)
        await record(db, "download", "patient", export.patient_id, export_id=str(export_id))
    await assembly.objects.delete(export.organization_id, place(export_id))
    return data


def place(export_id: UUID) -> str:
    return f"exports/{export_id}.zip"


async def give_up(assembly: Assembly, actor: Actor, export_id: UUID) -> None:
    async with assembly.database.transaction(actor) as db:
        export = await db.get(PatientExport, export_id, with_for_update=True)
        if export is not None and export.status == "queued":
            export.status, export.failure_code = "failed", "export.failed"


@task("patients.export", retries=3, timeout_s=900, on_failed=give_up)
async def make_export(assembly: Assembly, actor: Actor, export_id: UUID) -> None:
    """Write the zip, unless that was done already."""
    async with assembly.database.transaction(actor) as db:
        export = await db.get(PatientExport, export_id)
        if export is None or export.status != "queued":
            return
        key = await assembly.keyring.patient(db, export.patient_id)
    with tempfile.TemporaryFile() as file:
        await write_zip(assembly, actor, export.patient_id, file)
        size = file.tell()
        if size > LARGEST_BYTES:
            raise ExportTooLarge(limit_bytes=LARGEST_BYTES)
        file.seek(0)
        data = file.read()
    await assembly.objects.put(
        export.organization_id, place(export_id), key.seal_file(data, "patient_export", export_id)
    )
    async with assembly.database.transaction(actor) as db:
        export = await db.get_one(PatientExport, export_id, with_for_update=True)
        if export.status == "queued":
            export.status, export.byte_size = "ready", size
            export.content_hash = hashlib.sha256(data).hexdigest()
            export.expires_at = datetime.now(UTC) + timedelta(seconds=KEPT_S)
            await publish(db, "export.ready", export_id=export.id, patient_id=export.patient_id)


async def write_zip(assembly: Assembly, actor: Actor, patient_id: UUID, file: IO[bytes]) -> None:
    """Write every part, a batch and a short transaction at a time, and last the list of parts with their hashes."""
    async with assembly.database.transaction(actor) as db:
        records = (await db.scalars(whole(patient_id).order_by(Patient.id))).all()
    manifest: dict[str, Any] = {
        "format": "auricle patient export 1",
        "patient": patient_id,
        "made_at": datetime.now(UTC),
        "files": {},
        "missing": [],
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in PARTS.items():
            digest, lines = hashlib.sha256(), 0
            with archive.open(f"{name}.ndjson", "w") as out:
                for one in records:
                    async for row in part(assembly, actor, one):
                        line = orjson.dumps(row, default=str) + b"\n"
                        out.write(line)
                        digest.update(line)
                        lines += 1
                    if file.tell() > LARGEST_BYTES:
                        raise ExportTooLarge(limit_bytes=LARGEST_BYTES)
            manifest["files"][f"{name}.ndjson"] = {"sha256": digest.hexdigest(), "lines": lines}
        for one in records:
            async for document, key in documents_of(assembly, actor, one):
                try:
                    await write_file(assembly, document, key, archive)
                except ObjectMissing:  # a patient's right to the rest does not end with it
                    manifest["missing"].append(file_of(document))
                if file.tell() > LARGEST_BYTES:
                    raise ExportTooLarge(limit_bytes=LARGEST_BYTES)
        archive.writestr("manifest.json", orjson.dumps(manifest, default=str, option=orjson.OPT_INDENT_2))
    file.seek(0, 2)


async def identities(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    async with assembly.database.transaction(actor) as db:
        patient = await db.get_one(Patient, record_id)
        identity = await identity_of(db, assembly.keyring, patient)
    yield {
        **identity.model_dump(mode="json"),
        "id": record_id,
        "language": patient.language,
        "status": patient.status,
        "created_at": patient.created_at,
    }


async def consultations(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    wanted = select(Consultation).where(Consultation.patient_id == record_id)
    async for row, key in sealed_rows(assembly, actor, record_id, wanted, Consultation.id):
        told = plain(row, leave_out={"organization_id", "notes"})
        notes = None if row.notes is None else key.open(row.notes, "consultation", "notes", row.id)
        yield {**told, "notes": notes}


async def messages(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    own = select(Consultation.id).where(Consultation.patient_id == record_id)
    wanted = select(Message).where(Message.consultation_id.in_(own))
    async for row, key in sealed_rows(assembly, actor, record_id, wanted, Message.id):
        if not row.text:
            continue  # erased when its time was over
        said = opened(key, row)
        told = plain(row, leave_out={"organization_id", "text", "heard", "waterfall"})
        yield {**told, "text": said.text, "heard": said.heard}


async def observed(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    wanted = select(Observation).where(Observation.patient_id == record_id)
    async for row, key in sealed_rows(assembly, actor, record_id, wanted, Observation.id):
        said = orjson.loads(key.open(row.body, "observation", "body", row.id))
        yield {**plain(row, leave_out={"organization_id", "body"}), "said": said}


async def notes(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    wanted = select(Note.id).where(Note.patient_id == record_id, Note.status != NoteStatus.DELETED, Note.version > 0)
    async with assembly.database.transaction(actor) as db:
        ids = (await db.scalars(wanted.order_by(Note.id))).all()
    for note_id in ids:
        async with assembly.database.transaction(actor) as db:
            whole_note = await open_note(db, assembly.keyring, await db.get_one(Note, note_id))
            authors = await authors_of(db, whole_note)
            yield shown(whole_note, authors, reveal=True).model_dump(mode="json")


async def consents(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    wanted = (
        select(Consent, ConsentText.title, ConsentText.body)
        .join(ConsentText, ConsentText.id == Consent.text_id)
        .where(Consent.patient_id == record_id)
    )
    async with assembly.database.transaction(actor) as db:
        rows = (await db.execute(wanted.order_by(Consent.id).limit(10_000))).all()
    for row, title, body in rows:
        yield {**plain(row, leave_out={"organization_id"}), "text_title": title, "text_body": body}


async def appointments(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    after = UUID(int=0)
    while True:
        async with assembly.database.transaction(actor) as db:
            key = await assembly.keyring.patient(db, record_id)
            rows: Sequence[Row[Any]] = (
                await db.execute(APPOINTMENTS, {"record": record_id, "after": after, "limit": BATCH})
            ).all()
        for row in rows:
            reason = None if row.reason is None else key.open(row.reason, "appointment", "reason", row.id)
            yield {**row._mapping, "reason": reason}
        if len(rows) < BATCH:
            return
        after = rows[-1].id


async def phone_calls(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    hidden = {"organization_id", "number", "number_blind", "reason", "ticket_hash", "ticket_expires_at"}
    wanted = select(PhoneCall).where(PhoneCall.patient_id == record_id)
    async for row, key in sealed_rows(assembly, actor, record_id, wanted, PhoneCall.id):
        sealed = {"number": row.number, "reason": row.reason}
        told = {name: key.open(it, "phone_call", name, row.id) if it else None for name, it in sealed.items()}
        yield {**plain(row, leave_out=hidden), **told}


async def accesses(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    """Who did what to anything of this patient. What was stored is in the other parts, or can't be opened any more."""
    told = (AuditEntry.id, AuditEntry.at, AuditEntry.actor_id, AuditEntry.member_id, AuditEntry.action)
    wanted = select(*told, AuditEntry.entity, AuditEntry.entity_id, AuditEntry.outcome, AuditEntry.reason)
    after = 0
    while True:
        page = wanted.where(about_patient(AuditEntry.entity_id, record_id), AuditEntry.id > after)
        async with assembly.database.transaction(actor) as db:
            rows = (await db.execute(page.order_by(AuditEntry.id).limit(BATCH))).all()
        for row in rows:
            yield dict(row._mapping)
        if len(rows) < BATCH:
            return
        after = rows[-1].id


async def rated(assembly: Assembly, actor: Actor, record_id: UUID) -> AsyncIterator[Mapping[str, Any]]:
    wanted = select(ConsultationRating).where(ConsultationRating.patient_id == record_id)
    async for row, key in sealed_rows(assembly, actor, record_id, wanted, ConsultationRating.id):
        yield {**plain(row, leave_out={"organization_id", "comment"}), "comment": comment_of(key, row)}


PARTS = {
    "identity": identities,
    "consultations": consultations,
    "messages": messages,
    "observations": observed,
    "documents": documents,
    "ratings": rated,
    "notes": notes,
    "consents": consents,
    "appointments": appointments,
    "phone_calls": phone_calls,
    "accesses": accesses,
}


async def sealed_rows(
    assembly: Assembly, actor: Actor, record_id: UUID, wanted: Any, by: Any
) -> AsyncIterator[tuple[Any, Key]]:
    """Rows in batches by their id, each with the key that opens it; no transaction stays open between batches."""
    after = UUID(int=0)
    while True:
        async with assembly.database.transaction(actor) as db:
            key = await assembly.keyring.patient(db, record_id)
            rows = (await db.scalars(wanted.where(by > after).order_by(by).limit(BATCH))).all()
        for row in rows:
            yield row, key
        if len(rows) < BATCH:
            return
        after = rows[-1].id


def plain(row: Any, *, leave_out: set[str]) -> dict[str, Any]:
    """A row's columns as stored, less those that are opened apart."""
    return {c.key: getattr(row, c.key) for c in row.__mapper__.column_attrs if c.key not in leave_out}


@periodic("patients.expire_exports", "11 * * * *")
async def expire_exports(assembly: Assembly, actor: Actor) -> None:
    """Remove exports that nobody took in time."""
    async with assembly.database.transaction(actor) as db:
        organizations = (await db.scalars(select(Organization.id))).all()
    for organization_id in organizations:
        own = Actor.system(organization_id, actor.request_id)
        async with assembly.database.transaction(own) as db:
            over = select(PatientExport).where(PatientExport.status == "ready", PatientExport.expires_at <= func.now())
            gone = (await db.scalars(over.limit(1000))).all()
            for export in gone:
                await assembly.objects.delete(organization_id, place(export.id))
                export.status = "expired"
