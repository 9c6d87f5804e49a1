"""Organizations on the real database: founded whole, unique, suspended, closed; run by the platform alone."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text

from auricle.actor import Actor
from auricle.agents.models import Agent
from auricle.db.base import new_id
from auricle.db.keyset import NEWEST, Order
from auricle.db.session import Database
from auricle.errors import Forbidden, NotFound
from auricle.identity.invitations import Offer
from auricle.identity.models import (
    Account,
    AuthSession,
    CustomRole,
    Invitation,
    Member,
    Organization,
    OrganizationStatus,
)
from auricle.identity.organizations import (
    OrganizationClosed,
    OrganizationTaken,
    at_work_in,
    change_organization,
    found,
    list_organizations,
)
from auricle.identity.roles import BUILT_IN, built_in_id
from auricle.patients.models import Patient
from tests.builders import make_member, make_organization, make_patient, number

NOTHING = {"status": None, "name": None, "slug": None, "kind": None}
ADMIN = Offer("farida@example.org", built_in_id("org_admin"), "Farida", "Khan")


def wanted(**given) -> Organization:
    slug = f"lakeside-{next(number)}"
    row = {
        "name": slug.title(),
        "slug": slug,
        "email": f"desk@{slug}.example",
        "kind": "clinic",
        "contact_name": "Farida",
    }
    return Organization(**(row | given))


@pytest.fixture(scope="module")
async def platform(database):
    """The platform's administrator, signed in to no organization."""
    account = Account(id=new_id(), email=f"platform-{next(number)}@example.org", platform_admin=True)
    async with database.transaction(Actor.nobody()) as db:
        db.add(account)
    return Actor(
        kind="user",
        account_id=account.id,
        role="platform_admin",
        permissions=BUILT_IN["platform_admin"],
        address="192.0.2.1",
    )


async def change(database: Database, actor: Actor, organization_id, **given):
    async with database.transaction(at_work_in(actor, organization_id)) as db:
        return await change_organization(db, **(NOTHING | given))


async def test_a_new_organization_has_an_agent_and_an_invited_administrator_and_a_trail(database, platform):
    organization = wanted()
    invitation = await found(database, platform, organization, ADMIN)
    assert (invitation.email, invitation.role) == ("farida@example.org", "org_admin")
    async with database.transaction(Actor.system(organization.id)) as db:
        assert await db.scalar(select(func.count()).select_from(Agent).where(Agent.published.is_not(None))) == 1
        assert await db.scalar(select(func.count()).select_from(Member)) == 0
        trail = (await db.execute(text("select entity, actor_id, member_id from audit_entry order by id"))).all()
    assert {row.entity for row in trail} >= {"organization", "agent", "invitation"}
    assert {(row.actor_id, row.member_id) for row in trail} == {(platform.account_id, None)}


async def test_the_letter_is_queued_in_the_same_transaction(database, platform, urls):
    import psycopg

    organization = wanted()
    invitation = await found(database, platform, organization, ADMIN)
    with psycopg.connect(urls.owner) as owner:
        args = [
            row[0]
            for row in owner.execute(
                "select args from jobs.procrastinate_jobs where task_name = 'identity.mail_invitation'"
            )
        ]
    mine = [one for one in args if one["organization"] == str(organization.id)]
    assert [one["invitation_id"] for one in mine] == [str(invitation.id)]
    assert "farida" not in str(args)


@pytest.mark.parametrize("field", ["name", "slug", "email"])
async def test_a_taken_name_slug_or_address_is_refused_and_named_and_leaves_nothing(database, platform, field):
    first = wanted()
    await found(database, platform, first, ADMIN)
    same = getattr(first, field)
    again = wanted(**{field: same if field == "slug" else same.upper()})
    with pytest.raises(OrganizationTaken) as refused:
        await found(database, platform, again, ADMIN)
    assert refused.value.context == {"field": field}
    async with database.transaction(Actor.system(again.id)) as db:
        assert await db.get(Organization, again.id) is None
        assert await db.scalar(select(func.count()).select_from(Invitation)) == 0


