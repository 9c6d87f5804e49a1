"""`/api/v1/consultations/{id}/recordings`, `/api/v1/recordings/{id}`"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, status
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from auricle.actor import Actor
from auricle.billing.budgets.require import BudgetExhausted
from auricle.consent.decide import ConsentNeeded
from auricle.consent.holds import OnHold
from auricle.errors import Forbidden, NotFound, Unauthenticated
from auricle.recording.models import Replay
from auricle.recording.play import BadRange, RecordingGone, Track, find_recording, open_sound, recordings_of
from auricle.recording.remove import delete_recording
from auricle.recording.replay import BadVoiceSettings
from auricle.recording.replays import (
    NotReplayable,
    TooManyReplays,
    ask_for_replay,
    find_replay,
    replays_of,
    result_of,
)
from auricle.web.deps import Db, Installed, Requires
from auricle.web.problems import problems

router = APIRouter(prefix="/api/v1", tags=["recordings"])

LONGEST_S = 86_400.0  # longer than any call

Listener = Annotated[Actor, Requires("recordings:read", "own:read")]


class RecordingOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    consultation_id: UUID
    session_id: UUID
    rate_hz: int = Field(examples=[16000])
    status: str = Field(description="`recording`, `complete` or `deleted`.", examples=["complete"])
    length_s: float = Field(examples=[182.4])
    missing: int = Field(description="Pieces that could not be stored; they are silent.", examples=[0])
    created_at: datetime
    ended_at: datetime | None


class RecordingsOut(BaseModel):
    items: list[RecordingOut]


@router.get(
    "/consultations/{consultation_id}/recordings",
    operation_id="list_recordings",
    summary="The recordings of a consultation",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def index(consultation_id: UUID, db: Db, actor: Listener) -> RecordingsOut:
    rows = await recordings_of(db, consultation_id)
    return RecordingsOut(items=[RecordingOut.model_validate(row) for row in rows])


@router.get(
    "/recordings/{recording_id}",
    operation_id="get_recording",
    summary="One recording",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def get(recording_id: UUID, db: Db, actor: Listener) -> RecordingOut:
    return RecordingOut.model_validate(await find_recording(db, recording_id))


@router.get(
    "/recordings/{recording_id}/audio",
    operation_id="play_recording",
    summary="The sound of a recording, as WAV: patient left, agent right",
    response_class=StreamingResponse,
    responses={
        **problems(Unauthenticated, Forbidden, NotFound, RecordingGone, BadRange),
        200: {
            "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
            "description": "The sound.",
        },
    },
)
async def audio(
    recording_id: UUID,
    assembly: Installed,
    actor: Listener,
    track: Annotated[Track, Query(description="One voice alone, or both.")] = "both",
    from_s: Annotated[float, Query(ge=0, le=LONGEST_S, description="Begin at this second.", examples=[12.5])] = 0.0,
    to_s: Annotated[
        float | None, Query(ge=0, le=LONGEST_S, description="End at this second; unset: at the end.", examples=[17.0])
    ] = None,
) -> StreamingResponse:
    sound = await open_sound(assembly, actor, recording_id, from_s=from_s, to_s=to_s)
    headers = {"content-length": str(sound.wav_bytes(track)), "cache-control": "no-store"}
    return StreamingResponse(sound.wav(track), media_type="audio/wav", headers=headers)


@router.delete(
    "/recordings/{recording_id}",
    operation_id="delete_recording",
    summary="Delete the sound of a recording for good",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(Unauthenticated, Forbidden, NotFound, OnHold),
)
async def delete(recording_id: UUID, db: Db, actor: Annotated[Actor, Requires("recordings:delete")]) -> None:
    await delete_recording(db, recording_id)


class ReplayIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agent_version: int | None = Field(
        None, ge=1, description="Unset: the version the call was held with.", examples=[3]
    )
    voice: Mapping[str, float] = Field(
        {}, max_length=10, description="Settings of turn taking to try.", examples=[{"stop_s": 0.5}]
    )


class ReplayOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    recording_id: UUID
    agent_version_id: UUID
    voice: Mapping[str, float]
    status: str = Field(description="`queued`, `running`, `done` or `failed`.", examples=["done"])
    failure_code: str | None
    created_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] | None = Field(
        None, description="Turns as they were beside turns as they came out now, and what changed in each."
    )


class ReplayRow(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    agent_version: int = Field(description="The version it was heard with.", examples=[3])
    voice: Mapping[str, float]
    status: str = Field(examples=["done"])
    failure_code: str | None
    created_at: datetime
    finished_at: datetime | None


class ReplaysOut(BaseModel):
    """The agent that held the call, in which version, and every time the call was heard again, newest first."""

    agent_id: UUID
    agent_version: int = Field(examples=[3])
    items: list[ReplayRow]


def told(replay: Replay, result: dict[str, Any] | None) -> ReplayOut:
    shown = {name: getattr(replay, name) for name in ReplayOut.model_fields if name != "result"}
    return ReplayOut(**shown, result=result)


@router.post(
    "/recordings/{recording_id}/replays",
    operation_id="replay_recording",
    summary="Hear a recorded call again with another agent version or other settings, and compare",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(
        Unauthenticated,
        Forbidden,
        NotFound,
        RecordingGone,
        NotReplayable,
        BadVoiceSettings,
        ConsentNeeded,
        TooManyReplays,
        BudgetExhausted,
    ),
)
async def replay(
    recording_id: UUID,
    body: ReplayIn,
    db: Db,
    assembly: Installed,
    actor: Annotated[Actor, Requires("recordings:replay")],
) -> ReplayOut:
    return told(await ask_for_replay(db, assembly.settings, recording_id, body.agent_version, body.voice), None)


@router.get(
    "/recordings/{recording_id}/replays",
    operation_id="list_replays",
    summary="When a recorded call was heard again, and with what",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def list_replays(
    recording_id: UUID, db: Db, actor: Annotated[Actor, Requires("recordings:replay")]
) -> ReplaysOut:
    held_with, found = await replays_of(db, recording_id)
    own = [name for name in ReplayRow.model_fields if name != "agent_version"]
    items = [
        ReplayRow(agent_version=version.number, **{name: getattr(one, name) for name in own}) for one, version in found
    ]
    return ReplaysOut(agent_id=held_with.agent_id, agent_version=held_with.number, items=items)


@router.get(
    "/replays/{replay_id}",
    operation_id="get_replay",
    summary="What came of a replay",
    responses=problems(Unauthenticated, Forbidden, NotFound),
)
async def get_replay(
    replay_id: UUID, db: Db, assembly: Installed, actor: Annotated[Actor, Requires("recordings:replay")]
) -> ReplayOut:
    one, recording = await find_replay(db, replay_id)
    return told(one, await result_of(db, assembly.keyring, one, recording))
