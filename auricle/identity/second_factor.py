"""An account's owner enrols, renews and removes the second factor; each step asks who sits there."""

from auricle.actor import Actor
from auricle.identity import totp
from auricle.identity.lockout import Clock, admit, keys_of, settle, utc_now
from auricle.identity.sessions import Desk
from auricle.identity.sign_in import WrongCode, check_password, settled
from auricle.identity.trail import as_account, note


async def begin_enrolment(desk: Desk, actor: Actor, password: str, clock: Clock = utc_now) -> bytes:
    """The secret for the app. Raises `WrongPassword`, `AlreadyEnrolled`."""
    assert actor.account_id is not None
    await check_password(desk, actor, password, clock)
    async with desk.database.transaction(as_account(actor, actor.account_id)) as db:
        return await totp.enrol(db, desk.keyring, actor.account_id)


async def confirm_enrolment(desk: Desk, actor: Actor, code: str, clock: Clock = utc_now) -> list[str]:
    """The recovery codes. Raises `CodeDoesNotFit`, `NotEnrolled`, `AlreadyEnrolled`."""
    assert actor.account_id is not None
    async with desk.database.transaction(as_account(actor, actor.account_id)) as db:
        codes = await totp.confirm(db, desk.keyring, actor.account_id, code, clock())
        await note(db, actor.account_id, "second_factor_enrolled")
    return codes


async def renew_recovery_codes(desk: Desk, actor: Actor, password: str, code: str, clock: Clock = utc_now) -> list[str]:
    """A new set of recovery codes. Raises `WrongPassword`, `WrongCode`."""
    assert actor.account_id is not None
    await _check_both(desk, actor, password, code, clock)
    async with desk.database.transaction(as_account(actor, actor.account_id)) as db:
        codes = await totp.new_recovery_codes(db, actor.account_id)
        await note(db, actor.account_id, "recovery_codes_renewed")
    return codes


async def remove_factor(desk: Desk, actor: Actor, password: str, code: str, clock: Clock = utc_now) -> None:
    """Do without. Raises `WrongPassword`, `WrongCode`."""
    assert actor.account_id is not None
    await _check_both(desk, actor, password, code, clock)
    async with desk.database.transaction(as_account(actor, actor.account_id)) as db:
        await totp.remove(db, actor.account_id)
        await note(db, actor.account_id, "second_factor_removed")


async def _check_both(desk: Desk, actor: Actor, password: str, code: str, clock: Clock) -> None:
    assert actor.account_id is not None
    await check_password(desk, actor, password, clock)
    keys = keys_of(actor.account_id, actor.address)
    await admit(desk.database, keys, clock)
    async with desk.database.transaction(as_account(actor, actor.account_id)) as db:
        passes = await totp.code_passes(db, desk.keyring, actor.account_id, code, clock())
        if passes:
            await settle(db, keys, "half", clock())
    if not passes:
        await settled(desk, keys, "failed", actor.account_id, actor, clock, action="password_check", reason="code")
        raise WrongCode
