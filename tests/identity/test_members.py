"""Members and invitations on the real database: who is let in, changed and shut out, by whom, and how soon it holds."""

import asyncio
import re
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text, update

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.keyset import NEWEST, BadCursor, Order
from auricle.db.sealed import Unreadable
from auricle.db.session import Database
from auricle.errors import Conflict, Forbidden, NotFound
from auricle.identity import members
from auricle.identity.accept import BadInvitation, PasswordNeeded, accept, look_at
from auricle.identity.accounts import make_account
from auricle.identity.custom_roles import ExceedsOwn, UnknownPermission, change_role, create_role
from auricle.identity.departments import NameInUse, NameTaken, add_named, change_named, delete_named, find_named
from auricle.identity.invitations import (
    AlreadyInvited,
    AlreadyMember,
    Offer,
    OrganizationNotActive,
    invite,
    letter_of,
    list_invitations,
    send_again,
    take_back,
)
from auricle.identity.members import LastAdmin, MemberNotActive, Wanted
from auricle.identity.models import (
    Account,
    AuthSession,
    Department,
    Invitation,
    Member,
    MemberStatus,
    Organization,
    Specialty,
)
from auricle.identity.passwords import WeakPassword, verify
from auricle.identity.presence import Presence
from auricle.identity.profile import ProfileIn, read_profile, save_profile
from auricle.identity.roles import BUILT_IN, built_in_id
from auricle.identity.tokens import BadToken, Claims, issue_access
from tests.builders import make_member, make_organization, number

ADMIN, CLINICIAN, STAFF, PATIENT = (built_in_id(r) for r in ("org_admin", "clinician", "staff", "patient"))
SEEN = Actor.nobody(address="192.0.2.9", user_agent="tests")
PASSWORD = "a long pass phrase"


class Office:
    """An administrator at work in an organization, one transaction a call."""

    def __init__(self, database: Database, actor: Actor) -> None:
        self.database, self.actor = database, actor

    @property
    def organization_id(self):
        return self.actor.organization_id

    async def do(self, function, *args, actor=None, **given):
        async with self.database.transaction(actor or self.actor) as db:
            return await function(db, *args, **given)

    async def member(self, role="clinician"):
        return await make_member(self.database, self.organization_id, role)

    async def listed(self, **wanted):
        return await self.do(members.list_members, Wanted(**wanted), NEWEST, limit=50)

    async def offer(self, email=None, role_id=CLINICIAN, actor=None, **given):
        email = email or f"invited-{next(number)}@example.org"
        return await self.do(invite, Offer(email, role_id, "Nita", "Bose", **given), actor=actor)

    async def token(self, invitation_id):
        """What the letter holds that would be sent now."""
        letter = await self.do(
            letter_of, invitation_id, "https://clinic.example", actor=Actor.system(self.organization_id)
        )
        return re.search(r"https://clinic\.example/invitation#token=(\S+)", letter.text).group(1)

    async def accept(self, token, password=PASSWORD):
        return await accept(self.database, token, SEEN, password=password, given_name="", family_name="")


@pytest.fixture
async def office(database):
    async with database.transaction(SEEN) as db:  # so that nobody below is the installation's first account
        if not await db.scalar(select(Account.id).limit(1)):
            db.add(Account(email="first@example.org", platform_admin=True))
    return Office(database, await make_member(database, await make_organization(database), "org_admin"))


async def signed_in(database: Database, secret: bytes, actor: Actor) -> str:
    """An access token of a sign-in that the database knows."""
    async with database.transaction(actor) as db:
        session = AuthSession(
            account_id=actor.account_id,
            organization_id=actor.organization_id,
            member_id=actor.member_id,
            expires_at=func.now() + text("interval '1 hour'"),
        )
        db.add(session)
        await db.flush()
    claims = Claims(actor.account_id, session.id, actor.organization_id, actor.member_id)
    return issue_access(secret, claims, lifetime_s=600)


