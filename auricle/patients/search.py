"""Find patients by name, phone, record number or e-mail, all of which are sealed.

Blind tokens find a bounded number of candidates in one query; their identities are opened and ranked in Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record_read
from auricle.db.sealed import Keyring
from auricle.patients.create import open_identities, shown_with
from auricle.patients.fold import folded, sound
from auricle.patients.likeness import names_alike, words_of
from auricle.patients.models import Patient, TokenKind
from auricle.patients.schemas import Found, Identity, PatientOut
from auricle.patients.tokens import (
    LONGEST_PREFIX,
    PHONE_TAILS,
    SHORTEST_PREFIX,
    WHOLE_PHONE,
    Part,
    blinded,
    digits_of,
    frame,
    grams,
    number_of,
)

CANDIDATES = 40  # identities opened for one search
HOLDERS = 4_000  # rows read for one token: what more people share tells them apart by nothing
GOOD_ENOUGH = 0.62

By = Literal["name", "phone", "record_number", "email"]

# A token that few share weighs more. `holders` is counted before the limit of candidates, within the limit of rows.
CANDIDATES_OF = text(
    """
    with asked as (select * from unnest(cast(:tokens as bigint[]), cast(:weights as real[])) as a (token, weight)),
    hit as (
        select h.patient_id, a.weight, count(*) over (partition by a.token) as holders
        from asked a cross join lateral (
            select t.patient_id from patient_token t where t.token = a.token limit :most_holders
        ) h
    )
    select patient_id from hit group by patient_id
    order by sum(weight / ln(2 + holders)) desc, patient_id desc limit :most
    """
)

WEIGHTS = {TokenKind.PREFIX: 3.0, TokenKind.SOUND: 2.0, TokenKind.GRAM: 1.0}
SURE = 20.0  # a number or an address names one person, or a family


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, in the forms it is compared in."""

    words: tuple[str, ...]
    digits: str
    number: str
    email: str

    @classmethod
    def of(cls, asked: str) -> "Question":
        digits = digits_of(asked)
        is_phone = len(digits) >= min(PHONE_TAILS) and all(c in "+0123456789 ()-" for c in asked)
        words = () if is_phone or "@" in asked else folded(asked)
        return cls(words, digits if is_phone else "", number_of(asked), asked.casefold() if "@" in asked else "")

    def parts(self) -> dict[Part, float]:
        """The tokens to look for, with their weights."""
        wanted: dict[Part, float] = {}
        for word in self.words:
            heard = sound(word)
            for form in (word, heard):
                if len(form) >= SHORTEST_PREFIX:
                    wanted[TokenKind.PREFIX, form[:LONGEST_PREFIX]] = WEIGHTS[TokenKind.PREFIX]
            if len(word) > SHORTEST_PREFIX:
                wanted[TokenKind.SOUND, frame(word)] = WEIGHTS[TokenKind.SOUND]
                for gram in grams(f"^{heard}$"):
                    wanted[TokenKind.GRAM, gram] = WEIGHTS[TokenKind.GRAM]
        if self.digits:
            length = min(len(self.digits), max(PHONE_TAILS))
            whole = len(self.digits) >= WHOLE_PHONE
            wanted[TokenKind.PHONE, self.digits[-WHOLE_PHONE:] if whole else f"…{self.digits[-length:]}"] = SURE
        if self.number:
            wanted[TokenKind.NUMBER, self.number] = SURE
        if self.email:
            wanted[TokenKind.EMAIL, self.email] = SURE
        return wanted

    def fits(self, identity: Identity) -> tuple[float, By]:
        """How well a person fits, and by what."""
        if self.number and identity.record_number and number_of(identity.record_number) == self.number:
            return 1.0, "record_number"
        if self.email and identity.email and str(identity.email).casefold() == self.email:
            return 1.0, "email"
        held = digits_of(identity.phone or "")
        if self.digits and held.endswith(self.digits[-WHOLE_PHONE:]):
            return min(1.0, 0.8 + 0.02 * len(self.digits)), "phone"
        return names_alike(self.words, words_of(identity)), "name"


async def search_patients(db: AsyncSession, keyring: Keyring, asked: str, *, limit: int) -> list[Found]:
    """The best fits first. A duplicate that was merged leads to the record it was merged into."""
    question = Question.of(asked)
    candidates = await candidate_ids(db, keyring, question.parts())
    found: dict[UUID, Found] = {}
    for identity, kept in await opened(db, keyring, candidates):
        likeness, by = question.fits(identity)
        best = found.get(kept.id)
        if likeness >= GOOD_ENOUGH and (best is None or best.likeness < likeness):
            found[kept.id] = Found(patient=kept, by=by, likeness=round(likeness, 3))
    ranked = sorted(found.values(), key=lambda f: (-f.likeness, f.patient.given_name, f.patient.id))[:limit]
    await record_read(db, "patient", None, listed=len(ranked), searched=True)
    return ranked


async def candidate_ids(db: AsyncSession, keyring: Keyring, parts: dict[Part, float]) -> list[UUID]:
    """Patients who share the most telling tokens, best first."""
    if not parts:
        return []
    tokens = blinded(await keyring.organization(db), parts)
    rows = await db.scalars(
        CANDIDATES_OF,
        {"tokens": tokens, "weights": list(parts.values()), "most_holders": HOLDERS, "most": CANDIDATES},
    )
    return list(rows)


async def opened(db: AsyncSession, keyring: Keyring, ids: Sequence[UUID]) -> list[tuple[Identity, PatientOut]]:
    """Candidates with their identity, and the record that each leads to: its own, or the one it was merged into."""
    if not ids:
        return []
    rows = (await db.scalars(select(Patient).where(Patient.id.in_(ids), Patient.status != "erased"))).all()
    missing = {row.merged_into for row in rows if row.merged_into} - {row.id for row in rows}
    more = (await db.scalars(select(Patient).where(Patient.id.in_(missing)))).all() if missing else []
    by_id = {row.id: row for row in (*rows, *more)}
    identities = await open_identities(db, keyring, by_id.values())
    out = []
    for row in rows:
        kept = by_id.get(row.merged_into or row.id)
        if kept is not None and row.id in identities and kept.id in identities:
            out.append((identities[row.id], shown_with(kept, identities[kept.id])))
    return out
