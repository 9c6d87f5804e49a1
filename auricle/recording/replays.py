"""Ask for a replay, make it as a job, read what came of it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.models import AgentVersion
from auricle.assembly import Assembly
from auricle.audit.reads import record_read
from auricle.billing.budgets.require import require_budget
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.models import Consultation
from auricle.db.sealed import Keyring
from auricle.errors import Conflict, NotFound, RateLimited
from auricle.jobs.app import task
from auricle.jobs.queue import enqueue
from auricle.live.events import publish
from auricle.recording.differ import compared
from auricle.recording.models import Recording, Replay
from auricle.recording.play import RecordingGone, find_recording, open_sound
from auricle.recording.replay import LONGEST_S, as_it_was, before, heard_again, talk_of, voice_with
from auricle.settings import Settings

MOST_UNDER_WAY = 10  # of one organization
MOST_LISTED = 50


class NotReplayable(Conflict):
    """This recording is still being made, or is too long to be heard again."""

    code = "replay.not_possible"


class TooManyReplays(RateLimited):
    """As many replays wait or run as may: each takes as long as its call did."""

    code = "replay.too_many"


async def ask_for_replay(
    db: AsyncSession, settings: Settings, recording_id: UUID, version_number: int | None, voice: Mapping[str, float]
) -> Replay:
    """Queue a replay with the version the call was held with, or another one of the same agent."""
    recording = await find_recording(db, recording_id)
    if recording.status == "deleted":
        raise RecordingGone
    if recording.status != "complete" or recording.length_s > LONGEST_S:
        raise NotReplayable(longest_s=LONGEST_S)
    voice_with(settings.voice, voice)
    consultation = await db.get_one(Consultation, recording.consultation_id)
    await require(db, consultation.patient_id, Kind.AI_USE)
    await require_budget(db)
    under_way = select(func.count()).select_from(Replay).where(Replay.status.in_(("queued", "running")))
    if (await db.scalar(under_way) or 0) >= MOST_UNDER_WAY:
        raise TooManyReplays(limit=MOST_UNDER_WAY)
    version = await version_of(db, recording, version_number)
    replay = Replay(recording_id=recording.id, agent_version_id=version.id, voice=dict(voice))
    db.add(replay)
    await db.flush()
    await enqueue(db, "recording.replay", replay_id=replay.id, lock="recording.replay")
    return replay


async def version_of(db: AsyncSession, recording: Recording, number: int | None) -> AgentVersion:
    consultation = await db.get_one(Consultation, recording.consultation_id)
    held_with = await db.get_one(AgentVersion, consultation.agent_version_id)
    if number is None:
        return held_with
    wanted = select(AgentVersion).where(AgentVersion.agent_id == held_with.agent_id, AgentVersion.number == number)
    version = await db.scalar(wanted)
    if version is None:
        raise NotFound("No such agent version.")
    return version


async def give_up(assembly: Assembly, actor: Actor, replay_id: UUID) -> None:
    async with assembly.database.transaction(actor) as db:
        replay = await db.get(Replay, replay_id, with_for_update=True)
        if replay is not None and replay.status in ("queued", "running"):
            replay.status, replay.failure_code = "failed", "replay.failed"


@task("recording.replay", retries=1, timeout_s=LONGEST_S + 300, on_failed=give_up)
async def make_replay(assembly: Assembly, actor: Actor, replay_id: UUID) -> None:
    """Hear the recording again and keep the comparison; done already, nothing. Consent must hold when it begins."""
    async with assembly.database.transaction(actor) as db:
        replay = await db.get(Replay, replay_id, with_for_update=True)
        if replay is None or replay.status in ("done", "failed"):
            return
        replay.status = "running"
        recording = await db.get_one(Recording, replay.recording_id)
        past = await before(db, assembly.keyring, recording)
        talk = await talk_of(db, actor, replay, recording, past)
        await require(db, talk.patient_id, Kind.AI_USE)
        was = await as_it_was(db, assembly.keyring, recording)
    sound = await open_sound(assembly, actor, recording.id)
    result = orjson.dumps(compared(was, await heard_again(assembly, replay, talk, sound, past)))
    async with assembly.database.transaction(actor) as db:
        status = select(Recording.status).where(Recording.id == recording.id).with_for_update(read=True)
        if await db.scalar(status) == "deleted":
            raise RecordingGone
        key = await assembly.keyring.patient(db, talk.patient_id)
        replay = await db.get_one(Replay, replay_id, with_for_update=True)
        replay.result = key.seal(result.decode(), "replay", "result", replay.id)
        replay.status, replay.finished_at = "done", datetime.now(UTC)
        await publish(db, "replay.done", replay_id=replay.id, recording_id=recording.id)


async def replays_of(
    db: AsyncSession, recording_id: UUID
) -> tuple[AgentVersion, Sequence[tuple[Replay, AgentVersion]]]:
    """The version the call was held with, and the replays of its recording, newest first."""
    recording = await find_recording(db, recording_id)
    rows = await db.execute(
        select(Replay, AgentVersion)
        .join(AgentVersion, AgentVersion.id == Replay.agent_version_id)
        .where(Replay.recording_id == recording.id)
        .order_by(Replay.id.desc())
        .limit(MOST_LISTED)
    )
    return await version_of(db, recording, None), [(one, version) for one, version in rows]


async def find_replay(db: AsyncSession, replay_id: UUID) -> tuple[Replay, Recording]:
    replay = await db.get(Replay, replay_id)
    if replay is None:
        raise NotFound("No such replay.")
    return replay, await find_recording(db, replay.recording_id)


async def result_of(db: AsyncSession, keyring: Keyring, replay: Replay, recording: Recording) -> dict[str, Any] | None:
    """The comparison in clear. The look is noted in the audit."""
    if replay.result is None:
        return None
    consultation = await db.get_one(Consultation, recording.consultation_id)
    key = await keyring.patient(db, consultation.patient_id)
    await record_read(db, "replay", replay.id)
    told: dict[str, Any] = orjson.loads(key.open(replay.result, "replay", "result", replay.id))
    return told
