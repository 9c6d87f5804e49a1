"""Examples for training, made by a job: read in pages, cleaned, split by patient, packed, sealed.

What was left out is counted by reason. The file is made once and may be taken while everybody whom it rests on agrees.
"""

import asyncio
import hashlib
import tempfile
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any
from uuid import UUID

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.models import AuditEntry
from auricle.audit.reads import record
from auricle.consent.models import Consent, Decision, Kind
from auricle.db.session import actor_of
from auricle.errors import AuricleError, Conflict, Forbidden, NotFound, TooLarge
from auricle.finetune.collect import Found, Wanted, conversations, notes
from auricle.finetune.examples import Example, LeftOut
from auricle.finetune.formats import line
from auricle.finetune.models import FinetuneExport
from auricle.identity.models import Organization
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.jobs.schedule import periodic
from auricle.live.events import publish

KEPT = timedelta(days=7)
LARGEST_BYTES = 200_000_000  # of one file, packed or not
MOST_EXAMPLES = 50_000
MOST_RUNNING, MOST_KEPT = 1, 20
ROWS_AT_ONCE = 1_000
FILES = ("train.jsonl", "validation.jsonl")


class ExportRunning(Conflict):
    """An export is being made already."""

    code = "finetune.export_running"


class TooManyExports(Conflict):
    """There are as many exports as may be; they go after a week."""

    code = "finetune.too_many_exports"


class ExportTooLarge(TooLarge):
    """These examples do not fit into one export: choose a shorter time."""

    code = "finetune.too_large"


class ExportGone(AuricleError):
    """This export has expired, or somebody whom it rests on agrees no longer; make another."""

    status, code, title = 410, "finetune.export_gone", "Gone"


class NotReady(Conflict):
    """This export is not ready."""

    code = "finetune.not_ready"


async def request_export(db: AsyncSession, wanted: Wanted) -> FinetuneExport:
    """Queue an export. Raises `ExportRunning` or `TooManyExports`."""
    member_id = actor_of(db).member_id
    if member_id is None:
        raise Forbidden("Only a member may ask for an export.")
    kept = (await db.scalars(select(FinetuneExport.status).where(FinetuneExport.status.in_(["queued", "ready"])))).all()
    if kept.count("queued") >= MOST_RUNNING:
        raise ExportRunning
    if len(kept) >= MOST_KEPT:
        raise TooManyExports(limit=MOST_KEPT)
    export = FinetuneExport(requested_by=member_id, wanted=wanted.model_dump(mode="json"))
    db.add(export)
    await db.flush()
    await record(db, "export", "finetune_export", export.id, form=wanted.form)
    await enqueue(db, "finetune.export", lock="finetune", export_id=export.id)
    return export


async def find_export(db: AsyncSession, export_id: UUID, *, lock: bool = False) -> FinetuneExport:
    export = await db.get(FinetuneExport, export_id, with_for_update=lock or None)
    if export is None:
        raise NotFound("No such export.")
    return export


async def take(assembly: Assembly, actor: Actor, export_id: UUID) -> bytes:
    """The file; a disclosure, on record for each patient whom it rests on. Raises `NotReady` or `ExportGone`."""
    async with assembly.database.transaction(actor) as db:
        export = await find_export(db, export_id, lock=True)
        if export.status in ("queued", "failed"):
            raise NotReady
        if export.status == "expired" or export.expires_at is None or export.expires_at <= datetime.now(UTC):
            raise ExportGone
        if await is_withdrawn(db, export):
            export.status, export.expires_at = "expired", datetime.now(UTC)
        else:
            key = await assembly.keyring.organization(db)
            export.taken += 1
            await record(db, "download", "finetune_export", export.id, sha256=export.content_hash)
            await disclosed(db, export)
        status = export.status
    if status == "expired":
        await assembly.objects.delete(export.organization_id, place(export_id))
        raise ExportGone
    sealed = await assembly.objects.get(export.organization_id, place(export_id))
    return key.open_file(sealed, "finetune_export", export_id)


async def disclosed(db: AsyncSession, export: FinetuneExport) -> None:
    """One entry for each patient whom an export rests on."""
    about = {"export_id": str(export.id), "purpose": "training"}
    entry = {"action": "disclose", "entity": "patient", "outcome": "allowed", "new": about}
    rows = [{**entry, "entity_id": UUID(one)} for one in export.patient_ids]
    for at in range(0, len(rows), ROWS_AT_ONCE):
        await db.execute(insert(AuditEntry), rows[at : at + ROWS_AT_ONCE])


async def is_withdrawn(db: AsyncSession, export: FinetuneExport) -> bool:
    """Whether anybody whom an export rests on has withdrawn since it was read (or was erased, which withdraws)."""
    since = select(Consent.id).where(
        Consent.kind == Kind.TRAINING,
        Consent.decision == Decision.WITHDRAWN,
        Consent.created_at >= export.read_at,
        Consent.patient_id.in_([UUID(one) for one in export.patient_ids]),
    )
    return (await db.scalar(since.limit(1))) is not None


def place(export_id: UUID) -> str:
    return f"finetune/{export_id}.zip"


async def give_up(assembly: Assembly, actor: Actor, export_id: UUID) -> None:
    async with assembly.database.transaction(actor) as db:
        export = await db.get(FinetuneExport, export_id, with_for_update=True)
        if export is not None and export.status == "queued":
            export.status, export.failure_code = "failed", export.failure_code or "finetune.failed"


