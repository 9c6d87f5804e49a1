"""`/api/v1/consultations/{id}/rating`"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.actor import Actor
from auricle.consultations.ratings import ConsultationRating, TooManyRatings, rate, ratings
from auricle.errors import Forbidden, NotFound
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["consultations"])

Member = Annotated[Actor, Requires("consultations:join")]


class RatingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    score: int = Field(ge=1, le=5, description="1: of no use; 5: as it should be.", examples=[5])
    comment: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] | None = None


class RatingOut(BaseModel):
    id: UUID
    score: int
    comment: str | None
    by_patient: bool
    rated_by: UUID
    changed_at: datetime

    @classmethod
    def of(cls, row: ConsultationRating, comment: str | None) -> "RatingOut":
        return cls(
            id=row.id,
            score=row.score,
            comment=comment,
            by_patient=row.by_patient,
            rated_by=row.rated_by,
            changed_at=row.changed_at,
        )


class RatingsOut(BaseModel):
    items: list[RatingOut]


@router.put(
    "/consultations/{consultation_id}/rating",
    operation_id="rate_consultation",
    summary="Say how a consultation was; again replaces what one said",
    responses=problems(Forbidden, NotFound, TooManyRatings),
)
async def put(consultation_id: UUID, body: RatingIn, db: Db, assembly: Installed, actor: Member) -> RatingOut:
    row = await rate(db, assembly.keyring, consultation_id, score=body.score, comment=body.comment)
    return RatingOut.of(row, body.comment)


@router.get(
    "/consultations/{consultation_id}/ratings",
    operation_id="list_ratings",
    summary="How a consultation was, as told by its patient and by staff; a patient reads their own",
    responses=problems(Forbidden, NotFound),
)
async def listed(consultation_id: UUID, db: Db, assembly: Installed, actor: Member) -> RatingsOut:
    found = await ratings(db, assembly.keyring, consultation_id)
    return RatingsOut(items=[RatingOut.of(row, comment) for row, comment in found])
