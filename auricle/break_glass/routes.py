"""`/api/v1/break-glass`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status

from auricle.actor import Actor
from auricle.break_glass.access import (
    AccessOver,
    NotNeeded,
    TooManyAccesses,
    break_glass,
    contents,
    find_access,
    list_accesses,
    own_access,
    reason_of,
    revoke,
)
from auricle.break_glass.models import BreakGlass
from auricle.break_glass.schemas import AccessIn, AccessOut, EmergencyConsultation, EmergencyNote, EmergencyRecord
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.schemas import MessageOut, Transcript
from auricle.consultations.transcript import read
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, Invalid, NotFound, Unauthenticated
from auricle.notes.read import read_note
from auricle.notes.schemas import NoteOut
from auricle.patients.create import id_by_record_number, read_patient
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/break-glass", tags=["break-glass"])

Emergency = Annotated[Actor, Requires("break_glass:use")]
Either = Annotated[Actor, Requires("break_glass:use", "break_glass:review")]


async def shown(db: Db, assembly: Installed, access: BreakGlass) -> AccessOut:
    return AccessOut(
        id=access.id,
        patient_id=access.patient_id,
        member_id=access.member_id,
        reason=await reason_of(db, assembly.keyring, access),
        created_at=access.created_at,
        expires_at=access.expires_at,
        revoked_at=access.revoked_at,
        revoked_by=access.revoked_by,
        reads=access.reads,
    )


@router.post(
    "",
    operation_id="break_glass",
    summary="Open emergency access to one patient",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, NotFound, NotNeeded, TooManyAccesses, Invalid),
)
async def open_access(body: AccessIn, db: Db, assembly: Installed, actor: Emergency) -> AccessOut:
    patient_id = body.patient_id or await id_by_record_number(db, assembly.keyring, body.record_number or "")
    access = await break_glass(db, assembly.keyring, patient_id, reason=body.reason, minutes=body.minutes)
    return await shown(db, assembly, access)


@router.get(
    "",
    operation_id="list_break_glass",
    summary="Emergency accesses: one's own, or all for those who review",
    responses=problems(Unauthenticated, Forbidden, BadCursor),
)
async def index(
    db: Db, assembly: Installed, actor: Either, sort: ByAge = "-created_at", limit: Limit = 20, cursor: Cursor = None
) -> Page[AccessOut]:
    found = await list_accesses(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([await shown(db, assembly, one) for one in found], [one.id for one in found], limit)


@router.post(
    "/{break_glass_id}/revoke",
    operation_id="revoke_break_glass",
    summary="End an emergency access now",
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def end(break_glass_id: UUID, db: Db, assembly: Installed, actor: Either) -> AccessOut:
    return await shown(db, assembly, await revoke(db, break_glass_id))


@router.get(
    "/{break_glass_id}/patient",
    operation_id="read_patient_in_emergency",
    summary="The patient of an emergency access, and what else there is",
    responses=problems(Unauthenticated, Forbidden, AccessOver, NotFound, Invalid),
)
async def patient(break_glass_id: UUID, assembly: Installed, actor: Emergency) -> EmergencyRecord:
    allowed = await own_access(assembly.database, actor, break_glass_id, "patient")
    async with assembly.database.transaction(allowed) as db:
        access = await find_access(db, break_glass_id)
        consultations, notes = await contents(db, access.patient_id)
        who = await read_patient(db, assembly.keyring, access.patient_id)
    return EmergencyRecord(
        patient=who,
        consultations=[EmergencyConsultation.model_validate(one) for one in consultations],
        notes=[EmergencyNote.model_validate(one) for one in notes],
    )


@router.get(
    "/{break_glass_id}/consultations/{consultation_id}/transcript",
    operation_id="read_transcript_in_emergency",
    summary="A transcript of the patient of an emergency access",
    responses=problems(Unauthenticated, Forbidden, AccessOver, NotFound, Invalid),
)
async def transcript(break_glass_id: UUID, consultation_id: UUID, assembly: Installed, actor: Emergency) -> Transcript:
    allowed = await own_access(assembly.database, actor, break_glass_id, "consultation", consultation_id)
    async with assembly.database.transaction(allowed) as db:
        said = await read(db, assembly.keyring, await find_consultation(db, consultation_id))
    return Transcript(consultation_id=consultation_id, messages=[MessageOut.of(one) for one in said])


@router.get(
    "/{break_glass_id}/notes/{note_id}",
    operation_id="read_note_in_emergency",
    summary="A note of the patient of an emergency access",
    responses=problems(Unauthenticated, Forbidden, AccessOver, NotFound, Invalid),
)
async def note(break_glass_id: UUID, note_id: UUID, assembly: Installed, actor: Emergency) -> NoteOut:
    allowed = await own_access(assembly.database, actor, break_glass_id, "soap_note", note_id)
    async with assembly.database.transaction(allowed) as db:
        return await read_note(db, assembly.keyring, note_id)
