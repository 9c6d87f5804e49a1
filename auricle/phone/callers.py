"""Who calls, what they agreed to, and what an agent on the phone may do for them.

A number is a hint, not a proof: it can be shown wrongly. So a call acts for one patient with the least that a
conversation needs, and reads nothing of the record that was there before.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.consent.decide import Deciding, decide, holds
from auricle.consent.models import Consent, Decision, Kind
from auricle.db.sealed import Keyring
from auricle.patients.create import create_patient, open_identities
from auricle.patients.models import Patient, PatientToken, TokenKind
from auricle.patients.schemas import PatientIn
from auricle.patients.tokens import WHOLE_PHONE, blinded, digits_of

UNKNOWN_GIVEN, UNKNOWN_FAMILY = "Caller", "(unidentified)"
MOST_HOLDERS = 20  # patients who share one number

# What the agent may do on the phone: talk, and search what the organization taught it. No patient's record.
ON_THE_PHONE = frozenset({"consultations:join", "knowledge:read"})

# A record that stands for whoever calls from a number holds what calls from it left: with it a time may be booked.
UNKNOWN_ON_THE_PHONE = ON_THE_PHONE | {"own:read", "own:book"}

# What answering a call needs before anybody speaks: finding and making a patient, opening a consultation.
AT_THE_DOOR = frozenset({"patients:read", "consultations:create", "consultations:read", "consultations:join"})


def doorkeeper(organization_id: UUID, seen: Actor) -> Actor:
    """Acts for a line when its carrier asks something of us."""
    return Actor(
        kind="carrier",
        organization_id=organization_id,
        role="carrier",
        permissions=AT_THE_DOOR,
        request_id=seen.request_id,
        address=seen.address,
    )


def speaking_for(organization_id: UUID, patient_id: UUID, seen: Actor, *, identified: bool) -> Actor:
    """Acts for one patient during one call. `identified`: the number is a known patient's, whose record it protects."""
    return Actor(
        kind="agent",
        organization_id=organization_id,
        role="caller",
        permissions=ON_THE_PHONE if identified else UNKNOWN_ON_THE_PHONE,
        patient_id=patient_id,
        request_id=seen.request_id,
        address=seen.address,
    )


async def recognise(db: AsyncSession, keyring: Keyring, number: str | None, language: str) -> tuple[Patient, bool]:
    """The patient who calls from this number, and whether that is known. Where none or several have it, a record
    that stands for whoever calls from it; staff merges that into the right one when it is known who it was.
    """
    holders = await holders_of(db, keyring, number) if number else []
    identities = await open_identities(db, keyring, holders)
    unknown = [one for one in holders if is_unknown(identities[one.id].given_name, identities[one.id].family_name)]
    known = [one for one in holders if one not in unknown]
    if len(known) == 1:
        return known[0], True
    if unknown:
        return unknown[0], False
    wanted = PatientIn(given_name=UNKNOWN_GIVEN, family_name=UNKNOWN_FAMILY, phone=number, language=language)
    return await create_patient(db, keyring, wanted), False


def is_unknown(given_name: str, family_name: str) -> bool:
    return (given_name, family_name) == (UNKNOWN_GIVEN, UNKNOWN_FAMILY)


async def holders_of(db: AsyncSession, keyring: Keyring, number: str) -> list[Patient]:
    """Patients with this number whose records can be opened, each by the record it leads to."""
    wanted = blinded(await keyring.organization(db), [(TokenKind.PHONE, digits_of(number)[-WHOLE_PHONE:])])
    ids = (
        await db.scalars(
            select(PatientToken.patient_id)
            .where(PatientToken.kind == TokenKind.PHONE, PatientToken.token.in_(wanted))
            .distinct()
            .limit(MOST_HOLDERS)
        )
    ).all()
    rows = (await db.scalars(select(Patient).where(Patient.id.in_(ids)))).all()
    leads_to = {row.merged_into or row.id for row in rows}
    kept = await db.scalars(select(Patient).where(Patient.id.in_(leads_to), Patient.status == "active"))
    found = list(kept.all())
    openable = await keyring.patients(db, [one.id for one in found])
    return sorted((one for one in found if one.id in openable), key=lambda one: one.id)


async def ai_consent(db: AsyncSession, patient_id: UUID) -> Literal["granted", "refused", "unasked"]:
    """Whether the patient lets an AI take part: yes, no, or nobody has asked (or a newer text wants asking again)."""
    if await holds(db, patient_id, Kind.AI_USE):
        return "granted"
    last = (
        select(Consent.decision)
        .where(Consent.patient_id == patient_id, Consent.kind == Kind.AI_USE)
        .order_by(Consent.position.desc())
        .limit(1)
    )
    return "refused" if await db.scalar(last) is Decision.WITHDRAWN else "unasked"


async def refuses_ai(db: AsyncSession, patient_id: UUID) -> bool:
    return await ai_consent(db, patient_id) == "refused"


async def stayed_on_the_line(db: AsyncSession, patient_id: UUID, language: str) -> None:
    """Record that the patient heard the notice to its end and stayed, unless they agreed before."""
    if await ai_consent(db, patient_id) == "unasked":
        await decide(db, patient_id, Deciding(Kind.AI_USE, Decision.GRANTED, language=language, how="phone"))
