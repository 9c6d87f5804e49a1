"""Exports, erasures, legal holds, retention."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from auricle.actor import Actor
from auricle.consent.holds import NoHold, OnHold, holds_of, place_hold, reason_of, release_hold
from auricle.consent.models import LegalHold
from auricle.consent.retention import KeptForEver, TooShort, UnknownClass, due, rules, set_rule
from auricle.consent.rights_schemas import (
    DueListOut,
    DueOut,
    ErasureIn,
    ErasureOut,
    ExportOut,
    HoldIn,
    HoldOut,
    HoldsOut,
    RuleIn,
    RuleOut,
    RulesOut,
)
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, Invalid, NotFound, Unauthenticated
from auricle.patients.erase import MergedElsewhere, erase_patient, find_erasure, list_erasures
from auricle.patients.export import ExportGone, TooManyExports, find_export, request_export, take
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["rights"])

Exporter = Annotated[Actor, Requires("patients:export", "own:read")]
Eraser = Annotated[Actor, Requires("patients:erase")]
Keeper = Annotated[Actor, Requires("retention:write")]


class NotConfirmed(Invalid):
    """`confirm_patient_id` names another patient than the path."""

    code = "erasure.not_confirmed"


@router.post(
    "/patients/{patient_id}/exports",
    operation_id="export_patient",
    summary="Ask for everything about a patient, as a zip",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Unauthenticated, Forbidden, NotFound, TooManyExports, Invalid),
)
async def ask(patient_id: UUID, db: Db, actor: Exporter) -> ExportOut:
    return ExportOut.model_validate(await request_export(db, patient_id))


@router.get(
    "/exports/{export_id}",
    operation_id="get_export",
    summary="Whether an export is ready; only for whoever asked",
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def export(export_id: UUID, db: Db, actor: Exporter) -> ExportOut:
    return ExportOut.model_validate(await find_export(db, export_id))


@router.post(
    "/exports/{export_id}/download",
    operation_id="download_export",
    summary="Take the zip, once",
    response_class=Response,
    responses={
        **problems(Unauthenticated, Forbidden, NotFound, ExportGone, Invalid),
        200: {"content": {"application/zip": {}}, "description": "The zip."},
    },
)
async def download(export_id: UUID, assembly: Installed, actor: Exporter) -> Response:
    data = await take(assembly, actor, export_id)
    headers = {"Content-Disposition": f'attachment; filename="export-{export_id}.zip"'}
    return Response(data, media_type="application/zip", headers=headers)


@router.post(
    "/patients/{patient_id}/erasure",
    operation_id="erase_patient",
    summary="Erase a patient for good",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Unauthenticated, Forbidden, NotFound, OnHold, MergedElsewhere, NotConfirmed),
)
async def erase(patient_id: UUID, body: ErasureIn, db: Db, assembly: Installed, actor: Eraser) -> ErasureOut:
    if body.confirm_patient_id != patient_id:
        raise NotConfirmed
    return ErasureOut.model_validate(await erase_patient(db, assembly.keyring, patient_id, body.reason))


@router.get(
    "/erasures",
    operation_id="list_erasures",
    summary="Patients erased, newest first, each with its certificate",
    responses=problems(Unauthenticated, Forbidden, BadCursor),
)
async def erasures(
    db: Db, actor: Eraser, sort: ByAge = "-created_at", limit: Limit = 20, cursor: Cursor = None
) -> Page[ErasureOut]:
    found = await list_erasures(db, order=ordered(sort, cursor), limit=limit + 1)
    return page([ErasureOut.model_validate(one) for one in found], [one.id for one in found], limit)


@router.get(
    "/erasures/{erasure_id}",
    operation_id="get_erasure",
    summary="An erasure with its signed certificate",
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def erasure(erasure_id: UUID, db: Db, actor: Eraser) -> ErasureOut:
    return ErasureOut.model_validate(await find_erasure(db, erasure_id))


async def shown(db: Db, assembly: Installed, hold: LegalHold) -> HoldOut:
    return HoldOut(
        id=hold.id,
        patient_id=hold.patient_id,
        reason=await reason_of(db, assembly.keyring, hold),
        placed_by=hold.placed_by,
        created_at=hold.created_at,
        released_by=hold.released_by,
        released_at=hold.released_at,
    )


@router.get(
    "/patients/{patient_id}/holds",
    operation_id="list_holds",
    summary="Legal holds on a patient",
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def holds(patient_id: UUID, db: Db, assembly: Installed, actor: Keeper) -> HoldsOut:
    return HoldsOut(items=[await shown(db, assembly, hold) for hold in await holds_of(db, patient_id)])


@router.post(
    "/patients/{patient_id}/holds",
    operation_id="place_hold",
    summary="Keep everything of a patient from erasure",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, NotFound, OnHold, Invalid),
)
async def hold(patient_id: UUID, body: HoldIn, db: Db, assembly: Installed, actor: Keeper) -> HoldOut:
    return await shown(db, assembly, await place_hold(db, assembly.keyring, patient_id, body.reason))


@router.post(
    "/patients/{patient_id}/holds/release",
    operation_id="release_hold",
    summary="Lift the hold",
    responses=problems(Unauthenticated, Forbidden, NotFound, NoHold, Invalid),
)
async def release(patient_id: UUID, db: Db, assembly: Installed, actor: Keeper) -> HoldOut:
    return await shown(db, assembly, await release_hold(db, patient_id))


@router.get(
    "/retention",
    operation_id="list_retention",
    summary="How long each class of data is kept",
    responses=problems(Unauthenticated, Forbidden),
)
async def retention(db: Db, actor: Keeper) -> RulesOut:
    return RulesOut(items=[RuleOut.of(kept) for kept in await rules(db)])


@router.put(
    "/retention/{name}",
    operation_id="set_retention",
    summary="Keep a class of data for so many days",
    responses=problems(Unauthenticated, Forbidden, UnknownClass, KeptForEver, TooShort),
)
async def keep(name: str, body: RuleIn, db: Db, actor: Keeper) -> RuleOut:
    return RuleOut.of(await set_rule(db, name, body.days))


@router.get(
    "/retention/due",
    operation_id="list_due",
    summary="What the next run would erase",
    responses=problems(Unauthenticated, Forbidden, Invalid),
)
async def due_now(db: Db, actor: Keeper, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> DueListOut:
    now, items = datetime.now(UTC), []
    for kept in await rules(db):
        ids = await due(db, kept, now=now, limit=limit + 1)
        if ids:
            items.append(DueOut(name=kept.data_class.name, ids=list(ids[:limit]), more=len(ids) > limit))
    return DueListOut(items=items)
