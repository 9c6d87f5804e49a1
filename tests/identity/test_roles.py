"""Custom roles on the real database: a child never has more than its parent, no cycles, nobody gives what they lack."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import text

from auricle.db.base import new_id
from auricle.db.session import Database
from auricle.errors import NotFound
from auricle.identity.custom_roles import (
    MAX_DEPTH,
    MAX_ROLES,
    ExceedsOwn,
    ExceedsParent,
    RoleBuiltIn,
    RoleCycle,
    RoleInUse,
    RoleNameTaken,
    RoleOfOtherKind,
    RoleTooDeep,
    TooManyRoles,
    UnknownPermission,
    change_role,
    create_role,
    delete_role,
    permissions_in,
    resolve,
    roles_of,
)
from auricle.identity.members import change_role_of
from auricle.identity.models import CustomRole, Member
from auricle.identity.roles import BUILT_IN, BUILT_IN_IDS, OWN, PERMISSIONS, built_in_id
from tests.builders import make_member, make_organization

CLINICIAN, STAFF, ADMIN = built_in_id("clinician"), built_in_id("staff"), built_in_id("org_admin")


class Office:
    """An organization's administrator at work, one transaction a call."""

    def __init__(self, database: Database, actor) -> None:
        self.database, self.actor = database, actor

    async def add(self, name, parent_id=CLINICIAN, permissions=("notes:read",), actor=None):
        async with self.database.transaction(actor or self.actor) as db:
            return await create_role(db, name, parent_id, permissions)

    async def change(self, role_id, actor=None, **given):
        async with self.database.transaction(actor or self.actor) as db:
            wanted = {"name": None, "parent_id": None, "permissions": None} | given
            return await change_role(db, role_id, **wanted)

    async def delete(self, role_id, actor=None):
        async with self.database.transaction(actor or self.actor) as db:
            await delete_role(db, role_id)

    async def roles(self):
        async with self.database.transaction(self.actor) as db:
            return await roles_of(db)


@pytest.fixture
async def office(database):
    return Office(database, await make_member(database, await make_organization(database), "org_admin"))


def test_an_administrator_may_give_every_role_of_an_organization():
    for role in BUILT_IN_IDS.values():
        assert BUILT_IN[role] <= BUILT_IN["org_admin"] | OWN, role
    assert set(BUILT_IN_IDS.values()) == set(BUILT_IN) - {"platform_admin"}
    assert set().union(*BUILT_IN.values()) == set(PERMISSIONS)  # and no permission that nobody has


def test_the_platforms_administrator_holds_nothing_clinical():
    clinical = ("consultations:", "patients:", "notes:", "own:", "knowledge:", "audit:", "events:", "appointments:")
    assert [p for p in BUILT_IN["platform_admin"] if p.startswith(clinical)] == []


async def test_a_child_is_refused_what_its_parent_lacks(office):
    parent = await office.add("Reader", CLINICIAN, ["notes:read", "patients:read"])
    with pytest.raises(ExceedsParent):
        await office.add("Writer", parent.id, ["notes:read", "notes:write"])
    with pytest.raises(ExceedsParent):
        await office.add("Keyholder", STAFF, ["notes:read"])
    child = await office.add("Notes only", parent.id, ["notes:read"])
    assert (child.base, child.permissions, child.depth) == ("clinician", {"notes:read"}, 2)


async def test_what_a_parent_loses_every_role_below_loses_at_once(office):
    top = await office.add("Top", CLINICIAN, ["notes:read", "notes:write"])
    middle = await office.add("Middle", top.id, ["notes:read", "notes:write"])
    bottom = await office.add("Bottom", middle.id, ["notes:write"])
    await office.change(top.id, permissions=["notes:read"])
    roles = await office.roles()
    assert roles[middle.id].permissions == {"notes:read"}
    assert roles[bottom.id].permissions == frozenset()
    assert roles[bottom.id].declared == {"notes:write"}
    async with office.database.transaction(office.actor) as db:
        assert await permissions_in(db, "clinician", middle.id) == {"notes:read"}
        assert await permissions_in(db, "clinician", new_id()) == frozenset()


