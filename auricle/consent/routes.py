"""`/api/v1/consents/texts`, `/api/v1/patients/{patient_id}/consents`"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from auricle.actor import Actor
from auricle.consent.decide import Deciding, HowUnclear, TextChanged, decide, history, standing
from auricle.consent.schemas import ConsentOut, ConsentsOut, DecisionIn, Language, TextIn, TextOut, TextsOut
from auricle.consent.texts import TextPublishedTwice, as_text, current_texts, every_text, publish_text
from auricle.errors import Forbidden, Invalid, NotFound, Unauthenticated
from auricle.patients.create import find_patient
from auricle.web.deps import Db, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["consent"])


@router.get(
    "/consents/texts",
    operation_id="list_consent_texts",
    summary="The texts to show before asking, newest version of each kind and language",
    responses=problems(Unauthenticated, Forbidden, Invalid),
)
async def texts(
    db: Db,
    actor: Annotated[Actor, Requires("own:read", "patients:read")],
    language: Language | None = None,
    every: Annotated[bool, Query(description="Earlier versions as well, after the newest.")] = False,
) -> TextsOut:
    all_ = await (every_text(db) if every else current_texts(db))
    found = [text for text in all_ if language in (None, text.language)]
    return TextsOut(items=[TextOut.model_validate(text) for text in found])


@router.post(
    "/consents/texts",
    operation_id="publish_consent_text",
    summary="Publish the next version of a text",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, TextPublishedTwice, Invalid),
)
async def publish(body: TextIn, db: Db, actor: Annotated[Actor, Requires("consent:publish")]) -> TextOut:
    row = await publish_text(db, body.kind, body.language, title=body.title, body=body.body, renew=body.renew)
    return TextOut.model_validate(as_text(row))


@router.get(
    "/patients/{patient_id}/consents",
    operation_id="get_consents",
    summary="What a patient agrees to, and every decision before",
    responses=problems(Unauthenticated, Forbidden, NotFound, Invalid),
)
async def consents(
    patient_id: UUID, db: Db, actor: Annotated[Actor, Requires("patients:read", "own:read")]
) -> ConsentsOut:
    await find_patient(db, patient_id)
    return ConsentsOut(
        patient_id=patient_id,
        standing=dict(await standing(db, patient_id)),
        history=[ConsentOut.model_validate(one) for one in await history(db, patient_id)],
    )


@router.post(
    "/patients/{patient_id}/consents",
    operation_id="decide_consent",
    summary="Grant or withdraw a consent; both the same way",
    status_code=status.HTTP_201_CREATED,
    responses=problems(Unauthenticated, Forbidden, NotFound, TextChanged, HowUnclear),
)
async def decision(
    patient_id: UUID, body: DecisionIn, db: Db, actor: Annotated[Actor, Requires("patients:write", "own:read")]
) -> ConsentOut:
    await find_patient(db, patient_id)
    return ConsentOut.model_validate(await decide(db, patient_id, Deciding(**body.model_dump())))
