"""Duplicates: suggest them, merge one record into another, and take that back for a while.

Nothing is moved at a merge. What is sealed is bound to its own patient's key, so the duplicate keeps its rows and its
key, and points at the record that is kept: readers ask for `whole(patient_id)`, old ids and old names lead there.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from uuid import UUID

from sqlalchemy import Select, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record_read
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import Conflict, NotFound
from auricle.live.events import publish
from auricle.patients.create import find_patient, identity_of, open_identities, shown_with
from auricle.patients.likeness import people_alike
from auricle.patients.models import Patient, PatientMerge, TokenKind
from auricle.patients.schemas import Duplicate, Identity, MergeOut
from auricle.patients.search import candidate_ids
from auricle.patients.tokens import parts_of

UNDO_FOR = timedelta(days=30)
ONE_PERSON = 0.75
MOST_PAIRS = 100

WEIGHTS = {TokenKind.TWIN: 20.0, TokenKind.SOUND: 2.0, TokenKind.GRAM: 1.0}

# A token that many share (a family's phone, a front desk's e-mail) tells no two of them to be one person.
TWINS = text(
    """
    select array_agg(t.patient_id order by t.patient_id) as ids
    from patient_token t join patient p on p.organization_id = t.organization_id and p.id = t.patient_id
    where t.kind = 'twin' and p.status = 'active'
    group by t.token having count(*) between 2 and 6
    order by max(t.created_at) desc limit :most
    """
)


class NotMergeable(Conflict):
    """Only two active records can be merged, and no record with itself."""

    code = "patient.not_mergeable"


class BothSignIn(Conflict):
    """Both records have a login of their own; end one of them first."""

    code = "patient.both_sign_in"


class NotUndoable(Conflict):
    """This merge was undone already, is too old, or a later merge has to be undone first."""

    code = "patient.merge_not_undoable"


async def duplicates_of(db: AsyncSession, keyring: Keyring, patient_id: UUID) -> list[Duplicate]:
    """Records that may be the same person's, most alike first."""
    patient = await find_patient(db, patient_id)
    identity = await identity_of(db, keyring, patient)
    wanted = {(kind, part): WEIGHTS[kind] for kind, part in parts_of(identity) if kind in WEIGHTS}
    ids = await candidate_ids(db, keyring, wanted)
    return await alike_pairs(db, keyring, [(patient.id, other) for other in ids if other != patient.id])


async def likely_duplicates(db: AsyncSession, keyring: Keyring, *, limit: int) -> list[Duplicate]:
    """Pairs of the whole organization that share name and birth date, phone or e-mail."""
    groups = (await db.scalars(TWINS, {"most": MOST_PAIRS})).all()
    pairs = dict.fromkeys(pair for group in groups for pair in combinations(group, 2))
    return (await alike_pairs(db, keyring, list(pairs)[:MOST_PAIRS]))[:limit]


async def alike_pairs(db: AsyncSession, keyring: Keyring, pairs: Sequence[tuple[UUID, UUID]]) -> list[Duplicate]:
    """The pairs of active records that hold up when both identities are opened."""
    rows = await active_rows(db, {one for pair in pairs for one in pair})
    identities = await open_identities(db, keyring, rows.values())
    found = []
    for one, other in pairs:
        if one in identities and other in identities:
            likeness, same = people_alike(identities[one], identities[other])
            if likeness >= ONE_PERSON:
                found.append(_pair(rows, identities, one, other, likeness, same))
    await record_read(db, "patient", None, listed=len(identities), duplicates=len(found))
    return sorted(found, key=lambda d: -d.likeness)


def _pair(
    rows: dict[UUID, Patient],
    identities: dict[UUID, Identity],
    one: UUID,
    other: UUID,
    likeness: float,
    same: list[str],
) -> Duplicate:
    return Duplicate(
        patient=shown_with(rows[one], identities[one]),
        other=shown_with(rows[other], identities[other]),
        likeness=round(likeness, 3),
        same=same,
    )


