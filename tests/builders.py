"""Small things that many tests need, made the way the product makes them."""

from collections.abc import Sequence
from itertools import count
from uuid import UUID

from auricle.actor import Actor
from auricle.agents.config import AgentConfig
from auricle.agents.versions import Serving, create_agent
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.consultations.models import Consultation, ConsultationSession, ConsultationType
from auricle.consultations.transcript import Said, sealed_message
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.models import Account, Member, Organization
from auricle.identity.roles import permissions_of
from auricle.patients.create import create_patient
from auricle.patients.models import Patient
from auricle.patients.schemas import PatientIn

number = count(1)


async def make_organization(database: Database, slug: str | None = None, *, open_registration: bool = False) -> UUID:
    slug = slug or f"clinic-{next(number)}"
    organization = Organization(
        id=new_id(), name=slug.title(), slug=slug, email=f"desk@{slug}.example", open_registration=open_registration
    )
    async with database.transaction(Actor.nobody()) as db:
        db.add(organization)
    return organization.id


async def make_member(
    database: Database,
    organization_id: UUID,
    role: str = "clinician",
    *,
    password_hash: str | None = None,
    account_id: UUID | None = None,
) -> Actor:
    """An account with a place in the organization; the actor has the role's permissions."""
    async with database.transaction(Actor.system(organization_id)) as db:
        if account_id is None:
            account = Account(id=new_id(), email=f"person-{next(number)}@example.org", password_hash=password_hash)
            db.add(account)
            await db.flush()
            account_id = account.id
        member = Member(account_id=account_id, role=role, given_name="Meera", family_name="Iyer")
        db.add(member)
        await db.flush()
    return Actor(
        kind="user",
        organization_id=organization_id,
        account_id=account_id,
        member_id=member.id,
        role=role,
        permissions=permissions_of(role),
        address="192.0.2.7",
        user_agent="tests",
    )


async def make_patient(
    database: Database,
    keyring: Keyring,
    actor: Actor,
    *,
    given_name: str = "Asha",
    family_name: str = "Rao",
    record_number: str | None = None,
    account_id: UUID | None = None,
    agrees_to: Sequence[Kind] = (Kind.AI_USE,),
) -> Patient:
    """A patient who agreed to talk with the AI, unless told otherwise."""
    wanted = PatientIn(
        given_name=given_name,
        family_name=family_name,
        phone="+91 98450 12345",
        record_number=record_number or f"MRN-{next(number)}",
    )
    async with database.transaction(actor) as db:
        patient = await create_patient(db, keyring, wanted, account_id=account_id)
        for kind in agrees_to:
            await decide(db, patient.id, Deciding(kind, Decision.GRANTED, how="paper"))
    return patient


async def make_agent(database: Database, actor: Actor, config: AgentConfig | None = None) -> Serving:
    async with database.transaction(actor) as db:
        return await create_agent(db, config or AgentConfig(name=f"Agent {next(number)}"))


TURNS = (
    ("assistant", "Hello, I am the clinic's AI assistant. What brings you here?"),
    ("patient", "My left ear has been ringing for two weeks."),
)


async def make_consultation(
    database: Database,
    keyring: Keyring,
    actor: Actor,
    patient_id: UUID,
    said: Sequence[tuple[str, str]] = TURNS,
    *,
    type: ConsultationType = ConsultationType.VOICE,
) -> tuple[Consultation, ConsultationSession]:
    """A consultation with one session and what was said in it (sender, text), sealed under the patient's key."""
    serving = await make_agent(database, actor)
    async with database.transaction(actor) as db:
        consultation = Consultation(patient_id=patient_id, agent_version_id=serving.version_id, type=type)
        db.add(consultation)
        await db.flush()
        session = ConsultationSession(consultation_id=consultation.id, channel="browser")
        db.add(session)
        await db.flush()
        key = await keyring.patient(db, patient_id)
        for position, (sender, text) in enumerate(said, start=1):
            one = Said(sender, text, start_s=position * 4.0, end_s=position * 4.0 + 3.0)
            db.add(sealed_message(key, consultation.id, session.id, position, one))
    return consultation, session
