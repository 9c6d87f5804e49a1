"""Tools through the whole product: a live session over a socket, and the text channel, in one consultation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect

from auricle.patients.appointments.models import AppointmentStatus
from tests.agents.conftest import Clinic, asks, results_in, tomorrow
from tests.channels.talking import answered, message, type_in
from tests.emulators.openai_chat import OpenAIEmulator, Scripted
from tests.running_service import Service


@asynccontextmanager
async def session(service: Service, headers: dict[str, str], consultation_id: str) -> AsyncIterator[ClientConnection]:
    async with service.client(headers) as http:
        issued = await http.post("/api/v1/ws/tickets", json={"consultation_id": consultation_id})
    ticket = issued.raise_for_status().json()["ticket"]
    protocols: Any = ["auricle.v1", f"ticket.{ticket}"]
    async with connect(service.ws_url, subprotocols=protocols) as live:
        await live.send(orjson.dumps({"type": "init-session", "consultation_id": consultation_id}).decode())
        while (await message(live))["type"] != "session":
            pass
        yield live


async def test_asked_by_voice_and_agreed_to_by_text(clinic: Clinic, service: Service, emulated: OpenAIEmulator) -> None:
    wanted = {"professional_id": str(clinic.doctor.member_id), "starts_at": tomorrow()}

    def books(body: dict[str, Any]) -> Scripted:
        return Scripted("It is booked.") if results_in(body) else asks("book_appointment", wanted)

    emulated.script = books
    headers = await service.headers(clinic.person)
    serving = await clinic.agent("book_appointment", greeting={"en": "Hello, I am an AI."})
    async with service.client(headers) as http:
        opening = {"type": "voice", "agent_id": str(serving.agent_id)}
        opened = (await http.post("/api/v1/consultation/create", json=opening)).raise_for_status().json()
        async with session(service, headers, opened["consultation_id"]) as live:
            await type_in(live, "Book me in tomorrow")
            text = ""
            while "Shall I book" not in text:
                text = await answered(live)
            await played_out(live)
        assert await clinic.appointments() == []
        said = {"consultation_id": opened["consultation_id"], "text": "Yes please"}
        reply = (await http.post("/api/v1/conversation/message", json=said)).raise_for_status().json()
    assert reply["text"] == "It is booked."
    assert await clinic.appointments() == [AppointmentStatus.BOOKED]


async def test_agreed_to_in_the_same_call(clinic: Clinic, service: Service, emulated: OpenAIEmulator) -> None:
    wanted = {"professional_id": str(clinic.doctor.member_id), "starts_at": tomorrow()}

    def books(body: dict[str, Any]) -> Scripted:
        return Scripted("It is booked.") if results_in(body) else asks("book_appointment", wanted)

    emulated.script = books
    headers = await service.headers(clinic.person)
    serving = await clinic.agent("book_appointment")
    async with service.client(headers) as http:
        opening = {"type": "voice", "agent_id": str(serving.agent_id)}
        opened = (await http.post("/api/v1/consultation/create", json=opening)).raise_for_status().json()
    async with session(service, headers, opened["consultation_id"]) as live:
        await type_in(live, "Book me in tomorrow")
        text = await answered(live)
        assert "Shall I book" in text
        assert await clinic.appointments() == []
        await played_out(live)
        await type_in(live, "Yes please")
        assert await answered(live) == "It is booked."
    assert await clinic.appointments() == [AppointmentStatus.BOOKED]


async def played_out(live: ClientConnection) -> None:
    """Say that every mark was played, until the turn's account is closed."""
    while (told := await message(live))["type"] != "metrics":
        if told["type"] == "mark":
            await live.send(orjson.dumps({"type": "played", "mark": told["mark"]}).decode())
