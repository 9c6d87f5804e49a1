"""Grant, withdraw and require consent. Each decision is kept; the last one counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.consent.models import Consent, ConsentText, Decision, Kind
from auricle.consent.texts import text_for
from auricle.db.session import actor_of
from auricle.errors import AuricleError, Conflict, Invalid, NotFound
from auricle.live.events import publish
from auricle.patients.models import Patient

How = Literal["in_app", "spoken", "paper", "phone"]
DecidedBy = Literal["patient", "representative", "erasure"]


class ConsentNeeded(AuricleError):
    """The patient has not agreed to this; ask for their consent first."""

    status, code, title = 403, "consent.needed", "Consent needed"


class TextChanged(Conflict):
    """A newer text was published; show it, and ask again."""

    code = "consent.text_changed"


class HowUnclear(Invalid):
    """A patient decides for themselves in the application; staff say how the decision reached them."""

    code = "consent.how_unclear"


@dataclass(frozen=True, slots=True)
class Deciding:
    """One decision as it was made. `text_hash`: of the text that was shown; None where none was (a withdrawal)."""

    kind: Kind
    decision: Decision
    language: str | None = None
    text_hash: str | None = None
    decided_by: DecidedBy = "patient"
    how: How = "in_app"


async def decide(db: AsyncSession, patient_id: UUID, wanted: Deciding) -> Consent:
    """Record a decision. Whoever asks has checked that the actor may act for this patient.

    Raises:
        HowUnclear: a patient says anything but "in the application", or somebody else says just that.
        TextChanged: not the newest text was shown.
    """
    actor = actor_of(db)
    themselves = actor.patient_id == patient_id
    if actor.kind == "user" and themselves != (wanted.how == "in_app" and wanted.decided_by == "patient"):
        raise HowUnclear
    # Decisions of a patient have one order. `for update` would also wait for whoever just added a row about them.
    patient = await db.get(Patient, patient_id, with_for_update={"key_share": True})
    if patient is None or patient.status == "erased":
        raise NotFound("No such patient.")
    text = await text_for(db, wanted.kind, wanted.language or patient.language)
    if wanted.text_hash is not None and wanted.text_hash != text.hash:
        raise TextChanged(kind=wanted.kind, version=text.version)
    row = await append(db, patient_id, wanted, text)
    name = "consent.granted" if wanted.decision is Decision.GRANTED else "consent.withdrawn"
    await publish(db, name, patient_id=patient_id, consent=wanted.kind.value)
    return row


async def append(db: AsyncSession, patient_id: UUID, wanted: Deciding, text: ConsentText) -> Consent:
    last = select(func.max(Consent.position)).where(Consent.patient_id == patient_id, Consent.kind == wanted.kind)
    row = Consent(
        patient_id=patient_id,
        kind=wanted.kind,
        position=(await db.scalar(last) or 0) + 1,
        decision=wanted.decision,
        text_id=text.id,
        text_version=text.version,
        text_hash=text.hash,
        language=text.language,
        decided_by=wanted.decided_by,
        how=wanted.how,
        recorded_by=actor_of(db).member_id,
    )
    db.add(row)
    await db.flush()
    return row


async def holds(db: AsyncSession, patient_id: UUID, kind: Kind) -> bool:
    """Whether the patient agrees to this now: the last decision is a consent, and no text since asks for a new one."""
    last = (
        select(Consent.decision, Consent.created_at)
        .where(Consent.patient_id == patient_id, Consent.kind == kind)
        .order_by(Consent.position.desc())
        .limit(1)
    )
    row = (await db.execute(last)).one_or_none()
    if row is None or row.decision is not Decision.GRANTED:
        return False
    renewed = select(func.max(ConsentText.created_at)).where(ConsentText.kind == kind, ConsentText.renew)
    since = await db.scalar(renewed)
    return since is None or since <= row.created_at


async def require(db: AsyncSession, patient_id: UUID, kind: Kind) -> None:
    """Raise `ConsentNeeded`, naming the kind, unless the patient agrees to it now."""
    if not await holds(db, patient_id, kind):
        raise ConsentNeeded(kind=kind.value)


async def standing(db: AsyncSession, patient_id: UUID) -> Mapping[Kind, bool]:
    """What a patient agrees to now, by kind."""
    return {kind: await holds(db, patient_id, kind) for kind in Kind}


async def history(db: AsyncSession, patient_id: UUID, *, limit: int = 200) -> Sequence[Consent]:
    """A patient's decisions, newest first."""
    rows = select(Consent).where(Consent.patient_id == patient_id).order_by(Consent.id.desc()).limit(limit)
    return (await db.scalars(rows)).all()
