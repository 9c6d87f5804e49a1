"""`/api/v1/consultation/create`, `/api/v1/consultations`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record_read
from auricle.billing.budgets.require import BudgetExhausted
from auricle.consent.decide import holds
from auricle.consent.models import Kind
from auricle.consultations.lifecycle import (
    Opening,
    agent_of,
    change_consultation,
    end_consultation,
    find_consultation,
    list_consultations,
    notes_of,
    open_consultation,
    sessions_of,
)
from auricle.consultations.models import Consultation, ConsultationStatus
from auricle.consultations.money import SPOKEN, require_money
from auricle.consultations.schemas import (
    ConsultationChange,
    ConsultationIn,
    ConsultationOut,
    ConsultationWhole,
    MessageOut,
    Opened,
    SessionOut,
    Transcript,
)
from auricle.consultations.transcript import read
from auricle.errors import Forbidden, Invalid, NotFound
from auricle.recording.play import link, sound_of
from auricle.web.deps import Db, Installed, Requires
from auricle.web.paging import ByAge, Cursor, Limit, Page, ordered, page
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["consultations"])

Reader = Annotated[Actor, Requires("consultations:read", "own:read")]


class PatientNeeded(Invalid):
    """Say which patient this consultation is for."""

    code = "consultation.patient_needed"


@router.post(
    "/consultation/create",
    operation_id="create_consultation",
    summary="Open a consultation",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Forbidden, NotFound, PatientNeeded, BudgetExhausted),
)
async def create(
    body: ConsultationIn, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("consultations:create")]
) -> Opened:
    patient_id = body.patient_id or actor.patient_id
    if patient_id is None:
        raise PatientNeeded
    wanted = Opening(patient_id, **body.model_dump(exclude={"patient_id"}))
    consultation, session = await open_consultation(db, assembly.keyring, wanted)
    if consultation.type in SPOKEN:
        await require_money(db, consultation)
    agent = (await agent_of(db, consultation)).config
    agreed = await holds(db, consultation.patient_id, Kind.AI_USE)
    return Opened(
        consultation_id=consultation.id,
        session_id=session.id,
        consent_needed=[] if agreed else [Kind.AI_USE],
        greeting=agent.in_language(agent.greeting, consultation.language),
    )


@router.get(
    "/consultations",
    operation_id="list_consultations",
    summary="Consultations",
    responses=problems(Forbidden),
)
async def index(
    db: Db,
    actor: Reader,
    patient_id: UUID | None = None,
    state: ConsultationStatus | None = None,
    sort: ByAge = "-created_at",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Page[ConsultationOut]:
    rows = await list_consultations(
        db, patient_id=patient_id, status=state, order=ordered(sort, cursor), limit=limit + 1
    )
    return page([ConsultationOut.of(row) for row in rows], [row.id for row in rows], limit)


@router.get(
    "/consultations/{consultation_id}",
    operation_id="get_consultation",
    summary="One consultation with its notes, and what each of its sessions used",
    responses=problems(NotFound),
)
async def get(consultation_id: UUID, db: Db, assembly: Installed, actor: Reader) -> ConsultationWhole:
    return await whole_of(db, assembly, await find_consultation(db, consultation_id))


@router.patch(
    "/consultations/{consultation_id}",
    operation_id="change_consultation",
    summary="Change whose a consultation is, its specialty, day or notes",
    responses=problems(Forbidden, NotFound),
)
async def change(
    consultation_id: UUID,
    body: ConsultationChange,
    db: Db,
    assembly: Installed,
    actor: Annotated[Actor, Requires("consultations:write")],
) -> ConsultationWhole:
    changed = body.model_dump(exclude_unset=True)
    return await whole_of(db, assembly, await change_consultation(db, assembly.keyring, consultation_id, changed))


async def whole_of(db: AsyncSession, assembly: Assembly, consultation: Consultation) -> ConsultationWhole:
    return ConsultationWhole(
        **ConsultationOut.of(consultation).model_dump(),
        emergency_number=(await agent_of(db, consultation)).config.emergency_number,
        notes=await notes_of(db, assembly.keyring, consultation),
        sessions=[SessionOut.of(row) for row in await sessions_of(db, consultation.id)],
    )


@router.post(
    "/consultations/{consultation_id}/end",
    operation_id="end_consultation",
    summary="End a consultation",
    responses=problems(NotFound),
)
async def end(
    consultation_id: UUID, db: Db, actor: Annotated[Actor, Requires("consultations:join")]
) -> ConsultationOut:
    return ConsultationOut.of(await end_consultation(db, consultation_id))


@router.get(
    "/consultations/{consultation_id}/transcript",
    operation_id="get_transcript",
    summary="What was said, with timings, citations and where it is heard",
    responses=problems(NotFound),
)
async def transcript(consultation_id: UUID, db: Db, assembly: Installed, actor: Reader) -> Transcript:
    consultation = await find_consultation(db, consultation_id)
    await record_read(db, "consultation", consultation.id)
    said, sound = await read(db, assembly.keyring, consultation), await sound_of(db, consultation.id)
    told = [MessageOut.of(one, link(sound, one)) for one in said]
    return Transcript(consultation_id=consultation.id, messages=told)
