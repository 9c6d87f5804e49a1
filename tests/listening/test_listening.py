"""Staff listen in on a live call, take it over, and give it back."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from auricle.channels import lines
from auricle.consent.models import Kind
from tests.channels.conftest import Clinic
from tests.channels.talking import eventually, message, socket, speak
from tests.recording.conftest import Ward

SPOKEN = "01-complaint.wav"


async def ticket(clinic: Clinic, headers: dict[str, str], consultation_id: str) -> str:
    async with clinic.service.client(headers) as http:
        issued = await http.post(f"/api/v1/consultations/{consultation_id}/listen")
    return issued.raise_for_status().json()["ticket"]  # type: ignore[no-any-return]


@asynccontextmanager
async def listening(clinic: Clinic, headers: dict[str, str], consultation_id: str) -> AsyncIterator[ClientConnection]:
    address = clinic.service.ws_url.replace("streaming", "listening")
    async with connect(address, max_queue=None) as staff:  # else closing waits for frames that nobody takes
        await send(staff, type="listen", ticket=await ticket(clinic, headers, consultation_id))
        assert (await message(staff))["type"] == "listening"
        yield staff


async def send(live: ClientConnection, **told: Any) -> None:
    await live.send(orjson.dumps(told).decode())


async def until(live: ClientConnection, is_right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while not is_right(told := await message(live)):
        pass
    return told


async def drained(live: ClientConnection) -> list[dict[str, Any]]:
    """Reads a socket to its end, so that it never blocks its server."""
    told = []
    try:
        while True:
            raw = await live.recv()
            if isinstance(raw, str):
                told.append(orjson.loads(raw))
    except ConnectionClosed:
        return told


def is_loud(told: dict[str, Any], voice: int) -> bool:
    if told["type"] != "sound":
        return False
    sound = np.frombuffer(base64.b64decode(told["data"]), np.int16).reshape(-1, 2)
    return bool((np.abs(sound[:, voice].astype(int)) > 1_000).any())


async def opened(ward: Ward) -> tuple[Clinic, str]:
    clinic, _ = await ward.patient((Kind.AI_USE,))
    return clinic, (await clinic.opened(type="voice"))["consultation_id"]


async def test_an_onlooker_hears_both_voices_and_reads_what_was_said(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id) as live, listening(clinic, clinic.staff, consultation_id) as staff:
        speaking = asyncio.create_task(speak(live, SPOKEN))
        heard = [await until(staff, lambda told: is_loud(told, 0))]
        heard.append(await until(staff, lambda told: is_loud(told, 1)))
        said = await until(staff, lambda told: told["type"] == "transcript" and told["sender"] == "patient")
        assert "hear" in said["text"]
        assert (await until(staff, lambda told: told["type"] == "transcript"))["sender"] == "assistant"
        await speaking


async def test_staff_take_over_speak_for_themselves_and_give_back(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id) as live, listening(clinic, clinic.staff, consultation_id) as staff:
        await send(staff, type="take_over")
        await until(staff, lambda told: told["type"] == "state" and told["in_charge"])
        await send(staff, type="text", text="This is Meera from the desk.")
        told = await until(live, lambda told: told["type"] == "ai_response" and told["is_final"])
        assert "Meera" in told["text"]
        await until(live, lambda told: told["type"] == "audio_chunk")
        await send(staff, type="release")
        await until(staff, lambda told: told["type"] == "state" and not told["in_charge"])
        await send(live, type="text", text="Do you have parking?")
        await until(live, lambda told: told["type"] == "ai_response" and told["is_final"])
    kept = await eventually(lambda: clinic.transcript(consultation_id), lambda all_: len(all_) == 3)
    assert [one["sender"] for one in kept] == ["clinician", "patient", "assistant"]


async def test_the_agent_is_silent_while_staff_hold_the_call(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id) as live, listening(clinic, clinic.staff, consultation_id) as staff:
        await send(staff, type="take_over")
        await until(staff, lambda told: told["type"] == "state" and told["in_charge"])
        await send(live, type="text", text="Do you have parking?")
        await until(staff, lambda told: told["type"] == "transcript" and told["sender"] == "patient")
        assert [one["sender"] for one in await clinic.transcript(consultation_id)] == ["patient"]


async def test_the_voice_of_staff_reaches_the_patient(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    tone = (8_000 * np.sin(np.arange(16_000) / 8)).astype("<i2").tobytes()
    async with socket(clinic, consultation_id) as live, listening(clinic, clinic.staff, consultation_id) as staff:
        await send(staff, type="take_over")
        await until(staff, lambda told: told["type"] == "state" and told["in_charge"])
        for start in range(0, len(tone), 3_200):
            await send(staff, type="audio", data=base64.b64encode(tone[start : start + 3_200]).decode())
        told = await until(live, lambda told: told["type"] == "audio_chunk")
        sound = np.frombuffer(base64.b64decode(told["data"]), np.int16)
        assert np.abs(sound.astype(int)).max() > 4_000


async def test_only_one_of_the_staff_holds_a_call(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    _, other = await clinic.service.member(clinic.organization_id, "clinician")
    async with (
        socket(clinic, consultation_id),
        listening(clinic, clinic.staff, consultation_id) as first,
        listening(clinic, other, consultation_id) as second,
    ):
        await send(first, type="take_over")
        await until(first, lambda told: told["type"] == "state" and told["in_charge"])
        await send(second, type="take_over")
        refused = await until(second, lambda told: told["type"] == "error")
        assert refused["error_code"] == "listening.taken"


async def test_who_has_not_taken_over_can_say_nothing(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id), listening(clinic, clinic.staff, consultation_id) as staff:
        await send(staff, type="text", text="Hello?")
        refused = await until(staff, lambda told: told["type"] == "error")
        assert refused["error_code"] == "listening.not_in_charge"
    assert await clinic.transcript(consultation_id) == []


async def test_an_onlooker_who_vanishes_leaves_the_patient_with_the_agent(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id) as live:
        async with listening(clinic, clinic.staff, consultation_id) as staff:
            await send(staff, type="take_over")
            await until(staff, lambda told: told["type"] == "state" and told["in_charge"])
            staff.transport.abort()
        await asyncio.sleep(0.5)
        await send(live, type="text", text="Do you have parking?")
        assert await until(live, lambda told: told["type"] == "ai_response" and told["is_final"])


async def test_the_end_of_the_call_ends_the_listening(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id) as live, listening(clinic, clinic.staff, consultation_id) as staff:
        await until(staff, lambda told: told["type"] == "state")
        await send(live, type="end")
        assert (await until(staff, lambda told: told["type"] == "error"))["error_code"] == "listening.nobody_there"


@pytest.mark.parametrize("role", ["patient", "staff"])
async def test_others_may_not_listen(ward: Ward, role: str) -> None:
    clinic, consultation_id = await opened(ward)
    _, headers = await clinic.service.member(clinic.organization_id, role)
    async with socket(clinic, consultation_id), clinic.service.client(headers) as http:
        refused = await http.post(f"/api/v1/consultations/{consultation_id}/listen")
        assert refused.status_code in (403, 404)


async def test_without_a_live_call_there_is_nothing_to_listen_to(ward: Ward) -> None:
    clinic, _ = await ward.patient((Kind.AI_USE,))
    consultation_id = (await clinic.opened(type="text"))["consultation_id"]
    async with clinic.service.client(clinic.staff) as http:
        refused = await http.post(f"/api/v1/consultations/{consultation_id}/listen")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "listening.nobody_there")


@pytest.mark.parametrize(
    "first", ["rubbish", "[]", '{"type":"listen"}', '{"type":"listen","ticket":"x.y"}', b"\0\1", '{"type":"take_over"}']
)
async def test_a_wrong_first_message_opens_nothing(ward: Ward, first: str | bytes) -> None:
    address = ward.clinic.service.ws_url.replace("streaming", "listening")
    async with connect(address) as staff:
        await staff.send(first)
        told = await drained(staff)
    assert [one["type"] for one in told] == ["error"]


async def test_no_more_stand_at_the_door_than_may(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_AT_DOOR", 0)
    async with connect(ward.clinic.service.ws_url.replace("streaming", "listening")) as staff:
        told = await drained(staff)
    assert [one["error_code"] for one in told] == [lines.Busy.code]


async def test_a_ticket_to_talk_is_no_ticket_to_listen(ward: Ward) -> None:
    clinic, consultation_id = await opened(ward)
    async with socket(clinic, consultation_id):
        async with clinic.client() as http:
            own = (await http.post("/api/v1/ws/tickets", json={"consultation_id": consultation_id})).json()["ticket"]
        async with connect(clinic.service.ws_url.replace("streaming", "listening")) as staff:
            await send(staff, type="listen", ticket=own)
            told = await drained(staff)
    assert [one["error_code"] for one in told] == ["authorization.forbidden"]
