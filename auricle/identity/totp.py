"""The second factor: time-based codes (RFC 6238) from an authenticator app, and recovery codes for when it is lost."""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Literal
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base
from auricle.db.sealed import Keyring
from auricle.errors import Conflict, Invalid
from auricle.identity.tokens import hash_of

STEP_S, DIGITS = 30, 6
SECRET_BYTES = 20
RECOVERY_CODES, RECOVERY_BYTES = 10, 10


class AlreadyEnrolled(Conflict):
    """A second factor is enrolled already; remove it first."""

    code = "second_factor.enrolled"


class NotEnrolled(Conflict):
    """No second factor is being enrolled or in use."""

    code = "second_factor.none"


class CodeDoesNotFit(Invalid):
    """This code does not fit; check the clock of your phone."""

    code = "validation.second_factor_code"


class SecondFactor(Base):
    """An account's authenticator. The secret is sealed; until it is confirmed by a code it is not asked for."""

    __tablename__ = "second_factor"
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    secret: Mapped[bytes]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RecoveryCode(Base):
    """The hash of a code of 80 random bits that replaces the authenticator once."""

    __tablename__ = "recovery_code"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


async def is_enrolled(db: AsyncSession, account_id: UUID) -> bool:
    found = await db.scalar(select(SecondFactor.confirmed_at).where(SecondFactor.account_id == account_id))
    return found is not None


async def enrol(db: AsyncSession, keyring: Keyring, account_id: UUID) -> bytes:
    """Begin: a new secret for the app. An enrolment that was begun before and not confirmed is forgotten."""
    factor = await _held(db, account_id)
    if factor is not None and factor.confirmed_at is not None:
        raise AlreadyEnrolled
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed = keyring.installation.seal(secret.hex(), "second_factor", "secret", account_id)
    if factor is None:
        db.add(SecondFactor(account_id=account_id, secret=sealed, last_step=0))
    else:
        factor.secret, factor.last_step = sealed, 0
    await db.flush()
    return secret


async def confirm(db: AsyncSession, keyring: Keyring, account_id: UUID, code: str, now: datetime) -> list[str]:
    """The app shows the right code: from now on it is asked for. Returns the recovery codes, shown this once."""
    factor = await _held(db, account_id)
    if factor is None:
        raise NotEnrolled
    if factor.confirmed_at is not None:
        raise AlreadyEnrolled
    step = _fresh_step(factor, keyring, code, now)
    if step is None:
        raise CodeDoesNotFit
    factor.confirmed_at, factor.last_step = now, step
    return await new_recovery_codes(db, account_id)


async def code_passes(
    db: AsyncSession, keyring: Keyring, account_id: UUID, code: str, now: datetime
) -> Literal["totp", "recovery"] | None:
    """Check a code and use it up: the same one never passes again, nor does an older one."""
    factor = await _held(db, account_id)
    if factor is None or factor.confirmed_at is None:
        return None
    step = _fresh_step(factor, keyring, code, now)
    if step is not None:
        factor.last_step = step
        await db.flush()
        return "totp"
    used = await db.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.hash == hash_of(_plain(code)),
            RecoveryCode.account_id == account_id,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.account_id)
    )
    return "recovery" if used is not None else None


async def new_recovery_codes(db: AsyncSession, account_id: UUID) -> list[str]:
    """A new set; the old ones stop working."""
    await db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(hash=hash_of(_plain(code)), account_id=account_id) for code in codes)
    await db.flush()
    return codes


async def remove(db: AsyncSession, account_id: UUID) -> None:
    await db.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    await db.execute(delete(SecondFactor).where(SecondFactor.account_id == account_id))


def uri_for(secret: bytes, account_name: str, issuer: str = "Auricle") -> str:
    """What the QR code holds (`otpauth://…`)."""
    return TOTP(secret, DIGITS, SHA1(), STEP_S).get_provisioning_uri(account_name, issuer)  # noqa: S303 - RFC 6238


def shown(secret: bytes) -> str:
    """The secret as people type it into an app."""
    return base64.b32encode(secret).decode().rstrip("=")


def step_of(secret: bytes, code: str, now: datetime) -> int | None:
    """The time step this code belongs to: the present one, or a neighbour, for clocks differ."""
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    present = int(now.timestamp()) // STEP_S
    totp = TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303
    fits = [
        step
        for step in (present - 1, present, present + 1)
        if hmac.compare_digest(totp.generate(step * STEP_S), code.encode())
    ]
    return max(fits, default=None)


def _fresh_step(factor: SecondFactor, keyring: Keyring, code: str, now: datetime) -> int | None:
    secret = bytes.fromhex(keyring.installation.open(factor.secret, "second_factor", "secret", factor.account_id))
    step = step_of(secret, code.replace(" ", ""), now)
    return step if step is not None and step > factor.last_step else None


async def _held(db: AsyncSession, account_id: UUID) -> SecondFactor | None:
    return await db.get(SecondFactor, account_id, with_for_update=True)


def _recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(letters[i : i + 4] for i in range(0, len(letters), 4))


def _plain(code: str) -> str:
    return code.replace("-", "").replace(" ", "").lower()