# --- the last administrator ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["demote", "suspend", "remove", "custom"])
async def test_the_last_administrator_stays(office, how):
    own = office.actor.member_id
    below = await office.do(create_role, "Deputy", ADMIN, sorted(BUILT_IN["org_admin"]))
    attempts = {
        "demote": (members.change_role_of, own, CLINICIAN),
        "suspend": (members.suspend, own),
        "remove": (members.remove, own),
        "custom": (members.change_role_of, own, below.id),
    }
    suspended = await office.member("org_admin")  # one who can do nothing does not count
    await office.do(members.suspend, suspended.member_id)
    with pytest.raises(LastAdmin):
        await office.do(*attempts[how])
    await office.do(members.restore, suspended.member_id)
    await office.do(*attempts[how])


async def test_an_administrator_whose_account_is_disabled_does_not_count(office):
    other = await office.member("org_admin")
    async with office.database.transaction(office.actor) as db:
        await db.execute(update(Account).where(Account.id == other.account_id).values(disabled_at=func.now()))
    with pytest.raises(LastAdmin):
        await office.do(members.remove, office.actor.member_id)


async def test_administrators_who_shut_each_other_out_at_once_leave_one(database):
    for _ in range(5):
        organization_id = await make_organization(database)
        one, two = [Office(database, await make_member(database, organization_id, "org_admin")) for _ in range(2)]
        results = await asyncio.gather(
            one.do(members.suspend, two.actor.member_id),
            two.do(members.change_role_of, one.actor.member_id, STAFF),
            return_exceptions=True,
        )
        assert [type(r) for r in results if isinstance(r, BaseException)] == [LastAdmin]
        assert len(await one.listed(status=MemberStatus.ACTIVE, role_id=ADMIN)) == 1


# --- nobody gives or takes more than they hold --------------------------------------------------------------------


async def test_nobody_gives_a_role_beyond_their_own_or_touches_who_holds_more(office):
    clerk = replace(
        office.actor, permissions=frozenset({"members:read", "members:write", "patients:read", "departments:read"})
    )
    clinician = await office.member()
    weak = await office.do(create_role, "Reader", STAFF, ["patients:read"])
    person = await office.member("staff")
    await office.do(members.change_role_of, person.member_id, weak.id)
    for attempt in (
        (members.change_role_of, person.member_id, CLINICIAN),
        (members.change_role_of, clinician.member_id, weak.id),
        (members.suspend, clinician.member_id),
        (members.remove, clinician.member_id),
    ):
        with pytest.raises(ExceedsOwn):
            await office.do(*attempt, actor=clerk)
    with pytest.raises(ExceedsOwn):
        await office.offer(role_id=ADMIN, actor=clerk)
    assert (await office.offer(role_id=weak.id, actor=clerk)).role_id == weak.id
    await office.do(members.suspend, person.member_id, actor=clerk)


async def test_a_role_that_grew_is_not_sent_again_by_who_could_not_give_it(office):
    role = await office.do(create_role, "Reader", STAFF, ["patients:read"])
    clerk = replace(office.actor, permissions=frozenset({"members:write", "patients:read"}))
    invitation = await office.offer(role_id=role.id, actor=clerk)
    await office.do(change_role, role.id, name=None, parent_id=None, permissions=["patients:read", "patients:write"])
    with pytest.raises(ExceedsOwn):
        await office.do(send_again, invitation.id, actor=clerk)


async def test_the_platforms_administrator_may_give_any_role_of_an_organization(office):
    visitor = replace(office.actor, member_id=None, permissions=BUILT_IN["platform_admin"], role="platform_admin")
    for role_id in (ADMIN, CLINICIAN, STAFF, PATIENT):
        assert (await office.offer(role_id=role_id, actor=visitor)).invited_by is None


