"""One live conversation, whatever its channel: the engine over a socket until somebody ends it.

A channel enters with `converse`, after a handshake of its own. Its line was taken before, with `assembly.calls.call()`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.websockets import WebSocket

from auricle.assembly import Assembly
from auricle.channels.engine import said_in, services_for
from auricle.channels.line import Line
from auricle.channels.moved import Moved, ending_when_moved
from auricle.channels.resume import forget
from auricle.channels.socket import CLOSE, CLOSED_NORMALLY, Socket, SocketChannel
from auricle.channels.wire import Wire
from auricle.channels.withdrawn import ending_on_withdrawal
from auricle.consultations.alerts import ask_for_person
from auricle.consultations.answer import Talk, call_for
from auricle.consultations.lifecycle import ConsultationEnded, end_session
from auricle.consultations.memory import history
from auricle.consultations.transcript import Said
from auricle.errors import AuricleError, Unavailable
from auricle.identity.revocation import SignInOver
from auricle.listening.line import open_to_staff
from auricle.log import event, session_id
from auricle.recording.keep import recorded
from auricle.voice.ports import Channel, ChannelClosed, Ending, Incoming
from auricle.voice.records import TurnsNotStored
from auricle.voice.session import VoiceSession

log = logging.getLogger(__name__)

NEEDED: tuple[Literal["stt", "llm", "tts"], ...] = ("stt", "llm", "tts")  # by a spoken turn


class Stopping(Unavailable):
    """This process is about to stop: come back, and another takes the conversation on."""

    code = "session.stopping"


# What ends a session from outside, and how that is told.
ENDS: Mapping[str, type[AuricleError]] = {end.code: end for end in (SignInOver, Moved, ConsultationEnded, Stopping)}


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
    resumed: bool = False  # nobody is greeted twice

    @property
    def greeting(self) -> str:
        config = self.talk.agent.config
        return "" if self.past or self.resumed else config.in_language(config.greeting, self.talk.language) or ""


class Connection(Channel, Protocol):
    """The engine's channel with its two ends: what comes in, and its close."""

    def incoming(self) -> AsyncIterator[Incoming]: ...

    async def send_ending(self, ending: Ending) -> None: ...

    async def close(self, code: int) -> None: ...


async def converse(websocket: WebSocket, assembly: Assembly, entry: Entry) -> None:
    """Hold a conversation over one socket, from its opening to its end."""
    channel = SocketChannel(Socket(websocket, assembly.settings), entry.wire)
    await hold(assembly, entry, channel)


async def hold(assembly: Assembly, entry: Entry, channel: Connection) -> None:
    """Run the engine until somebody ends it; the session's row is closed whatever happened."""
    token = session_id.set(str(entry.talk.session_id))
    async with AsyncExitStack() as afterwards:
        afterwards.callback(session_id.reset, token)
        await held(assembly, entry, channel, afterwards)


async def held(assembly: Assembly, entry: Entry, channel: Connection, afterwards: AsyncExitStack) -> None:
    """`afterwards`: what is finished once everybody knows that it is over."""
    talk = entry.talk
    session = session_of(assembly, entry, channel)
    if isinstance(channel, Line):
        channel.listener = session
    needed = NEEDED if channel.sound else ("stt", "llm")
    assembly.router.open_ahead({c: call_for(assembly, talk, c, talk.language) for c in needed})  # while it greets
    code, is_over = 1011, False  # what breaks off is no end: the client may come back to what was stored
    try:
        with assembly.calls.dismissing(lambda: session.dismiss(Stopping.code)):
            ending = await run(assembly, entry, channel, session, afterwards)
        code = CLOSE[ENDS[ending.reason].status] if ending.reason in ENDS else CLOSED_NORMALLY
        is_over = ending.reason != Stopping.code
        event(log, "session ended", reason=ending.kind, consultation_id=talk.consultation_id)
    except Exception:
        log.exception("session failed")
    finally:
        await close_session(assembly, talk, is_over=is_over)
        await channel.close(code)


def session_of(assembly: Assembly, entry: Entry, channel: Connection) -> VoiceSession:
    talk, config = entry.talk, entry.talk.agent.config
    return VoiceSession(
        channel,
        services_for(assembly, talk),
        assembly.settings.voice,
        assembly.calls.vad,
        language=talk.language,
        languages=config.languages,
        greeting=entry.greeting,
        speculate=True,
        turn_model=assembly.calls.turn_model,
        history=history(entry.past),
    )


async def run(
    assembly: Assembly, entry: Entry, channel: Connection, session: VoiceSession, afterwards: AsyncExitStack
) -> Ending:
    """The conversation to its end, told to the client and to whoever asked for it."""
    talk = entry.talk
    try:
        async with (
            ending_on_withdrawal(assembly, talk, session, channel),
            ending_when_moved(assembly, talk, session),
            open_to_staff(assembly, session, talk, channel.rate_hz),
            assembly.standing.watching(talk.actor, lambda: session.end(SignInOver.code)),
        ):
            if channel.sound:  # what is read leaves no sound to keep
                await afterwards.enter_async_context(recorded(assembly, session, talk, channel.rate_hz))
            ending = await session.run(channel.incoming())
    except TurnsNotStored as left:
        await keep(assembly, talk, left)
        ending = Ending("failed", left.code)
    with suppress(ChannelClosed):
        if ending.reason in ENDS:
            await channel.send_error(ENDS[ending.reason]())
        await channel.send_ending(ending)
    if ending.kind == "hand_over":
        await ring(assembly, talk)
    if entry.on_ending is not None:
        await entry.on_ending(ending)
    return ending


async def ring(assembly: Assembly, talk: Talk) -> None:
    """Whoever asked for a person, tool or engine: staff are told, once."""
    try:
        async with assembly.database.transaction(talk.actor) as db:
            await ask_for_person(
                db, consultation_id=talk.consultation_id, patient_id=talk.patient_id, session_id=talk.session_id
            )
    except Unavailable:
        event(log, "a hand-over could not be told", logging.ERROR, consultation_id=talk.consultation_id)


async def keep(assembly: Assembly, talk: Talk, left: TurnsNotStored) -> None:
    """Write down what the database did not take, until it does."""
    said = [one for turn in left.turns for one in said_in(turn)]
    assert talk.actor.organization_id is not None
    await asyncio.to_thread(
        assembly.unsaved.keep, talk.actor.organization_id, talk.consultation_id, talk.session_id, said
    )


async def close_session(assembly: Assembly, talk: Talk, *, is_over: bool) -> None:
    """`is_over`: for the client, too, so that there is nothing to come back to."""
    try:
        async with assembly.database.transaction(talk.actor) as db:
            await end_session(db, talk.session_id)
            if is_over:
                await forget(db, talk.session_id)
    except Unavailable:
        event(log, "a session's end could not be stored", logging.WARNING, consultation_id=talk.consultation_id)
