"""Change a password, or set a new one through a link sent by mail."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.identity import mail, totp
from auricle.identity.links import find_link, made_since, make_link, use_link, void_links
from auricle.identity.lockout import ADDRESS, Clock, admit, hashed, network_of, settle, unlock, utc_now
from auricle.identity.models import Account
from auricle.identity.passwords import check_strength, hash_password
from auricle.identity.sessions import Desk, revoke_all
from auricle.identity.sign_in import check_password
from auricle.identity.trail import as_account, note
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue

if TYPE_CHECKING:
    from auricle.assembly import Assembly

PURPOSE = "password_reset"
LIFETIME = timedelta(minutes=30)
MOST_AN_HOUR = 3

LETTER = """Somebody, probably you, asked for a new password at {base}.

Set it within {minutes} minutes here:
{base}/reset-password#token={secret}

Whoever did not ask need do nothing: without this link the password stays as it is.
"""


async def change_password(desk: Desk, actor: Actor, present: str, wanted: str, clock: Clock = utc_now) -> None:
    """Replace one's own password and end one's other sign-ins."""
    assert actor.account_id is not None
    await check_password(desk, actor, present, clock)
    who = as_account(actor, actor.account_id)
    async with desk.database.transaction(who) as db:
        await _check_for(db, actor.account_id, wanted)
    password_hash = await hash_password(wanted)
    async with desk.database.transaction(who) as db:
        account = await _replace(db, actor.account_id, password_hash, clock)
        await revoke_all(db, account.id, "password changed", but=actor.session_id)
        await note(db, account.id, "password_changed")


async def forget_password(desk: Desk, email: str, seen: Actor, clock: Clock = utc_now) -> None:
    """Ask for a link. Whether anybody has this address is not told, neither by the answer nor by its time.

    The link is made by the worker that sends it: no secret waits in the queue.
    """
    place = network_of(seen.address)
    keys = {hashed(f"reset:{place}"): ADDRESS} if place else {}
    if keys:
        await admit(desk.database, keys, clock)
    async with desk.database.transaction(seen) as db:
        account_id = await db.scalar(
            select(Account.id).where(Account.email == email.lower(), Account.disabled_at.is_(None))
        )
        if keys:
            await settle(db, keys, "failed", clock())  # asking counts: mail costs others
        lock = f"reset:{account_id or hashed(email.lower()).hex()[:32]}"
        await enqueue(db, "identity.mail_reset", queueing_lock=lock, account_id=account_id)


@task("identity.mail_reset", retries=5, timeout_s=60)
async def mail_reset(assembly: Assembly, actor: Actor, account_id: UUID | None) -> None:
    """Send the link. A second attempt makes a new one, and the first stops working."""
    if account_id is None:
        return
    now = utc_now()
    async with assembly.database.transaction(as_account(actor, account_id)) as db:
        email = await db.scalar(select(Account.email).where(Account.id == account_id, Account.disabled_at.is_(None)))
        if email is None or await made_since(db, PURPOSE, account_id, now - timedelta(hours=1)) >= MOST_AN_HOUR:
            return
        secret = await make_link(db, PURPOSE, account_id, lifetime_s=int(LIFETIME.total_seconds()), now=now)
        await note(db, account_id, "password_reset_requested")
    minutes = int(LIFETIME.total_seconds()) // 60
    text = LETTER.format(base=assembly.settings.base_url, minutes=minutes, secret=secret)
    await mail.send(assembly.settings.mail, mail.Letter(email, "Set a new password", text))


async def reset_password(desk: Desk, secret: str, wanted: str, seen: Actor, clock: Clock = utc_now) -> None:
    """Set a password with a link's secret. Ends every sign-in and every lock; the second factor stays
    where the address was proven before.

    Raises:
        BadLink: not valid, used, or expired.
        WeakPassword: the link still works for a better one.
    """
    async with desk.database.transaction(seen) as db:
        account_id = await find_link(db, PURPOSE, secret, clock())
        await _check_for(db, account_id, wanted)
    password_hash = await hash_password(wanted)
    async with desk.database.transaction(as_account(seen, account_id)) as db:
        await use_link(db, PURPOSE, secret, clock())
        account = await _replace(db, account_id, password_hash, clock)
        if account.email_verified_at is None:
            await totp.remove(db, account_id)  # enrolled by whoever registered the address, perhaps not its owner
        account.email_verified_at = clock()
        await unlock(db, account_id)
        await revoke_all(db, account_id, "password reset")
        await note(db, account_id, "password_reset")


async def _check_for(db: AsyncSession, account_id: UUID, wanted: str) -> None:
    account = await db.get_one(Account, account_id)
    check_strength(wanted, about=(account.email, account.username or ""))


async def _replace(db: AsyncSession, account_id: UUID, password_hash: str, clock: Clock) -> Account:
    account = await db.get_one(Account, account_id, with_for_update=True)
    account.password_hash = password_hash
    await void_links(db, PURPOSE, account_id, clock())
    return account
