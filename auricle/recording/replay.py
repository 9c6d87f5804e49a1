"""Hear a recorded call again, with another version of its agent or other settings of turn taking.

The whole engine runs, at the pace of time, on the patient's side of the recording: recognizer, retrieval, model and
speech are the agent's own. Nothing is stored of it but the comparison, nobody is alarmed, and tools are rehearsed (see
`agents/scenarios`): none but the search in the knowledge does anything, and usage counts for no consultation. What the
patient said stays where it was in time, so an agent that answers at greater length is interrupted where the first one
had finished: that is told, not hidden.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.models import AgentVersion
from auricle.agents.scenarios.run import rehearsed_tools
from auricle.agents.tools.ledger import RehearsedCalls
from auricle.agents.versions import serving_of
from auricle.assembly import Assembly
from auricle.channels.calls import Calls
from auricle.channels.engine import services_for
from auricle.channels.entering import spoken_last
from auricle.consultations.answer import Carried, Talk
from auricle.consultations.memory import LOOK_BACK, history
from auricle.consultations.models import Consultation, Message
from auricle.consultations.transcript import Said, opened
from auricle.db.sealed import Keyring
from auricle.errors import AuricleError, Invalid
from auricle.identity.roles import PATIENT
from auricle.recording.differ import Exchange
from auricle.recording.models import Recording, Replay
from auricle.recording.play import Sound
from auricle.settings import Voice
from auricle.voice.playback import FRAME_S
from auricle.voice.ports import AudioIn, End, Incoming, TurnRecord
from auricle.voice.session import VoiceSession
from auricle.voice.visemes import Viseme

PIECE_S = 0.02
AFTER_S = 3.0  # silence behind the recording, so that its last turn ends
LONGEST_S = 1_800.0
CHANGEABLE = frozenset(
    {"start_s", "start_while_speaking_s", "stop_s", "settle_s", "unfinished_s", "confirm_s", "threshold"}
)


class BadVoiceSettings(Invalid):
    """These are not settings of turn taking, or not within their bounds."""

    code = "replay.bad_settings"


def voice_with(base: Voice, changed: Mapping[str, float]) -> Voice:
    """The installation's settings with some of turn taking changed."""
    if unknown := changed.keys() - CHANGEABLE:
        raise BadVoiceSettings(unknown=", ".join(sorted(unknown)))
    try:
        return Voice.model_validate({**base.model_dump(), **changed})
    except ValidationError as error:
        raise BadVoiceSettings(field=str(error.errors()[0]["loc"][0])) from error


class Unheard:
    """A channel to nobody: the engine speaks at the pace of time, and what it says goes nowhere."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz, self.frame_s = rate_hz, FRAME_S
        self.sound, self.visemes = True, False

    async def send_audio(self, pcm: bytes, visemes: Sequence[Viseme] = ()) -> None: ...
    async def send_mark(self, name: str) -> None: ...
    async def clear(self) -> None: ...
    async def send_transcript(self, text: str, *, is_final: bool) -> None: ...
    async def send_reply(self, text: str, *, is_final: bool) -> None: ...
    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None: ...
    async def send_error(self, error: AuricleError) -> None: ...


async def at_pace(sound: Sound) -> AsyncIterator[Incoming]:
    """The patient's side of a recording, when it was heard."""
    loop = asyncio.get_running_loop()
    piece, due, held = round(sound.rate_hz * PIECE_S) * 2, loop.time(), bytearray()
    async for pcm in sound.track("patient", AFTER_S):
        held += pcm
        while len(held) >= piece:
            yield AudioIn(bytes(held[:piece]))
            del held[:piece]
            due += PIECE_S
            await asyncio.sleep(max(0.0, due - loop.time()))
    yield End()


async def heard_again(
    assembly: Assembly, replay: Replay, talk: Talk, sound: Sound, past: Sequence[Said] = ()
) -> list[Exchange]:
    """Run the engine over a recording, as it ran then; its turns. `past`: what was said before, in other sessions."""
    turns: list[TurnRecord] = []

    async def keep(turn: TurnRecord) -> None:
        turns.append(turn)

    config = talk.agent.config
    talk = await rehearsed_talk(assembly, talk)
    async with ready_to_talk(assembly) as able:
        services = replace(services_for(able, talk), record=keep, alert=tell_nobody)
        session = VoiceSession(
            Unheard(sound.rate_hz),
            services,
            voice_with(assembly.settings.voice, replay.voice),
            able.calls.vad,
            language=talk.language,
            languages=config.languages,
            greeting="" if past else config.in_language(config.greeting, talk.language) or "",
            history=history(past),
            speculate=True,
            turn_model=able.calls.turn_model,
        )
        await session.run(at_pace(sound))
    return [exchange for turn in turns if (exchange := _of_turn(turn)) is not None]


