"""How often a patient is found under a misspelt name: `python -m bench.api.recall [patients] [questions]`.

Names are put together from lists of our own, Indian and Western; misspellings are made in ways that people make them:
another spelling of the same sound, a slip of the keys, the other script, half the name. Recall@k is the share of
questions whose patient (or a namesake of theirs) is among the first k answers.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import yaml

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.models import Organization
from auricle.patients.create import create_patient
from auricle.patients.schemas import PatientIn
from auricle.patients.search import search_patients

NAMES = yaml.safe_load((Path(__file__).parent / "names.yaml").read_text())
GIVEN: list[str] = NAMES["given"]
FAMILY: list[str] = NAMES["family"]

RESPELT = [
    ("sh", "s"), ("v", "w"), ("w", "v"), ("ee", "i"), ("i", "ee"), ("oo", "u"), ("u", "oo"), ("ksh", "x"), ("th", "t"),
    ("dh", "d"), ("bh", "b"), ("kh", "k"), ("ph", "f"), ("c", "k"), ("k", "c"), ("z", "j"), ("y", "i"), ("a", "aa"),
    ("aa", "a"), ("au", "ou"), ("ai", "ay"), ("v", "b"), ("e", "i"), ("o", "u"), ("d", "dh"), ("t", "th"), ("q", "k"),
]  # fmt: skip
CONSONANTS = {
    "ksh": "क्ष", "chh": "छ", "sh": "श", "th": "थ", "dh": "ध", "bh": "भ", "kh": "ख", "gh": "घ", "ph": "फ", "ch": "च",
    "jh": "झ", "k": "क", "g": "ग", "j": "ज", "t": "त", "d": "द", "n": "न", "p": "प", "b": "ब", "m": "म", "y": "य",
    "r": "र", "l": "ल", "v": "व", "w": "व", "s": "स", "h": "ह", "z": "ज़", "f": "फ़", "q": "क़", "c": "क", "x": "क्स",
}  # fmt: skip
VOWELS = {"aa": "ा", "ai": "ै", "au": "ौ", "ee": "ी", "oo": "ू", "a": "", "i": "ि", "e": "े", "o": "ो", "u": "ु"}
FIRST = {"aa": "आ", "ai": "ऐ", "au": "औ", "ee": "ई", "oo": "ऊ", "a": "अ", "i": "इ", "e": "ए", "o": "ओ", "u": "उ"}


def respelt(rng: random.Random, name: str) -> str:
    """The same sound, spelt otherwise."""
    fitting = [(a, b) for a, b in RESPELT if a in name.lower()]
    old, new = rng.choice(fitting) if fitting else ("a", "e")
    return name.lower().replace(old, new, 1)


def slipped(rng: random.Random, name: str) -> str:
    """One slip of the keys: a letter lost, doubled, exchanged with its neighbour or replaced."""
    letters, at = list(name.lower()), rng.randrange(1, max(2, len(name) - 1))
    match rng.randrange(4):
        case 0:
            del letters[at]
        case 1:
            letters.insert(at, letters[at])
        case 2 if at + 1 < len(letters):
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        case _:
            letters[at] = rng.choice("abcdefghijklmnopqrstuvwxyz")
    return "".join(letters)


def devanagari(name: str) -> str:
    """As a Hindi speaker would write it by the letters."""
    out, rest, after_consonant = "", name.lower(), False
    while rest:
        size = next(n for n in (3, 2, 1) if rest[:n] in CONSONANTS or rest[:n] in VOWELS or n == 1)
        part, rest = rest[:size], rest[size:]
        if part in CONSONANTS:
            out, after_consonant = out + ("्" if after_consonant else "") + CONSONANTS[part], True
        else:
            last = not rest and part == "a"
            out += ("ा" if last else VOWELS.get(part, "")) if after_consonant else FIRST.get(part, "")
            after_consonant = False
    return out


def questions(rng: random.Random, given: str, family: str) -> dict[str, str]:
    return {
        "as written": f"{given} {family}",
        "respelt": f"{respelt(rng, given)} {respelt(rng, family)}",
        "one slip": f"{slipped(rng, given)} {family}",
        "slips in both": f"{slipped(rng, given)} {slipped(rng, family)}",
        "Devanagari": f"{devanagari(given)} {devanagari(family)}",
        "begun, turned round": f"{family} {given[:3]}",
        "family name respelt, alone": respelt(rng, family),
    }


async def measure(database: Database, keyring: Keyring, patients: int, asked: int) -> None:
    rng = random.Random(7)
    organization = Organization(id=new_id(), name="Recall", slug="recall", email="desk@recall.example")
    async with database.transaction(Actor.nobody()) as db:
        db.add(organization)
    actor, people = Actor.system(organization.id), []
    for start in range(0, patients, 200):
        async with database.transaction(actor) as db:
            for _ in range(min(200, patients - start)):
                name = rng.choice(GIVEN), rng.choice(FAMILY)
                await create_patient(db, keyring, PatientIn(given_name=name[0], family_name=name[1]))
                people.append(name)
    at: dict[str, list[int]] = defaultdict(list)
    spent_ms: list[float] = []
    for name in rng.sample(people, min(asked, len(people))):
        for kind, text in questions(rng, *name).items():
            started = time.process_time()
            async with database.transaction(actor) as db:
                found = await search_patients(db, keyring, text, limit=10)
            spent_ms.append((time.process_time() - started) * 1000)
            names = [(f.patient.given_name, f.patient.family_name) for f in found]
            wanted = [n[1] == name[1] if kind.endswith("alone") else n == name for n in names]
            at[kind].append(wanted.index(True) if True in wanted else 99)
    print(f"{patients} patients of {len(GIVEN)} × {len(FAMILY)} names, {min(asked, len(people))} asked for")
    print(f"{'':30}{'recall@1':>9}{'recall@10':>10}")
    for kind, places in at.items():
        print(f"{kind:30}{share(places, 1):9.3f}{share(places, 10):10.3f}")
    every = [place for places in at.values() for place in places]
    print(f"{'all':30}{share(every, 1):9.3f}{share(every, 10):10.3f}")
    print(f"our CPU a search: median {sorted(spent_ms)[len(spent_ms) // 2]:.1f} ms")


def share(places: list[int], within: int) -> float:
    return sum(place < within for place in places) / len(places)


def main() -> None:
    patients, asked = (int(arg) for arg in (*sys.argv[1:], "2000", "200")[:2])
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running(folder / "database", options={"fsync": "off"}) as server:
            migrate(server.urls.owner)

            async def run() -> None:
                database = Database(server.urls.app)
                await measure(database, Keyring(bytes(range(32))), patients, asked)
                await database.close()

            asyncio.run(run())


if __name__ == "__main__":
    main()
