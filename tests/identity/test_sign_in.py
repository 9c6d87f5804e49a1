"""Registration, sign-in, rotation and the end of sign-ins, on the real database."""

import asyncio
from dataclasses import replace

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from auricle.db.session import Database
from auricle.identity.accounts import RegistrationRefused
from auricle.identity.models import Account, AuthSession, Member, Organization
from auricle.identity.passwords import WeakPassword
from auricle.identity.register import register
from auricle.identity.roles import BUILT_IN, PERMISSIONS, permissions_of
from auricle.identity.schemas import Registration
from auricle.identity.sessions import RefreshRefused, revoke, start_session, successor
from auricle.identity.sign_in import WrongCredentials
from auricle.identity.tokens import BadToken, Claims, issue_access, read_access
from tests.builders import make_member, make_organization, number
from tests.identity.conftest import PASSWORD, SEEN


def wanted(organization: str | None = None, **given: str) -> Registration:
    row = {
        "email": f"new-{next(number)}@example.org",
        "password": PASSWORD,
        "given_name": "Asha",
        "family_name": "Rao",
        "organization": organization,
        **given,
    }
    return Registration.model_validate(row)


async def test_the_first_account_is_platform_admin_and_only_the_first(template, keyring):
    fresh = Database(template.copy().app)
    clinic = f"clinic-{next(number)}"
    await make_organization(fresh, clinic, open_registration=True)
    with pytest.raises(RegistrationRefused):  # no patient becomes platform admin by being early
        await register(fresh, keyring, wanted(clinic), SEEN)
    results = await asyncio.gather(
        *(register(fresh, keyring, wanted(), SEEN) for _ in range(4)), return_exceptions=True
    )
    made = [r for r in results if not isinstance(r, BaseException)]
    assert len(made) == 1
    assert made[0][0].platform_admin
    assert all(isinstance(r, RegistrationRefused) for r in results if isinstance(r, BaseException))
    patient, place = await register(fresh, keyring, wanted(clinic), SEEN)
    assert (patient.platform_admin, place.role) == (False, "patient")
    await fresh.close()


async def test_a_patient_registers_only_where_that_is_open(door, keyring):
    closed, gone = f"clinic-{next(number)}", f"clinic-{next(number)}"
    await make_organization(door.database, closed)
    suspended = await make_organization(door.database, gone, open_registration=True)
    await door.change(Organization, suspended, status="suspended")
    for slug in (closed, gone, "no-such-clinic", None):
        with pytest.raises(RegistrationRefused):
            await register(door.database, keyring, wanted(slug), SEEN)


async def test_a_registered_patient_may_see_their_own_record_and_nothing_more(door, keyring):
    slug = f"clinic-{next(number)}"
    await make_organization(door.database, slug, open_registration=True)
    account, place = await register(door.database, keyring, wanted(slug, username="Asha.Rao"), SEEN)
    tokens = await start_session(door.desk, account.id, place, SEEN)
    actor = await door.presence.actor(tokens.access)
    assert actor.patient_id is not None
    assert actor.may("own:read") and not actor.may("patients:read") and not actor.may("audit:read")
    assert (await door.log_in("ASHA.RAO")).claims.account_id == account.id
    with pytest.raises(RegistrationRefused):
        await register(door.database, keyring, wanted(slug, username="asha.rao"), SEEN)
    with pytest.raises(RegistrationRefused):
        await register(door.database, keyring, wanted(slug, email=account.email.upper()), SEEN)


@pytest.mark.parametrize("password", ["short", "eleven lett", "Password@2026!"])
async def test_a_short_or_common_password_is_refused(door, keyring, password):
    slug = f"clinic-{next(number)}"
    await make_organization(door.database, slug, open_registration=True)
    with pytest.raises(WeakPassword):
        await register(door.database, keyring, wanted(slug, password=password), SEEN)


@pytest.mark.parametrize(
    "bad",
    [
        {"password": "x" * 257},
        {"password": ""},
        {"email": "nobody"},
        {"role": "org_admin"},
        {"given_name": "a\x00b"},
        {"username": "a b c"},
        {"platform_admin": "true"},
    ],
    ids=str,
)
def test_a_registration_that_says_too_much_is_refused(bad):
    with pytest.raises(ValidationError):
        wanted(**bad)