async def test_a_permission_that_no_longer_exists_opens_nothing(office):
    role = await office.add("Old", CLINICIAN)
    async with office.database.transaction(office.actor) as db:
        row = await db.get_one(CustomRole, role.id)
        row.permissions = ["notes:read", "gone:away", "*"]
    assert (await office.roles())[role.id].permissions == {"notes:read"}


async def test_nobody_makes_or_changes_a_role_beyond_what_they_hold(office):
    strong = await office.add("Strong", ADMIN, ["roles:write", "audit:read"])
    clerk = replace(office.actor, permissions=frozenset({"roles:read", "roles:write", "members:read"}))
    with pytest.raises(ExceedsOwn):
        await office.add("Mine", ADMIN, ["audit:read"], actor=clerk)
    with pytest.raises(ExceedsOwn):
        await office.change(strong.id, permissions=["roles:write"], actor=clerk)
    with pytest.raises(ExceedsOwn):
        await office.delete(strong.id, actor=clerk)
    weak = await office.add("Weak", ADMIN, ["members:read"], actor=clerk)
    with pytest.raises(ExceedsOwn):
        await office.change(weak.id, permissions=["members:read", "audit:read"], actor=clerk)
    assert (await office.roles())[weak.id].permissions == {"members:read"}


async def test_a_role_cannot_stand_below_itself(office):
    one = await office.add("One", STAFF, ["patients:read"])
    two = await office.add("Two", one.id, ["patients:read"])
    three = await office.add("Three", two.id, ["patients:read"])
    for parent in (one, two, three):
        with pytest.raises(RoleCycle):
            await office.change(one.id, parent_id=parent.id)


async def test_two_moves_at_once_make_no_cycle(office):
    for attempt in range(5):
        a = await office.add(f"A{attempt}", STAFF, ["patients:read"])
        b = await office.add(f"B{attempt}", STAFF, ["patients:read"])
        results = await asyncio.gather(
            office.change(a.id, parent_id=b.id), office.change(b.id, parent_id=a.id), return_exceptions=True
        )
        assert sorted(type(r).__name__ for r in results) == ["Role", "RoleCycle"]
    assert len(await office.roles()) == len(BUILT_IN_IDS) + 10  # none hangs in the air


async def test_a_cycle_that_was_forced_into_the_table_may_do_nothing_and_ends(office):
    a = await office.add("A", STAFF, ["patients:read"])
    b = await office.add("B", a.id, ["patients:read"])
    async with office.database.transaction(office.actor) as db:
        await db.execute(text("update custom_role set parent_id = :b where id = :a"), {"a": a.id, "b": b.id})
    async with office.database.transaction(office.actor) as db:
        assert await permissions_in(db, "staff", a.id) == frozenset()


async def test_depth_is_bounded_for_new_and_for_moved_branches(office):
    parent_id, chain = STAFF, []
    for level in range(MAX_DEPTH):
        chain.append(await office.add(f"Level {level}", parent_id, ["patients:read"]))
        parent_id = chain[-1].id
    with pytest.raises(RoleTooDeep):
        await office.add("Too deep", parent_id, ["patients:read"])
    head = await office.add("Head", STAFF, ["patients:read"])
    await office.add("Tail", head.id, ["patients:read"])
    with pytest.raises(RoleTooDeep):
        await office.change(head.id, parent_id=chain[-2].id)
    assert (await office.change(head.id, parent_id=chain[-3].id)).depth == MAX_DEPTH - 1


async def test_built_in_roles_stay_as_they_are(office):
    for role_id in BUILT_IN_IDS:
        with pytest.raises(RoleBuiltIn):
            await office.change(role_id, name="Mine")
        with pytest.raises(RoleBuiltIn):
            await office.delete(role_id)


async def test_a_role_stays_of_its_kind(office):
    role = await office.add("Nurse", STAFF, ["patients:read"])
    with pytest.raises(RoleOfOtherKind):
        await office.change(role.id, parent_id=CLINICIAN)


async def test_names_are_unique_in_an_organization_whatever_their_case(office, database):
    await office.add("Nurse", STAFF, ["patients:read"])
    other = await office.add("Clerk", STAFF, ["patients:read"])
    with pytest.raises(RoleNameTaken):
        await office.add("NURSE", STAFF, ["patients:read"])
    with pytest.raises(RoleNameTaken):
        await office.change(other.id, name="nurse")
    elsewhere = Office(database, await make_member(database, await make_organization(database), "org_admin"))
    assert (await elsewhere.add("Nurse", STAFF, ["patients:read"])).name == "Nurse"


