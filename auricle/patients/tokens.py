"""Blind-indexed search tokens: keyed hashes of the parts of a sealed identity that people search by.

The key is the organization's own, so equal names of two organizations have nothing in common, and who holds the
database without the key can look nobody up. What a token still tells, and why that is accepted: decision 0006.
"""

from collections.abc import Iterable, Iterator
from uuid import UUID

from sqlalchemy import delete, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.db.sealed import Key, Keyring
from auricle.patients.fold import folded, skeleton, sound
from auricle.patients.models import PatientToken, TokenKind
from auricle.patients.schemas import Identity

SHORTEST_PREFIX, LONGEST_PREFIX = 2, 8
PHONE_TAILS = (4, 5, 6, 7)
WHOLE_PHONE = 10  # digits; what stands before them is a country or trunk code, which people leave out

Part = tuple[TokenKind, str]

WRITE = text(
    "insert into patient_token (id, patient_id, kind, token) select gen_random_uuid(), :patient, kind, token "
    "from unnest(cast(:kinds as text[]), cast(:tokens as bigint[])) as made (kind, token)"
)


def parts_of(identity: Identity) -> set[Part]:
    """Everything of an identity that it can be found by."""
    words = [word for name in (identity.given_name, identity.family_name) for word in folded(name)]
    parts: set[Part] = set()
    for word in words:
        heard = sound(word)
        for form in (word, heard):
            longest = min(len(form), LONGEST_PREFIX)
            parts.update((TokenKind.PREFIX, form[:n]) for n in range(min(SHORTEST_PREFIX, longest), longest + 1))
        parts.update((TokenKind.GRAM, gram) for gram in grams(f"^{heard}$"))
        parts.add((TokenKind.SOUND, frame(word)))
    parts.update(contact_parts(identity))
    if identity.birth_date is not None:
        names = " ".join(sorted(frame(word) for word in words))
        parts.add((TokenKind.TWIN, f"{names} {identity.birth_date.isoformat()}"))
    return parts


def contact_parts(identity: Identity) -> Iterator[Part]:
    if identity.phone and (digits := digits_of(identity.phone)):
        yield TokenKind.PHONE, digits[-WHOLE_PHONE:]
        yield TokenKind.TWIN, f"phone {digits[-WHOLE_PHONE:]}"
        for tail in PHONE_TAILS:
            yield TokenKind.PHONE, f"…{digits[-tail:]}"
    if identity.record_number:
        yield TokenKind.NUMBER, number_of(identity.record_number)
    if identity.email:
        yield TokenKind.EMAIL, str(identity.email).casefold()
        yield TokenKind.TWIN, f"email {str(identity.email).casefold()}"


def grams(word: str) -> set[str]:
    return {word[n : n + 3] for n in range(max(1, len(word) - 2))}


def frame(word: str) -> str:
    """The skeleton where it says enough, else the sound ("Rao" has one consonant)."""
    bare = skeleton(word)
    return bare if len(bare) > 1 else sound(word)


def digits_of(phone: str) -> str:
    return "".join(c for c in phone if c.isascii() and c.isdigit())


def number_of(record_number: str) -> str:
    """A record number without the separators that people put in differently."""
    return "".join(c for c in record_number.casefold() if c.isalnum())


def blinded(key: Key, parts: Iterable[Part]) -> list[int]:
    """64 bits of each part's keyed hash: enough to tell a hospital's names apart, and small to index."""
    return [
        int.from_bytes(key.blind(f"patient {kind}", folded_part)[:8], "big", signed=True) for kind, folded_part in parts
    ]


async def write_tokens(db: AsyncSession, keyring: Keyring, patient_id: UUID, identity: Identity) -> None:
    """Replace a patient's tokens, in the transaction that seals the identity."""
    await drop_tokens(db, patient_id)
    parts = sorted(parts_of(identity))
    tokens = blinded(await keyring.organization(db), parts)
    await db.execute(WRITE, {"patient": patient_id, "kinds": [kind.value for kind, _ in parts], "tokens": tokens})


async def drop_tokens(db: AsyncSession, patient_id: UUID) -> None:
    """Forget how a patient was found. Erasure calls this."""
    await db.execute(delete(PatientToken).where(PatientToken.patient_id == patient_id))