async def test_signing_in_gives_an_actor_with_the_roles_permissions(door, person):
    actor, email = person
    tokens = await door.log_in(email.upper())
    found = await door.presence.actor(tokens.access)
    assert (found.organization_id, found.member_id, found.role) == (actor.organization_id, actor.member_id, "clinician")
    assert found.permissions == permissions_of("clinician")
    assert ("sign_in", "allowed") in await door.audited(actor.organization_id)


async def test_a_wrong_password_a_disabled_account_and_an_unknown_name_look_the_same(door, person):
    actor, email = person
    said = set()
    for login, password in ((email, "a wrong pass phrase"), ("nobody@example.org", PASSWORD), (email, "")):
        with pytest.raises(WrongCredentials) as refused:
            await door.log_in(login, password)
        said.add(str(refused.value))
    await door.change(Account, actor.account_id, disabled_at=text("now()"))
    with pytest.raises(WrongCredentials) as refused:
        await door.log_in(email)
    assert said == {str(refused.value)}
    assert ("sign_in", "refused") in await door.audited(actor.organization_id)


async def test_an_organization_one_does_not_belong_to_is_refused(door, person):
    slug = f"clinic-{next(number)}"
    await make_organization(door.database, slug)
    with pytest.raises(WrongCredentials):
        await door.log_in(person[1], organization=slug)


