"""Custom roles: a tree below the built-in ones, in which no child can do more than its parent, ever.

What a role may do is not stored: it is its declared permissions cut down by those of every role above it, worked out
when it is asked for. So a parent that loses a permission takes it from all below in the same moment.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import actor_of
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, Forbidden, Invalid, NotFound
from auricle.identity.models import CustomRole, Invitation, Member, MemberStatus, Organization
from auricle.identity.roles import BUILT_IN, BUILT_IN_IDS, OWN, PERMISSIONS, built_in_id, permissions_of
from auricle.live.events import publish

MAX_DEPTH = 5  # custom roles below a built-in one
MAX_ROLES = 100  # of one organization


class RoleBuiltIn(Conflict):
    """Built-in roles can't be changed; make one below it."""

    code = "role.built_in"


class RoleInUse(Conflict):
    """This role is in use."""

    code = "role.in_use"


class RoleNameTaken(Conflict):
    """A role of this name exists."""

    code = "role.name_taken"


class RoleCycle(Conflict):
    """A role can't stand below itself."""

    code = "role.cycle"


class RoleTooDeep(Conflict):
    """Roles can't be nested this deep."""

    code = "role.too_deep"


class RoleOfOtherKind(Conflict):
    """A role stays below the built-in role that it was made for."""

    code = "role.other_kind"


class TooManyRoles(Conflict):
    """The organization has as many roles as it may have."""

    code = "role.too_many"


class ExceedsParent(Conflict):
    """A role can't do what the role above it can't."""

    code = "role.exceeds_parent"


class UnknownPermission(Invalid):
    """There is no such permission."""

    code = "role.unknown_permission"


class ExceedsOwn(Forbidden):
    """You can't give, change or take away more than you may do yourself."""

    code = "authorization.exceeds_own"


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it holds now. `declared` is what it was made with, `permissions` what is left of it by those above."""

    id: UUID
    name: str
    base: str
    parent_id: UUID | None
    declared: frozenset[str]
    permissions: frozenset[str]
    depth: int = 0

    @property
    def built_in(self) -> bool:
        return self.depth == 0

    @property
    def role_id(self) -> UUID | None:
        """How a member's row names it: nothing for a built-in role."""
        return None if self.built_in else self.id


Roles = Mapping[UUID, Role]


def resolve(rows: Iterable[CustomRole]) -> dict[UUID, Role]:
    """All roles of an organization, built-in ones first, parents before their children. A row that hangs in the air
    (a cycle, which the lock prevents) is left out, and so may do nothing.
    """
    known = {i: Role(i, name, name, None, BUILT_IN[name], BUILT_IN[name]) for i, name in BUILT_IN_IDS.items()}
    waiting = list(rows)
    while waiting:
        above = [(row, known.get(row.parent_id or built_in_id(row.base))) for row in waiting]
        for row, parent in above:
            if parent is not None:
                declared = frozenset(row.permissions)
                known[row.id] = Role(
                    row.id, row.name, row.base, parent.id, declared, declared & parent.permissions, parent.depth + 1
                )
        left = [row for row, parent in above if parent is None]
        if len(left) == len(waiting):
            break
        waiting = left
    return known


async def roles_of(db: AsyncSession) -> dict[UUID, Role]:
    """The roles of the organization at hand."""
    return resolve(await db.scalars(select(CustomRole).order_by(CustomRole.id).limit(MAX_ROLES)))


async def find_role(db: AsyncSession, role_id: UUID) -> Role:
    role = (await roles_of(db)).get(role_id)
    if role is None:
        raise NotFound("No such role.")
    return role


async def permissions_in(db: AsyncSession, role: str, role_id: UUID | None) -> frozenset[str]:
    """What a member of this role may do now; an unknown role may do nothing."""
    if role_id is None:
        return permissions_of(role)
    held = (await roles_of(db)).get(role_id)
    return held.permissions if held else frozenset()


def givable(actor: Actor) -> frozenset[str]:
    """What an actor may give to others: what they hold; the platform's administrator, whatever an organization has."""
    if actor.may("organizations:write"):
        return frozenset(PERMISSIONS)
    return actor.permissions | OWN


def check_givable(db: AsyncSession, permissions: frozenset[str]) -> None:
    """Raise `ExceedsOwn` where the actor of this transaction holds less than these."""
    if beyond := sorted(permissions - givable(actor_of(db))):
        raise ExceedsOwn(permission=beyond[0])


async def hold_organization(db: AsyncSession) -> None:
    """One change of people or roles at a time in an organization: two that are each fine may not be so together."""
    await db.execute(
        select(Organization.id)
        .where(Organization.id == actor_of(db).organization_id)
        .with_for_update(key_share=True)  # "no key update": rows that refer to the organization are still written
    )


