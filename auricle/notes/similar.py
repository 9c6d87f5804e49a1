"""Search in approved notes: questions answered from them, and notes like another.

Stricter than the clinic's knowledge: only signed notes, only for those who may read notes, only of patients who agree
to the use of AI, and each note that is shown is an entry in the audit. What is shown is masked.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from sqlalchemy import Float, LargeBinary, Select, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record_read
from auricle.consent.decide import holds
from auricle.consent.models import Kind
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import Conflict
from auricle.knowledge.admission import admission
from auricle.knowledge.answer import Answer, Generate, written
from auricle.knowledge.cite import Citation
from auricle.knowledge.embedder import in_use
from auricle.knowledge.known import NOTHING
from auricle.knowledge.models import Vector
from auricle.knowledge.pgvector import matrix
from auricle.knowledge.rank import Index
from auricle.knowledge.search import Knowledge, asked, vector_of
from auricle.knowledge.store import Embedder, Floats
from auricle.notes.content import find_note, open_statement
from auricle.notes.models import Note, NotePassage, NoteStatement, NoteStatus
from auricle.notes.passages import TITLES, is_embedded
from auricle.patients.create import whole
from auricle.providers.ports import Passage, TextDelta

# A clinician reads what is found with its source, so what is near is shown; far from everything, nothing is.
NEAR, COVERED = 0.4, 0.5  # similarity to the question; share of its words, where the embedder does not know its script
NEAREST = 200  # statements that are weighed for a question, the nearest ones
SIMILAR = 10
MIN_SIMILARITY = 0.7


class NotEmbedded(Conflict):
    """This note has no vectors: it is not signed, its patient does not agree to AI, or its turn is still to come."""

    code = "note.not_embedded"


class Means(Protocol):
    """What searching needs of the assembly."""

    @property
    def database(self) -> Database: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def knowledge(self) -> Knowledge: ...


@dataclass(frozen=True, slots=True)
class Quoted:
    """A signed statement that an answer rests on: `[number]` in its text. `quote` is verbatim in the statement."""

    number: int
    note_id: UUID
    statement_id: UUID
    patient_id: UUID
    section: str
    quote: str
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class NotesAnswer:
    text: str
    level: Literal["answer", "unknown"]
    citations: Sequence[Quoted]


@dataclass(frozen=True, slots=True)
class Similar:
    note_id: UUID
    patient_id: UUID
    consultation_id: UUID | None
    approved_at: datetime
    similarity: float


@dataclass(frozen=True, slots=True)
class Said:
    """A statement in clear (masked), with where it stands."""

    statement_id: UUID
    note_id: UUID
    patient_id: UUID
    section: str
    text: str
    approved_at: datetime


async def ask(
    means: Means, actor: Actor, question: str, generate: Generate, *, patient_id: UUID | None, language: str, k: int
) -> AsyncGenerator[TextDelta | NotesAnswer, None]:
    """Stream an answer from the notes, then the whole of it. No transaction is open while a provider is asked.

    Raises:
        EmptyQuestion, ProviderFailed
    """
    question = asked(question)
    async with means.database.transaction(actor) as db:
        embedder = await in_use(db)
    vector = await vector_of(means.knowledge, actor, embedder, question, patient_id)
    async with means.database.transaction(actor) as db:
        said, vectors = await nearest(db, means, embedder, vector, patient_id)
        best = ranked(means.knowledge, question, vector, said, vectors, k)
        for note_id in dict.fromkeys(one.note_id for one in best):
            await record_read(db, "soap_note", note_id, found_by="question")
    if not best:
        text = admission(NOTHING, language)
        yield TextDelta(text)
        yield NotesAnswer(text, "unknown", ())
        return
    by_id = {str(one.statement_id): one for one in best}
    async with aclosing(written(question, [passage(one) for one in best], language, generate)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Answer):
                quoted = [quotation(by_id[cited.chunk_id], cited) for cited in piece.citations]
                yield NotesAnswer(piece.text, "answer", quoted)
            else:
                yield piece


async def similar(
    means: Means, db: AsyncSession, note_id: UUID, *, limit: int = SIMILAR, at_least: float = MIN_SIMILARITY
) -> Sequence[Similar]:
    """The signed notes most like one, by the mean of what they say; of those whose patients agree to AI.

    Raises:
        NotFound, NotEmbedded
    """
    note = await find_note(db, note_id)
    embedder = await in_use(db)
    if not await is_embedded(db, embedder, note.id):
        raise NotEmbedded
    mean = func.avg(NotePassage.embedding, type_=Vector())
    own = select(mean).where(NotePassage.note_id == note.id, NotePassage.embedder == embedder.name)
    likeness = cast(literal(1) - mean.op("<=>")(own.scalar_subquery()), Float)
    rows = await db.execute(
        select(Note.id, Note.patient_id, Note.consultation_id, Note.approved_at, likeness.label("likeness"))
        .join(NotePassage, NotePassage.note_id == Note.id)
        .where(NotePassage.embedder == embedder.name, Note.status == NoteStatus.APPROVED, Note.id != note.id)
        .group_by(Note.id)
        .having(likeness >= at_least)
        .order_by(likeness.desc(), Note.id)
        .limit(limit)
    )
    found = [Similar(*row) for row in rows]
    agreeing = await willing(db, [one.patient_id for one in found])
    shown = [one for one in found if one.patient_id in agreeing]
    for one in shown:
        await record_read(db, "soap_note", one.note_id, similar_to=str(note.id))
    return shown


async def nearest(
    db: AsyncSession, means: Means, embedder: Embedder, vector: Floats | None, patient_id: UUID | None
) -> tuple[list[Said], Floats]:
    """The signed statements nearest to a vector (or, without one, the newest), opened, with their vectors."""
    sent = func.vector_send(NotePassage.embedding, type_=LargeBinary)
    chosen: Select[*tuple[Any, ...]] = (
        select(NoteStatement, Note.patient_id, Note.approved_at, sent)
        .join(NotePassage, NotePassage.statement_id == NoteStatement.id)
        .join(Note, Note.id == NoteStatement.note_id)
        .where(Note.status == NoteStatus.APPROVED, NotePassage.embedder == embedder.name)
        .limit(NEAREST)
    )
    if patient_id is not None:
        chosen = chosen.where(Note.patient_id.in_(whole(patient_id)))
    if vector is None:
        chosen = chosen.order_by(NotePassage.id.desc())
    else:
        chosen = chosen.order_by(NotePassage.embedding.op("<=>")(literal(vector, Vector())), NotePassage.id)
    rows = (await db.execute(chosen)).all()
    agreeing = await willing(db, [row[1] for row in rows])
    rows = [row for row in rows if row[1] in agreeing]
    keys = {one: await means.keyring.patient(db, one) for one in agreeing}
    said = [
        Said(row.id, row.note_id, of, row.section, open_statement(keys[of], row).body.text, approved_at)
        for row, of, approved_at, _ in rows
    ]
    return said, matrix([row[3] for row in rows])


def ranked(
    knowledge: Knowledge, question: str, vector: Floats | None, said: Sequence[Said], vectors: Floats, k: int
) -> Sequence[Said]:
    """The best `k` statements that are near enough to the question."""
    if not said:
        return ()
    titles = [TITLES[one.section] for one in said]
    index = Index([one.text for one in said], titles, vectors, knowledge.weights)
    best = index.rank(index.spelling.meant(question), vector, k)
    near = [one for one in best if (one.coverage >= COVERED if vector is None else one.dense >= NEAR)]
    return [said[one.index] for one in near]


async def willing(db: AsyncSession, patient_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the patients who agree to the use of AI now."""
    return {one for one in set(patient_ids) if await holds(db, one, Kind.AI_USE)}


def passage(one: Said) -> Passage:
    title = f"{TITLES[one.section]}, note of {one.approved_at.date().isoformat()}"
    return Passage(str(one.statement_id), str(one.note_id), title, one.text, None, 0, len(one.text))


def quotation(one: Said, cited: Citation) -> Quoted:
    return Quoted(
        cited.number, one.note_id, one.statement_id, one.patient_id, one.section, cited.quote, one.approved_at
    )