async def active_rows(db: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Patient]:
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await db.scalars(select(Patient).where(Patient.id.in_(wanted), Patient.status == "active"))
    return {row.id: row for row in rows}


async def merge_patients(db: AsyncSession, kept_id: UUID, duplicate_id: UUID) -> PatientMerge:
    """Merge a duplicate, with whatever had been merged into it, into the record that is kept."""
    kept, duplicate = await locked_pair(db, kept_id, duplicate_id)
    if kept.status != "active" or duplicate.status != "active" or kept is duplicate:
        raise NotMergeable
    if kept.account_id is not None and duplicate.account_id is not None:
        raise BothSignIn
    carried = await repoint(db, select(Patient.id).where(Patient.merged_into == duplicate.id), kept.id)
    duplicate.status, duplicate.merged_into = "merged", kept.id
    merge = PatientMerge(
        kept_id=kept.id,
        absorbed_id=duplicate.id,
        carried=[str(one) for one in carried],
        merged_by=actor_of(db).member_id,
    )
    db.add(merge)
    await db.flush()
    await publish(db, "patient.merged", patient_id=kept.id, absorbed_id=duplicate.id)
    return merge


async def undo_merge(db: AsyncSession, merge_id: UUID) -> PatientMerge:
    """Make two records of one again, as they were. What was added to the kept one meanwhile stays there."""
    merge = await db.get(PatientMerge, merge_id, with_for_update=True)
    if merge is None:
        raise NotFound("No such merge.")
    kept, absorbed = await locked_pair(db, merge.kept_id, merge.absorbed_id)
    now = datetime.now(UTC)
    if merge.undone_at is not None or now > merge.created_at + UNDO_FOR:
        raise NotUndoable
    if kept.status != "active" or absorbed.status != "merged" or absorbed.merged_into != kept.id:
        raise NotUndoable
    absorbed.status, absorbed.merged_into = "active", None
    await db.flush()
    await repoint(db, select(Patient.id).where(Patient.id.in_([UUID(one) for one in merge.carried])), absorbed.id)
    merge.undone_at, merge.undone_by = now, actor_of(db).member_id
    await db.flush()
    await publish(db, "patient.merge_undone", patient_id=kept.id, absorbed_id=absorbed.id)
    return merge


async def merges_of(db: AsyncSession, patient_id: UUID) -> Sequence[PatientMerge]:
    """What was merged into a patient's record, newest first."""
    patient = await find_patient(db, patient_id)
    statement = select(PatientMerge).where(PatientMerge.kept_id == patient.id).order_by(PatientMerge.id.desc())
    return (await db.scalars(statement.limit(MOST_PAIRS))).all()


async def locked_pair(db: AsyncSession, one: UUID, other: UUID) -> tuple[Patient, Patient]:
    """Both rows, locked in one order whoever asks, so that two merges never wait for each other in a ring."""
    statement = select(Patient).where(Patient.id.in_((one, other))).order_by(Patient.id).with_for_update()
    rows = {row.id: row for row in await db.scalars(statement, execution_options={"populate_existing": True})}
    if one not in rows or other not in rows:
        raise NotFound("No such patient.")
    return rows[one], rows[other]


async def repoint(db: AsyncSession, which: Select[UUID], target: UUID) -> list[UUID]:
    """Let merged records lead to another one."""
    ids = list(await db.scalars(which))
    if ids:
        await db.execute(update(Patient).where(Patient.id.in_(ids)).values(merged_into=target))
    return ids


def told(merge: PatientMerge) -> MergeOut:
    return MergeOut(
        id=merge.id,
        kept_id=merge.kept_id,
        absorbed_id=merge.absorbed_id,
        created_at=merge.created_at,
        undo_until=merge.created_at + UNDO_FOR,
        undone_at=merge.undone_at,
    )
