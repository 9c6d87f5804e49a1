"""Write a note from a consultation or a document: request it, and the job that does it.

The job is two short transactions with the AI between them. Only the last one stores anything of the note, all of it
at once, and only while the note is still in the making: run again after any crash, or twice at the same time, it
yields one draft.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.ai.port import AIUnavailable, ClinicalAI, Draft, Entity, Judged, Masked, Statement
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.lifecycle import find_consultation
from auricle.db.base import new_id
from auricle.db.sealed import Key, Keyring
from auricle.db.session import Database, actor_of
from auricle.documents.receive import lock_of
from auricle.errors import AuricleError, Conflict
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.live.events import publish
from auricle.notes.content import (
    Context,
    OpenNote,
    OpenStatement,
    StatementBody,
    flagged_among,
    note_in_the_making,
    seal_body,
    seal_content,
)
from auricle.notes.evidence import body_of, verified_all
from auricle.notes.models import UNFINISHED, Note, NoteStatement, NoteStatus
from auricle.notes.source import NoText, Source, message_ids, source_document, source_of
from auricle.notes.templates.keep import in_use
from auricle.notes.templates.shape import Outline
from auricle.notes.versions import freeze
from auricle.notes.wait import wait_out
from auricle.notes.writing.draft import write_draft
from auricle.notes.writing.verdicts import weighed
from auricle.providers.routing import Router


class NothingSaid(Conflict):
    """Nothing was said in this consultation, so there is nothing to write."""

    code = "note.nothing_said"


class UnusableAnswer(AuricleError):
    """The AI's answer does not belong to what it was asked."""

    status, code, title = 502, "note.unusable_answer", "Unusable answer"


class Means(Protocol):
    """What writing and editing need of the assembly."""

    @property
    def database(self) -> Database: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def ai(self) -> ClinicalAI: ...
    @property
    def router(self) -> Router: ...


@dataclass(frozen=True, slots=True)
class Written:
    masked: Masked
    entities: Sequence[Entity]
    draft: Draft
    outline: Outline
    judged: Judged
    judged_by: str


async def request_note(db: AsyncSession, consultation_id: UUID, template: str = "soap") -> Note:
    """Queue a note, or give the one that is being written or lies drafted from the same messages.

    One that failed is tried again. A conversation that went on since the draft gets a new note beside it.
    """
    consultation = await find_consultation(db, consultation_id, lock=True)
    await require(db, consultation.patient_id, Kind.AI_USE)
    said = await message_ids(db, consultation)
    if not said:
        raise NothingSaid
    wanted = Note(consultation_id=consultation.id, patient_id=consultation.patient_id, template=template)
    return await requested(db, wanted, said)


async def request_note_from(
    db: AsyncSession, document_id: UUID, template: str = "soap", *, must_be_sound: bool = False
) -> Note:
    """The same from a document; one that is still being read is waited for.

    Raises:
        NotFound, ConsentNeeded, NotSound, NotExtracted, TextTooLarge
    """
    document = await source_document(db, document_id, must_be_sound=must_be_sound)
    await require(db, document.patient_id, Kind.AI_USE)
    wanted = Note(
        document_id=document.id,
        consultation_id=document.consultation_id,
        patient_id=document.patient_id,
        template=template,
    )
    return await requested(db, wanted, None)


async def requested(db: AsyncSession, wanted: Note, said: list[str] | None) -> Note:
    """The note that is there already, queued again where it failed; else the wanted one, queued.

    `said`: the messages that it would be written from now; None where the source never changes.
    """
    kept = await in_use(db, wanted.template)
    latest = await db.scalar(
        select(Note)
        .where(
            Note.document_id.is_not_distinct_from(wanted.document_id),
            Note.consultation_id.is_not_distinct_from(wanted.consultation_id),
            Note.template == wanted.template,
            Note.status.not_in([NoteStatus.APPROVED, NoteStatus.DELETED]),
        )
        .order_by(Note.id.desc())
        .limit(1)
        .with_for_update()
    )
    if latest is not None and latest.status is NoteStatus.FAILED:
        latest.status, latest.failure_code = NoteStatus.QUEUED, None
        return await queued(db, latest)
    same = latest is not None and (latest.template_id, latest.template_version or 1) == (kept.id, kept.version)
    unchanged = latest is not None and (said is None or latest.source_message_ids == said)
    if latest is not None and (latest.status in UNFINISHED or (same and unchanged)):
        return latest
    wanted.template_id, wanted.template_version = kept.id, kept.version
    wanted.requested_by = actor_of(db).member_id
    db.add(wanted)
    await db.flush()
    return await queued(db, wanted)


async def queued(db: AsyncSession, note: Note) -> Note:
    await db.flush()
    # Behind the reading of its document, where that is under way.
    lock = lock_of(note.document_id) if note.document_id else f"note:{note.id}"
    await enqueue(db, "notes.generate", lock=lock, note_id=note.id)
    await publish(db, "note.queued", note_id=note.id, consultation_id=note.consultation_id)
    return note