async def test_members_of_another_organization_do_not_exist_here(office, database):
    stranger = await make_member(database, await make_organization(database), "staff")
    for attempt in (
        (members.read_member, stranger.member_id),
        (members.change_role_of, stranger.member_id, STAFF),
        (members.suspend, stranger.member_id),
        (members.restore, stranger.member_id),
        (members.remove, stranger.member_id),
    ):
        with pytest.raises(NotFound):
            await office.do(*attempt)


# --- how soon it holds ---------------------------------------------------------------------------------------------


async def until_within_a_second(check) -> None:
    deadline = time.monotonic() + 1.5  # one second of memory, and the look-up itself on a busy machine
    while not await check():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_a_changed_role_and_a_suspension_hold_within_a_second_in_another_process(office, keyring, urls):
    """Two Presences over two pools stand for two processes; both have the member in memory when it changes."""
    elsewhere = Database(urls.app)
    person = await office.member("staff")
    token = await signed_in(office.database, keyring.token_secret, person)
    processes = [Presence(office.database, keyring.token_secret), Presence(elsewhere, keyring.token_secret)]
    role = await office.do(create_role, "Reader", STAFF, ["patients:read", "departments:read"])
    for presence in processes:
        assert (await presence.actor(token)).permissions == BUILT_IN["staff"]

    async def hold(permissions) -> bool:
        return all([(await p.actor(token)).permissions == permissions for p in processes])

    await office.do(members.change_role_of, person.member_id, role.id)
    await until_within_a_second(lambda: hold({"patients:read", "departments:read"}))
    await office.do(change_role, role.id, name=None, parent_id=None, permissions=["departments:read"])
    await until_within_a_second(lambda: hold({"departments:read"}))
    await office.do(members.suspend, person.member_id)

    async def out() -> bool:
        for presence in processes:
            try:
                await presence.actor(token)
                return False
            except BadToken:
                pass
        return True

    await until_within_a_second(out)
    await office.do(members.restore, person.member_id)
    assert await out()  # the old sign-in stays ended: a restored member signs in again
    await elsewhere.close()


async def test_removing_a_member_ends_their_sign_ins_here_and_only_here(office, database, keyring):
    person = await office.member("clinician")
    other = await make_member(database, await make_organization(database), "staff", account_id=person.account_id)
    here, there = [await signed_in(database, keyring.token_secret, one) for one in (person, other)]
    await office.do(members.remove, person.member_id)
    presence = Presence(database, keyring.token_secret, fresh_s=0)
    with pytest.raises(BadToken):
        await presence.actor(here)
    assert (await presence.actor(there)).member_id == other.member_id


# --- lists and changes ---------------------------------------------------------------------------------------------


async def test_members_are_listed_by_state_role_and_beginning_of_a_name(office):
    nurse = await office.do(create_role, "Nurse", STAFF, ["patients:read"])
    people = [await office.member(role) for role in ("clinician", "staff", "patient")]
    await office.do(members.change_role_of, people[1].member_id, nurse.id)
    await office.do(members.rename, people[0].member_id, given_name="Zoya", family_name="50%_off")
    await office.do(members.suspend, people[2].member_id)

    async def ids(**wanted):
        return [row.member.id for row in await office.listed(**wanted)]

    assert await ids(role_id=nurse.id) == [people[1].member_id]
    assert await ids(role_id=STAFF) == []
    assert await ids(status=MemberStatus.SUSPENDED) == [people[2].member_id]
    assert await ids(name="zo") == [people[0].member_id]
    assert await ids(name="50%_") == [people[0].member_id]
    assert await ids(name="%") == []
    assert len(await ids()) == 4
    await office.do(members.remove, people[0].member_id)
    assert len(await ids()) == 3
    assert await ids(status=MemberStatus.REMOVED) == [people[0].member_id]
    with pytest.raises(NotFound):
        await ids(role_id=new_id())


