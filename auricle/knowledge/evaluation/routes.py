"""`/api/v1/rag/evaluations`: sets of questions whose documents are known. Their runs are in `run_routes.py`."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from auricle.actor import Actor
from auricle.db.keyset import alphabetical, in_order
from auricle.knowledge.evaluation.keep import (
    Labels,
    NoSuchEvaluation,
    TooManyEvaluations,
    find,
    keep,
    missing_from_base,
    remove,
)
from auricle.knowledge.evaluation.models import EvaluationQuestion, EvaluationSet
from auricle.knowledge.evaluation.rows import KINDS, MAX_BYTES, BadRows, BadSheet, NoQuestions, TooManyQuestions, read
from auricle.knowledge.evaluation.schemas import EvaluationKept, EvaluationOut, QuestionOut, expected_out
from auricle.knowledge.receive import BadLabel
from auricle.uploads.receive import BadForm, NoRoom, incoming
from auricle.uploads.refused import (
    EmptyDocument,
    GarbledDocument,
    KindMismatch,
    OversizeDocument,
    TwoKinds,
    UnknownKind,
)
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import Cursor, Limit, Page, Sort, after, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1/rag/evaluations", tags=["knowledge"])

By = Annotated[Literal["created_at", "-created_at", "name", "-name", "changed_at", "-changed_at"], Sort]

Writer = Annotated[Actor, Requires("knowledge:write")]  # also to look: what a clinic expects is not for its patients
FIELDS = ("name", "collection", "only_language")
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file", "name"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "A .csv, .tsv or .jsonl file with the fields `question`, `document` (title, "
                            "file name or id), `language`, `grade` (1 to 4) and `not_in_base`.",
                        },
                        "name": {"type": "string", "minLength": 1, "maxLength": 100},
                        "collection": {"type": "string", "pattern": "^([a-z0-9][a-z0-9_-]{0,62})?$"},
                        "only_language": {"type": "string", "pattern": "^([a-z]{2,3})?$"},
                    },
                },
                "example": {
                    "file": "question,document,not_in_base\nHow long do batteries last?,Batteries,\nWho won?,,yes\n",
                    "name": "front desk",
                },
            }
        },
    }
}


@router.post(
    "",
    operation_id="upload_evaluation",
    summary="Keep questions with the documents that answer them",
    description="Under a name that is there already, they take the place of those that were. One bad row refuses the "
    "whole file: `context` tells each by its number, as `row_7`, with the reason.",
    status_code=201,
    openapi_extra=UPLOAD,
    responses=problems(
        BadForm, BadLabel, BadSheet, BadRows, NoQuestions, TooManyQuestions, TooManyEvaluations, UnknownKind,
        KindMismatch, TwoKinds, EmptyDocument, GarbledDocument, OversizeDocument, NoRoom,
    ),
)  # fmt: skip
async def upload_evaluation(request: Request, assembly: Installed, actor: Writer, response: Response) -> EvaluationKept:
    fields = dict.fromkeys(FIELDS, 1_000)
    async with incoming(request, fields=fields, limit_bytes=MAX_BYTES, kinds=KINDS) as file:
        questions = await asyncio.to_thread(read, file.file_name, file.file.read())
        labels = Labels(**{"name": "", **file.fields})
    async with assembly.database.transaction(actor) as db:
        kept = await keep(db, questions, file.content_hash, labels)
        missing = await missing_from_base(db, kept.evaluation.id)
    there = EvaluationOut.model_validate(kept.evaluation).model_dump()
    response.headers["Location"] = f"{router.prefix}/{kept.evaluation.id}"
    return EvaluationKept(**there, unchanged=kept.unchanged, missing=missing)


@router.get("", operation_id="list_evaluations", summary="Question sets")
async def list_evaluations(
    db: Db,
    actor: Writer,
    sort: By = "-created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EvaluationOut]:
    one = EvaluationSet
    by = {"name": alphabetical(one.name), "changed_at": one.changed_at}
    listed = await in_order(db, select(one), ordered(sort, cursor), one.id, limit=limit + 1, **by)
    rows = (await db.scalars(listed)).all()
    return page([EvaluationOut.model_validate(row) for row in rows], [row.id for row in rows], limit)


@router.get(
    "/{evaluation_id}",
    operation_id="get_evaluation",
    summary="A question set",
    responses=problems(NoSuchEvaluation),
)
async def get_evaluation(evaluation_id: UUID, db: Db, actor: Writer) -> EvaluationOut:
    return EvaluationOut.model_validate(await find(db, evaluation_id))


@router.get(
    "/{evaluation_id}/questions",
    operation_id="list_evaluation_questions",
    summary="The questions of a set, in its order",
    responses=problems(NoSuchEvaluation),
)
async def list_questions(
    evaluation_id: UUID, db: Db, actor: Writer, limit: Limit = 50, cursor: Cursor = None
) -> Page[QuestionOut]:
    await find(db, evaluation_id)
    one = EvaluationQuestion
    listed = select(one).where(one.evaluation_id == evaluation_id).order_by(one.position).limit(limit + 1)
    if (last := after(cursor)) is not None:
        listed = listed.where(one.position > select(one.position).where(one.id == last).scalar_subquery())
    rows = (await db.scalars(listed)).all()
    items = [
        QuestionOut(
            id=row.id,
            position=row.position,
            question=row.question,
            language=row.language,
            expected=expected_out(row.expected),
        )
        for row in rows
    ]
    return page(items, [row.id for row in rows], limit)


@router.delete(
    "/{evaluation_id}",
    operation_id="delete_evaluation",
    summary="Delete a question set with its runs",
    status_code=204,
    responses=problems(NoSuchEvaluation),
)
async def delete_evaluation(evaluation_id: UUID, db: Db, actor: Writer) -> None:
    """A run of it that is under way ends."""
    await remove(db, evaluation_id)