async def give_up(means: Means, actor: Actor, note_id: UUID, away_since: int = 0, waits: int = 0) -> None:
    """The job will not be tried again by itself; asking for the note once more will."""
    async with means.database.transaction(actor) as db:
        note = await db.get(Note, note_id, with_for_update=True)
        if note is not None and note.status in UNFINISHED:
            await failed(db, note, note.failure_code or "note.generation_failed")


async def failed(db: AsyncSession, note: Note, code: str) -> None:
    note.status, note.failure_code = NoteStatus.FAILED, code
    await publish(db, "note.failed", note_id=note.id, consultation_id=note.consultation_id)


@task("notes.generate", retries=4, timeout_s=900, on_failed=give_up)
async def generate(means: Means, actor: Actor, note_id: UUID, away_since: int = 0, waits: int = 0) -> None:
    """Finish a note, unless that was done already; later, where the clinical AI is away (`wait.py`)."""
    try:
        source = await begin(means, actor, note_id)
        if source is not None:
            await finish(means, actor, note_id, source, await compose(means.ai, source, means.router))
    except AIUnavailable as error:
        await wait_out(means, actor, note_id, error, since=away_since, waits=waits)
    except AuricleError as error:
        await remember(means, actor, note_id, error)
        raise


async def begin(means: Means, actor: Actor, note_id: UUID) -> Source | None:
    """Read what the note is to be written from; None when it needs no writing any more."""
    async with means.database.transaction(actor) as db:
        note = await note_in_the_making(db, note_id)
        if note.status not in UNFINISHED:
            return None
        await require(db, note.patient_id, Kind.AI_USE)  # it may have been withdrawn while the job waited
        note.status = NoteStatus.GENERATING
        try:
            return await source_of(db, means.keyring, note)
        except NoText as error:  # a document that was deleted, or can't be read: it says why
            await failed(db, note, error.reason)
            return None


async def compose(ai: ClinicalAI, source: Source, router: Router | None = None) -> Written:
    """Mask → entities → write → judge, by a model too where that is wanted. No transaction is open meanwhile."""
    heard = [u for u in source.utterances if u.text.strip()]
    if not heard:
        raise NothingSaid
    masked = await ai.mask(heard, source.known)
    if [u.id for u in masked.utterances] != [u.id for u in heard]:
        raise UnusableAnswer(stage="mask")
    entities = await ai.entities(masked.utterances)
    drafted = await write_draft(ai, router, source.terms, masked, entities)
    draft = drafted.draft
    judged = await ai.judge(draft, masked.utterances, entities)
    if len(judged.statements) != len(draft.statements) or any(s.verdict is None for s in judged.statements):
        raise UnusableAnswer(stage="judge")
    judged, judged_by = await weighed(ai, router, source.terms, masked, entities, judged)
    return Written(masked, entities, draft, drafted.outline, judged, judged_by)


async def finish(means: Means, actor: Actor, note_id: UUID, source: Source, written: Written) -> None:
    """Store draft, evidence, masks, version and event in one transaction; nothing if another run was first."""
    async with means.database.transaction(actor) as db:
        note = await note_in_the_making(db, note_id)
        if note.status is not NoteStatus.GENERATING:
            return
        key = await means.keyring.patient(db, note.patient_id)
        statements = verified_all(written.judged.statements, written.masked)
        note.method, note.model = written.draft.method, written.draft.model
        note.outline = written.outline.model_dump(mode="json")
        note.completeness, note.judged_by = written.judged.completeness, written.judged_by
        note.ai_approved = written.judged.approved and not flagged_among(statements)
        note.source_message_ids = [u.id for u in source.utterances]
        note.source_hash = key.blind("note source", "\n".join(f"{u.id} {u.text}" for u in source.utterances))
        context = Context(entities=tuple(written.entities), missing=tuple(written.judged.missing))
        seal_content(key, note, source=written.masked, masks=written.masked.originals, context=context)
        rows = [
            new_statement(key, note.id, position, statement, body_of(statement, written.masked))
            for position, statement in enumerate(statements, start=1)
        ]
        db.add_all([s.row for s in rows])
        await db.flush()
        await freeze(db, OpenNote(note, key, rows, written.masked, context, written.masked.originals), "generated")
        note.status, note.failure_code = NoteStatus.DRAFT, None
        await publish(
            db, "note.ready", note_id=note.id, consultation_id=note.consultation_id, patient_id=note.patient_id
        )


def new_statement(key: Key, note_id: UUID, position: int, judged: Statement, body: StatementBody) -> OpenStatement:
    row = NoteStatement(
        id=new_id(),
        note_id=note_id,
        position=position,
        section=judged.section,
        part=judged.part,
        kind=judged.kind,
        verdict=judged.verdict,
    )
    row.body = seal_body(key, row.id, body)
    return OpenStatement(row, body, None)


async def remember(means: Means, actor: Actor, note_id: UUID, error: AuricleError) -> None:
    """Keep the code of the latest failure, so that whoever waits can be told why."""
    async with means.database.transaction(actor) as db:
        note = await note_in_the_making(db, note_id)
        if note.status in UNFINISHED:
            note.failure_code = error.code
