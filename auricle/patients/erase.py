"""Erase a patient: forget the key that sealed everything about them, and remove what was derived from it.

What they said, their notes and their identity stay as ciphertext that nobody can open any more, here, in the audit and
in old backups of the database, so the audit chain still verifies. (A backup taken before also holds the wrapped key:
whoever restores one erases again, by the certificates.) The first transaction forgets; a job then removes files and
the sign-in, checks that nothing is left, and signs the certificate.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import TextClause, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.heads import Heads
from auricle.audit.report import heads_of
from auricle.audit.seal import last_position
from auricle.consent.decide import Deciding, append, standing
from auricle.consent.holds import check_no_hold
from auricle.consent.models import Decision, Erasure, PatientExport
from auricle.consent.texts import text_for
from auricle.db.keyset import Order, in_order
from auricle.db.sealed import DataKey, Keyring
from auricle.db.session import actor_of
from auricle.documents.remove import delete_documents
from auricle.errors import AuricleError, Conflict, NotFound
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.live.events import publish
from auricle.patients.create import whole
from auricle.patients.models import Patient
from auricle.recording.remove import delete_recordings

Reason = Literal["patient_request", "retention", "mistake", "law"]

# What else goes with the key, in this order; each statement says what it removed. Later domains add theirs.
DERIVED: Mapping[str, TextClause] = {
    "search_tokens": text("delete from patient_token where patient_id = any (:ids)"),
    "appointment_slots": text("delete from appointment_slot where patient_id = any (:ids) and starts_at > now()"),
    "appointments_cancelled": text(
        "update appointment set status = 'cancelled', cancelled_at = now() "
        "where patient_id = any (:ids) and status = 'booked' and starts_at > now()"
    ),
    "conversations_ended": text(
        "update consultation set status = 'ended', ended_at = now() where patient_id = any (:ids) and status = 'active'"
    ),
    "phone_numbers": text("update phone_call set number_blind = null where patient_id = any (:ids)"),
    "note_passages": text("delete from note_passage where patient_id = any (:ids)"),
    "memberships": text(
        "update member set given_name = '', family_name = '', profile = null, status = 'suspended' "
        "where role = 'patient' and account_id in "
        "(select account_id from patient where id = any (:ids) and account_id is not null)"
    ),
}

SEALED: Mapping[str, TextClause] = {
    "consultations": text("select count(*) from consultation where patient_id = any (:ids)"),
    "recordings": text(
        "select count(*) from recording r join consultation c on c.id = r.consultation_id "
        "where c.patient_id = any (:ids) and r.status <> 'deleted'"
    ),
    "messages": text(
        "select count(*) from message m join consultation c on c.id = m.consultation_id where c.patient_id = any (:ids)"
    ),
    "documents": text("select count(*) from document where patient_id = any (:ids) and status <> 'deleted'"),
    "notes": text("select count(*) from soap_note where patient_id = any (:ids)"),
}


RECORDINGS = text(
    "select r.id from recording r join consultation c on c.id = r.consultation_id where c.patient_id = any (:ids)"
)
DOCUMENTS = text("select id from document where patient_id = any (:ids)")


class MergedElsewhere(Conflict):
    """This record was merged into another; erase that one, and this goes with it."""

    code = "patient.merged_elsewhere"


class NotErased(AuricleError):
    """Something of the patient is left; the erasure is tried again."""

    code = "patient.not_erased"


async def erase_patient(db: AsyncSession, keyring: Keyring, patient_id: UUID, reason: Reason) -> Erasure:
    """Forget a patient and all records merged into them. Asking again gives the same erasure.

    Raises:
        OnHold: a legal hold stands on one of the records.
    """
    patient = await db.get(Patient, patient_id, with_for_update=True)
    if patient is None:
        raise NotFound("No such patient.")
    if patient.merged_into is not None:
        raise MergedElsewhere(patient_id=patient.merged_into)
    if patient.status == "erased":
        return (await db.scalars(select(Erasure).where(Erasure.patient_id == patient_id))).one()
    ids = list(await db.scalars(whole(patient_id).with_for_update()))
    await check_no_hold(db, ids)
    counts = {name: await db.scalar(count, {"ids": ids}) or 0 for name, count in SEALED.items()}
    counts |= {name: (await db.execute(change, {"ids": ids})).rowcount for name, change in DERIVED.items()}  # type: ignore[attr-defined]
    await withdraw_all(db, ids, patient.language)
    erasure = Erasure(patient_id=patient_id, reason=reason, requested_by=actor_of(db).member_id, counts=counts)
    db.add(erasure)
    await db.execute(update(Patient).where(Patient.id.in_(ids)).values(status="erased", record_number_blind=None))
    forgotten = await db.execute(
        update(DataKey).where(DataKey.patient_id.in_(ids), DataKey.wrapped.is_not(None)).values(wrapped=None)
    )
    erasure.counts = {**counts, "keys": forgotten.rowcount}  # type: ignore[attr-defined]
    await db.execute(text("update key_epoch set number = number + 1"))
    await db.flush()
    await delete_recordings(db, (await db.scalars(RECORDINGS, {"ids": ids})).all())
    await delete_documents(db, (await db.scalars(DOCUMENTS, {"ids": ids})).all())
    await enqueue(db, "patients.complete_erasure", erasure_id=erasure.id)
    await publish(db, "patient.erased", patient_id=patient_id, erasure_id=erasure.id)
    for one in ids:
        keyring.forget(erasure.organization_id, one)
    return erasure


async def withdraw_all(db: AsyncSession, ids: list[UUID], language: str) -> None:
    """Whatever still runs on a consent ends, as after any withdrawal."""
    for one in ids:
        for kind, granted in (await standing(db, one)).items():
            if granted:
                deciding = Deciding(kind, Decision.WITHDRAWN, decided_by="erasure")
                await append(db, one, deciding, await text_for(db, kind, language))
                await publish(db, "consent.withdrawn", patient_id=one, consent=kind.value)


@task("patients.complete_erasure", retries=8, timeout_s=300)
async def complete(assembly: Assembly, actor: Actor, erasure_id: UUID) -> None:
    """Remove files and the sign-in, see that nothing is left, and certify it. Doing it twice changes nothing."""
    async with assembly.database.transaction(actor) as db:
        erasure = await find_erasure(db, erasure_id)
        ids = list(await db.scalars(whole(erasure.patient_id)))
        rows = select(PatientExport.id).where(PatientExport.patient_id.in_(ids))
        exports = (await db.scalars(rows)).all()
        accounts = (await db.scalars(select(Patient.account_id).where(Patient.id.in_(ids)))).all()
    assert actor.organization_id is not None
    for export_id in exports:
        await assembly.objects.delete(actor.organization_id, f"exports/{export_id}.zip")
    for account_id in {one for one in accounts if one is not None}:
        await close_sign_in(assembly, actor, account_id)
    async with assembly.database.transaction(actor) as db:
        erasure = await find_erasure(db, erasure_id, lock=True)
        if erasure.status == "erased":
            return
        await db.execute(update(Patient).where(Patient.id.in_(ids)).values(account_id=None))
        await db.execute(
            update(PatientExport)
            .where(PatientExport.patient_id.in_(ids), PatientExport.status.in_(["queued", "ready"]))
            .values(status="expired")
        )
        await check_nothing_left(db, ids)
        erasure.counts = {**erasure.counts, "export_files": len(exports)}
        erasure.erased_at = datetime.now(UTC)
        erasure.certificate = await certified(db, heads_of(assembly.settings, assembly.keyring), erasure)
        erasure.status = "erased"
        await db.flush()
        await publish(db, "erasure.certified", erasure_id=erasure.id, patient_id=erasure.patient_id)


async def find_erasure(db: AsyncSession, erasure_id: UUID, *, lock: bool = False) -> Erasure:
    erasure = await db.get(Erasure, erasure_id, with_for_update=lock or None, populate_existing=lock)
    if erasure is None:
        raise NotFound("No such erasure.")
    return erasure


async def list_erasures(db: AsyncSession, order: Order, *, limit: int) -> Sequence[Erasure]:
    return (await db.scalars(await in_order(db, select(Erasure), order, Erasure.id, limit=limit))).all()


async def close_sign_in(assembly: Assembly, actor: Actor, account_id: UUID) -> None:
    """End the account's sign-ins here; an account that belongs nowhere else loses its name and can't be used again."""
    belongs = text("select count(*) from member where account_id = :account and organization_id <> :own")
    person = Actor(kind="user", account_id=account_id)  # before an organization is chosen, one's memberships are seen
    async with assembly.database.transaction(person) as db:
        elsewhere = await db.scalar(belongs, {"account": account_id, "own": actor.organization_id})
    async with assembly.database.transaction(actor) as db:
        here = await db.scalar(text("select role from member where account_id = :account"), {"account": account_id})
        if here not in (None, "patient"):
            return  # somebody who works here, and was a patient too
        await db.execute(
            text(
                "update auth_session set revoked_at = now(), revoked_reason = 'erased' "
                "where account_id = :account and organization_id = :own and revoked_at is null"
            ),
            {"account": account_id, "own": actor.organization_id},
        )
        if not elsewhere:
            await db.execute(
                text(
                    "update account set email = 'erased-' || id || '@invalid', username = null, password_hash = null, "
                    "disabled_at = coalesce(disabled_at, now()) where id = :account and not platform_admin"
                ),
                {"account": account_id},
            )


async def check_nothing_left(db: AsyncSession, ids: list[UUID]) -> None:
    keys = select(func.count()).where(DataKey.patient_id.in_(ids), DataKey.wrapped.is_not(None))
    tokens = text("select count(*) from patient_token where patient_id = any (:ids)")
    if await db.scalar(keys) or await db.scalar(tokens, {"ids": ids}):
        raise NotErased


async def certified(db: AsyncSession, heads: Heads, erasure: Erasure) -> dict[str, Any]:
    """The certificate: what was erased and when, the audit as it stood, and a signature over it all."""
    position = await last_position(db, erasure.organization_id)
    assert erasure.erased_at is not None
    certificate = {
        "format": "auricle certificate of erasure 1",
        "erasure": str(erasure.id),
        "organization": str(erasure.organization_id),
        "patient": str(erasure.patient_id),
        "reason": erasure.reason,
        "requested_by": str(erasure.requested_by or ""),
        "requested_at": erasure.created_at.isoformat(),
        "erased_at": erasure.erased_at.isoformat(),
        "erased": erasure.counts,
        "method": "The patient's data key was destroyed; files, search tokens and sign-in were removed.",
        "audit": {"seq": position.seq, "hash": position.hash.hex()},
        "public_key": heads.public_key.hex(),
    }
    return {**certificate, "signature": heads.signature(certificate_message(certificate)).hex()}


def certificate_message(certificate: Mapping[str, Any]) -> bytes:
    """The bytes that are signed: everything but the signature, as JSON with sorted keys."""
    told = {name: value for name, value in certificate.items() if name != "signature"}
    return b"auricle certificate of erasure\n" + orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
