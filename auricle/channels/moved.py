"""A live session ends when its consultation goes on elsewhere, or was ended."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import exists, select

from auricle.assembly import Assembly
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import ConsultationEnded, find_consultation
from auricle.consultations.models import ConsultationSession, ConsultationStatus
from auricle.errors import Conflict, DatabaseUnavailable
from auricle.live.events import Event
from auricle.live.fanout import EventsMissed
from auricle.voice.session import VoiceSession

log = logging.getLogger(__name__)

KINDS = {"consultation.moved", "consultation.ended"}
LOOK_S = 60.0  # events tell at once; looking now and then is for what no event told
PAUSE_S = 1.0


class Moved(Conflict):
    """This consultation goes on over another connection."""

    code = "session.moved"


@asynccontextmanager
async def ending_when_moved(assembly: Assembly, talk: Talk, session: VoiceSession) -> AsyncIterator[None]:
    """For the length of the block, the session ends, with the code of why, once its consultation is elsewhere."""

    async def watch() -> None:
        try:
            reason = (await until_moved(assembly, talk)).code
        except Exception:  # without a watch two would talk at once: rather end than go on
            log.exception("watching a consultation failed")
            reason = Moved.code
        session.end(reason)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def until_moved(assembly: Assembly, talk: Talk) -> Conflict:
    """Return why, once this session is over from outside. A database that is away moves nothing."""
    assert talk.actor.organization_id is not None
    while True:
        try:
            async with assembly.fanout.subscribe(talk.actor.organization_id, KINDS) as events:
                while (reason := await _found(assembly, talk)) is None:
                    try:
                        async with asyncio.timeout(LOOK_S):
                            return await _told(talk, events)
                    except TimeoutError:
                        continue
                return reason
        except (EventsMissed, DatabaseUnavailable, StopAsyncIteration):
            await asyncio.sleep(PAUSE_S)


async def _told(talk: Talk, events: AsyncIterator[Event]) -> Conflict:
    while True:
        event = await anext(events)
        if event.subject.get("consultation_id") != str(talk.consultation_id):
            continue
        if event.kind == "consultation.ended":
            return ConsultationEnded()
        if event.subject.get("session_id") != str(talk.session_id):
            return Moved()


async def _found(assembly: Assembly, talk: Talk) -> Conflict | None:
    """The same by looking: the session's row was ended, or a newer one of the consultation is live."""
    async with assembly.database.transaction(talk.actor) as db:
        consultation = await find_consultation(db, talk.consultation_id)
        if consultation.status is ConsultationStatus.ENDED:
            return ConsultationEnded()
        mine = await db.get_one(ConsultationSession, talk.session_id)
        newer = select(ConsultationSession.id).where(
            ConsultationSession.consultation_id == talk.consultation_id,
            ConsultationSession.ended_at.is_(None),
            ConsultationSession.live_since > mine.live_since,
        )
        is_over = mine.ended_at is not None or await db.scalar(select(exists(newer)))
        return Moved() if is_over else None
