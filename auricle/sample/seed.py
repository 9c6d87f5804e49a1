"""The sample clinic of an empty installation: a hospital, its people, two patients, its agent, its knowledge."""

import importlib.resources
from pathlib import PurePosixPath

from sqlalchemy import select

from auricle.actor import Actor
from auricle.agents.versions import create_agent, shipped
from auricle.assembly import Assembly
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.db.base import new_id
from auricle.identity.accounts import make_account
from auricle.identity.models import Account, Member, Organization
from auricle.knowledge.receive import Labels, receive
from auricle.patients.create import create_patient
from auricle.patients.schemas import PatientIn
from auricle.uploads.receive import held

SLUG = "sample-clinic"
PASSWORD = "hear the sea again"  # noqa: S105 - of the sample clinic, printed at every start
LOGINS = {
    "platform admin": "platform@sample.clinic",
    "org admin": "admin@sample.clinic",
    "clinician": "clinician@sample.clinic",
    "patient": "asha.rao@sample.clinic",
}

STAFF = [
    ("admin@sample.clinic", "org_admin", "Farida", "Khan"),
    ("clinician@sample.clinic", "clinician", "Meera", "Iyer"),
]
PATIENTS = [
    PatientIn.model_validate(
        {
            "given_name": "Asha",
            "family_name": "Rao",
            "birth_date": "1958-03-14",
            "gender": "female",
            "email": "asha.rao@sample.clinic",
            "phone": "+91 98450 12345",
            "record_number": "SC-1001",
        }
    ),
    PatientIn.model_validate(
        {
            "given_name": "Vikram",
            "family_name": "Singh",
            "birth_date": "1971-11-02",
            "gender": "male",
            "email": "vikram.singh@sample.clinic",
            "phone": "+91 98450 54321",
            "record_number": "SC-1002",
            "language": "hi",
        }
    ),
]


async def seed(assembly: Assembly) -> bool:
    """Fill an installation that has no account yet. Returns whether it did."""
    nobody = Actor.nobody(request_id="seed")
    async with assembly.database.transaction(nobody) as db:
        if await db.scalar(select(select(Account.id).exists())):
            return False
        await make_account(db, LOGINS["platform admin"], PASSWORD)
    organization_id = new_id()
    system = Actor.system(organization_id, "seed")
    async with assembly.database.transaction(system) as db:
        db.add(
            Organization(
                id=organization_id,
                name="Sample Hearing Clinic",
                slug=SLUG,
                kind="hospital",
                email="desk@sample.clinic",
                contact_name="Farida Khan",
                open_registration=True,
                time_zone="Asia/Kolkata",
            )
        )
        await db.flush()
        for email, role, given, family in STAFF:
            account = await make_account(db, email, PASSWORD)
            db.add(
                Member(
                    account_id=account.id,
                    role=role,
                    given_name=given,
                    family_name=family,
                    specialty="audiology" if role == "clinician" else None,
                )
            )
        for patient in PATIENTS:
            account = await make_account(db, str(patient.email), PASSWORD)
            db.add(
                Member(
                    account_id=account.id,
                    role="patient",
                    given_name=patient.given_name,
                    family_name=patient.family_name,
                    language=patient.language,
                )
            )
            await db.flush()
            made = await create_patient(db, assembly.keyring, patient, account_id=account.id)
            await decide(db, made.id, Deciding(Kind.AI_USE, Decision.GRANTED, how="paper"))  # and to no recording
        await create_agent(db, shipped())
    await seed_knowledge(assembly, system)
    return True


async def seed_knowledge(assembly: Assembly, actor: Actor) -> None:
    folder = importlib.resources.files("auricle.sample") / "knowledge"
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if PurePosixPath(file.name).suffix == ".md":
            language = "hi" if file.name.startswith("hindi-") else "en"
            with held(file.name, file.read_bytes()) as incoming:
                await receive(assembly.database, assembly.objects, actor, incoming, Labels(language=language))