async def test_a_role_in_use_is_not_deleted(office):
    role = await office.add("Nurse", STAFF, ["patients:read"])
    child = await office.add("Night nurse", role.id, ["patients:read"])
    with pytest.raises(RoleInUse):
        await office.delete(role.id)
    await office.delete(child.id)
    member = await make_member(office.database, office.actor.organization_id, "staff")
    async with office.database.transaction(office.actor) as db:
        await change_role_of(db, member.member_id, role.id)
    with pytest.raises(RoleInUse) as refused:
        await office.delete(role.id)
    assert refused.value.context["members"] == 1
    async with office.database.transaction(office.actor) as db:
        await change_role_of(db, member.member_id, STAFF)
    await office.delete(role.id)
    assert role.id not in await office.roles()


async def test_a_role_deleted_while_it_is_given_leaves_no_member_without_one(office):
    for attempt in range(5):
        role = await office.add(f"Brief {attempt}", STAFF, ["patients:read"])
        member = await make_member(office.database, office.actor.organization_id, "staff")

        async def give(member_id=member.member_id, role_id=role.id):
            async with office.database.transaction(office.actor) as db:
                await change_role_of(db, member_id, role_id)

        results = await asyncio.gather(give(), office.delete(role.id), return_exceptions=True)
        failures = [type(r) for r in results if isinstance(r, BaseException)]
        assert failures in ([RoleInUse], [NotFound])
        async with office.database.transaction(office.actor) as db:
            held = (await db.get_one(Member, member.member_id)).role_id
            assert held is None or held in await roles_of(db)


@pytest.mark.parametrize("permissions", [["notes:everything"], ["*"], ["organizations:write"], ["own:read"]])
async def test_a_permission_that_is_unknown_or_not_the_parents_is_refused(office, permissions):
    with pytest.raises((UnknownPermission, ExceedsParent)):
        await office.add("Odd", CLINICIAN, permissions)


async def test_another_organizations_role_does_not_exist_here(office, database):
    elsewhere = Office(database, await make_member(database, await make_organization(database), "org_admin"))
    theirs = await elsewhere.add("Theirs", STAFF, ["patients:read"])
    for attempt in (
        office.add("Mine", theirs.id, ["patients:read"]),
        office.change(theirs.id, name="Mine"),
        office.delete(theirs.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert theirs.id not in await office.roles()


async def test_the_number_of_roles_is_bounded(office):
    async with office.database.transaction(office.actor) as db:
        db.add_all(
            CustomRole(id=new_id(), name=f"Role {n}", base="staff", parent_id=None, permissions=[])
            for n in range(MAX_ROLES)
        )
    with pytest.raises(TooManyRoles):
        await office.add("One more", STAFF, [])
    assert len(await office.roles()) == MAX_ROLES + len(BUILT_IN_IDS)


async def test_every_change_of_a_role_is_in_the_audit_with_old_and_new_values(office):
    role = await office.add("Nurse", STAFF, ["patients:read"])
    await office.change(role.id, permissions=["patients:read", "patients:write"])
    await office.delete(role.id)
    async with office.database.transaction(office.actor) as db:
        rows = (
            await db.execute(
                text("select action, actor_id, old, new from audit_entry where entity_id = :id order by id"),
                {"id": role.id},
            )
        ).all()
    assert [row.action for row in rows] == ["insert", "update", "delete"]
    assert {row.actor_id for row in rows} == {office.actor.account_id}
    assert rows[1].old == {"permissions": ["patients:read"]}
    assert rows[1].new == {"permissions": ["patients:read", "patients:write"]}


def test_roles_are_worked_out_whatever_order_their_rows_come_in():
    top = CustomRole(id=new_id(), name="Top", base="staff", parent_id=None, permissions=["patients:read"])
    below = CustomRole(id=new_id(), name="Below", base="staff", parent_id=top.id, permissions=["patients:read"])
    loose = CustomRole(id=new_id(), name="Loose", base="staff", parent_id=new_id(), permissions=["patients:read"])
    roles = resolve([below, loose, top])
    assert roles[below.id].depth == 2
    assert loose.id not in roles
