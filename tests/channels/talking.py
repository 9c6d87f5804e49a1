"""The patient's side of the channels: text whole and streamed, the socket, and waiting for what is stored soon."""

import asyncio
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect

import auricle.demo
from tests.channels.conftest import Clinic

STREAMED = {"accept": "text/event-stream"}


async def eventually(
    value: Callable[[], Awaitable[Any]], is_right: Callable[[Any], bool], timeout_s: float = 10.0
) -> Any:
    """The value once it is right, or as it was last."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not is_right(found := await value()) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.1)
    return found


async def send(clinic: Clinic, session_id: str, text: str) -> httpx2.Response:
    async with clinic.client() as http:
        return await http.post("/api/v1/conversation/message", json={"session_id": session_id, "text": text})


async def stream(clinic: Clinic, session_id: str, text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a streamed answer, to its end."""
    return [event async for event in streaming(clinic, session_id, text)]


async def streaming(clinic: Clinic, session_id: str, text: str) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    body = {"session_id": session_id, "text": text}
    async with (
        clinic.client() as http,
        http.stream("POST", "/api/v1/conversation/message", json=body, headers=STREAMED) as answer,
    ):
        answer.raise_for_status()
        async for event in events_of(answer):
            yield event


async def events_of(answer: httpx2.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    kind = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, orjson.loads(line.removeprefix("data: "))


@asynccontextmanager
async def socket(clinic: Clinic, consultation_id: str) -> AsyncIterator[ClientConnection]:
    """An open live session."""
    async with clinic.client() as http:
        issued = await http.post("/api/v1/ws/tickets", json={"consultation_id": consultation_id})
    ticket = issued.raise_for_status().json()["ticket"]
    protocols: Any = ["auricle.v1", f"ticket.{ticket}"]
    # With a bounded queue, frames that nobody takes keep the answer to our closing away: it then waits ten seconds.
    async with connect(clinic.service.ws_url, subprotocols=protocols, max_queue=None) as live:
        await live.send(orjson.dumps({"type": "init-session", "consultation_id": consultation_id}).decode())
        assert (await message(live))["type"] == "session"
        yield live


async def message(live: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while isinstance(raw := await live.recv(), bytes):
            pass
    told: dict[str, Any] = orjson.loads(raw)
    return told


async def answered(live: ClientConnection) -> str:
    """The text of the answer, when it was spoken to its end."""
    while (told := await message(live))["type"] != "ai_response" or not told["is_final"]:
        pass
    text: str = told["text"]
    return text


async def type_in(live: ClientConnection, text: str) -> None:
    await live.send(orjson.dumps({"type": "text", "text": text}).decode())


async def speak(live: ClientConnection, recording: str) -> None:
    """Send a recording of the demonstration's at the pace of time, and the silence that ends the turn."""
    with wave.open(str(Path(auricle.demo.__file__).parent / "audio" / recording)) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        pcm = file.readframes(file.getnframes())
    for start in range(0, len(pcm) + 32_000, 640):
        await live.send(pcm[start : start + 640].ljust(640, b"\0"))
        await asyncio.sleep(0.02)
