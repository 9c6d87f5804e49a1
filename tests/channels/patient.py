"""A patient's app that keeps its place in a session: it counts what it has seen, and comes back after a drop."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.channels.conftest import Clinic
from tests.channels.talking import message


@dataclass
class App:
    """One client. `seen` holds every numbered message in the order it came."""

    clinic: Clinic
    consultation_id: str
    live: ClientConnection | None = None
    token: str = ""
    last_seq: int = 0
    session: dict[str, Any] = field(default_factory=dict)
    seen: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    missed_audio: int = 0
    url: str = ""  # of another process than the clinic's own

    @classmethod
    async def of(cls, clinic: Clinic, agent: str = "default") -> Self:
        opened = await clinic.opened(agent, "voice")
        return cls(clinic, opened["consultation_id"])

    @property
    def socket(self) -> ClientConnection:
        assert self.live is not None
        return self.live

    async def open(self, **more: Any) -> Self:
        """A new session, with a ticket."""
        async with self.clinic.client() as http:
            issued = await http.post("/api/v1/ws/tickets", json={"consultation_id": self.consultation_id})
        ticket = issued.raise_for_status().json()["ticket"]
        await self.connect(ticket=ticket, **more)
        return self

    async def connect(self, **init: Any) -> None:
        self.live = await connect(self.url or self.clinic.service.ws_url)
        first = {"type": "init-session", "consultation_id": self.consultation_id, **init}
        await self.live.send(orjson.dumps(first).decode())
        told = await message(self.live)
        assert told["type"] == "session", told
        self.session, self.token, self.last_seq = told, told["resume"], told["seq"]

    async def back(self) -> None:
        """The same session over a new socket."""
        await self.connect(resume=self.token, last_seq=self.last_seq)

    async def knock(self, token: str | None = None, **init: Any) -> tuple[dict[str, Any], int | None]:
        """Try to come back; what is said first, and the code if it closes then."""
        async with connect(self.clinic.service.ws_url) as live:
            wanted = {"type": "init-session", "consultation_id": self.consultation_id, "last_seq": self.last_seq}
            await live.send(orjson.dumps({**wanted, "resume": token or self.token, **init}).decode())
            told = await message(live)
            if told["type"] == "session":
                live.transport.abort()
                return told, None
            with suppress(ConnectionClosed):
                await message(live)
            return told, live.close_code

    def drop(self) -> None:
        """The network is gone, without a word."""
        self.socket.transport.abort()

    async def hang_up(self) -> None:
        await self.socket.send('{"type":"end"}')
        with suppress(ConnectionClosed):
            while True:
                await self.next()

    async def next(self) -> dict[str, Any]:
        """The next message that is no audio. Raises `ConnectionClosed`."""
        while (told := await message(self.socket))["type"] == "audio_chunk":
            self.missed_audio += 1
        self.last_seq = told["seq"]
        self.seen.append(told)
        if told["type"] == "mark":
            with suppress(ConnectionClosed):
                await self.socket.send(orjson.dumps({"type": "played", "mark": told["mark"]}).decode())
        return told

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        while (told := await self.next())["type"] != kind or any(told.get(k) != v for k, v in fields.items()):
            pass
        return told

    async def ask(self, text: str) -> None:
        """Type a question; it is lost where the socket is."""
        self.asked.append(text)
        with suppress(ConnectionClosed):
            await self.socket.send(orjson.dumps({"type": "text", "text": text}).decode())

    async def ask_again_what_was_lost(self) -> None:
        for text in self.asked[self.session["texts_received"] :]:
            await self.socket.send(orjson.dumps({"type": "text", "text": text}).decode())

    def answers(self) -> list[str]:
        return [m["text"] for m in self.seen if m["type"] == "ai_response" and m["is_final"]]

    def numbers(self) -> list[int]:
        return [m["seq"] for m in self.seen]