@task("finetune.export", retries=2, timeout_s=3600, on_failed=give_up)
async def make_export(assembly: Assembly, actor: Actor, export_id: UUID) -> None:
    """Make the file, unless that was done already."""
    async with assembly.database.transaction(actor) as db:
        export = await db.get(FinetuneExport, export_id, with_for_update=True)
        if export is None or export.status != "queued":
            return
        read_at = await db.scalar(select(func.clock_timestamp()))
        key, wanted = await assembly.keyring.organization(db), Wanted.model_validate(export.wanted)
    try:
        with tempfile.TemporaryFile() as file:
            packing = await packed(assembly, actor, wanted, file)
            file.seek(0)
            data = await asyncio.to_thread(file.read)
    except ExportTooLarge as error:
        await refuse(assembly, actor, export_id, error.code)
        return
    await assembly.objects.put(
        export.organization_id, place(export_id), key.seal_file(data, "finetune_export", export_id)
    )
    async with assembly.database.transaction(actor) as db:
        export = await db.get_one(FinetuneExport, export_id, with_for_update=True)
        if export.status == "queued":
            export.status, export.manifest, export.read_at = "ready", packing.manifest(wanted), read_at
            export.byte_size, export.content_hash = len(data), hashlib.sha256(data).hexdigest()
            export.patient_ids = sorted(str(one) for one in packing.patients)
            export.expires_at = datetime.now(UTC) + KEPT
            await publish(db, "finetune.ready", export_id=export.id)


async def refuse(assembly: Assembly, actor: Actor, export_id: UUID, code: str) -> None:
    async with assembly.database.transaction(actor) as db:
        export = await db.get_one(FinetuneExport, export_id, with_for_update=True)
        export.status, export.failure_code = "failed", code


@dataclass
class Packing:
    """What an export holds so far."""

    left_out: Counter[str] = field(default_factory=Counter)
    examples: Counter[str] = field(default_factory=Counter)  # by kind
    patients: set[UUID] = field(default_factory=set)
    sizes: Counter[str] = field(default_factory=Counter)  # bytes, by file
    lines: Counter[str] = field(default_factory=Counter)
    digests: Mapping[str, Any] = field(default_factory=lambda: {name: hashlib.sha256() for name in FILES})

    def manifest(self, wanted: Wanted) -> dict[str, Any]:
        """Counts, hashes and reasons: nothing of anybody."""
        return {
            "format": "auricle fine-tuning export 1",
            "wanted": wanted.model_dump(mode="json"),
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "examples": dict(self.examples),
            "patients": len(self.patients),
            "left_out": dict(sorted(self.left_out.items())),
            "deidentified": "placeholders, the same throughout an example; a second pass over each example found none",
            "files": {
                name: {"lines": self.lines[name], "bytes": self.sizes[name], "sha256": self.digests[name].hexdigest()}
                for name in FILES
            },
        }


async def packed(assembly: Assembly, actor: Actor, wanted: Wanted, file: IO[bytes]) -> Packing:
    """Write the zip. Raises `ExportTooLarge`."""
    packing = Packing()
    with tempfile.TemporaryFile() as train, tempfile.TemporaryFile() as validation:
        out = dict(zip(FILES, (train, validation), strict=True))
        for kind, sources in (("notes", notes), ("conversations", conversations)):
            if kind not in wanted.sources:
                continue
            async for found in sources(assembly, actor, wanted):
                await asyncio.to_thread(_written, packing, found, wanted, out)
        await asyncio.to_thread(_zipped, packing, wanted, out, file)
    return packing


def _written(packing: Packing, found: Found, wanted: Wanted, out: Mapping[str, IO[bytes]]) -> None:
    """The examples of one note or conversation, or why there is none."""
    try:
        made = [(example, line(example, wanted.form)) for example in found.examples()]
    except LeftOut as error:
        packing.left_out[error.reason] += 1
        return
    for example, text in made:
        name = FILES[is_validation(example, wanted)]
        packing.sizes[name] += len(text)
        packing.lines[name] += 1
        if packing.sizes[name] > LARGEST_BYTES or packing.lines.total() > MOST_EXAMPLES:
            raise ExportTooLarge(limit_bytes=LARGEST_BYTES, limit_examples=MOST_EXAMPLES)
        packing.digests[name].update(text)
        packing.examples[example.kind] += 1
        packing.patients.add(example.patient_id)
        out[name].write(text)


def is_validation(example: Example, wanted: Wanted) -> bool:
    """All of a patient is on one side, in every export alike."""
    drawn = int.from_bytes(hashlib.blake2b(example.patient_id.bytes, digest_size=4).digest()) % 100
    return drawn < wanted.validation_percent


def _zipped(packing: Packing, wanted: Wanted, parts: Mapping[str, IO[bytes]], file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            part.seek(0)
            with archive.open(name, "w") as out:
                while piece := part.read(1 << 20):
                    out.write(piece)
        archive.writestr("manifest.json", orjson.dumps(packing.manifest(wanted), option=orjson.OPT_INDENT_2))


@periodic("finetune.expire_exports", "41 * * * *")
async def expire_exports(assembly: Assembly, actor: Actor) -> None:
    """Remove exports whose week is over, or whose consent is gone."""
    async with assembly.database.transaction(actor) as db:
        organizations = (await db.scalars(select(Organization.id))).all()
    for organization_id in organizations:
        async with assembly.database.transaction(Actor.system(organization_id, actor.request_id)) as db:
            rows = await db.scalars(select(FinetuneExport).where(FinetuneExport.status == "ready").limit(MOST_KEPT))
            for export in rows.all():
                if (export.expires_at or datetime.now(UTC)) <= datetime.now(UTC) or await is_withdrawn(db, export):
                    await assembly.objects.delete(organization_id, place(export.id))
                    export.status = "expired"
