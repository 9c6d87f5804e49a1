"""One live conversation, whatever its channel: the engine over a socket until somebody ends it.

A channel enters with `converse`, after a handshake of its own. Its line was taken before, with `assembly.calls.call()`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.websockets import WebSocket

from auricle.assembly import Assembly
from auricle.channels.engine import said_in, services_for
from auricle.channels.socket import CLOSE, SocketChannel, close, incoming, tell
from auricle.channels.wire import Wire
from auricle.channels.withdrawn import ending_on_withdrawal
from auricle.consultations.answer import Talk
from auricle.consultations.lifecycle import end_session
from auricle.consultations.memory import history
from auricle.consultations.transcript import Said
from auricle.errors import Unavailable
from auricle.identity.revocation import SignInOver
from auricle.log import event, session_id
from auricle.voice.ports import Ending
from auricle.voice.records import TurnsNotStored
from auricle.voice.session import VoiceSession

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """An admitted conversation: its talk, its wire, what was said before, and what its channel does at the end.

    `on_ending` is awaited when the last word was played and before the socket closes: a phone transfers the call there.
    It must bound its own waits; what it raises is logged and ends the call all the same.
    """

    talk: Talk
    wire: Wire
    past: Sequence[Said] = ()
    on_ending: Callable[[Ending], Awaitable[None]] | None = None

    @property
    def greeting(self) -> str:
        config = self.talk.agent.config
        return "" if self.past else config.in_language(config.greeting, self.talk.language) or ""


async def converse(websocket: WebSocket, assembly: Assembly, entry: Entry) -> None:
    """Run the engine until somebody ends it; the session's row is closed whatever happened."""
    talk, config = entry.talk, entry.talk.agent.config
    token = session_id.set(str(talk.session_id))
    channel = SocketChannel(websocket, entry.wire)
    session = VoiceSession(
        channel,
        services_for(assembly, talk),
        assembly.settings.voice,
        assembly.calls.vad,
        language=talk.language,
        greeting=entry.greeting,
        speculate=True,
        history=history(entry.past, config.history_messages),
    )
    code = 1000
    try:
        async with (
            ending_on_withdrawal(assembly, talk, session, channel),
            assembly.standing.watching(talk.actor, lambda: session.end(SignInOver.code)),
        ):
            ending = await session.run(incoming(websocket, assembly.settings, entry.wire, channel))
        if ending.reason == SignInOver.code:
            await tell(websocket, entry.wire.error(SignInOver()))
            code = CLOSE[SignInOver.status]
        if entry.on_ending is not None:
            await entry.on_ending(ending)
        event(log, "session ended", reason=ending.kind, consultation_id=talk.consultation_id)
    except TurnsNotStored as left:
        await keep(assembly, talk, left)
    except Exception:
        code = 1011
        log.exception("session failed")
    finally:
        await close_session(assembly, talk)
        await close(websocket, code)
        session_id.reset(token)


async def keep(assembly: Assembly, talk: Talk, left: TurnsNotStored) -> None:
    """Write down what the database did not take, until it does."""
    said = [one for turn in left.turns for one in said_in(turn)]
    assert talk.actor.organization_id is not None
    await asyncio.to_thread(
        assembly.unsaved.keep, talk.actor.organization_id, talk.consultation_id, talk.session_id, said
    )


async def close_session(assembly: Assembly, talk: Talk) -> None:
    try:
        async with assembly.database.transaction(talk.actor) as db:
            await end_session(db, talk.session_id)
    except Unavailable:
        event(log, "a session's end could not be stored", logging.WARNING, consultation_id=talk.consultation_id)