async def rehearsed_talk(assembly: Assembly, talk: Talk) -> Talk:
    """The same talk with what a patient may do, and with tools that do nothing."""
    somebody = Actor(kind="agent", organization_id=talk.actor.organization_id, role="patient", permissions=PATIENT)
    tools = await rehearsed_tools(assembly, somebody, talk.agent, {})
    return replace(talk, actor=somebody, carried=Carried(tools=tools, rehearsal=RehearsedCalls()))


async def tell_nobody(*_: object) -> None:
    """The alarm was raised when it happened."""


@asynccontextmanager
async def ready_to_talk(assembly: Assembly) -> AsyncIterator[Assembly]:
    """An assembly that can hold calls: a worker's cannot until now."""
    async with Calls.started(assembly.settings.voice, assembly.router) as calls:
        yield replace(assembly, calls=calls)


async def talk_of(
    db: AsyncSession, actor: Actor, replay: Replay, recording: Recording, past: Sequence[Said] = ()
) -> Talk:
    """The talk of the recorded session, with the agent version to try, in the language in which it began."""
    consultation = await db.get_one(Consultation, recording.consultation_id)
    serving = serving_of(await db.get_one(AgentVersion, replay.agent_version_id))
    first = await db.scalar(messages_of(recording).limit(1))
    begun_in = first.language if first is not None and first.sender == "assistant" else None
    return Talk(
        actor,
        consultation.id,
        consultation.patient_id,
        recording.session_id,
        serving,
        begun_in or spoken_last(past, serving) or consultation.language,
    )


async def as_it_was(db: AsyncSession, keyring: Keyring, recording: Recording) -> list[Exchange]:
    """The turns of the recorded session, as they were stored."""
    consultation = await db.get_one(Consultation, recording.consultation_id)
    rows = await db.scalars(messages_of(recording).limit(5_000))
    key = await keyring.patient(db, consultation.patient_id)
    return paired([opened(key, row) for row in rows.all() if row.text])


def messages_of(recording: Recording) -> Select[Message]:
    """The messages of the recorded session, in their order."""
    return select(Message).where(Message.session_id == recording.session_id).order_by(Message.position)


async def before(db: AsyncSession, keyring: Keyring, recording: Recording) -> list[Said]:
    """What the recorded session knew when it began: the end of the conversation in the sessions before it."""
    consultation = await db.get_one(Consultation, recording.consultation_id)
    rows = await db.scalars(
        select(Message)
        .where(
            Message.consultation_id == consultation.id,
            Message.session_id != recording.session_id,
            Message.created_at < recording.created_at,
        )
        .order_by(Message.position.desc())
        .limit(LOOK_BACK)
    )
    key = await keyring.patient(db, consultation.patient_id)
    return [opened(key, row) for row in reversed(rows.all()) if row.text]


def paired(said: Sequence[Said]) -> list[Exchange]:
    """Each spoken turn of the patient with the answer that follows it."""
    exchanges: list[Exchange] = []
    for number, one in enumerate(said):
        if one.sender != "patient" or one.start_s is None or one.end_s is None:
            continue
        after = said[number + 1] if number + 1 < len(said) else None
        answer = after if after is not None and after.sender == "assistant" else None
        exchanges.append(
            Exchange(
                one.start_s,
                one.end_s,
                one.text,
                answer.text if answer else "",
                answer.interrupted if answer else False,
                one.language,
                one.red_flag,
                answer.waterfall.get("first_audio") if answer else None,
            )
        )
    return exchanges


def _of_turn(turn: TurnRecord) -> Exchange | None:
    if not turn.user_text or turn.started_s is None or turn.ended_s is None:
        return None
    return Exchange(
        turn.started_s,
        turn.ended_s,
        turn.user_text,
        turn.answer_text,
        turn.interrupted,
        turn.language,
        turn.red_flag.category if turn.red_flag else None,
        turn.waterfall_ms.get("first_audio"),
    )
