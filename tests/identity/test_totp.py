"""The second factor: asked for once enrolled, each code once, against an authenticator that is not ours."""

import base64
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from sqlalchemy import text

from auricle.identity.lockout import ACCOUNT, TooManyAttempts
from auricle.identity.second_factor import begin_enrolment, confirm_enrolment, remove_factor, renew_recovery_codes
from auricle.identity.sign_in import SecondFactorNeeded, WrongCode, WrongPassword, answer_challenge
from auricle.identity.tokens import Claims, issue_access, issue_challenge
from auricle.identity.totp import AlreadyEnrolled, CodeDoesNotFit, NotEnrolled, shown, step_of, uri_for
from tests.identity.conftest import PASSWORD, SEEN

RFC_6238 = b"12345678901234567890"


def test_codes_are_those_of_the_standard_and_of_another_implementation():
    at = datetime.fromtimestamp(1_111_111_109, UTC)
    assert step_of(RFC_6238, "081804", at) == 1_111_111_109 // 30  # RFC 6238, appendix B, last six digits
    app = pyotp.parse_uri(uri_for(RFC_6238, "meera@example.org"))
    assert app.secret == shown(RFC_6238) == base64.b32encode(RFC_6238).decode().rstrip("=")
    assert (app.name, app.issuer) == ("meera@example.org", "Auricle")
    for hours in range(48):
        moment = at + timedelta(hours=hours)
        assert step_of(RFC_6238, app.at(moment), moment) == int(moment.timestamp()) // 30


@pytest.mark.parametrize("shift_s", [-30, 0, 30])
def test_a_clock_may_be_half_a_minute_off(shift_s):
    now = datetime(2026, 11, 20, 9, 0, 15, tzinfo=UTC)
    code = pyotp.TOTP(shown(RFC_6238)).at(now + timedelta(seconds=shift_s))
    assert step_of(RFC_6238, code, now) == int(now.timestamp() + shift_s) // 30


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "१२३४५६", "-12345", "12 345", "000000"])
def test_anything_else_is_no_code(code):
    assert step_of(RFC_6238, code, datetime(2026, 11, 20, tzinfo=UTC)) is None


def test_a_code_is_old_after_a_minute():
    now = datetime(2026, 11, 20, 9, tzinfo=UTC)
    for off in (-61, 61):
        assert step_of(RFC_6238, pyotp.TOTP(shown(RFC_6238)).at(now + timedelta(seconds=off)), now) is None


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC) - timedelta(minutes=2)  # room to go on: challenges end by the real clock

    def __call__(self) -> datetime:
        return self.now

    def later(self, seconds: float = 31) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
async def enrolled(door, person):
    """A person with an authenticator: who, their e-mail, the app, the recovery codes and the clock."""
    actor, email = person
    clock = Clock()
    secret = await begin_enrolment(door.desk, actor, PASSWORD, clock)
    app = pyotp.TOTP(shown(secret))
    codes = await confirm_enrolment(door.desk, actor, app.at(clock.now), clock)
    clock.later()
    return actor, email, app, codes, clock


async def challenged(door, email, clock) -> str:
    with pytest.raises(SecondFactorNeeded) as asked:
        await door.log_in(email, clock=clock)
    return asked.value.context["challenge"]


async def test_signing_in_needs_a_code_and_a_code_is_good_once(door, enrolled):
    actor, email, app, _, clock = enrolled
    challenge = await challenged(door, email, clock)
    code = app.at(clock.now)
    tokens = await answer_challenge(door.desk, challenge, code, SEEN, clock)
    assert (tokens.claims.account_id, tokens.claims.organization_id) == (actor.account_id, actor.organization_id)
    for again in (challenge, await challenged(door, email, clock)):
        with pytest.raises(WrongCode):
            await answer_challenge(door.desk, again, code, SEEN, clock)
    clock.later()
    with pytest.raises(WrongCode):  # the neighbour before: still in its time, but older than one used
        await answer_challenge(door.desk, challenge, code, SEEN, clock)
    assert await answer_challenge(door.desk, challenge, app.at(clock.now), SEEN, clock)


async def test_the_code_that_confirmed_is_used_up(door, person):
    actor, email = person
    clock = Clock()
    app = pyotp.TOTP(shown(await begin_enrolment(door.desk, actor, PASSWORD, clock)))
    code = app.at(clock.now)
    await confirm_enrolment(door.desk, actor, code, clock)
    with pytest.raises(WrongCode):
        await answer_challenge(door.desk, await challenged(door, email, clock), code, SEEN, clock)


async def test_a_recovery_code_is_good_once_and_typed_in_any_way(door, enrolled):
    actor, email, _, codes, clock = enrolled
    assert len(set(codes)) == 10
    for typed in (codes[0], codes[1].upper(), codes[2].replace("-", "")):
        challenge = await challenged(door, email, clock)
        assert await answer_challenge(door.desk, challenge, typed, SEEN, clock)
        with pytest.raises(WrongCode):
            await answer_challenge(door.desk, challenge, typed, SEEN, clock)
    assert ("recovery_code_used", "allowed") in await door.audited(actor.organization_id)


