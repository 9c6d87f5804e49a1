"""`/api/v1/patients`"""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, status

from auricle.actor import Actor
from auricle.consent.holds import OnHold
from auricle.consent.rights_schemas import ErasureOut
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, Invalid, NotFound, Unauthenticated
from auricle.patients.create import RecordNumberTaken, change_patient, create_patient, read_patient, shown
from auricle.patients.erase import MergedElsewhere, erase_patient
from auricle.patients.merge import (
    BothSignIn,
    NotMergeable,
    NotUndoable,
    duplicates_of,
    likely_duplicates,
    merge_patients,
    merges_of,
    told,
    undo_merge,
)
from auricle.patients.page import list_patients
from auricle.patients.schemas import Duplicates, FoundPatients, MergeIn, MergeOut, PatientIn, PatientOut, Wanted
from auricle.patients.search import search_patients
from auricle.web.deps import Db, Installed, Requires, installed
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/patients", tags=["patients"])


class NotConfirmed(Invalid):
    """`confirm` names another patient than the path."""

    code = "patient.not_confirmed"


Reader = Annotated[Actor, Requires("patients:read")]
Merger = Annotated[Actor, Requires("patients:merge")]
Writer = Annotated[Actor, Requires("patients:write")]


@router.get(
    "",
    operation_id="list_patients",
    summary="Patients",
    responses=problems(Unauthenticated, Forbidden, BadCursor),
)
async def index(
    request: Request,
    actor: Reader,
    state: Annotated[
        Literal["active", "merged"], Query(description="`merged`: duplicates that lead to another record.")
    ] = "active",
    language: Annotated[str | None, Query(pattern="^[a-z]{2}$", examples=["hi"])] = None,
    sort: ByAge = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[PatientOut]:
    assembly = await installed(request)  # not as a dependency: this is the hottest read, and that is 3 % of it
    return await list_patients(
        assembly.database,
        assembly.keyring,
        actor,
        status=state,
        language=language,
        order=ordered(sort, cursor),
        limit=limit,
    )


@router.post(
    "",
    operation_id="create_patient",
    summary="Create a patient",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, RecordNumberTaken),
)
async def create(body: PatientIn, db: Db, assembly: Installed, actor: Writer) -> PatientOut:
    return await shown(db, assembly.keyring, await create_patient(db, assembly.keyring, body))


@router.post(
    "/search",
    operation_id="search_patients",
    summary="Find patients by name, phone, record number or e-mail",
    responses=problems(Unauthenticated, Forbidden),
)
async def search(body: Wanted, db: Db, assembly: Installed, actor: Reader) -> FoundPatients:
    return FoundPatients(items=await search_patients(db, assembly.keyring, body.text, limit=body.limit))


@router.get(
    "/duplicates",
    operation_id="list_likely_duplicates",
    summary="Pairs of records that may be one person's",
    responses=problems(Unauthenticated, Forbidden),
)
async def pairs(
    db: Db, assembly: Installed, actor: Merger, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Duplicates:
    return Duplicates(items=await likely_duplicates(db, assembly.keyring, limit=limit))


@router.post(
    "/merges/{merge_id}/undo",
    operation_id="undo_patient_merge",
    summary="Take a merge back",
    responses=problems(Unauthenticated, Forbidden, NotFound, NotUndoable),
)
async def undo(merge_id: UUID, db: Db, actor: Merger) -> MergeOut:
    return told(await undo_merge(db, merge_id))


@router.get(
    "/{patient_id}",
    operation_id="get_patient",
    summary="One patient",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def get(
    patient_id: UUID, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("patients:read", "own:read")]
) -> PatientOut:
    return await read_patient(db, assembly.keyring, patient_id)


@router.put(
    "/{patient_id}",
    operation_id="change_patient",
    summary="Change a patient",
    responses=problems(Unauthenticated, Forbidden, NotFound, RecordNumberTaken),
)
async def change(patient_id: UUID, body: PatientIn, db: Db, assembly: Installed, actor: Writer) -> PatientOut:
    return await change_patient(db, assembly.keyring, patient_id, body)


@router.delete(
    "/{patient_id}",
    operation_id="delete_patient",
    summary="Erase a patient for good",
    description="There is no other way to delete a patient: their key is forgotten, and a certificate says so.",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Unauthenticated, Forbidden, NotFound, OnHold, MergedElsewhere, NotConfirmed),
)
async def delete(
    patient_id: UUID,
    confirm: Annotated[UUID, Query(description="The patient's id again: this can't be undone.")],
    db: Db,
    assembly: Installed,
    actor: Annotated[Actor, Requires("patients:erase")],
) -> ErasureOut:
    if confirm != patient_id:
        raise NotConfirmed
    return ErasureOut.model_validate(await erase_patient(db, assembly.keyring, patient_id, "patient_request"))


@router.get(
    "/{patient_id}/duplicates",
    operation_id="list_duplicates_of_patient",
    summary="Records that may be the same person's",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def duplicates(patient_id: UUID, db: Db, assembly: Installed, actor: Merger) -> Duplicates:
    return Duplicates(items=await duplicates_of(db, assembly.keyring, patient_id))


@router.get(
    "/{patient_id}/merges",
    operation_id="list_patient_merges",
    summary="What was merged into this record",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def merges(patient_id: UUID, db: Db, actor: Reader) -> list[MergeOut]:
    return [told(merge) for merge in await merges_of(db, patient_id)]


@router.post(
    "/{patient_id}/merges",
    operation_id="merge_patients",
    summary="Merge a duplicate into this record",
    description="Nothing is moved: the duplicate leads here from now on. It can be undone for 30 days.",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, NotFound, NotMergeable, BothSignIn),
)
async def merge(patient_id: UUID, body: MergeIn, db: Db, actor: Merger) -> MergeOut:
    return told(await merge_patients(db, patient_id, body.duplicate_id))
