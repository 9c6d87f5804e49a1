"""Sign in: name and password, then the second factor where one is enrolled."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from auricle.actor import Actor
from auricle.errors import Forbidden, Unauthenticated
from auricle.identity.lockout import Clock, Keys, Outcome, TooManyAttempts, admit, keys_of, settle, utc_now
from auricle.identity.models import Account
from auricle.identity.passwords import verify
from auricle.identity.sessions import Desk, Place, Tokens, current_place, find_place, start_session
from auricle.identity.tokens import BadToken, issue_challenge, read_challenge
from auricle.identity.totp import code_passes, is_enrolled
from auricle.identity.trail import as_account, note

CHALLENGE = timedelta(minutes=5)


class WrongCredentials(Unauthenticated):
    """The name or the password is wrong."""

    code = "authentication.wrong_credentials"


class SecondFactorNeeded(Unauthenticated):
    """Give the code of your authenticator, or a recovery code."""

    code = "authentication.second_factor_required"


class WrongCode(Unauthenticated):
    """This code is wrong, was used, or came too late."""

    code = "authentication.wrong_code"


class WrongPassword(Forbidden):
    """The present password is wrong."""

    code = "authorization.wrong_password"


async def log_in(
    desk: Desk, *, login: str, password: str, organization: str | None, seen: Actor, clock: Clock = utc_now
) -> Tokens:
    """Sign in by e-mail or username, into the organization of this slug or the first one joined.

    An unknown name takes the same steps as a known one: the same transactions, the same work on the password.

    Raises:
        WrongCredentials: whatever of it was wrong.
        SecondFactorNeeded: all was right; its context holds the `challenge` to answer with a code.
        TooManyAttempts: the account or the address is locked for a while.
    """
    name = login.lower().strip()
    async with desk.database.transaction(seen) as db:
        account = await db.scalar(select(Account).where((Account.email == name) | (Account.username == name)))
    account_id = account.id if account else None
    keys = keys_of(account_id or name, seen.address)
    await _admitted(desk, keys, account_id, seen, clock)
    fits = await verify(password, account.password_hash if account else None)
    if account is None or not fits or account.disabled_at is not None:
        await settled(desk, keys, "failed", account_id, seen, clock)
        raise WrongCredentials
    place = await find_place(desk.database, account, organization, seen)
    if place is None:
        await settled(desk, keys, "half", account_id, seen, clock, reason="no such place")
        raise WrongCredentials
    return await go_on(desk, keys, account.id, place, seen, clock)


async def go_on(desk: Desk, keys: Keys, account_id: UUID, place: Place, seen: Actor, clock: Clock) -> Tokens:
    """The first factor was right: ask for the second where one is enrolled, else start the session."""
    async with desk.database.transaction(as_account(seen, account_id)) as db:
        enrolled = await is_enrolled(db, account_id)
        if keys:  # none where no password was looked at
            await settle(db, keys, "half" if enrolled else "passed", clock())
    if enrolled:
        challenge = issue_challenge(
            desk.keyring.token_secret, account_id, place.organization_id, now=clock(), lifetime=CHALLENGE
        )
        raise SecondFactorNeeded(challenge=challenge)
    return await start_session(desk, account_id, place, seen)


async def answer_challenge(desk: Desk, challenge: str, code: str, seen: Actor, clock: Clock = utc_now) -> Tokens:
    """The second step of signing in. Wrong codes count as wrong passwords do."""
    try:
        account_id, organization_id = read_challenge(desk.keyring.token_secret, challenge)
    except BadToken:
        raise WrongCode from None
    keys = keys_of(account_id, seen.address)
    await _admitted(desk, keys, account_id, seen, clock)
    async with desk.database.transaction(as_account(seen, account_id)) as db:
        passes = await code_passes(db, desk.keyring, account_id, code, clock())
        if passes:
            await settle(db, keys, "passed", clock())
            if passes == "recovery":
                await note(db, account_id, "recovery_code_used")
    if not passes:
        await settled(desk, keys, "failed", account_id, seen, clock, reason="second factor")
        raise WrongCode
    place = await current_place(desk.database, account_id, organization_id)
    if place is None:
        raise WrongCredentials
    return await start_session(desk, account_id, place, seen)


async def check_password(desk: Desk, actor: Actor, password: str, clock: Clock = utc_now) -> None:
    """Make sure that it is still the owner who sits there. Raises `WrongPassword`; guesses count as at the door."""
    assert actor.account_id is not None
    keys = keys_of(actor.account_id, actor.address)
    await _admitted(desk, keys, actor.account_id, actor, clock)
    async with desk.database.transaction(as_account(actor, actor.account_id)) as db:
        stored = await db.scalar(select(Account.password_hash).where(Account.id == actor.account_id))
    fits = await verify(password, stored)
    outcome: Outcome = "half" if fits else "failed"
    await settled(desk, keys, outcome, actor.account_id, actor, clock, action="password_check")
    if not fits:
        raise WrongPassword


async def _admitted(desk: Desk, keys: Keys, account_id: UUID | None, seen: Actor, clock: Clock) -> None:
    try:
        await admit(desk.database, keys, clock)
    except TooManyAttempts:
        async with desk.database.transaction(as_account(seen, account_id)) as db:
            await note(db, account_id, "sign_in", outcome="refused", reason="locked")
        raise


async def settled(
    desk: Desk,
    keys: Keys,
    outcome: Outcome,
    account_id: UUID | None,
    seen: Actor,
    clock: Clock,
    *,
    action: str = "sign_in",
    reason: str | None = None,
) -> None:
    """Count an attempt that does not start a session, and leave its trail, in one transaction."""
    async with desk.database.transaction(as_account(seen, account_id)) as db:
        locked = await settle(db, keys, outcome, clock())
        if outcome == "failed" or reason:
            await note(db, account_id, action, outcome="refused", reason=reason)
        if locked:
            await note(db, account_id, "lockout", outcome="refused")
