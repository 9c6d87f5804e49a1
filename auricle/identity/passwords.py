"""Password hashing: Argon2id, off the event loop, a bounded number at a time."""

import asyncio
import os
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auricle.errors import Invalid

MIN_LENGTH, MAX_LENGTH = 10, 256

# OWASP's minimum (password storage cheat sheet, read November 2026): 19 MiB, two passes, one lane; 27 ms of CPU.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class WeakPassword(Invalid):
    """Choose a longer password."""

    code = "validation.weak_password"


def check_strength(password: str) -> None:
    """Length counts, composition does not (NIST SP 800-63B)."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.")


@cache
def _slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(os.cpu_count() or 1)


@cache
def _decoy() -> str:
    return HASHER.hash("no account has this password")


async def hash_password(password: str) -> str:
    async with _slots():
        return await asyncio.to_thread(HASHER.hash, password)


async def verify(password: str, stored: str | None) -> bool:
    """Whether the password fits. An account without one costs the same time as one with."""
    async with _slots():
        fits = await asyncio.to_thread(_verify, password, stored or _decoy())
    return fits and stored is not None


def _verify(password: str, stored: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
