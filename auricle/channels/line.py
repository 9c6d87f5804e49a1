"""A live session's channel that outlives its sockets: what breaks may come back, and nothing told is lost or doubled.

Every message but audio is numbered and kept for a while. While no socket is there messages are only kept, and audio
waits: the agent is paused where the listener was. A socket that comes back is told what it has not seen, in order,
and then the session goes on over it. Of two the newer wins.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Literal, Protocol
from uuid import UUID

from auricle.channels.kept import Kept
from auricle.channels.protocols import browser
from auricle.channels.socket import CLOSE, Left, Socket
from auricle.channels.tokens import ResumeRefused, Tokens
from auricle.channels.wire import Frame
from auricle.consultations.answer import Talk
from auricle.consultations.transcript import Said
from auricle.errors import AuricleError, Conflict
from auricle.voice.ports import ChannelClosed, Ending, Incoming, TextIn
from auricle.voice.visemes import Viseme

LOOK_S = 0.5
REPLAY_S = 10.0  # a client that takes longer to catch up is gone


class Replaced(Conflict):
    """A newer connection of this session took over."""

    code = "session.replaced"


class Forgotten(Conflict):
    """What this client has not seen is no longer kept."""

    code = "session.forgotten"


class Listener(Protocol):
    """The session, which need not talk while nobody hears it."""

    def pause_agent(self) -> None: ...
    def resume_agent(self) -> None: ...


class Line:
    def __init__(
        self,
        socket: Socket,
        wire: browser.BrowserWire,
        tokens: Tokens,
        talk: Talk,
        *,
        resume_s: float,
        stopping: Callable[[], bool],
    ) -> None:
        """`stopping`: the process ends, so that nobody can come back to it."""
        self._socket: Socket | None = socket
        self._newest = socket
        self.wire, self._resume_s, self._stopping = wire, resume_s, stopping
        self._kept = Kept()
        self._one_at_a_time = asyncio.Lock()
        self._there = asyncio.Event()  # a socket is there, or the line is closed
        self._there.set()
        self._closed = False
        self._drops = 0
        self.rate_hz, self.frame_s = wire.rate_hz, wire.frame_s
        self.sound, self.visemes = wire.format.sound, wire.format.visemes
        self.tokens, self.talk = tokens, talk
        self.texts_received = 0
        self.listener: Listener | None = None

    # ── what goes out ─────────────────────────────────────────────────────────────────────────────────────────────
    async def send_audio(self, pcm: bytes, visemes: Sequence[Viseme] = ()) -> None:
        """Send, or wait for somebody to hear it. What a drop cut off is dropped: the agent goes back for it."""
        frame, taken_back = self.wire.audio(pcm), self._socket is not None
        shapes = self.wire.visemes(visemes) if visemes else None
        while True:
            await self._there.wait()
            if self._closed:
                raise ChannelClosed
            drops = self._drops
            async with self._one_at_a_time:
                if self._drops == drops and (shapes is None or await self._sent(shapes)) and await self._sent(frame):
                    return
            if taken_back:
                return

    async def send_mark(self, name: str) -> None:
        await self._tell(self.wire.mark(name))

    async def clear(self) -> None:
        await self._tell(self.wire.clear())

    async def send_transcript(self, text: str, *, is_final: bool) -> None:
        await self._tell(self.wire.transcript(text, is_final=is_final))

    async def send_reply(self, text: str, *, is_final: bool) -> None:
        await self._tell(self.wire.reply(text, is_final=is_final))

    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None:
        await self._tell(self.wire.metrics(turn_id, waterfall_ms))

    async def send_error(self, error: AuricleError) -> None:
        await self._tell(self.wire.error(error))

    async def send_ending(self, ending: Ending) -> None:
        await self._tell(browser.ended_message(ending))

    def opening(self, resume: str, seq: int, resumed: Literal["messages", "record"] | None) -> str:
        """The `session` message, after which come the messages with higher numbers than `seq`."""
        talk = self.talk
        return browser.session_message(
            talk.session_id,
            talk.consultation_id,
            talk.language,
            self.wire.format,
            resume=resume,
            seq=seq,
            resumed=resumed,
            texts_received=self.texts_received,
        )

    async def _tell(self, frame: Frame | None) -> None:
        if isinstance(frame, str):
            async with self._one_at_a_time:
                await self._sent(self._kept.add(frame))

    async def _sent(self, frame: Frame) -> bool:
        socket = self._socket
        if socket is None:
            return False
        try:
            await socket.send(frame)
        except ChannelClosed:
            self._drop(socket)
            return False
        return True

    def _drop(self, socket: Socket) -> None:
        socket.abandon()
        if self._socket is not socket:
            return
        self._socket = None
        self._drops += 1
        self._there.clear()
        if self.listener is not None:
            self.listener.pause_agent()

    # ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────
    async def incoming(self) -> AsyncIterator[Incoming]:
        """What the client says over one socket after another, until it is done or stays away."""
        while (socket := self._socket) is not None or await self._is_back():
            if socket is None:
                continue
            async with aclosing(socket.incoming(self.wire, self.send_error)) as items:
                async for item in items:
                    if socket is self._socket:
                        self.tokens.confirm()
                    self.texts_received += isinstance(item, TextIn)
                    yield item
            if socket.left is not Left.DROPPED:
                return
            self._drop(socket)
            socket.released.set()
        self._closed = True  # nobody came, and who comes now finds the session ending

    async def _is_back(self) -> bool:
        try:
            async with asyncio.timeout(self._resume_s):
                while not self._there.is_set() and not self._stopping():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._there.wait(), LOOK_S)
        except TimeoutError:
            return False
        return self._there.is_set() and not self._closed

    # ── coming back ───────────────────────────────────────────────────────────────────────────────────────────────
    def check(self, last_seq: int) -> None:
        """Raises `Forgotten` where not everything after this number is kept."""
        if not self._kept.has_after(last_seq):
            raise Forgotten

    async def rejoin(self, socket: Socket, last_seq: int, resume: str) -> None:
        """Take the line over: introduce it with its new token, say everything after `last_seq`, then go on.

        Raises:
            Forgotten: some of it is no longer kept.
            Replaced: a newer socket was quicker.
            ResumeRefused: the session has ended.
            ChannelClosed: this one is gone already.
        """
        older, self._newest = self._newest, socket
        self._drop(older)
        async with self._one_at_a_time:
            if self._closed:
                raise ResumeRefused
            if self._newest is not socket:
                raise Replaced
            self.check(last_seq)
            try:
                async with asyncio.timeout(REPLAY_S):
                    for frame in (self.opening(resume, last_seq, "messages"), *self._kept.after(last_seq)):
                        await socket.send(frame)
            except TimeoutError:
                raise ChannelClosed from None
            self._socket = socket
            self._there.set()
            if self.listener is not None:
                self.listener.resume_agent()
        await older.close(CLOSE[Replaced.status])

    async def begin(self, resume: str, stored: Sequence[Said], *, resumed: bool) -> None:
        """Introduce a new session, and tell the record of the one it goes on with.

        Raises:
            ChannelClosed: the client is gone, and has no token to come back with.
        """
        if not await self._sent(self.opening(resume, 0, "record" if resumed else None)) and not resumed:
            raise ChannelClosed
        for said in stored:
            await self._tell(browser.stored_message(said.sender, said.as_heard, said.id))

    async def close(self, code: int) -> None:
        """The session is over, for whoever is there."""
        self._closed = True
        self._there.set()
        await self._newest.close(code)
