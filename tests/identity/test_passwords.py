"""Which passwords are refused, and that looking at one tells nothing about who exists."""

import random
import time

import pytest

from auricle.actor import Actor
from auricle.identity.lockout import unlock
from auricle.identity.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    WeakPassword,
    check_strength,
    common_words,
    hash_password,
    verify,
)
from auricle.identity.sign_in import WrongCredentials
from tests.builders import number

GUESSABLE = [
    "password1234",
    "Password@2026!",
    "P@ssw0rdP@ssw0rd",
    "qwertyuiop12",
    "1qaz2wsx3edc",
    "123456789012",
    "aaaaaaaaaaaa",
    "abcdefghijkl",
    "letmeinletmein",
    "Welcome to Auricle 1",
    "iloveyou2026!",
    "hospital-admin-1",
    "zyxwvutsrqpo",
    "monday monday 7",
]

GOOD = [
    "correct horse battery",
    "a long pass phrase",
    "hear the sea again",
    "umbrella tango 51",
    "सुबह की चाय और समोसे",
    "Tr0ub4dor&3xyz",
    "x7#Kq9!mZp2@",
    "passwords are like socks",
]


@pytest.mark.parametrize("password", GUESSABLE)
def test_what_is_guessed_first_is_refused(password):
    with pytest.raises(WeakPassword) as refused:
        check_strength(password)
    assert password not in str(refused.value) + str(refused.value.context)


@pytest.mark.parametrize("password", GOOD)
def test_length_is_enough_whatever_it_is_made_of(password):
    check_strength(password)  # raises what the test above waits for


@pytest.mark.parametrize("password", ["", "x7#Kq9!mZp2"[: MIN_LENGTH - 1], "long " * 60])
def test_too_short_and_too_long_are_refused(password):
    with pytest.raises(WeakPassword):
        check_strength(password)
    check_strength("mango tea! " * (MAX_LENGTH // 11))


def test_ones_own_name_and_address_do_not_make_a_password():
    about = ("meera.iyer@example.org", "Sunrise Hearing")
    for password in ("meera.iyer2026", "meeraiyer1234", "SunriseHearing1", "example.org123"):
        check_strength(password.replace("e", "u") + "x")  # the same length with other letters
        with pytest.raises(WeakPassword):
            check_strength(password, about)


def test_judging_the_longest_password_is_quick():
    started = time.process_time()
    check_strength("q9" * (MAX_LENGTH // 2 - 1) + "zu", about=("a" * 254 + "@example.org",))
    assert time.process_time() - started < 1  # against a blow-up, not a speed


def test_the_list_is_folded_and_free_of_doubles():
    assert all(word == word.casefold().strip() for word in common_words())
    assert len(common_words()) > 100


async def test_a_password_typed_another_way_is_the_same_password():
    stored = await hash_password("café au lait 12")
    assert await verify("cafe\u0301 au lait 12", stored)
    assert not await verify("cafe au lait 12", stored)


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=19456,t=2,p=1$AAAA"])
async def test_no_stored_password_fits_nothing(stored):
    assert not await verify("no account has this password", stored)


async def test_the_time_of_a_refusal_does_not_tell_who_exists(door, person):
    """The whole sign-in, known and unknown names in random order, by the clock and by our own CPU.

    A rank test: were they separable, as by half a hash more, its z would be beyond 4.
    """
    by_clock, by_cpu = {True: [], False: []}, {True: [], False: []}
    order = [True, False] * 40
    random.Random(7).shuffle(order)
    for n, known in enumerate([True, False] * 3 + order):
        login = person[1] if known else f"nobody-{next(number)}@example.org"
        seen = Actor.nobody(address=f"198.51.{n // 250}.{n % 250 + 1}")
        clock, cpu = time.perf_counter(), time.process_time()
        with pytest.raises(WrongCredentials):
            await door.log_in(login, "not the pass phrase", seen=seen)
        if n >= 6:  # the first ones warm caches
            by_clock[known].append(time.perf_counter() - clock)
            by_cpu[known].append(time.process_time() - cpu)
        if known:
            async with door.database.transaction(seen) as db:
                await unlock(db, person[0].account_id)
    for samples in (by_clock, by_cpu):
        assert abs(rank_z(samples[True], samples[False])) < 4
    assert abs(rank_z(by_cpu[True], [one * 1.5 for one in by_cpu[False]])) > 4  # the test would see a difference


def rank_z(a: list[float], b: list[float]) -> float:
    """Mann and Whitney's U as a standard normal."""
    wins = sum((x > y) + 0.5 * (x == y) for x in a for y in b)
    n, m = len(a), len(b)
    return (wins - n * m / 2) / (n * m * (n + m + 1) / 12) ** 0.5