async def test_two_who_found_the_same_at_once_found_one(database, platform):
    twins = [wanted(slug="twin-clinic"), wanted(slug="twin-clinic")]
    results = await asyncio.gather(*(found(database, platform, one, ADMIN) for one in twins), return_exceptions=True)
    assert sorted(type(r).__name__ for r in results) == ["Invitation", "OrganizationTaken"]


async def test_suspending_ends_every_sign_in_and_closing_is_for_good(database, platform):
    organization_id = await make_organization(database)
    person = await make_member(database, organization_id)
    async with database.transaction(person) as db:
        db.add(
            AuthSession(
                account_id=person.account_id,
                organization_id=organization_id,
                member_id=person.member_id,
                expires_at=func.now() + text("interval '1 hour'"),
            )
        )
    suspended = await change(database, platform, organization_id, status=OrganizationStatus.SUSPENDED)
    assert suspended.status is OrganizationStatus.SUSPENDED
    async with database.transaction(person) as db:
        ended = (await db.scalars(select(AuthSession).where(AuthSession.account_id == person.account_id))).all()
    assert [one.revoked_reason for one in ended] == ["organization suspended"]
    await change(database, platform, organization_id, status=OrganizationStatus.ACTIVE)
    await change(database, platform, organization_id, status=OrganizationStatus.CLOSED)
    for given in ({"status": OrganizationStatus.ACTIVE}, {"name": "Again"}):
        with pytest.raises(OrganizationClosed):
            await change(database, platform, organization_id, **given)


async def test_an_organizations_administrator_changes_its_contact_but_not_its_name_or_state(database):
    admin = await make_member(database, await make_organization(database), "org_admin")
    changed = await change(database, admin, admin.organization_id, contact_name="Meera", time_zone="Asia/Kolkata")
    assert (changed.contact_name, changed.time_zone) == ("Meera", "Asia/Kolkata")
    for given in ({"name": "Ours"}, {"slug": "ours"}, {"kind": "company"}, {"status": OrganizationStatus.CLOSED}):
        with pytest.raises(Forbidden):
            await change(database, admin, admin.organization_id, **given)


async def test_an_organizations_administrator_sees_and_works_in_no_other(database):
    admin = await make_member(database, await make_organization(database), "org_admin")
    other = await make_organization(database)
    with pytest.raises(NotFound):
        at_work_in(admin, other)
    async with database.transaction(admin) as db:
        seen = await list_organizations(db, NEWEST, status=None, limit=50)
    assert [one.id for one in seen] == [admin.organization_id]


async def test_the_platforms_administrator_pages_through_all_by_state(database, platform):
    made = {await make_organization(database) for _ in range(3)}
    closed = made.pop()
    await change(database, platform, closed, status=OrganizationStatus.CLOSED)
    seen, before = [], None
    async with database.transaction(platform) as db:
        while rows := await list_organizations(db, Order(after=before), status=OrganizationStatus.ACTIVE, limit=2):
            seen += [one.id for one in rows]
            before = seen[-1]
    assert made <= set(seen)
    assert closed not in seen
    assert len(seen) == len(set(seen))


async def test_a_visitor_brings_nothing_from_elsewhere_and_holds_nothing_clinical(database, platform, keyring):
    """A platform administrator who is also a clinician somewhere is no clinician in the organization they visit."""
    clinician = await make_member(database, await make_organization(database), account_id=platform.account_id)
    both = replace(clinician, permissions=clinician.permissions | BUILT_IN["platform_admin"], patient_id=new_id())
    there = at_work_in(both, await make_organization(database))
    assert there.permissions == BUILT_IN["platform_admin"]
    assert (there.member_id, there.patient_id, there.role) == (None, None, "platform_admin")
    assert at_work_in(both, clinician.organization_id) is both


async def test_the_platforms_administrator_outside_any_organization_sees_no_row_of_one(database, platform, keyring):
    admin = await make_member(database, await make_organization(database), "org_admin")
    await make_patient(database, keyring, admin)
    async with database.transaction(platform) as db:
        for table in (Patient, CustomRole, Invitation, Agent):
            assert await db.scalar(select(func.count()).select_from(table)) == 0, table
