"""Create, read and change patients. Identity is sealed and opened only here and on the page of patients."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record_read
from auricle.db.base import new_id
from auricle.db.sealed import Key, Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.patients.models import Patient
from auricle.patients.schemas import Identity, PatientIn, PatientOut
from auricle.patients.tokens import write_tokens


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
        identity=sealed_identity(key, patient_id, identity),
        record_number_blind=await blind_record_number(db, keyring, identity.record_number, patient_id),
    )
    db.add(patient)
    await db.flush()
    await write_tokens(db, keyring, patient_id, identity)
    return patient


def sealed_identity(key: Key, patient_id: UUID, identity: Identity) -> bytes:
    return key.seal(identity.model_dump_json(), "patient", "identity", patient_id)


async def blind_record_number(db: AsyncSession, keyring: Keyring, number: str | None, patient_id: UUID) -> bytes | None:
    """The blind index of a record number; raises `RecordNumberTaken` when another patient has it."""
    if number is None:
        return None
    blind = await blinded_record_number(db, keyring, number)
    holder = await db.scalar(select(Patient.id).where(Patient.record_number_blind == blind))
    if holder not in (None, patient_id):
        raise RecordNumberTaken
    return blind


async def blinded_record_number(db: AsyncSession, keyring: Keyring, number: str) -> bytes:
    return (await keyring.organization(db)).blind("record_number", number.casefold())


async def id_by_record_number(db: AsyncSession, keyring: Keyring, number: str) -> UUID:
    """The patient who has this very record number, whoever asks. Raises `NotFound`."""
    blind = await blinded_record_number(db, keyring, number)
    holder = await db.scalar(select(Patient.id).where(Patient.record_number_blind == blind))
    if holder is None:
        raise NotFound("No such patient.")
    return holder


async def find_patient(db: AsyncSession, patient_id: UUID) -> Patient:
    """A patient whom the actor may see: staff any, a patient only themselves.

    The id of a record that was merged leads to the one it was merged into.
    """
    patient = await db.get(Patient, patient_id)
    if patient is not None and patient.merged_into is not None:
        patient = await db.get(Patient, patient.merged_into)
    if patient is None or not may_see(actor_of(db), patient.id):
        raise NotFound("No such patient.")
    return patient


def may_see(actor: Actor, patient_id: UUID) -> bool:
    return actor.may("patients:read") or (actor.may("own:read") and actor.patient_id == patient_id)


def whole(patient_id: UUID | None) -> Select[UUID]:
    """The ids of a patient's records: their own and those merged into it. For `….patient_id.in_(whole(id))`."""
    return select(Patient.id).where(or_(Patient.id == patient_id, Patient.merged_into == patient_id))


async def is_part_of(db: AsyncSession, record_id: UUID, patient_id: UUID | None) -> bool:
    """Whether a record is a patient's own, or was merged into it."""
    if patient_id is None or record_id == patient_id:
        return patient_id is not None
    return await db.scalar(select(Patient.merged_into).where(Patient.id == record_id)) == patient_id


async def identity_of(db: AsyncSession, keyring: Keyring, patient: Patient) -> Identity:
    return open_identity(await keyring.patient(db, patient.id), patient)


async def identities_of(db: AsyncSession, keyring: Keyring, patient: Patient) -> list[Identity]:
    """The patient's identity, then those of the records merged into it: the same person, written otherwise."""
    merged = await db.scalars(select(Patient).where(Patient.merged_into == patient.id).order_by(Patient.id))
    others = await open_identities(db, keyring, merged)
    return [await identity_of(db, keyring, patient), *others.values()]


def open_identity(key: Key, patient: Patient) -> Identity:
    return Identity.model_validate_json(key.open(patient.identity, "patient", "identity", patient.id))


async def open_identities(db: AsyncSession, keyring: Keyring, patients: Iterable[Patient]) -> dict[UUID, Identity]:
    """Several identities, their keys found in one query. A patient whose key was forgotten is left out."""
    rows = list(patients)
    keys = await keyring.patients(db, [row.id for row in rows])
    return {row.id: open_identity(keys[row.id], row) for row in rows if row.id in keys}


async def read_patient(db: AsyncSession, keyring: Keyring, patient_id: UUID) -> PatientOut:
    patient = await find_patient(db, patient_id)
    await record_read(db, "patient", patient.id)
    return await shown(db, keyring, patient)


async def change_patient(db: AsyncSession, keyring: Keyring, patient_id: UUID, wanted: PatientIn) -> PatientOut:
    patient = await find_patient(db, patient_id)
    key = await keyring.patient(db, patient.id)
    identity = Identity.model_validate(wanted.model_dump(exclude={"language"}))
    patient.record_number_blind = await blind_record_number(db, keyring, identity.record_number, patient.id)
    patient.identity = sealed_identity(key, patient.id, identity)
    patient.language = wanted.language
    await db.flush()
    await write_tokens(db, keyring, patient.id, identity)
    return shown_with(patient, identity)


async def shown(db: AsyncSession, keyring: Keyring, patient: Patient) -> PatientOut:
    return shown_with(patient, await identity_of(db, keyring, patient))


def shown_with(patient: Patient, identity: Identity) -> PatientOut:
    return PatientOut(
        **identity.model_dump(),
        id=patient.id,
        language=patient.language,
        status=patient.status,
        created_at=patient.created_at,
    )
