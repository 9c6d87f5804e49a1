"""`/api/v1/patients`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.patients.create import (
    RecordNumberTaken,
    change_patient,
    create_patient,
    list_patients,
    read_patient,
    shown,
)
from auricle.patients.schemas import PatientIn, PatientOut
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, after, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/patients", tags=["patients"])


@router.get("", operation_id="list_patients", summary="Patients, newest first", responses=problems(Forbidden))
async def index(
    db: Db,
    assembly: Installed,
    actor: Annotated[Actor, Requires("patients:read")],
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[PatientOut]:
    found = await list_patients(db, assembly.keyring, before=after(cursor), limit=limit + 1)
    return page(found, [p.id for p in found], limit)


@router.post(
    "",
    operation_id="create_patient",
    summary="Create a patient",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, RecordNumberTaken),
)
async def create(
    body: PatientIn, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("patients:write")]
) -> PatientOut:
    return await shown(db, assembly.keyring, await create_patient(db, assembly.keyring, body))


@router.get("/{patient_id}", operation_id="get_patient", summary="One patient", responses=problems(NotFound))
async def get(
    patient_id: UUID, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("patients:read", "own:read")]
) -> PatientOut:
    return await read_patient(db, assembly.keyring, patient_id)


@router.put(
    "/{patient_id}",
    operation_id="change_patient",
    summary="Change a patient",
    responses=problems(NotFound, RecordNumberTaken),
)
async def change(
    patient_id: UUID, body: PatientIn, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("patients:write")]
) -> PatientOut:
    return await change_patient(db, assembly.keyring, patient_id, body)
