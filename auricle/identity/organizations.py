"""Hospitals, clinics and companies: created with a first administrator and an agent, changed, suspended, closed."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.versions import create_agent, shipped
from auricle.db.base import new_id
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.session import Database, actor_of
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, NotFound
from auricle.identity.invitations import Offer, invite
from auricle.identity.models import AuthSession, Invitation, Organization, OrganizationStatus
from auricle.identity.roles import PLATFORM_ADMIN


class OrganizationTaken(Conflict):
    """Another organization has this name, short name or e-mail address."""

    code = "organization.taken"


class OrganizationClosed(Conflict):
    """This organization is closed for good."""

    code = "organization.closed"


def at_work_in(actor: Actor, organization_id: UUID) -> Actor:
    """The actor in this organization: a member of it as they are, the platform's administrator as a visitor who may
    run its people and sees nothing clinical. For anybody else it does not exist.
    """
    if actor.organization_id == organization_id:
        return actor
    if not actor.may("organizations:write"):
        raise NotFound("No such organization.")
    return replace(
        actor,
        organization_id=organization_id,
        member_id=None,
        patient_id=None,
        role="platform_admin",
        permissions=actor.permissions & PLATFORM_ADMIN,
    )


async def found(database: Database, actor: Actor, wanted: Organization, first_admin: Offer) -> Invitation:
    """Create an organization with its default agent, and invite its first administrator, in one transaction."""
    wanted.id = new_id()
    async with database.transaction(at_work_in(actor, wanted.id)) as db:
        db.add(wanted)
        await flush_named(db)
        await create_agent(db, shipped())
        return await invite(db, first_admin)


async def list_organizations(
    db: AsyncSession, order: Order, *, status: OrganizationStatus | None, limit: int
) -> Sequence[Organization]:
    """All of them for the platform's administrator; for anybody else their own."""
    actor = actor_of(db)
    by = {"name": alphabetical(Organization.name), "slug": Organization.slug}
    shown = select(Organization)
    if not actor.may("organizations:write"):
        shown = shown.where(Organization.id == actor.organization_id)
    statement = await in_order(db, shown, order, Organization.id, limit=limit, **by)
    if status is not None:
        statement = statement.where(Organization.status == status)
    return (await db.scalars(statement)).all()


async def named(database: Database, slug: str) -> Sequence[tuple[str, UUID]]:
    """Short name and id of one organization, or of `all`. For the operator's own commands."""
    statement = select(Organization.slug, Organization.id).order_by(Organization.slug)
    if slug != "all":
        statement = statement.where(Organization.slug == slug)
    async with database.transaction(Actor.system(None, "operator")) as db:
        found = (await db.execute(statement)).tuples().all()
    if not found and slug != "all":
        raise NotFound("No such organization.")
    return found


async def find_organization(db: AsyncSession) -> Organization:
    """The organization at hand."""
    organization = await db.get(Organization, actor_of(db).organization_id)
    if organization is None:
        raise NotFound("No such organization.")
    return organization


async def change_organization(
    db: AsyncSession,
    *,
    status: OrganizationStatus | None,
    name: str | None,
    slug: str | None,
    kind: str | None,
    **settings: str | bool | None,
) -> Organization:
    """Change the organization at hand. What it is called and whether it runs is for the platform to say; its contact,
    time zone and registration (`settings`) for its own administrators too. Suspending it ends every sign-in to it.
    """
    organization = await db.get(Organization, actor_of(db).organization_id, with_for_update=True)
    if organization is None:
        raise NotFound("No such organization.")
    ours = {"status": status, "name": name, "slug": slug, "kind": kind}
    if any(value is not None for value in ours.values()):
        actor_of(db).require("organizations:write")
    if organization.status is OrganizationStatus.CLOSED:
        raise OrganizationClosed
    for field, value in (ours | settings).items():
        if value is not None:
            setattr(organization, field, value)
    await flush_named(db)
    if organization.status is not OrganizationStatus.ACTIVE:
        await end_all_sign_ins(db, organization)
    return organization


async def end_all_sign_ins(db: AsyncSession, organization: Organization) -> None:
    await db.execute(
        update(AuthSession)
        .where(AuthSession.organization_id == organization.id, AuthSession.revoked_at.is_(None))
        .values(revoked_at=func.now(), revoked_reason=f"organization {organization.status.value}")
    )


async def flush_named(db: AsyncSession) -> None:
    name, slug, email = (OrganizationTaken(field=field) for field in ("name", "slug", "email"))
    await flush_unique(
        db,
        {
            "uq_organization_name": name,
            "uq_organization_name_folded": name,
            "uq_organization_slug": slug,
            "uq_organization_email": email,
        },
    )
