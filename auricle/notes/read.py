"""Read notes. Each read is audited, and one that puts the identifiers back is audited as such."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.ai.port import Entity, Utterance
from auricle.ai.privacy.mask import unmask
from auricle.audit.reads import record, record_read
from auricle.db.keyset import NEWEST, Order, in_order
from auricle.db.sealed import Keyring
from auricle.db.session import Database, actor_of
from auricle.identity.models import Member
from auricle.notes.content import Cited, OpenNote, OpenStatement, find_note, open_note
from auricle.notes.models import UNFINISHED, Note, NoteStatus
from auricle.notes.outline import outline_of
from auricle.notes.schemas import AddendumOut, EvidenceOut, MissingOut, NoteOut, NoteRow, PartOut, StatementOut
from auricle.patients.create import whole

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0

ROW = [getattr(Note, name) for name in NoteRow.model_fields]


async def list_notes(
    db: AsyncSession,
    *,
    status: NoteStatus | None = None,
    consultation_id: UUID | None = None,
    document_id: UUID | None = None,
    patient_id: UUID | None = None,
    order: Order = NEWEST,
    limit: int = 20,
) -> Sequence[NoteRow]:
    """Nothing unsealed; one audit entry for the page."""
    statement = await in_order(db, select(*ROW), order, Note.id, limit=limit)
    statement = statement.where(Note.status != NoteStatus.DELETED)
    if status is not None:
        statement = statement.where(Note.status == status)
    if consultation_id is not None:
        statement = statement.where(Note.consultation_id == consultation_id)
    if document_id is not None:
        statement = statement.where(Note.document_id == document_id)
    if patient_id is not None:
        statement = statement.where(Note.patient_id.in_(whole(patient_id)))
    rows = (await db.execute(statement)).all()
    await record_read(db, "soap_note", None, listed=len(rows))
    return [NoteRow.model_validate(row) for row in rows]


async def read_note(
    db: AsyncSession, keyring: Keyring, note_id: UUID, *, reveal: bool = False, language: str = "en"
) -> NoteOut:
    """A whole note, its headings in a language where its template has them.

    `reveal` puts the identifiers back, for those who hold `notes:reveal`.
    """
    if reveal:
        actor_of(db).require("notes:reveal")
    note = await find_note(db, note_id)
    opened = await open_note(db, keyring, note)
    if reveal:
        await record(db, "reveal", "soap_note", note.id, version=note.version, masks=len(opened.masks))
    else:
        await record_read(db, "soap_note", note.id, version=note.version)
    return shown(opened, await authors_of(db, opened), reveal=reveal, language=language)


async def finished(database: Database, actor: Actor, note_id: UUID, *, wait_s: float) -> Note:
    """A note, unopened, once it is written or has failed, or when `wait_s` is over. Looks with short transactions."""
    loop, pause_s = asyncio.get_running_loop(), FIRST_PAUSE_S
    deadline = loop.time() + wait_s
    while True:
        async with database.transaction(actor) as db:
            note = await find_note(db, note_id)
        left_s = deadline - loop.time()
        if note.status not in UNFINISHED or left_s <= 0:
            return note
        await asyncio.sleep(min(pause_s, left_s))
        pause_s = min(LONGEST_PAUSE_S, pause_s * 2)


async def authors_of(db: AsyncSession, opened: OpenNote) -> Mapping[UUID, str]:
    """The names of those who answer for a note: who signed it, and who added to it."""
    ids = {one.created_by for one in opened.addenda} | ({opened.note.approved_by} - {None})
    if not ids:
        return {}
    rows = await db.scalars(select(Member).where(Member.id.in_(ids)))
    return {one.id: one.full_name or "Unnamed member" for one in rows}


def shown(opened: OpenNote, authors: Mapping[UUID, str], *, reveal: bool, language: str = "en") -> NoteOut:
    """The note as it is read; `language` is that of its headings, `authors` names those who answer for it."""
    outline = outline_of(opened.note)
    masks: Mapping[str, str] = opened.masks if reveal else {}
    said = {u.id: u for u in opened.source.utterances}

    def of(addendum_id: UUID | None) -> list[StatementOut]:
        return [shown_statement(s, said, masks) for s in opened.statements if s.row.addendum_id == addendum_id]

    return NoteOut(
        **NoteRow.model_validate(opened.note).model_dump(),
        revealed=reveal,
        signed_by=authors.get(opened.note.approved_by) if opened.note.approved_by else None,
        title=outline.titled(language),
        parts=[
            PartOut(
                key=part.key,
                heading=part.titled(language),
                section=part.section,
                required=part.required,
                method=part.method,
            )
            for part in outline.parts
        ],
        statements=of(None),
        addenda=[
            AddendumOut(
                id=one.id,
                version=one.version,
                created_by=one.created_by,
                author=authors.get(one.created_by, "Unnamed member"),
                created_at=one.created_at,
                statements=of(one.id),
            )
            for one in opened.addenda
        ],
        missing=[
            MissingOut(
                kind=one.kind,
                text=unmask(one.text, masks),
                message_id=UUID(one.evidence.utterance_id),
                quote=unmask(one.evidence.quote, masks),
            )
            for one in opened.context.missing
        ],
        context_data=[shown_entity(entity, masks) for entity in opened.context.entities],
    )


def shown_statement(one: OpenStatement, said: Mapping[str, Utterance], masks: Mapping[str, str]) -> StatementOut:
    return StatementOut.model_validate(
        {
            **{
                name: getattr(one.row, name)
                for name in ("id", "section", "part", "position", "kind", "verdict", "edited")
            },
            **{name: getattr(one.row, name) for name in ("seen_by", "seen_at", "overruled_by")},
            "overrule_reason": one.overrule_reason,
            "text": unmask(one.body.text, masks),
            "evidence": [shown_evidence(cited, said[str(cited.message_id)], masks) for cited in one.body.evidence],
            "checks": [c.model_copy(update={"detail": unmask(c.detail, masks)}) for c in one.body.checks],
        }
    )


def shown_evidence(cited: Cited, said: Utterance, masks: Mapping[str, str]) -> EvidenceOut:
    return EvidenceOut(
        **cited.model_dump(exclude={"quote"}),
        source="document" if said.speaker == "document" else "message",
        quote=unmask(cited.quote, masks),
        speaker=said.speaker,
        start_s=said.start_s,
        page=said.page,
    )


def shown_entity(entity: Entity, masks: Mapping[str, str]) -> Entity:
    clear = {name: unmask(getattr(entity, name), masks) for name in ("text", "name")}
    return entity.model_copy(update=clear)
