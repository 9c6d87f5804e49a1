"""Password hashing: Argon2id, off the event loop, a bounded number at a time. And which passwords are refused."""

import asyncio
import os
import re
import unicodedata
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auricle.errors import Invalid

MIN_LENGTH, MAX_LENGTH = 12, 256

# OWASP's minimum (password storage cheat sheet, read November 2026): 19 MiB, two passes, one lane; 27 ms of CPU.
HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

LOOKALIKES = str.maketrans("@4310$57!8", "aaeiosstib")
KEYBOARD_RUNS = (
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "mnbvcxzlkjhgfdsapoiuytrewq",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "q1w2e3r4t5y6u7i8o9p0",
)
SHORTEST_RUN = 3


class WeakPassword(Invalid):
    """Choose a longer or less common password."""

    code = "validation.weak_password"


def check_strength(password: str, about: Collection[str] = ()) -> None:
    """Length counts and commonness does, composition does not (NIST SP 800-63B, OWASP ASVS 6.2).

    Args:
        about: words that a guesser would try first for this person, such as their e-mail and the clinic's name.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(f"A password has {MIN_LENGTH} to {MAX_LENGTH} characters.", reason="length")
    if is_guessable(password, about):
        raise WeakPassword("This password is among the first that are guessed.", reason="common")


def is_guessable(password: str, about: Collection[str] = ()) -> bool:
    """Whether a password is made of nothing but common words, words about the person, digits, repetitions and runs."""
    own = {part for word in about for part in re.split(r"[^\w]+", word.casefold()) if len(part) >= SHORTEST_RUN}
    plain = folded(password)
    return any(made_of(plain_or_read, common_words() | own) for plain_or_read in (plain, plain.translate(LOOKALIKES)))


def made_of(password: str, words: Collection[str]) -> bool:
    """Whether a folded password can be cut into known words, digits, signs, repetitions and keyboard runs."""
    reachable = [True] + [False] * len(password)
    longest = max(map(len, words), default=0)
    for end in range(1, len(password) + 1):
        if not password[end - 1].isalpha():
            reachable[end] = reachable[end - 1]  # a digit or sign alone adds little
        for start in range(max(0, end - max(longest, 26)), end):
            if not reachable[end] and reachable[start]:
                piece = password[start:end]
                reachable[end] = piece in words or is_run(piece)
    return reachable[-1]


def is_run(piece: str) -> bool:
    return len(piece) >= SHORTEST_RUN and (len(set(piece)) == 1 or any(piece in run for run in KEYBOARD_RUNS))


def folded(password: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", password).casefold())


@cache
def common_words() -> frozenset[str]:
    lines = files("auricle.identity").joinpath("common_passwords.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


@cache
def _slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(os.cpu_count() or 1)


@cache
def _decoy() -> str:
    return HASHER.hash("no account has this password")


async def hash_password(password: str) -> str:
    async with _slots():
        return await asyncio.to_thread(HASHER.hash, unicodedata.normalize("NFKC", password))


async def verify(password: str, stored: str | None) -> bool:
    """Whether the password fits. An account without one costs the same time as one with."""
    async with _slots():
        fits = await asyncio.to_thread(_verify, unicodedata.normalize("NFKC", password), stored)
    return fits and stored is not None


def _verify(password: str, stored: str | None) -> bool:
    decoy = _decoy()  # made at the first look at any password, so that it tells nothing about this one
    try:
        return HASHER.verify(decoy if stored is None else stored, password)
    except (VerificationError, InvalidHashError):
        return False
