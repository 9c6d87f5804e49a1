"""What a note is written from: a consultation's transcript as it was heard, or the paragraphs of a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.ai.limits import MAX_TOTAL_CHARS, MAX_UTTERANCES, TextTooLarge
from auricle.ai.port import Known, Utterance
from auricle.consultations import transcript
from auricle.consultations.known import known_identity, known_of
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.models import Consultation, Message
from auricle.db.sealed import Keyring
from auricle.documents.models import UNREAD, Document, DocumentStatus
from auricle.documents.read import NotExtracted, find_document, text_of
from auricle.errors import AuricleError, Invalid, Unavailable
from auricle.notes.models import Note
from auricle.notes.writing.terms import Terms, terms_of
from auricle.patients.create import find_patient, identities_of

LONGEST_SOURCE = 2_000  # messages of one consultation that a note is written from


class NotSound(Invalid):
    """This document is no sound; ask for a note from it as `document_id`."""

    code = "note.not_sound"


class StillRead(Unavailable):
    """The document is still being read."""

    code = "note.source_unread"


@dataclass(frozen=True, slots=True)
class Source:
    """What was said, as heard, or what a document says; the identities that must not leave with it; and how the note is
    to be written."""

    utterances: Sequence[Utterance]
    known: Known
    terms: Terms


async def message_ids(db: AsyncSession, consultation: Consultation) -> list[str]:
    """The messages a note would be written from, in order; without their text."""
    statement = select(Message.id).where(Message.consultation_id == consultation.id)
    ids = await db.scalars(statement.order_by(Message.position.desc()).limit(LONGEST_SOURCE))
    return [str(one) for one in reversed(ids.all())]


async def source_document(db: AsyncSession, document_id: UUID, *, must_be_sound: bool) -> Document:
    """A document that a note can be written from, or will be once it is read; locked.

    Raises:
        NotFound, NotSound, NotExtracted (with the code of what went wrong), TextTooLarge
    """
    document = await find_document(db, document_id, lock=True)
    if must_be_sound and not document.is_sound:
        raise NotSound
    if document.status is DocumentStatus.FAILED:
        raise NotExtracted(status=document.status.value, failure_code=document.failure_code)
    if document.paragraph_count > MAX_UTTERANCES or document.character_count > MAX_TOTAL_CHARS:
        raise TextTooLarge(count=document.paragraph_count, limit=MAX_TOTAL_CHARS)
    return document


async def source_of(db: AsyncSession, keyring: Keyring, note: Note) -> Source:
    """Raises `StillRead`, and `NoText` where there will never be any."""
    said = await (paragraphs(db, keyring, note) if note.document_id else messages(db, keyring, note))
    return Source(said, await known_in(db, keyring, note), await terms_of(db, note))


async def messages(db: AsyncSession, keyring: Keyring, note: Note) -> list[Utterance]:
    assert note.consultation_id is not None
    consultation = await find_consultation(db, note.consultation_id)
    said = await transcript.read(db, keyring, consultation, limit=LONGEST_SOURCE)
    return [
        Utterance.model_validate(
            {
                "id": str(one.id),
                "speaker": one.sender,
                "text": one.as_heard,
                "start_s": one.start_s,
                "end_s": one.end_s,
            }
        )
        for one in said
    ]


class NoText(AuricleError):
    """The document has no text and will get none by itself; `reason` is the code of why."""

    status, code = 409, "note.source_unreadable"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


async def paragraphs(db: AsyncSession, keyring: Keyring, note: Note) -> list[Utterance]:
    document = await db.get(Document, note.document_id)
    if document is None or document.status is DocumentStatus.DELETED:
        raise NoText("document.deleted")
    if document.status in UNREAD:
        raise StillRead
    if document.status is DocumentStatus.FAILED:
        raise NoText(document.failure_code or NotExtracted.code)
    return [
        Utterance(
            id=str(one.id),
            speaker="document",
            text=one.text,
            start_s=one.span.start_s,
            end_s=one.span.end_s,
            page=one.span.page,
        )
        for one in await text_of(db, keyring, document)
    ]


async def known_in(db: AsyncSession, keyring: Keyring, note: Note) -> Known:
    """What the platform knows of the people in a note's source: every mention of it is masked."""
    if note.consultation_id is not None:
        return await known_identity(db, keyring, await find_consultation(db, note.consultation_id))
    return known_of(await identities_of(db, keyring, await find_patient(db, note.patient_id)))
