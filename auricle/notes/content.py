"""What a note says: the documents sealed in its columns, and how they are opened.

Everything here is masked text. The map from masks to identifiers lies in a column of its own, opened only to reveal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.ai.port import Check, Entity, Evidence, Masked, Missing, Section, Statement, Verdict
from auricle.db.sealed import Key, Keyring
from auricle.errors import NotFound
from auricle.notes.models import Note, NoteAddendum, NoteStatement, NoteStatus
from auricle.notes.templates.shape import Outline

FLAGGED: frozenset[Verdict] = frozenset({"unsupported", "contradicted"})
SECTIONS: Sequence[Section] = get_args(Section)

Document = TypeVar("Document", bound=BaseModel)
MASKS = TypeAdapter(dict[str, str])


class Sealed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cited(Sealed):
    """A verbatim span of one message: offsets into its masked text, and into the text as it was said."""

    message_id: UUID
    start: int
    end: int
    quote: str
    original_start: int
    original_end: int

    def as_evidence(self) -> Evidence:
        return Evidence(utterance_id=str(self.message_id), start=self.start, end=self.end, quote=self.quote)


class StatementBody(Sealed):
    text: str
    evidence: tuple[Cited, ...] = ()
    checks: tuple[Check, ...] = ()


class Context(Sealed):
    """The entities of the source, and the findings among them that the note does not carry."""

    entities: tuple[Entity, ...] = ()
    missing: tuple[Missing, ...] = ()


class FrozenStatement(Sealed):
    """One statement as a version keeps it, with what people had done about it by then."""

    id: UUID
    section: Section
    part: str | None = None
    kind: str
    verdict: str
    edited: bool
    body: StatementBody
    seen_by: UUID | None = None
    overruled_by: UUID | None = None
    overrule_reason: str | None = None
    addendum_id: UUID | None = None


class FrozenNote(Sealed):
    """The whole note as a version keeps it."""

    template: str
    template_version: int | None = None
    outline: Outline | None = None
    method: str
    model: str | None
    judged_by: str | None = None
    completeness: float | None
    ai_approved: bool | None
    approved_by: UUID | None
    statements: tuple[FrozenStatement, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True)
class OpenStatement:
    row: NoteStatement
    body: StatementBody
    overrule_reason: str | None


@dataclass(frozen=True, slots=True)
class OpenNote:
    """A note with its sealed parts in clear. `source` and `context` are empty until the draft is written."""

    note: Note
    key: Key
    statements: Sequence[OpenStatement]
    source: Masked
    context: Context
    masks: Mapping[str, str]
    addenda: Sequence[NoteAddendum] = ()


NOTHING = Masked(utterances=(), spans=(), originals={})


async def find_note(db: AsyncSession, note_id: UUID, *, lock: bool = False) -> Note:
    """A note of the actor's organization that was not deleted; whoever asks has checked the permission."""
    note = await db.get(Note, note_id, with_for_update=lock or None, populate_existing=lock)
    if note is None or note.status is NoteStatus.DELETED:
        raise NotFound("No such note.")
    return note


async def note_in_the_making(db: AsyncSession, note_id: UUID) -> Note:
    """A note for the job that writes it, locked; one deleted meanwhile is found too, for that is no failure."""
    note = await db.get(Note, note_id, with_for_update=True, populate_existing=True)
    if note is None:
        raise NotFound("No such note.")
    return note


async def open_note(db: AsyncSession, keyring: Keyring, note: Note) -> OpenNote:
    key = await keyring.patient(db, note.patient_id)
    rows = await db.scalars(
        select(NoteStatement).where(NoteStatement.note_id == note.id).order_by(NoteStatement.position)
    )
    return OpenNote(
        note,
        key,
        [open_statement(key, row) for row in rows],
        opened(Masked, key, note.source, "source", note.id) or NOTHING,
        opened(Context, key, note.context_data, "context_data", note.id) or Context(),
        {} if note.masks is None else MASKS.validate_json(key.open(note.masks, "soap_note", "masks", note.id)),
        await addenda_of(db, note),
    )


async def addenda_of(db: AsyncSession, note: Note) -> Sequence[NoteAddendum]:
    """What was added after the signature, oldest first."""
    if note.amended_at is None:
        return ()
    rows = await db.scalars(select(NoteAddendum).where(NoteAddendum.note_id == note.id).order_by(NoteAddendum.version))
    return rows.all()


def open_statement(key: Key, row: NoteStatement) -> OpenStatement:
    body = StatementBody.model_validate_json(key.open(row.body, "note_statement", "body", row.id))
    reason = row.overrule_reason
    return OpenStatement(
        row, body, None if reason is None else key.open(reason, "note_statement", "overrule_reason", row.id)
    )


def as_statement(row: NoteStatement, body: StatementBody) -> Statement:
    return Statement.model_validate(
        {
            "section": row.section,
            "part": row.part,
            "text": body.text,
            "kind": row.kind,
            "evidence": [cited.as_evidence() for cited in body.evidence],
            "checks": body.checks,
            "verdict": row.verdict,
        }
    )


def opened(kind: type[Document], key: Key, sealed: bytes | None, column: str, note_id: UUID) -> Document | None:
    if sealed is None:
        return None
    return kind.model_validate_json(key.open(sealed, "soap_note", column, note_id))


def seal_content(key: Key, note: Note, *, source: Masked, masks: Mapping[str, str], context: Context) -> None:
    note.source = key.seal(without_originals(source).model_dump_json(), "soap_note", "source", note.id)
    note.masks = key.seal(MASKS.dump_json(dict(masks)).decode(), "soap_note", "masks", note.id)
    note.context_data = key.seal(context.model_dump_json(), "soap_note", "context_data", note.id)
    note.missing_count = len(context.missing)


def seal_body(key: Key, statement_id: UUID, body: StatementBody) -> bytes:
    return key.seal(body.model_dump_json(), "note_statement", "body", statement_id)


def without_originals(masked: Masked) -> Masked:
    return masked.model_copy(update={"originals": {}})


def flagged_among(statements: Sequence[Any]) -> bool:
    return any(s.verdict in FLAGGED for s in statements)
