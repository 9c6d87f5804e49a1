"""`/embeddings`: texts and notes as vectors, by the offline embedder."""

from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from numpy.typing import NDArray

from auricle.ai.limits import TextTooLarge
from auricle.ai.port import AIUnavailable, Busy, Utterance
from auricle.ai_service.bodies import NoteContent, NoteVectors, OneText, Texts, Vector, Vectors, check_total
from auricle.ai_service.engine import ModelMissing, TookTooLong
from auricle.ai_service.routes import Installed, Route
from auricle.web.problems import problems

router = APIRouter(prefix="/embeddings", tags=["embeddings"], route_class=Route)

REFUSALS = problems(TextTooLarge, Busy, AIUnavailable, ModelMissing, TookTooLong)

Floats = NDArray[np.float32]


@router.post("/generate", operation_id="embed_text", summary="One text as a vector", responses=REFUSALS)
async def generate(body: OneText, engine: Installed, request: Request) -> Vector:
    check_total([body.text])
    vectors = (await engine.worked(request, engine.embedding.embed([body.text]))).vectors
    return Vector(**_by(engine), vector=vectors[0].tolist())


@router.post("/batch", operation_id="embed_texts", summary="Several texts as vectors, in order", responses=REFUSALS)
async def batch(body: Texts, engine: Installed, request: Request) -> Vectors:
    check_total(body.texts)
    vectors = (await engine.worked(request, engine.embedding.embed(body.texts))).vectors
    return Vectors(**_by(engine), vectors=vectors.tolist())


@router.post(
    "/soap-content",
    operation_id="embed_note",
    summary="A note's sections as vectors, and the note's own",
    description="Masked first. Each is the mean direction of its statements, embedded with their section's name.",
    responses=REFUSALS,
)
async def soap_content(body: NoteContent, engine: Installed, request: Request) -> NoteVectors:
    check_total([statement.text for statement in body.statements])

    async def whole() -> NoteVectors:
        said = [
            Utterance(id=str(n), speaker="document", text=f"{statement.section.capitalize()}. {statement.text}")
            for n, statement in enumerate(body.statements)
        ]
        masked = await engine.ai.mask(said, body.known)
        vectors = (await engine.embedding.embed([u.text for u in masked.utterances])).vectors
        sections = {
            section: _mean(vectors[[n for n, s in enumerate(body.statements) if s.section == section]])
            for section in dict.fromkeys(s.section for s in body.statements)
        }
        return NoteVectors(**_by(engine), note=_mean(vectors), sections=sections)

    return await engine.worked(request, whole())


def _by(engine: Installed) -> dict[str, Any]:
    return {"model": engine.embedding.name, "dimension": engine.embedding.dimension}


def _mean(vectors: Floats) -> list[float]:
    mean = vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    direction: list[float] = (mean / length if length else mean).tolist()
    return direction
