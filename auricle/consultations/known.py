"""Who the people of a consultation are: what the platform knows of them is masked wherever it is mentioned."""

from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.ai.port import Known
from auricle.consultations.models import Consultation
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import NotFound
from auricle.identity.models import Member
from auricle.patients.create import find_patient, identities_of
from auricle.patients.schemas import Identity
from auricle.providers.call import Call


async def known_identity(db: AsyncSession, keyring: Keyring, consultation: Consultation) -> Known:
    """What the platform knows of the people in a consultation: every mention of it is masked."""
    patient = await find_patient(db, consultation.patient_id)
    clinician = await db.get(Member, consultation.clinician_id) if consultation.clinician_id else None
    return known_of(await identities_of(db, keyring, patient), clinician)


def known_of(identities: list[Identity], clinician: Member | None = None) -> Known:
    """A patient's identity, with those of the records merged into it, and the clinician's names."""
    names = [name for one in identities for name in (one.full_name, one.given_name, one.family_name)]
    if clinician is not None:
        names += [clinician.full_name, clinician.given_name, clinician.family_name]
    birth_date = next((one.birth_date for one in identities if one.birth_date), None)
    return Known(
        names=[name for name in dict.fromkeys(names) if name],
        phones=[one.phone for one in identities if one.phone],
        emails=[one.email for one in identities if one.email],
        record_numbers=[one.record_number for one in identities if one.record_number],
        addresses=[one.address for one in identities if one.address],
        birth_date=birth_date.isoformat() if birth_date else None,
    )


class KnownPeople:
    """Tells the masking guard whom a call is about: nobody, where it is about no consultation or patient of ours."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database, self._keyring = database, keyring

    async def __call__(self, call: Call) -> Known:
        async with self._database.transaction(Actor.system(call.organization_id, "masking")) as db:
            if call.consultation_id is not None:
                consultation = await db.get(Consultation, call.consultation_id)
                return await known_identity(db, self._keyring, consultation) if consultation else Known()
            if call.patient_id is None:
                return Known()
            try:
                patient = await find_patient(db, call.patient_id)
            except NotFound:
                return Known()
            return known_of(await identities_of(db, self._keyring, patient))