async def test_a_refresh_token_is_good_once_and_brings_the_next(door, person):
    first = await door.log_in(person[1])
    second = await door.refresh(first.refresh)
    third = await door.refresh(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert third.claims == first.claims


async def test_using_a_refresh_token_twice_ends_the_sign_in_for_everybody(door, person):
    stolen = await door.log_in(person[1])
    owner = await door.refresh(stolen.refresh)
    with pytest.raises(RefreshRefused):
        await door.refresh(stolen.refresh, after_s=11)
    with pytest.raises(RefreshRefused):
        await door.refresh(owner.refresh)
    with pytest.raises(BadToken):
        await door.presence.actor(owner.access)
    assert ("refresh_reuse", "refused") in await door.audited(person[0].organization_id)


async def test_tabs_that_refresh_at_the_same_moment_get_the_same_successor(door, person):
    tokens = await door.log_in(person[1])
    results = await asyncio.gather(*(door.refresh(tokens.refresh) for _ in range(5)))
    results.append(await door.refresh(tokens.refresh, after_s=9))
    assert len({r.refresh for r in results}) == 1
    assert tokens.refresh != results[0].refresh
    assert (await door.refresh(results[0].refresh)).refresh != results[0].refresh


async def test_another_client_has_no_grace(door, person):
    tokens = await door.log_in(person[1])
    owner = await door.refresh(tokens.refresh)
    with pytest.raises(RefreshRefused):
        await door.refresh(tokens.refresh, seen=replace(SEEN, user_agent="somebody else's"))
    with pytest.raises(RefreshRefused):
        await door.refresh(owner.refresh)


async def test_a_database_that_leaks_gives_no_refresh_token_away(door, person):
    tokens = await door.log_in(person[1])
    following = (await door.refresh(tokens.refresh)).refresh
    assert successor(door.secret, tokens.refresh) == following != successor(bytes(32), tokens.refresh)
    async with door.database.transaction(SEEN) as db:
        stored = (await db.scalars(text("select encode(hash, 'escape') from refresh_token"))).all()
    assert len(stored) >= 2 and not {tokens.refresh, following} & set(stored)


async def test_refreshing_does_not_make_a_sign_in_longer(door, person):
    tokens = await door.log_in(person[1])
    lifetime_s = door.settings.refresh_token_s
    for day in range(1, lifetime_s // 86400):
        tokens = await door.refresh(tokens.refresh, after_s=day * 86400)
    with pytest.raises(RefreshRefused):
        await door.refresh(tokens.refresh, after_s=lifetime_s + 1)


async def test_a_sign_in_nobody_used_for_days_is_over(door, person):
    tokens = await door.log_in(person[1])
    with pytest.raises(RefreshRefused):
        await door.refresh(tokens.refresh, after_s=door.settings.sign_in_idle_s + 1)


async def test_a_disabled_account_refreshes_nothing(door, person):
    tokens = await door.log_in(person[1])
    await door.change(Account, person[0].account_id, disabled_at=text("now()"))
    with pytest.raises(RefreshRefused):
        await door.refresh(tokens.refresh)


async def test_one_sign_in_ends_without_the_others(door, person):
    here, there = await door.log_in(person[1]), await door.log_in(person[1])
    async with door.database.transaction(person[0]) as db:
        await revoke(db, here.claims.session_id, "signed out")
    for attempt in (door.presence.actor(here.access), door.refresh(here.refresh)):
        with pytest.raises((BadToken, RefreshRefused)):
            await attempt
    assert (await door.presence.actor(there.access)).account_id == person[0].account_id


@pytest.mark.parametrize("token", ["", "x" * 43, "\x00" * 43, "' or 1=1 --"])
async def test_a_refresh_token_nobody_issued_is_refused(door, token):
    with pytest.raises(RefreshRefused):
        await door.refresh(token)


async def test_an_access_token_is_no_refresh_token(door, person):
    tokens = await door.log_in(person[1])
    with pytest.raises(RefreshRefused):
        await door.refresh(tokens.access)
    with pytest.raises(BadToken):
        await door.presence.actor(tokens.refresh)


async def test_an_expired_sign_in_is_over(door, person):
    tokens = await door.log_in(person[1])
    await door.change(AuthSession, tokens.claims.session_id, expires_at=text("now() - interval '1 second'"))
    with pytest.raises(RefreshRefused):
        await door.refresh(tokens.refresh)
    with pytest.raises(BadToken):
        await door.presence.actor(tokens.access)


async def test_a_suspended_member_or_organization_is_out_at_once(door, person):
    actor, email = person
    tokens = await door.log_in(email)
    own = actor.organization_id
    for table, row, organization in ((Member, actor.member_id, own), (Organization, own, None)):
        await door.change(table, row, organization, status="suspended")
        with pytest.raises(BadToken):
            await door.presence.actor(tokens.access)
        with pytest.raises(WrongCredentials):
            await door.log_in(email)
        await door.change(table, row, organization, status="active")
    assert await door.presence.actor(tokens.access)


async def test_a_new_role_holds_at_the_next_request(door, person):
    actor, email = person
    tokens = await door.log_in(email)
    await door.change(Member, actor.member_id, actor.organization_id, role="staff")
    assert (await door.presence.actor(tokens.access)).permissions == permissions_of("staff")
    await door.change(Member, actor.member_id, actor.organization_id, role="no-such-role")
    assert (await door.presence.actor(tokens.access)).permissions == frozenset()


async def test_a_token_for_another_organization_or_person_opens_nothing(door, person):
    """Signed with our secret, as after a bug of ours: the sign-in in the database decides."""
    tokens = await door.log_in(person[1])
    stranger = await make_member(door.database, await make_organization(door.database))
    for claims in (
        replace(tokens.claims, organization_id=stranger.organization_id),
        replace(tokens.claims, organization_id=None),
        replace(tokens.claims, account_id=stranger.account_id),
        Claims(stranger.account_id, stranger.account_id, stranger.organization_id, stranger.member_id),
    ):
        forged = issue_access(door.secret, claims, lifetime_s=60)
        assert read_access(door.secret, forged) == claims
        with pytest.raises(BadToken):
            await door.presence.actor(forged)


def test_roles_grow_from_patient_to_administrator_and_know_only_real_permissions():
    assert set().union(*BUILT_IN.values()) <= set(PERMISSIONS)
    assert BUILT_IN["staff"] < BUILT_IN["clinician"] < BUILT_IN["org_admin"]
    assert not BUILT_IN["platform_admin"] & {"patients:read", "consultations:read", "notes:read", "audit:read"}
    assert permissions_of("anything else") == frozenset()
