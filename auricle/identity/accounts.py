"""Accounts: made at registration, by invitation or by the operator."""

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.errors import Conflict
from auricle.identity.models import Account
from auricle.identity.passwords import check_strength, hash_password

FIRST_ACCOUNT_LOCK = 7_236_002


class RegistrationRefused(Conflict):
    """This registration can't be made."""

    code = "authentication.registration_refused"


async def make_account(db: AsyncSession, email: str, password: str | None, *, username: str | None = None) -> Account:
    """Add an account; the first one of an installation becomes platform admin."""
    if password is not None:
        check_strength(password, about=(email, username or ""))
    hashed = await hash_password(password) if password is not None else None
    await db.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": FIRST_ACCOUNT_LOCK})
    first = not await db.scalar(select(select(Account.id).exists()))
    taken = await db.scalar(
        select(Account.id).where((Account.email == email.lower()) | (Account.username == (username or "").lower()))
    )
    if taken is not None:
        raise RegistrationRefused
    account = Account(
        email=email.lower(), username=username.lower() if username else None, password_hash=hashed, platform_admin=first
    )
    db.add(account)
    await db.flush()
    return account