async def test_members_are_listed_by_what_their_role_lets_them_do(office):
    locum = await office.do(create_role, "Locum", CLINICIAN, ["notes:read", "notes:approve"])
    scribe = await office.do(create_role, "Scribe", CLINICIAN, ["notes:read"])
    people = [await office.member(role) for role in ("clinician", "clinician", "clinician", "staff")]
    for person, role in zip(people[1:3], (locum, scribe), strict=True):
        await office.do(members.change_role_of, person.member_id, role.id)

    signers = {row.member.id for row in await office.listed(may="notes:approve")}
    assert signers == {office.actor.member_id, people[0].member_id, people[1].member_id}
    with pytest.raises(UnknownPermission):
        await office.listed(may="notes:forge")


async def test_that_somebody_is_a_patient_is_shown_only_to_who_may_read_patients_and_is_noted(office):
    visitor = replace(office.actor, member_id=None, permissions=BUILT_IN["platform_admin"], role="platform_admin")
    patient, invited = await office.member("patient"), await office.offer(role_id=PATIENT)

    async def ids(actor):
        rows = await office.do(members.list_members, Wanted(), NEWEST, limit=50, actor=actor)
        offers = await office.do(list_invitations, NEWEST, limit=50, actor=actor)
        return {row.member.id for row in rows} | {one.id for one, _ in offers}

    hidden = {patient.member_id, invited.id}
    assert hidden <= await ids(office.actor)
    assert not hidden & await ids(visitor)
    for attempt in ((members.read_member, patient.member_id), (members.suspend, patient.member_id)):
        with pytest.raises(NotFound):
            await office.do(*attempt, actor=visitor)
    with pytest.raises(NotFound):
        await office.do(take_back, invited.id, actor=visitor)
    await office.do(members.read_member, patient.member_id)
    async with office.database.transaction(office.actor) as db:
        looks = (
            await db.execute(
                text("select entity_id, new from audit_entry where action = 'read' and entity = 'member' order by id")
            )
        ).all()
    assert [tuple(row) for row in looks] == [(None, {"patients": 1}), (patient.member_id, None)]


async def test_a_cursor_does_not_tell_where_somebody_stands_whom_one_may_not_see(office):
    """Sorted by name, the page after a patient would tell which names come before theirs."""
    visitor = replace(office.actor, member_id=None, permissions=BUILT_IN["platform_admin"], role="platform_admin")
    patient = await office.member("patient")
    after_them = Order("name", after=patient.member_id)
    await office.do(members.list_members, Wanted(), after_them, limit=9)
    with pytest.raises(BadCursor):
        await office.do(members.list_members, Wanted(), after_them, limit=9, actor=visitor)


async def test_the_list_of_members_pages_without_gap_or_repetition(office):
    for _ in range(5):
        await office.member("staff")
    seen, before = [], None
    while rows := await office.do(members.list_members, Wanted(), Order(after=before), limit=2):
        seen += [row.member.id for row in rows]
        before = seen[-1]
    assert len(seen) == len(set(seen)) == 6
    assert seen == sorted(seen, reverse=True)


async def test_only_fitting_states_change(office):
    person = await office.member("staff")
    with pytest.raises(Conflict):
        await office.do(members.restore, person.member_id)
    await office.do(members.suspend, person.member_id)
    with pytest.raises(MemberNotActive):
        await office.do(members.suspend, person.member_id)
    with pytest.raises(MemberNotActive):
        await office.do(members.change_role_of, person.member_id, CLINICIAN)
    await office.do(members.remove, person.member_id)
    for gone in (members.restore, members.suspend, members.remove):
        with pytest.raises(NotFound):
            await office.do(gone, person.member_id)


async def test_what_happens_to_a_member_is_in_the_audit(office):
    person = await office.member("staff")
    await office.do(members.change_role_of, person.member_id, CLINICIAN)
    await office.do(members.suspend, person.member_id)
    async with office.database.transaction(office.actor) as db:
        rows = (
            await db.execute(
                text(
                    "select old, new, actor_id from audit_entry where entity_id = :id and action = 'update' order by id"
                ),
                {"id": person.member_id},
            )
        ).all()
    assert [(row.old, row.new) for row in rows] == [
        ({"role": "staff"}, {"role": "clinician"}),
        ({"status": "active"}, {"status": "suspended"}),
    ]
    assert {row.actor_id for row in rows} == {office.actor.account_id}


