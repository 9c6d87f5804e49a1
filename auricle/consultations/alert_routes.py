"""`/api/v1/alerts`: red flags and calls for a person, and who has seen to them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from auricle.actor import Actor
from auricle.consultations.alerts import acknowledge, list_alerts
from auricle.consultations.models import Alert
from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.web.deps import Db, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["alerts"])

Staff = Annotated[Actor, Requires("alerts:read")]
Responder = Annotated[Actor, Requires("alerts:acknowledge")]


class AlertOut(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="forbid")

    id: UUID
    kind: str = Field(description="`red_flag` or `hand_over`.", examples=["red_flag"])
    category: str = Field(description="Which red flag; `hand_over` for a hand-over.", examples=["chest_pain"])
    consultation_id: UUID | None = Field(description="Null where a patient told it in a question to the knowledge.")
    patient_id: UUID
    created_at: datetime
    acknowledged_by: UUID | None = Field(description="The member who has seen to it.")
    acknowledged_at: datetime | None

    @classmethod
    def of(cls, alert: Alert) -> Self:
        return cls.model_validate(alert)


@router.get(
    "/alerts",
    operation_id="list_alerts",
    summary="Red flags and calls for a person",
    responses=problems(Forbidden, NotFound, BadCursor),
)
async def index(
    db: Db,
    actor: Staff,
    open: bool | None = None,
    sort: ByAge = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[AlertOut]:
    rows = await list_alerts(db, is_open=open, order=ordered(sort, cursor), limit=limit + 1)
    return page([AlertOut.of(row) for row in rows], [row.id for row in rows], limit)


@router.post(
    "/alerts/{alert_id}/acknowledge",
    operation_id="acknowledge_alert",
    summary="Say that one has seen to an alert",
    responses=problems(Forbidden, NotFound),
)
async def seen(alert_id: UUID, db: Db, actor: Responder) -> AlertOut:
    return AlertOut.of(await acknowledge(db, alert_id))
