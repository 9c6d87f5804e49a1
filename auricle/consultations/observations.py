"""What a patient told about symptoms and measurements, structured, as an agent noted it. Never a finding of ours."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from auricle.consultations.models import Consultation
from auricle.db.base import Base, Tenant, new_id
from auricle.db.sealed import Keyring
from auricle.errors import Conflict
from auricle.live.events import publish

MOST = 200  # of one consultation

ObservationKind = Literal["symptom", "vitals"]


class TooManyObservations(Conflict):
    """This consultation holds as many observations as one may."""

    code = "consultation.too_many_observations"


class Observation(Tenant, Base):
    """One symptom or one set of measurements. `body` is a sealed JSON document."""

    __tablename__ = "observation"
    consultation_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    turn_id: Mapped[UUID]
    kind: Mapped[str]
    body: Mapped[bytes]


class ObservationOut(BaseModel):
    id: UUID
    kind: ObservationKind
    turn_id: UUID
    said: dict[str, Any]
    at: datetime


async def observe(
    db: AsyncSession, keyring: Keyring, consultation: Consultation, turn_id: UUID, kind: str, said: Mapping[str, Any]
) -> Observation:
    """Keep what the patient told in this turn."""
    have = select(Observation.id).where(Observation.consultation_id == consultation.id).limit(MOST)
    if len((await db.scalars(have)).all()) >= MOST:
        raise TooManyObservations(limit=MOST)
    key = await keyring.patient(db, consultation.patient_id)
    row_id = new_id()
    row = Observation(
        id=row_id,
        consultation_id=consultation.id,
        patient_id=consultation.patient_id,
        turn_id=turn_id,
        kind=kind,
        body=key.seal(json.dumps(dict(said), ensure_ascii=False), "observation", "body", row_id),
    )
    db.add(row)
    await db.flush()
    await publish(db, "consultation.observation", consultation_id=consultation.id)
    return row


async def observations(db: AsyncSession, keyring: Keyring, consultation: Consultation) -> Sequence[ObservationOut]:
    """The observations of a consultation, in their order. The caller has checked that the actor may see it."""
    rows = await db.scalars(
        select(Observation).where(Observation.consultation_id == consultation.id).order_by(Observation.id).limit(MOST)
    )
    key = await keyring.patient(db, consultation.patient_id)
    return [
        ObservationOut.model_validate(
            {
                "id": row.id,
                "kind": row.kind,
                "turn_id": row.turn_id,
                "said": json.loads(key.open(row.body, "observation", "body", row.id)),
                "at": row.created_at,
            }
        )
        for row in rows
    ]