# --- invitations ---------------------------------------------------------------------------------------------------


async def test_an_invitation_makes_an_account_and_a_member_once(office):
    invitation = await office.offer("Nita.Bose@Example.org")
    token = await office.token(invitation.id)
    shown = await look_at(office.database, token, SEEN)
    assert (shown.email, shown.role, shown.has_account) == ("nita.bose@example.org", "clinician", False)
    with pytest.raises(PasswordNeeded):
        await office.accept(token, password=None)
    with pytest.raises(WeakPassword):
        await office.accept(token, password="short")
    await office.accept(token)
    row = (await office.listed(name="nita"))[0]
    assert (row.member.given_name, row.role.name, row.member.status) == ("Nita", "clinician", MemberStatus.ACTIVE)
    async with office.database.transaction(office.actor) as db:
        account = await db.get_one(Account, row.member.account_id)
    assert account.email_verified_at is not None
    assert not account.platform_admin
    assert await verify(PASSWORD, account.password_hash)
    for again in (office.accept(token), look_at(office.database, token, SEEN)):
        with pytest.raises(BadInvitation):
            await again


async def test_an_invitation_used_twice_at_once_makes_one_member(office):
    token = await office.token((await office.offer("twice@example.org")).id)
    results = await asyncio.gather(office.accept(token), office.accept(token), return_exceptions=True)
    assert [type(r) for r in results if isinstance(r, BaseException)] == [BadInvitation]
    assert len(await office.listed(name="twice@")) == 1


async def test_an_account_that_proved_its_address_joins_without_a_password(office, database):
    person = await make_member(database, await make_organization(database), "staff")
    async with database.transaction(person) as db:
        account = await db.get_one(Account, person.account_id)
        account.email_verified_at = text("now()")
        before = account.password_hash
    token = await office.token((await office.offer(account.email)).id)
    assert (await look_at(database, token, SEEN)).has_account
    await office.accept(token, password=None)
    async with database.transaction(office.actor) as db:
        member = await db.scalar(select(Member).where(Member.account_id == person.account_id))
        assert (await db.get_one(Account, person.account_id)).password_hash == before
    assert member.status is MemberStatus.ACTIVE


async def test_who_registered_an_address_that_is_not_theirs_gains_nothing_by_its_invitation(office, database, keyring):
    """A stranger made an account of the address before; the owner of the mailbox accepts, and the stranger is out."""
    elsewhere = await make_organization(database)
    async with database.transaction(Actor.system(elsewhere)) as db:
        squatter = await make_account(db, f"squatted-{next(number)}@example.org", "the squatters own phrase")
    stranger = await make_member(database, elsewhere, "patient", account_id=squatter.id)
    their_token = await signed_in(database, keyring.token_secret, stranger)
    token = await office.token((await office.offer(squatter.email)).id)
    with pytest.raises(PasswordNeeded):
        await office.accept(token, password=None)
    await office.accept(token)
    with pytest.raises(BadToken):
        await Presence(database, keyring.token_secret, fresh_s=0).actor(their_token)
    async with database.transaction(office.actor) as db:
        stored = (await db.get_one(Account, squatter.id)).password_hash
    assert await verify(PASSWORD, stored)
    assert not await verify("the squatters own phrase", stored)


async def test_sending_again_ends_the_link_before_and_taking_back_ends_all(office):
    invitation = await office.offer()
    first = await office.token(invitation.id)
    await office.do(send_again, invitation.id)
    second = await office.token(invitation.id)
    with pytest.raises(BadInvitation):
        await look_at(office.database, first, SEEN)
    assert (await look_at(office.database, second, SEEN)).role == "clinician"
    await office.do(take_back, invitation.id)
    with pytest.raises(BadInvitation):
        await office.accept(second)
    with pytest.raises(NotFound):
        await office.do(send_again, invitation.id)
    assert await office.do(letter_of, invitation.id, "https://clinic.example") is None


