"""Where examples come from: signed notes, and conversations that were rated well, of patients who agree to it."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.prompts import system_prompt
from auricle.agents.tools.models import ToolCallRow
from auricle.ai.port import Masked
from auricle.assembly import Assembly
from auricle.consent.decide import holds
from auricle.consent.models import Kind
from auricle.consultations import transcript
from auricle.consultations.known import known_identity
from auricle.consultations.lifecycle import agent_of
from auricle.consultations.models import Consultation
from auricle.consultations.ratings import ConsultationRating
from auricle.db.sealed import Keyring, Unreadable
from auricle.errors import AuricleError
from auricle.finetune.examples import Cleaning, Example, LeftOut, Reason, of_conversation, of_note
from auricle.finetune.formats import Form
from auricle.notes.content import NOTHING, opened
from auricle.notes.models import Note, NoteStatus, NoteVersion
from auricle.notes.source import known_in
from auricle.notes.templates.keep import of_note as template_of
from auricle.notes.versions import opened_version
from auricle.notes.writing.prompts import Style
from auricle.notes.writing.terms import setting_of
from auricle.patients.create import find_patient
from auricle.providers.masking.conceal import Finds

BATCH = 50
Source = Literal["notes", "conversations"]


class Wanted(BaseModel):
    """What an export is to hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Form = Field(description="`openai`: chat examples; `gemini`: Vertex AI's supervised tuning.")
    sources: Sequence[Source] = Field(("notes", "conversations"), min_length=1, max_length=2)
    since: date | None = Field(None, description="Signed, or talked, from this day on (UTC).")
    until: date | None = Field(None, description="And up to this one.")
    least_score: int = Field(4, ge=1, le=5, description="Conversations that nobody rated lower.")
    validation_percent: int = Field(10, ge=0, le=50, description="Of patients, set aside for validation.")


@dataclass(frozen=True, slots=True)
class Found:
    """One note or conversation. `examples` is CPU work, and raises `LeftOut`."""

    examples: Callable[[], Sequence[Example]]


def nothing(reason: Reason) -> Found:
    def none() -> Sequence[Example]:
        raise LeftOut(reason)

    return Found(none)


async def notes(assembly: Assembly, actor: Actor, wanted: Wanted) -> AsyncIterator[Found]:
    """Signed notes by their ids; no transaction is open between two of them."""
    finds, after = Finds(), UUID(int=0)
    chosen = select(Note.id).where(Note.status == NoteStatus.APPROVED, *within(Note.approved_at, wanted))
    while True:
        async with assembly.database.transaction(actor) as db:
            ids = (await db.scalars(chosen.where(Note.id > after).order_by(Note.id).limit(BATCH))).all()
        for note_id in ids:
            async with assembly.database.transaction(actor) as db:
                found = await readable(_note(db, assembly.keyring, finds, note_id))
            yield found
        if len(ids) < BATCH:
            return
        after = ids[-1]


async def conversations(assembly: Assembly, actor: Actor, wanted: Wanted) -> AsyncIterator[Found]:
    """Rated consultations by their ids, in the same way."""
    finds, after, rating = Finds(), UUID(int=0), ConsultationRating
    lowest = select(rating.consultation_id.label("id"), func.min(rating.score).label("score"))
    rated = lowest.where(*within(rating.created_at, wanted)).group_by(rating.consultation_id).subquery()
    while True:
        async with assembly.database.transaction(actor) as db:
            page = select(rated.c.id, rated.c.score).where(rated.c.id > after).order_by(rated.c.id).limit(BATCH)
            rows = (await db.execute(page)).tuples().all()
        for consultation_id, score in rows:
            if score < wanted.least_score:
                yield nothing("low_rating")
                continue
            async with assembly.database.transaction(actor) as db:
                found = await readable(_conversation(db, assembly.keyring, finds, consultation_id))
            yield found
        if len(rows) < BATCH:
            return
        after = rows[-1][0]


def within(column: Any, wanted: Wanted) -> list[Any]:
    found = []
    if wanted.since is not None:
        found.append(column >= datetime.combine(wanted.since, time.min, UTC))
    if wanted.until is not None:
        found.append(column <= datetime.combine(wanted.until, time.max, UTC))
    return found


async def readable(reading: Any) -> Found:
    """What was read; without a source where its key is forgotten, or it is gone."""
    try:
        found: Found = await reading
    except (Unreadable, AuricleError):
        return nothing("no_source")
    return found


async def _note(db: AsyncSession, keyring: Keyring, finds: Finds, note_id: UUID) -> Found:
    note = await db.get_one(Note, note_id)
    patient = await find_patient(db, note.patient_id)
    if not await holds(db, patient.id, Kind.TRAINING):
        return nothing("no_consent")
    number = await db.scalar(
        select(func.max(NoteVersion.number)).where(NoteVersion.note_id == note.id, NoteVersion.reason == "approved")
    )
    if number is None:
        return nothing("no_source")
    _, signed = await opened_version(db, keyring, note, number)
    key = await keyring.patient(db, note.patient_id)
    source = opened(Masked, key, note.source, "source", note.id) or NOTHING
    kept = await template_of(db, note.template, note.template_id, note.template_version)
    setting = await setting_of(db)
    style = Style(setting.style, tuple(setting.phrases))
    cleaning = Cleaning(finds, await known_in(db, keyring, note))
    return Found(lambda: of_note(cleaning, patient.id, note.id, signed, source.utterances, kept.template, style))


async def _conversation(db: AsyncSession, keyring: Keyring, finds: Finds, consultation_id: UUID) -> Found:
    consultation = await db.get_one(Consultation, consultation_id)
    patient = await find_patient(db, consultation.patient_id)
    if not await holds(db, patient.id, Kind.TRAINING):
        return nothing("no_consent")
    calls = select(ToolCallRow.id).where(ToolCallRow.consultation_id == consultation.id).limit(1)
    if await db.scalar(calls) is not None:
        return nothing("used_tools")  # its answers rest on results that are nowhere in what was said
    said = await transcript.read(db, keyring, consultation)
    prompt = system_prompt((await agent_of(db, consultation)).config, consultation.language)
    cleaning = Cleaning(finds, await known_identity(db, keyring, consultation))
    return Found(lambda: [of_conversation(cleaning, patient.id, consultation.id, prompt, said)])
