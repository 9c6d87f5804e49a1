"""`/api/v1/finetune/exports`, `/api/v1/finetune/material`, `/api/v1/soap/quality`"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from auricle.actor import Actor
from auricle.errors import Forbidden, NotFound
from auricle.finetune.collect import Wanted
from auricle.finetune.export import (
    MOST_KEPT,
    ExportGone,
    ExportRunning,
    NotReady,
    TooManyExports,
    find_export,
    request_export,
    take,
)
from auricle.finetune.material import material
from auricle.finetune.models import FinetuneExport
from auricle.finetune.quality import quality
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["finetune"])

Exporter = Annotated[Actor, Requires("finetune:export")]
Reader = Annotated[Actor, Requires("notes:read")]


class FinetuneExportOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: str
    failure_code: str | None
    wanted: dict[str, Any]
    manifest: dict[str, Any] | None = Field(
        description="Counts, what was left out and why, hashes. Nothing of anybody."
    )
    byte_size: int | None
    content_hash: str | None = Field(description="SHA-256 of the zip.")
    taken: int
    created_at: datetime
    expires_at: datetime | None


class FinetuneExportsOut(BaseModel):
    items: list[FinetuneExportOut]


class ScoreOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    score: int
    by_patients: int
    by_staff: int
    conversations: int = Field(description="Of which this is the lowest rating: that one counts.")
    agreed_conversations: int = Field(description="Of these: of patients who agree to training.")


class MaterialOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    patients: int = Field(description="Who agree to training now.")
    notes: int = Field(description="Signed notes.")
    agreed_notes: int = Field(description="Of these: of patients who agree to training.")
    scores: list[ScoreOut] = Field(description="One for each score, 1 to 5.")


class QualityOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    week: date = Field(description="Its Monday, in UTC.")
    method: str
    model: str | None
    drafts: int
    passed: int = Field(description="The judge found nothing contradicted or unsupported.")
    completeness: float | None
    statements: int
    supported: int
    inferred: int
    contradicted: int
    unsupported: int
    edited: int = Field(description="Statements that a clinician worded otherwise.")
    overruled: int
    approved: int
    approved_unchanged: int
    changes: int = Field(description="Versions between draft and signature.")


class QualitiesOut(BaseModel):
    items: list[QualityOut]


@router.post(
    "/finetune/exports",
    operation_id="create_finetune_export",
    summary="Make a file of de-identified examples for training a model",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(Forbidden, ExportRunning, TooManyExports),
)
async def create(body: Wanted, db: Db, actor: Exporter) -> FinetuneExportOut:
    return FinetuneExportOut.model_validate(await request_export(db, body))


@router.get(
    "/finetune/exports",
    operation_id="list_finetune_exports",
    summary="Exports of examples, newest first",
    responses=problems(Forbidden),
)
async def listed(db: Db, actor: Exporter) -> FinetuneExportsOut:
    rows = await db.scalars(select(FinetuneExport).order_by(FinetuneExport.id.desc()).limit(5 * MOST_KEPT))
    return FinetuneExportsOut(items=[FinetuneExportOut.model_validate(row) for row in rows])


@router.get(
    "/finetune/exports/{finetune_export_id}",
    operation_id="get_finetune_export",
    summary="How far an export is, and what it holds",
    responses=problems(Forbidden, NotFound),
)
async def get(finetune_export_id: UUID, db: Db, actor: Exporter) -> FinetuneExportOut:
    return FinetuneExportOut.model_validate(await find_export(db, finetune_export_id))


@router.get(
    "/finetune/exports/{finetune_export_id}/file",
    operation_id="download_finetune_export",
    summary="The file: a disclosure, on record for each patient whom it rests on",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}}, **problems(Forbidden, NotFound, NotReady, ExportGone)},
)
async def download(finetune_export_id: UUID, assembly: Installed, actor: Exporter) -> Response:
    data = await take(assembly, actor, finetune_export_id)
    name = f"finetune-{finetune_export_id}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/zip", headers=headers)


@router.get(
    "/finetune/material",
    operation_id="get_finetune_material",
    summary="What an export could rest on: who agrees, what was signed, how conversations were rated",
    responses=problems(Forbidden),
)
async def available(db: Db, actor: Exporter) -> MaterialOut:
    return MaterialOut.model_validate(await material(db))


@router.get(
    "/soap/quality",
    operation_id="get_note_quality",
    summary="How good drafts were, by who wrote them and week",
    responses=problems(Forbidden),
)
async def drift(db: Db, actor: Reader, weeks: Annotated[int, Query(ge=1, le=104)] = 12) -> QualitiesOut:
    return QualitiesOut(items=[QualityOut.model_validate(one) for one in await quality(db, weeks=weeks)])
