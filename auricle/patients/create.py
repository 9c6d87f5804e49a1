"""Create, read, change and list patients. Identity is opened only here."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record_read
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.patients.models import Patient
from auricle.patients.schemas import Identity, PatientIn, PatientOut


class RecordNumberTaken(Conflict):
    """Another patient has this record number."""

    code = "patient.record_number_taken"


async def create_patient(
    db: AsyncSession, keyring: Keyring, wanted: PatientIn, *, account_id: UUID | None = None
) -> Patient:
    patient_id = new_id()
    # The key goes first: its foreign key to the patient is checked at commit.
    key = await keyring.patient(db, patient_id)
    identity = Identity.model_validate(wanted.model_dump(exclude={"language"}))
    patient = Patient(
        id=patient_id,
        account_id=account_id,
        language=wanted.language,
        identity=key.seal(identity.model_dump_json(), "patient", "identity", patient_id),
        record_number_blind=await blind_record_number(db, keyring, identity.record_number, patient_id),
    )
    db.add(patient)
    await db.flush()
    return patient


async def blind_record_number(db: AsyncSession, keyring: Keyring, number: str | None, patient_id: UUID) -> bytes | None:
    """The blind index of a record number; raises `RecordNumberTaken` when another patient has it."""
    if number is None:
        return None
    blind = (await keyring.organization(db)).blind("record_number", number.casefold())
    holder = await db.scalar(select(Patient.id).where(Patient.record_number_blind == blind))
    if holder not in (None, patient_id):
        raise RecordNumberTaken
    return blind


async def find_patient(db: AsyncSession, patient_id: UUID) -> Patient:
    """A patient whom the actor may see: staff any, a patient only themselves."""
    actor = actor_of(db)
    patient = await db.get(Patient, patient_id)
    if patient is None or not may_see(actor, patient_id):
        raise NotFound("No such patient.")
    return patient


def may_see(actor: Actor, patient_id: UUID) -> bool:
    return actor.may("patients:read") or (actor.may("own:read") and actor.patient_id == patient_id)


async def identity_of(db: AsyncSession, keyring: Keyring, patient: Patient) -> Identity:
    key = await keyring.patient(db, patient.id)
    return Identity.model_validate_json(key.open(patient.identity, "patient", "identity", patient.id))


async def read_patient(db: AsyncSession, keyring: Keyring, patient_id: UUID) -> PatientOut:
    patient = await find_patient(db, patient_id)
    await record_read(db, "patient", patient.id)
    return await shown(db, keyring, patient)


async def change_patient(db: AsyncSession, keyring: Keyring, patient_id: UUID, wanted: PatientIn) -> PatientOut:
    patient = await find_patient(db, patient_id)
    key = await keyring.patient(db, patient.id)
    identity = Identity.model_validate(wanted.model_dump(exclude={"language"}))
    patient.record_number_blind = await blind_record_number(db, keyring, identity.record_number, patient.id)
    patient.identity = key.seal(identity.model_dump_json(), "patient", "identity", patient.id)
    patient.language = wanted.language
    await db.flush()
    return await shown(db, keyring, patient)


async def list_patients(db: AsyncSession, keyring: Keyring, *, before: UUID | None, limit: int) -> Sequence[PatientOut]:
    """Newest first; one read entry for the page."""
    statement = select(Patient).order_by(Patient.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(Patient.id < before)
    patients = (await db.scalars(statement)).all()
    await record_read(db, "patient", None, listed=len(patients))
    return [await shown(db, keyring, patient) for patient in patients]


async def shown(db: AsyncSession, keyring: Keyring, patient: Patient) -> PatientOut:
    identity = await identity_of(db, keyring, patient)
    return PatientOut(**identity.model_dump(), id=patient.id, language=patient.language, status=patient.status)