async def test_an_expired_invitation_opens_nothing_and_makes_room_for_a_new_one(office):
    invitation = await office.offer("late@example.org")
    token = await office.token(invitation.id)
    with pytest.raises(AlreadyInvited):
        await office.offer("LATE@example.org")
    async with office.database.transaction(office.actor) as db:
        await db.execute(update(Invitation).values(expires_at=text("now() - interval '1 second'")))
    with pytest.raises(BadInvitation):
        await office.accept(token)
    new = await office.offer("late@example.org")
    rows = await office.do(list_invitations, NEWEST, limit=10)
    assert [one.id for one, _ in rows] == [new.id]


async def test_who_is_in_is_not_invited_and_who_was_removed_comes_back_as_the_same_member(office):
    person = await office.member("staff")
    async with office.database.transaction(person) as db:
        account = await db.get_one(Account, person.account_id)
        account.email_verified_at = text("now()")
    with pytest.raises(AlreadyMember):
        await office.offer(account.email)
    await office.do(members.suspend, person.member_id)
    with pytest.raises(AlreadyMember):  # a suspended one is restored, not invited past it
        await office.offer(account.email)
    await office.do(members.remove, person.member_id)
    await office.accept(await office.token((await office.offer(account.email)).id), password=None)
    assert (await office.do(members.read_member, person.member_id)).role.name == "clinician"


async def test_an_invitation_does_not_lift_a_suspension_that_came_after_it(office):
    person = await office.member("staff")
    async with office.database.transaction(person) as db:
        account = await db.get_one(Account, person.account_id)
        account.email_verified_at = text("now()")
    await office.do(members.remove, person.member_id)
    token = await office.token((await office.offer(account.email)).id)
    async with office.database.transaction(office.actor) as db:
        await db.execute(update(Member).where(Member.id == person.member_id).values(status="suspended"))
    with pytest.raises(AlreadyMember):
        await office.accept(token)
    async with office.database.transaction(office.actor) as db:
        await db.execute(update(Account).where(Account.id == person.account_id).values(disabled_at=func.now()))
    with pytest.raises(BadInvitation):
        await office.accept(token)


async def test_a_suspended_organization_neither_invites_nor_takes_in(office):
    token = await office.token((await office.offer()).id)
    async with office.database.transaction(office.actor) as db:
        await db.execute(
            update(Organization).where(Organization.id == office.organization_id).values(status="suspended")
        )
    with pytest.raises(OrganizationNotActive):
        await office.offer()
    for attempt in (office.accept(token), look_at(office.database, token, SEEN)):
        with pytest.raises(OrganizationNotActive):
            await attempt


@pytest.mark.parametrize("token", ["", "x" * 60, "\x00" * 60, "0" * 32 + ".", "' or 1=1 --" * 5, "é" * 60])
async def test_a_link_that_nobody_sent_opens_nothing(office, token):
    for attempt in (office.accept(token), look_at(office.database, token, SEEN)):
        with pytest.raises((BadInvitation, OrganizationNotActive)):
            await attempt


async def test_the_secret_of_a_link_opens_nothing_in_another_organization(office, database):
    token = await office.token((await office.offer()).id)
    other = await make_organization(database)
    with pytest.raises(BadInvitation):
        await look_at(database, f"{other.hex}.{token.partition('.')[2]}", SEEN)


async def test_the_letter_speaks_the_language_of_the_invited(office):
    invitation = await office.offer(language="hi")
    letter = await office.do(
        letter_of, invitation.id, "https://clinic.example", actor=Actor.system(office.organization_id)
    )
    assert "आमंत्रण" in letter.subject
    assert letter.to == invitation.email
    async with office.database.transaction(office.actor) as db:
        audited = await db.scalar(text("select string_agg(coalesce(new::text, ''), '') from audit_entry"))
    assert "hash" not in audited


