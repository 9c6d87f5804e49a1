"""Enter a consultation: consent, agent, a live session of one's own, and what was said so far.

A consultation has one live session. Whoever opens another (on another phone, in the browser after a call, by text)
takes it along: the one before is told, stores its turn and ends, and only then is the history read.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from auricle.actor import Actor
from auricle.agents.versions import Serving
from auricle.assembly import Assembly
from auricle.consent.decide import require
from auricle.consent.models import Kind
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import (
    active_consultation,
    agent_of,
    end_session,
    find_consultation,
    live_sessions,
    move_here,
    open_session,
)
from auricle.consultations.memory import LOOK_BACK
from auricle.consultations.money import require_money
from auricle.consultations.transcript import Said, read

LEAVE_S = 3.0  # an older session that has not ended by then never will: its process is gone
LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class Joined:
    """A live session that was opened, and the conversation before it."""

    talk: Talk
    past: list[Said]


async def join(
    assembly: Assembly,
    actor: Actor,
    consultation_id: UUID,
    channel: str,
    *,
    language: str | None = None,
    is_new: bool = True,
) -> Joined:
    """Open a live session of a consultation that the actor may take part in, over `browser` or `phone`.

    `is_new` False: it goes on with a call that was under way, or admitted a moment ago, and is not asked for money.
    """
    async with assembly.database.transaction(actor) as db:
        consultation = await active_consultation(db, consultation_id, lock=True)
        await require(db, consultation.patient_id, Kind.AI_USE)
        if is_new:
            await require_money(db, consultation)
        serving = await agent_of(db, consultation)
        session = await open_session(db, consultation, channel, live=True)
        leaving = await move_here(db, consultation, session.id)
        past = await read(db, assembly.keyring, consultation, last=LOOK_BACK)
    talk = Talk(actor, consultation.id, consultation.patient_id, session.id, serving, language or consultation.language)
    if leaving:
        past = await past_of_the_left(assembly, talk, leaving)
    return Joined(talk.in_language(language or spoken_last(past, serving) or talk.language), past)


def spoken_last(past: Sequence[Said], agent: Serving) -> str | None:
    """The language in which the patient spoke last, where the agent speaks it."""
    spoken = (one.language for one in reversed(past) if one.sender == "patient" and one.language)
    last = next(spoken, None)
    return last if last in agent.config.languages else None


async def past_of_the_left(assembly: Assembly, talk: Talk, leaving: set[UUID]) -> list[Said]:
    """What was said, once the sessions before this one have stored their turns."""
    deadline = time.monotonic() + LEAVE_S
    while True:
        async with assembly.database.transaction(talk.actor) as db:
            still = leaving & await live_sessions(db, talk.consultation_id)
            if not still or time.monotonic() >= deadline:
                for session_id in still:
                    await end_session(db, session_id)
                consultation = await find_consultation(db, talk.consultation_id)
                return await read(db, assembly.keyring, consultation, last=LOOK_BACK)
        await asyncio.sleep(LOOK_S)
