"""Members of an organization: list, change, suspend, restore, remove. Its last administrator stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.reads import record_read
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.identity.custom_roles import Role, Roles, check_givable, hold_organization, known_permissions, roles_of
from auricle.identity.models import Account, AuthSession, Member, MemberStatus
from auricle.identity.roles import built_in_id
from auricle.live.events import publish

ORG_ADMIN = built_in_id("org_admin")
PATIENT = "patient"


class LastAdmin(Conflict):
    """An organization keeps at least one administrator."""

    code = "member.last_admin"


class MemberNotActive(Conflict):
    """This member is not active."""

    code = "member.not_active"


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as lists show them."""

    member: Member
    email: str
    role: Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which members to list; without a status, all but those who were removed."""

    status: MemberStatus | None = None
    role_id: UUID | None = None
    name: str | None = None  # what a name or the e-mail begins with
    may: str | None = None  # a permission that their role gives


async def list_members(db: AsyncSession, wanted: Wanted, order: Order, *, limit: int) -> Sequence[Listed]:
    """That somebody is a patient here is shown only to who may read patients, and the look is noted."""
    roles = await roles_of(db)
    name = alphabetical(Member.given_name, Member.family_name, Account.email)
    shown = with_email() if actor_of(db).may("patients:read") else with_email().where(Member.role != PATIENT)
    statement = await in_order(db, shown, order, Member.id, limit=limit, name=name)
    statement = statement.where(*chosen(wanted, roles))
    rows = (await db.execute(statement)).all()
    if patients := sum(member.role == PATIENT for member, _ in rows):
        await record_read(db, "member", None, patients=patients)
    return [Listed(member, email, role_of(member, roles)) for member, email in rows]


def with_email() -> Select[Member, str]:
    return select(Member, Account.email).join(Account, Account.id == Member.account_id)


def chosen(wanted: Wanted, roles: Roles) -> list[ColumnElement[bool]]:
    conditions = [
        Member.status == wanted.status if wanted.status is not None else Member.status != MemberStatus.REMOVED
    ]
    if wanted.role_id is not None:
        role = roles.get(wanted.role_id)
        if role is None:
            raise NotFound("No such role.")
        conditions.append(holds(role))
    if wanted.may is not None:
        allowing = known_permissions([wanted.may]) | {"*"}
        able = [role for role in roles.values() if allowing & role.permissions]
        conditions.append(or_(false(), *map(holds, able)))
    if wanted.name is not None:
        begins = [Member.given_name, Member.family_name, Account.email]
        conditions.append(or_(*(func.lower(one).startswith(wanted.name.lower(), autoescape=True) for one in begins)))
    return conditions


def holds(role: Role) -> ColumnElement[bool]:
    return and_(Member.role == role.base, Member.role_id.is_not_distinct_from(role.role_id))


async def read_member(db: AsyncSession, member_id: UUID) -> Listed:
    row = (await db.execute(with_email().where(Member.id == member_id))).one_or_none()
    if row is None or not may_see(actor_of(db), row[0]):
        raise NotFound("No such member.")
    if row[0].role == PATIENT:
        await record_read(db, "member", member_id)
    return Listed(row[0], row[1], role_of(row[0], await roles_of(db)))


async def change_role_of(db: AsyncSession, member_id: UUID, role_id: UUID) -> None:
    """Give an active member another role. It holds within a second, in every process."""
    member, role, roles = await held(db, member_id)
    wanted = roles.get(role_id)
    if wanted is None:
        raise NotFound("No such role.")
    if member.status is not MemberStatus.ACTIVE:
        raise MemberNotActive
    check_givable(db, wanted.permissions)
    if role.id == ORG_ADMIN and wanted.id != ORG_ADMIN:
        await keep_an_admin(db, member)
    member.role, member.role_id = wanted.base, wanted.role_id
    await publish(db, "member.changed", member_id=member_id)


async def rename(db: AsyncSession, member_id: UUID, *, given_name: str | None, family_name: str | None) -> None:
    member, _, _ = await held(db, member_id)
    member.given_name = given_name or member.given_name
    member.family_name = family_name or member.family_name


async def suspend(db: AsyncSession, member_id: UUID) -> None:
    """Shut a member out until restored; their sign-ins to this organization end."""
    member, role, _ = await held(db, member_id)
    if member.status is not MemberStatus.ACTIVE:
        raise MemberNotActive
    if role.id == ORG_ADMIN:
        await keep_an_admin(db, member)
    member.status = MemberStatus.SUSPENDED
    await end_sign_ins(db, member, "member suspended")


async def restore(db: AsyncSession, member_id: UUID) -> None:
    member, _, _ = await held(db, member_id)
    if member.status is not MemberStatus.SUSPENDED:
        raise Conflict("Only a suspended member can be restored.", status=member.status.value)
    member.status = MemberStatus.ACTIVE
    await publish(db, "member.changed", member_id=member_id)


async def remove(db: AsyncSession, member_id: UUID) -> None:
    """End a membership. The name stays beside what was signed, contact data goes; an invitation may lead back."""
    member, role, _ = await held(db, member_id)
    if role.id == ORG_ADMIN and member.status is MemberStatus.ACTIVE:
        await keep_an_admin(db, member)
    member.status, member.role_id, member.profile = MemberStatus.REMOVED, None, None
    await end_sign_ins(db, member, "member removed")


async def held(db: AsyncSession, member_id: UUID) -> tuple[Member, Role, Roles]:
    """A member about to be changed, with the organization's people held still, by somebody who holds no less."""
    await hold_organization(db)
    member = await db.get(Member, member_id, with_for_update=True)
    if member is None or member.status is MemberStatus.REMOVED or not may_see(actor_of(db), member):
        raise NotFound("No such member.")
    roles = await roles_of(db)
    role = role_of(member, roles)
    check_givable(db, role.permissions)
    return member, role, roles


def may_see(actor: Actor, member: Member) -> bool:
    return member.role != PATIENT or actor.may("patients:read")


def role_of(member: Member, roles: Roles) -> Role:
    """The role of a member; a name that no role has may do nothing."""
    if member.role_id is not None:
        known = roles.get(member.role_id)
    else:
        known = next((role for role in roles.values() if role.built_in and role.name == member.role), None)
    nothing: frozenset[str] = frozenset()
    return known or Role(member.id, member.role, member.role, None, nothing, nothing)


async def keep_an_admin(db: AsyncSession, leaving: Member) -> None:
    """Raise `LastAdmin` unless another active administrator stays. The organization is held (see `held`)."""
    others = await db.scalar(
        select(func.count())
        .select_from(Member)
        .join(Account, Account.id == Member.account_id)
        .where(
            Member.id != leaving.id,
            Member.role == "org_admin",
            Member.role_id.is_(None),
            Member.status == MemberStatus.ACTIVE,
            Account.disabled_at.is_(None),
        )
    )
    if not others:
        raise LastAdmin


async def end_sign_ins(db: AsyncSession, member: Member, reason: str) -> None:
    await db.execute(
        update(AuthSession)
        .where(
            AuthSession.account_id == member.account_id,
            AuthSession.organization_id == actor_of(db).organization_id,
            AuthSession.revoked_at.is_(None),
        )
        .values(revoked_at=func.now(), revoked_reason=reason)
    )
    await publish(db, "member.changed", member_id=member.id)
