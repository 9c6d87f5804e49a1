"""A live conversation ends when its patient takes back the consent to it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from auricle.assembly import Assembly
from auricle.consent.models import Kind
from auricle.consent.watch import until_withdrawn
from auricle.consultations.answer import Talk
from auricle.errors import AuricleError
from auricle.voice.ports import ChannelClosed
from auricle.voice.session import VoiceSession

log = logging.getLogger(__name__)


class Told(Protocol):
    async def send_error(self, error: AuricleError) -> None: ...


@asynccontextmanager
async def ending_on_withdrawal(
    assembly: Assembly, talk: Talk, session: VoiceSession, channel: Told
) -> AsyncIterator[None]:
    """For the length of the block, a withdrawal of `ai_use` is told to the caller and ends the session."""

    async def watch() -> None:
        assert talk.actor.organization_id is not None
        try:
            error = await until_withdrawn(
                assembly.fanout, assembly.database, talk.actor.organization_id, talk.patient_id, Kind.AI_USE
            )
            await channel.send_error(error)
        except ChannelClosed:
            pass
        except Exception:  # without a watch we would not learn of a withdrawal: rather end than go on
            log.exception("watching a consent failed")
        session.end("consent.needed")

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
