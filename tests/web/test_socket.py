"""The browser's socket: what opens it, what it answers to, and what hostile clients can't do to it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.running_service import Service
from tests.web.conftest import Hospital

SILENCE = base64.b64encode(bytes(640)).decode()


async def ticket_for(service: Service, headers: dict[str, str], consultation_id: str) -> str:
    async with service.client(headers) as http:
        answer = await http.post("/api/v1/ws/tickets", json={"consultation_id": consultation_id})
    ticket: str = answer.raise_for_status().json()["ticket"]
    return ticket


async def opened(service: Service, hospital: Hospital) -> str:
    async with service.client(hospital.headers["patient"]) as http:
        answer = await http.post("/api/v1/consultation/create", json={"type": "voice"})
    consultation_id: str = answer.raise_for_status().json()["consultation_id"]
    return consultation_id


def init(consultation_id: str, **more: Any) -> str:
    return orjson.dumps({"type": "init-session", "consultation_id": consultation_id, **more}).decode()


@asynccontextmanager
async def socket(service: Service, hospital: Hospital, **audio: Any) -> AsyncIterator[ClientConnection]:
    """An open session of a new consultation."""
    consultation_id = await opened(service, hospital)
    ticket = await ticket_for(service, hospital.headers["patient"], consultation_id)
    async with connect(service.ws_url, subprotocols=["auricle.v1", f"ticket.{ticket}"]) as live:  # type: ignore[list-item]
        await live.send(init(consultation_id, **({"audio": audio} if audio else {})))
        first = await message(live)
        assert first["type"] == "session"
        yield live


async def message(live: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(15):
        while isinstance(raw := await live.recv(), bytes):
            pass
    told: dict[str, Any] = orjson.loads(raw)
    return told


async def until(live: ClientConnection, kind: str, **fields: Any) -> dict[str, Any]:
    while True:
        told = await message(live)
        if told["type"] == kind and all(told.get(k) == v for k, v in fields.items()):
            return told


async def refusal(live: ClientConnection) -> tuple[str, int]:
    """The error a refused socket tells, and the code it closes with."""
    told = await message(live)
    assert told["type"] == "error"
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(10):
            await live.recv()
    assert closed.value.rcvd is not None
    return told["error_code"], closed.value.rcvd.code


async def test_a_ticket_opens_one_socket_and_only_once(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    hospital, _ = hospitals
    consultation_id = await opened(service, hospital)
    ticket = await ticket_for(service, hospital.headers["patient"], consultation_id)
    async with connect(service.ws_url) as live:
        await live.send(init(consultation_id, ticket=ticket))
        assert (await message(live))["type"] == "session"
    async with connect(service.ws_url) as live:
        await live.send(init(consultation_id, ticket=ticket))
        assert await refusal(live) == ("authentication.bad_ticket", 4401)


@pytest.mark.parametrize("ticket", ["", "nonsense", "00000000000000000000000000000000.abc", "x" * 199])
async def test_a_made_up_ticket_opens_nothing(
    service: Service, hospitals: tuple[Hospital, Hospital], ticket: str
) -> None:
    hospital, _ = hospitals
    async with connect(service.ws_url) as live:
        await live.send(init(hospital.ids["consultation_id"], ticket=ticket))
        assert await refusal(live) == ("authentication.bad_ticket", 4401)


async def test_a_ticket_is_good_for_its_own_consultation_only(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    theirs, ours = hospitals
    consultation_id = await opened(service, ours)
    ticket = await ticket_for(service, ours.headers["patient"], consultation_id)
    async with connect(service.ws_url) as live:
        await live.send(init(theirs.ids["consultation_id"], ticket=ticket))
        assert await refusal(live) == ("authentication.bad_ticket", 4401)


async def test_a_ticket_with_another_hospitals_name_in_front_is_worthless(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    theirs, ours = hospitals
    consultation_id = await opened(service, ours)
    ticket = await ticket_for(service, ours.headers["patient"], consultation_id)
    forged = f"{theirs.organization_id.hex}.{ticket.split('.')[1]}"
    async with connect(service.ws_url) as live:
        await live.send(init(consultation_id, ticket=forged))
        assert await refusal(live) == ("authentication.bad_ticket", 4401)


async def test_an_expired_ticket_is_refused(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    from sqlalchemy import text

    from auricle.actor import Actor

    hospital, _ = hospitals
    consultation_id = await opened(service, hospital)
    ticket = await ticket_for(service, hospital.headers["patient"], consultation_id)
    async with service.database.transaction(Actor.system(hospital.organization_id)) as db:
        stored = (
            await db.execute(text("delete from ticket returning hash, member_id, session_id, consultation_id"))
        ).all()
        for row in stored:
            await db.execute(
                text(
                    "insert into ticket (id, hash, member_id, session_id, consultation_id, expires_at) values "
                    "(gen_random_uuid(), :hash, :member_id, :session_id, :consultation_id, now() - interval '1 s')"
                ),
                dict(row._mapping),
            )
    async with connect(service.ws_url) as live:
        await live.send(init(consultation_id, ticket=ticket))
        assert await refusal(live) == ("authentication.bad_ticket", 4401)


async def test_a_page_of_another_site_may_not_open_a_socket(service: Service) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(service.ws_url, origin="https://evil.example"):  # type: ignore[arg-type]
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    "first",
    [
        b"\x00\x01",
        "{",
        "[]",
        '{"type":"audio"}',
        '{"type":"init-session"}',
        '{"type":"init-session","consultation_id":"x"}',
        "null",
        "7",
    ],
)
async def test_a_wrong_first_message_is_named_and_ends_the_socket(service: Service, first: str | bytes) -> None:
    async with connect(service.ws_url) as live:
        await live.send(first)
        assert await refusal(live) == ("protocol.bad_message", 1008)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("{", "protocol.bad_message"),
        ('"text"', "protocol.bad_message"),
        ('{"type":"dance"}', "protocol.bad_message"),
        ('{"type":"text"}', "protocol.bad_message"),
        ('{"type":"text","text":"   "}', "protocol.bad_message"),
        (orjson.dumps({"type": "text", "text": "x" * 5000}).decode(), "protocol.bad_message"),
        ('{"type":"audio","data":"%%%"}', "protocol.bad_audio"),
        ('{"type":"audio","data":7}', "protocol.bad_audio"),
        ('{"type":"audio"}', "protocol.bad_audio"),
        ('{"type":"audio","data":"AAA="}', None),
        (b"\x00\x01\x02", "protocol.bad_audio"),
        ('{"type":"played"}', "protocol.bad_message"),
    ],
)
async def test_a_bad_message_is_answered_and_the_session_goes_on(
    service: Service, hospitals: tuple[Hospital, Hospital], bad: str | bytes, code: str | None
) -> None:
    async with socket(service, hospitals[0]) as live:
        await live.send(bad)
        if code is not None:
            assert (await until(live, "error"))["error_code"] == code
        await live.send(orjson.dumps({"type": "text", "text": "When does the desk open on Mondays?"}).decode())
        assert (await until(live, "ai_response", is_final=True))["text"]


async def test_an_oversize_message_ends_the_socket_with_its_code(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    async with socket(service, hospitals[0]) as live:
        await live.send(orjson.dumps({"type": "audio", "data": "A" * 400_000}).decode())
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await message(live)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_silence_and_noise_cause_no_turn(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    noise = (np.random.default_rng(7).normal(0, 300, 320)).astype("<i2").tobytes()
    async with socket(service, hospitals[0]) as live:
        for number in range(150):
            data = SILENCE if number < 75 else base64.b64encode(noise).decode()
            await live.send(orjson.dumps({"type": "audio", "data": data}).decode())
            await asyncio.sleep(0.02)
        await live.send('{"type":"end"}')
        kinds = []
        with pytest.raises(ConnectionClosed):
            while True:
                told = await message(live)
                kinds.append(told["type"])
        assert "transcript" not in kinds


async def test_a_typed_turn_is_answered_by_voice_and_kept(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    hospital, _ = hospitals
    async with socket(service, hospital) as live:
        await live.send(orjson.dumps({"type": "text", "text": "When does the desk open on Mondays?"}).decode())
        answer = await until(live, "ai_response", is_final=True)
        assert "nine" in answer["text"]
    await asyncio.sleep(0.5)
    async with service.client(hospital.headers["patient"]) as http:
        consultations = (await http.get("/api/v1/consultations")).json()["items"]
        kept = (await http.get(f"/api/v1/consultations/{consultations[0]['id']}/transcript")).json()["messages"]
    assert [m["sender"] for m in kept][:2] == ["patient", "assistant"]
    assert kept[1]["citations"]


async def test_binary_audio_comes_back_when_asked_for(service: Service, hospitals: tuple[Hospital, Hospital]) -> None:
    async with socket(service, hospitals[0], encoding="mulaw", sample_rate=8000, binary=True) as live:
        await live.send(orjson.dumps({"type": "text", "text": "When does the desk open on Mondays?"}).decode())
        async with asyncio.timeout(15):
            while not isinstance(raw := await live.recv(), bytes):
                pass
        assert len(raw) > 0


async def test_a_client_that_vanishes_in_the_middle_of_an_answer_leaves_its_turn_on_record(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    hospital, _ = hospitals
    consultation_id = await opened(service, hospital)
    ticket = await ticket_for(service, hospital.headers["patient"], consultation_id)
    async with connect(service.ws_url) as live:
        await live.send(init(consultation_id, ticket=ticket))
        await live.send(orjson.dumps({"type": "text", "text": "When does the desk open on Mondays?"}).decode())
        await until(live, "audio_chunk")
        live.transport.abort()
    for _ in range(50):
        await asyncio.sleep(0.1)
        async with service.client(hospital.headers["patient"]) as http:
            kept = (await http.get(f"/api/v1/consultations/{consultation_id}/transcript")).json()["messages"]
        if len(kept) >= 2:
            break
    assert kept[0]["text"] == "When does the desk open on Mondays?"
    assert kept[1]["interrupted"]


async def test_a_consultation_that_has_ended_opens_no_socket(
    service: Service, hospitals: tuple[Hospital, Hospital]
) -> None:
    hospital, _ = hospitals
    consultation_id = await opened(service, hospital)
    ticket = await ticket_for(service, hospital.headers["patient"], consultation_id)
    async with service.client(hospital.headers["patient"]) as http:
        (await http.post(f"/api/v1/consultations/{consultation_id}/end")).raise_for_status()
    async with connect(service.ws_url) as live:
        await live.send(init(consultation_id, ticket=ticket))
        assert (await refusal(live))[0] == "consultation.ended"