# --- one's own profile; departments and specialties ----------------------------------------------------------------

PROFILE = {
    "given_name": "Meera",
    "family_name": "Iyer",
    "language": "hi",
    "birth_date": "1984-06-02",
    "gender": "female",
    "phone": "+91 98450 77777",
    "address": "12 Lake Road, Pune",
}


async def test_a_profile_is_kept_sealed_and_read_by_its_owner(office, keyring):
    person = await office.member()
    assert (await office.do(read_profile, keyring, actor=person)).phone is None
    await office.do(save_profile, keyring, ProfileIn.model_validate(PROFILE), actor=person)
    assert (await office.do(read_profile, keyring, actor=person)).model_dump(mode="json") == PROFILE
    async with office.database.transaction(office.actor) as db:
        stored = (await db.get_one(Member, person.member_id)).profile
        trail = await db.scalar(
            text("select string_agg(coalesce(new::text, ''), '') from audit_entry where entity_id = :id"),
            {"id": person.member_id},
        )
    for secret in ("1984-06-02", "77777", "Lake Road"):
        assert secret.encode() not in stored
        assert secret not in trail
    assert '"language": "hi"' in trail


async def test_a_sealed_profile_cannot_be_moved_to_another_member(office, keyring):
    one, two = await office.member(), await office.member()
    await office.do(save_profile, keyring, ProfileIn.model_validate(PROFILE), actor=one)
    async with office.database.transaction(office.actor) as db:
        (await db.get_one(Member, two.member_id)).profile = (await db.get_one(Member, one.member_id)).profile
    with pytest.raises(Unreadable):
        await office.do(read_profile, keyring, actor=two)


async def test_a_removed_members_contact_data_is_gone(office, keyring):
    person = await office.member()
    await office.do(save_profile, keyring, ProfileIn.model_validate(PROFILE), actor=person)
    await office.do(members.remove, person.member_id)
    async with office.database.transaction(office.actor) as db:
        member = await db.get_one(Member, person.member_id)
    assert (member.profile, member.family_name) == (None, "Iyer")


async def test_the_platforms_administrator_has_no_profile(office, keyring):
    with pytest.raises(Forbidden):
        await office.do(read_profile, keyring, actor=replace(office.actor, member_id=None))


@pytest.mark.parametrize("kind", [Department, Specialty])
async def test_departments_and_specialties_are_an_organizations_own(office, database, kind):
    row = await office.do(add_named, kind, "Audiology", "")
    with pytest.raises(NameTaken):
        await office.do(add_named, kind, "AUDIOLOGY", "")
    stranger = await make_member(database, await make_organization(database), "org_admin")
    with pytest.raises(NotFound):
        await office.do(find_named, kind, row.id, actor=stranger)
    assert (await office.do(add_named, kind, "Audiology", "", actor=stranger)).name == "Audiology"

    async def rename(db):
        found = await find_named(db, kind, row.id)
        await change_named(db, found, name="Hearing care", description=None)
        return found

    assert (await office.do(rename)).name == "Hearing care"

    async def drop(db):
        await delete_named(db, await find_named(db, kind, row.id))

    await office.do(drop)
    with pytest.raises(NotFound):
        await office.do(find_named, kind, row.id)


async def test_a_department_that_somebody_belongs_to_is_not_deleted(office):
    row = await office.do(add_named, Department, "Audiology", "")
    person = await office.member()
    async with office.database.transaction(office.actor) as db:
        await db.execute(
            text("insert into professional (id, member_id, department_id) values (:id, :member, :department)"),
            {"id": new_id(), "member": person.member_id, "department": row.id},
        )

    async def drop(db):
        await delete_named(db, await find_named(db, Department, row.id))

    with pytest.raises(NameInUse):
        await office.do(drop)