async def test_nothing_in_the_database_gives_a_factor_away(door, enrolled):
    actor, _, app, codes, _ = enrolled
    async with door.database.transaction(SEEN) as db:
        stored = str((await db.execute(text("select secret::text from second_factor"))).all())
        stored += str((await db.execute(text("select hash::text from recovery_code"))).all())
    secret = base64.b32decode(app.secret)
    assert secret.hex() not in stored and app.secret not in stored
    assert not any(code.replace("-", "").encode().hex() in stored for code in codes)


async def test_guessing_codes_locks_as_guessing_passwords_does(door, enrolled):
    _, email, app, _, clock = enrolled
    challenge = await challenged(door, email, clock)
    wrong = "000000" if app.at(clock.now) != "000000" else "000001"
    for _ in range(ACCOUNT.failures):
        with pytest.raises(WrongCode):
            await answer_challenge(door.desk, challenge, wrong, SEEN, clock)
    with pytest.raises(TooManyAttempts):
        await answer_challenge(door.desk, challenge, app.at(clock.now), SEEN, clock)
    with pytest.raises(TooManyAttempts):  # nor does the right password clear what wrong codes counted
        await door.log_in(email, clock=clock)


async def test_the_right_password_does_not_clear_failed_codes(door, enrolled):
    _, email, _, _, clock = enrolled
    for _ in range(ACCOUNT.failures):
        with pytest.raises(WrongCode):
            await answer_challenge(door.desk, await challenged(door, email, clock), "not one", SEEN, clock)
    with pytest.raises(TooManyAttempts):
        await door.log_in(email, clock=clock)


async def test_a_challenge_is_ours_and_fresh(door, enrolled):
    actor, email, app, _, clock = enrolled
    stale = issue_challenge(
        door.secret,
        actor.account_id,
        actor.organization_id,
        now=datetime.now(UTC) - timedelta(minutes=6),
        lifetime=timedelta(minutes=5),
    )
    foreign = issue_challenge(bytes(32), actor.account_id, None, now=datetime.now(UTC), lifetime=timedelta(minutes=5))
    access = issue_access(door.secret, Claims(actor.account_id, actor.account_id, None, None), lifetime_s=60)
    for challenge in (stale, foreign, access, "", "x.y.z", "é" * 40):
        with pytest.raises(WrongCode):
            await answer_challenge(door.desk, challenge, app.at(clock.now), SEEN, clock)


async def test_enrolling_and_removing_ask_who_sits_there(door, enrolled):
    actor, email, app, _, clock = enrolled
    with pytest.raises(WrongPassword):
        await begin_enrolment(door.desk, actor, "not the pass phrase", clock)
    with pytest.raises(AlreadyEnrolled):
        await begin_enrolment(door.desk, actor, PASSWORD, clock)
    with pytest.raises(WrongPassword):
        await remove_factor(door.desk, actor, "not the pass phrase", app.at(clock.now), clock)
    with pytest.raises(WrongCode):
        await remove_factor(door.desk, actor, PASSWORD, "not one", clock)
    await remove_factor(door.desk, actor, PASSWORD, app.at(clock.now), clock)
    assert await door.log_in(email, clock=clock)
    assert ("second_factor_removed", "allowed") in await door.audited(actor.organization_id)


async def test_new_recovery_codes_end_the_old_ones(door, enrolled):
    actor, email, app, old, clock = enrolled
    new = await renew_recovery_codes(door.desk, actor, PASSWORD, app.at(clock.now), clock)
    assert not set(new) & set(old)
    with pytest.raises(WrongCode):
        await answer_challenge(door.desk, await challenged(door, email, clock), old[5], SEEN, clock)
    assert await answer_challenge(door.desk, await challenged(door, email, clock), new[5], SEEN, clock)


async def test_an_enrolment_is_confirmed_by_its_own_latest_secret(door, person):
    actor, email = person
    clock = Clock()
    with pytest.raises(NotEnrolled):
        await confirm_enrolment(door.desk, actor, "123456", clock)
    first = pyotp.TOTP(shown(await begin_enrolment(door.desk, actor, PASSWORD, clock)))
    second = pyotp.TOTP(shown(await begin_enrolment(door.desk, actor, PASSWORD, clock)))
    with pytest.raises(CodeDoesNotFit):
        await confirm_enrolment(door.desk, actor, first.at(clock.now), clock)
    assert await door.log_in(email, clock=clock)  # not confirmed, not asked for
    await confirm_enrolment(door.desk, actor, second.at(clock.now), clock)
    with pytest.raises(AlreadyEnrolled):
        await confirm_enrolment(door.desk, actor, second.at(clock.now), clock)