async def create_role(db: AsyncSession, name: str, parent_id: UUID, permissions: Sequence[str]) -> Role:
    """Add a role below a built-in or a custom one, with at most what that one and the actor may do."""
    await hold_organization(db)
    roles = await roles_of(db)
    if len(roles) - len(BUILT_IN_IDS) >= MAX_ROLES:
        raise TooManyRoles(limit=MAX_ROLES)
    parent = parent_in(roles, parent_id)
    declared = known_permissions(permissions)
    check_fits(db, declared, parent, height=1)
    row = CustomRole(
        name=name, base=parent.base, parent_id=None if parent.built_in else parent.id, permissions=sorted(declared)
    )
    db.add(row)
    await flush_unique(db, {"uq_custom_role_name": RoleNameTaken()})
    await publish(db, "role.changed", role_id=row.id)
    return await find_role(db, row.id)


async def change_role(
    db: AsyncSession, role_id: UUID, *, name: str | None, parent_id: UUID | None, permissions: Sequence[str] | None
) -> Role:
    """Rename a role, hang it elsewhere, or give it other permissions. Members feel it within a second."""
    await hold_organization(db)
    roles = await roles_of(db)
    row, role = await own_role(db, roles, role_id)
    check_givable(db, role.permissions)
    parent = parent_in(roles, parent_id or role.parent_id or built_in_id(role.base))
    if parent.base != role.base:
        raise RoleOfOtherKind
    if role_id in lineage(roles, parent):
        raise RoleCycle
    if permissions is not None or parent_id is not None:
        declared = known_permissions(permissions) if permissions is not None else role.declared
        check_fits(db, declared, parent, height=height_of(roles, role_id))
        row.permissions, row.parent_id = sorted(declared), None if parent.built_in else parent.id
    row.name = name or row.name
    await flush_unique(db, {"uq_custom_role_name": RoleNameTaken()})
    await publish(db, "role.changed", role_id=role_id)
    return await find_role(db, role_id)


async def delete_role(db: AsyncSession, role_id: UUID) -> None:
    """Delete a role that no member, open invitation or other role uses."""
    await hold_organization(db)
    roles = await roles_of(db)
    row, role = await own_role(db, roles, role_id)
    check_givable(db, role.permissions)
    below = sum(other.parent_id == role_id for other in roles.values())
    members = await db.scalar(
        select(func.count()).where(Member.role_id == role_id, Member.status != MemberStatus.REMOVED)
    )
    invited = await db.scalar(
        select(func.count()).where(
            Invitation.role_id == role_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > func.now(),
        )
    )
    if below or members or invited:
        raise RoleInUse(roles=below, members=members, invitations=invited)
    # Past invitations let go of the role. One that merely expired is revoked, or sent again it would offer the base.
    await db.execute(
        update(Invitation)
        .where(Invitation.role_id == role_id)
        .values(
            role_id=None,
            revoked_at=case(
                (Invitation.accepted_at.is_(None), func.coalesce(Invitation.revoked_at, func.now())),
                else_=Invitation.revoked_at,
            ),
        )
    )
    await db.delete(row)
    await db.flush()
    await publish(db, "role.changed", role_id=role_id)


async def own_role(db: AsyncSession, roles: Roles, role_id: UUID) -> tuple[CustomRole, Role]:
    role = roles.get(role_id)
    if role is None:
        raise NotFound("No such role.")
    if role.built_in:
        raise RoleBuiltIn
    return await db.get_one(CustomRole, role_id), role


def parent_in(roles: Roles, parent_id: UUID) -> Role:
    if parent_id not in roles:
        raise NotFound("No such parent role.")
    return roles[parent_id]


def known_permissions(names: Iterable[str]) -> frozenset[str]:
    wanted = frozenset(names)
    if unknown := len(wanted - set(PERMISSIONS)):
        raise UnknownPermission(unknown=unknown)
    return wanted


def check_fits(db: AsyncSession, declared: frozenset[str], parent: Role, *, height: int) -> None:
    """A role with `height - 1` further levels below it may hang under this parent, and the actor may say so."""
    if parent.depth + height > MAX_DEPTH:
        raise RoleTooDeep(limit=MAX_DEPTH)
    if beyond := sorted(declared - parent.permissions):
        raise ExceedsParent(permission=beyond[0])
    check_givable(db, declared)


def lineage(roles: Roles, role: Role) -> set[UUID]:
    """A role and all above it."""
    above = {role.id}
    while role.parent_id is not None:
        role = roles[role.parent_id]
        above.add(role.id)
    return above


def height_of(roles: Roles, role_id: UUID) -> int:
    """Levels from a role down to its deepest descendant, itself included."""
    own = roles[role_id].depth
    return 1 + max(role.depth - own for role in roles.values() if role_id in lineage(roles, role))
