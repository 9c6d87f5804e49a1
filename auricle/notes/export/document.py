"""Everything that a note takes along when it leaves: the note as read, whose it is, who signed it, what was agreed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record
from auricle.consent.decide import history
from auricle.consent.models import Consent
from auricle.consultations.models import Consultation
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import TooLarge
from auricle.identity.models import Member, Organization
from auricle.notes.approve import NotADraft
from auricle.notes.models import NoteVersion
from auricle.notes.read import read_note
from auricle.notes.schemas import NoteOut
from auricle.patients.create import identity_of
from auricle.patients.models import Patient
from auricle.patients.professionals.week import time_zone
from auricle.patients.schemas import Identity

MOST_CHARACTERS = 150_000  # some 40 pages: half a second as PDF, five where no word comes twice and each mixes scripts
MOST_QUOTES = 3_000


class NoteTooLarge(TooLarge):
    """This note does not fit into one document."""

    code = "note.too_large"


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the organization, as a document names them."""

    id: UUID
    name: str
    specialty: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """A note on its way out. Times are told in `zone`. `patient` is None while identifiers are masked.

    `consultation` is None for a note from a document that belongs to none. `clinician` signed the note, or else held
    the consultation; None where an agent held it alone. `exporter` is whoever asked for the document, None for a
    machine.
    """

    note: NoteOut
    patient_id: UUID
    patient: Identity | None
    organization: Organization
    zone: ZoneInfo
    consultation: Consultation | None
    version: NoteVersion
    clinician: Person | None
    exporter: Person | None
    amenders: Sequence[Person]  # who added to the signed note, each once
    consents: Sequence[Consent]
    made_at: datetime

    @property
    def signed_at(self) -> datetime | None:
        return self.note.approved_at if self.note.user_approved else None

    @property
    def is_amended(self) -> bool:
        return bool(self.note.addenda)

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def told(self, moment: datetime) -> str:
        """A moment as people read it, with the zone it is told in."""
        local = self.local(moment)
        return f"{local:%Y-%m-%d %H:%M} ({self.zone.key}, UTC{local:%z})"


async def take_out(
    db: AsyncSession, keyring: Keyring, note_id: UUID, *, form: str, reveal: bool, language: str = "en"
) -> Document:
    """A note and what belongs to it, recorded as a disclosure in this form before any of it leaves.

    Raises:
        Forbidden: the identifiers are wanted by somebody who may not see them.
        NotADraft: nothing is written yet.
        NoteTooLarge: it holds more than a document can.
    """
    note = await read_note(db, keyring, note_id, reveal=reveal, language=language)
    if note.version == 0:
        raise NotADraft(status=note.status.value)
    check_fits(note)
    consultation = await db.get_one(Consultation, note.consultation_id) if note.consultation_id else None
    version = (
        await db.scalars(select(NoteVersion).where(NoteVersion.note_id == note.id, NoteVersion.number == note.version))
    ).one()
    patient = await kept_record(db, note.patient_id)
    document = Document(
        note=note,
        patient_id=patient.id,
        patient=await identity_of(db, keyring, patient) if reveal else None,
        organization=await db.get_one(Organization, actor_of(db).organization_id),
        zone=await time_zone(db),
        consultation=consultation,
        version=version,
        clinician=await person(db, note.approved_by or (consultation.clinician_id if consultation else None)),
        exporter=await person(db, actor_of(db).member_id),
        amenders=await amenders_of(db, note),
        consents=newest_of_each(await history(db, patient.id)),
        made_at=datetime.now(UTC),
    )
    await record(db, "export", "soap_note", note.id, form=form, version=note.version, revealed=reveal)
    return document


def check_fits(note: NoteOut) -> None:
    statements = [*note.statements, *(s for one in note.addenda for s in one.statements)]
    quotes = [e.quote for s in statements for e in s.evidence] + [m.quote for m in note.missing]
    words = [s.text + (s.overrule_reason or "") for s in statements] + [m.text for m in note.missing]
    if len(quotes) > MOST_QUOTES or sum(map(len, quotes)) + sum(map(len, words)) > MOST_CHARACTERS:
        raise NoteTooLarge(limit_characters=MOST_CHARACTERS, limit_quotes=MOST_QUOTES)


async def kept_record(db: AsyncSession, patient_id: UUID) -> Patient:
    """The record that stands for this person; a note may be filed under a duplicate of it."""
    patient = await db.get_one(Patient, patient_id)
    return patient if patient.merged_into is None else await db.get_one(Patient, patient.merged_into)


async def person(db: AsyncSession, member_id: UUID | None) -> Person | None:
    member = None if member_id is None else await db.get(Member, member_id)
    return None if member is None else Person(member.id, member.full_name or "Unnamed member", member.specialty)


async def amenders_of(db: AsyncSession, note: NoteOut) -> list[Person]:
    found = [await person(db, one) for one in dict.fromkeys(one.created_by for one in note.addenda)]
    return [one for one in found if one is not None]


def newest_of_each(decisions: Sequence[Consent]) -> list[Consent]:
    """The decision that counts, of each kind; `decisions` come newest first."""
    by_kind: dict[str, Consent] = {}
    for decision in decisions:
        by_kind.setdefault(decision.kind, decision)
    return [by_kind[kind] for kind in sorted(by_kind)]
