"""Registration: the platform's first account, or a patient of an organization that allows it."""

from sqlalchemy import select

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.accounts import RegistrationRefused, make_account
from auricle.identity.models import Account, Member, Organization, OrganizationStatus
from auricle.identity.schemas import Registration
from auricle.identity.sessions import PLATFORM, Place
from auricle.patients.create import create_patient
from auricle.patients.schemas import PatientIn


async def register(database: Database, keyring: Keyring, wanted: Registration, seen: Actor) -> tuple[Account, Place]:
    """Make the account and, in an organization, the membership and patient record that go with it."""
    if wanted.organization is None:
        return await _register_first(database, wanted, seen)
    organization = await open_organization(database, wanted.organization)
    async with database.transaction(seen.inside(organization.id)) as db:
        account = await make_account(db, wanted.email, wanted.password, username=wanted.username)
        if account.platform_admin:  # the installation's first account: no patient may become that
            raise RegistrationRefused
        member = Member(
            account_id=account.id,
            role="patient",
            given_name=wanted.given_name,
            family_name=wanted.family_name,
            language=wanted.language,
        )
        db.add(member)
        await db.flush()
        await create_patient(
            db,
            keyring,
            PatientIn(
                given_name=wanted.given_name,
                family_name=wanted.family_name,
                email=wanted.email,
                language=wanted.language,
            ),
            account_id=account.id,
        )
    return account, Place(organization.id, member.id, "patient")


async def _register_first(database: Database, wanted: Registration, seen: Actor) -> tuple[Account, Place]:
    async with database.transaction(seen) as db:
        if await db.scalar(select(select(Account.id).exists())):
            raise RegistrationRefused("Say which organization you register with.")
        account = await make_account(db, wanted.email, wanted.password, username=wanted.username)
        if not account.platform_admin:
            raise RegistrationRefused
    return account, PLATFORM


async def open_organization(database: Database, slug: str) -> Organization:
    """The organization of this name that lets patients register themselves."""
    async with database.transaction(Actor.nobody()) as db:
        organization = await db.scalar(
            select(Organization).where(
                Organization.slug == slug,
                Organization.status == OrganizationStatus.ACTIVE,
                Organization.open_registration,
            )
        )
    if organization is None:
        raise RegistrationRefused
    return organization
