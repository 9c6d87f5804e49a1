"""One consultation goes from a call to the browser to text and back, and stays one record."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed

from auricle.consultations.models import ConsultationSession
from tests.channels.conftest import Clinic
from tests.channels.patient import App
from tests.channels.talking import events_of, eventually
from tests.emulators.openai_chat import OpenAIEmulator, Scripted

QUESTION = "Where do I sit when I come in"
UNKNOWN = "0199c0de-0000-7000-8000-000000000001"
AGAIN = "And which door do I take there"


async def post(clinic: Clinic, **body: Any) -> dict[str, Any]:
    async with clinic.client() as http:
        answer = await http.post("/api/v1/conversation/message", json=body)
    return answer.raise_for_status().json()  # type: ignore[no-any-return]


async def channels(clinic: Clinic, consultation_id: str) -> list[tuple[str, bool]]:
    """Each session's channel that was used, and whether it has ended."""
    async with clinic.service.database.transaction(clinic.system) as db:
        rows = await db.scalars(
            select(ConsultationSession)
            .where(ConsultationSession.consultation_id == consultation_id)
            .order_by(ConsultationSession.created_at)
        )
        return [(row.channel, row.ended_at is not None) for row in rows]


def asked_models(emulated: OpenAIEmulator) -> Iterator[str]:
    """All that the model was given to read, request by request."""
    for request in emulated.requests:
        if request["path"].endswith("completions"):
            yield str(request["body"]["messages"])


async def until_closed(app: App) -> tuple[list[str], int]:
    codes = []
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(10):
            while True:
                told = await app.next()
                if told["type"] == "error":
                    codes.append(told["error_code"])
    assert closed.value.rcvd is not None
    return codes, closed.value.rcvd.code


async def test_a_second_call_takes_the_first_ones_place_and_knows_it(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    older = await (await App.of(clinic)).open()
    await older.ask(QUESTION)
    await older.until("ai_response", is_final=True)
    newer, (codes, code) = await asyncio.gather(App(clinic, older.consultation_id).open(), until_closed(older))
    assert (codes, code) == (["session.moved"], 4409)
    assert older.seen[-1]["type"] == "session_ended"
    await newer.ask(AGAIN)
    await newer.until("ai_response", is_final=True)
    await newer.hang_up()
    assert QUESTION in list(asked_models(emulated))[-1]
    said = [m["text"] for m in await clinic.transcript(older.consultation_id) if m["sender"] == "patient"]
    assert said == [QUESTION, AGAIN]
    assert not [m for m in newer.seen if m["type"] == "error"]


async def test_the_call_left_behind_is_not_resumed(clinic: Clinic) -> None:
    older = await (await App.of(clinic)).open()
    newer = await App(clinic, older.consultation_id).open()
    await until_closed(older)
    assert (await older.knock())[0]["error_code"] == "session.resume_refused"
    await newer.hang_up()


async def test_a_call_goes_on_by_text_and_then_as_a_call_again(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    first = await (await App.of(clinic)).open()
    await first.ask(QUESTION)
    await first.until("metrics")
    await first.hang_up()
    answer = await post(clinic, session_id=first.session["session_id"], text=AGAIN)
    assert QUESTION in list(asked_models(emulated))[-1]
    assert answer["session"]["id"] != first.session["session_id"]
    second = await App(clinic, first.consultation_id).open()
    await second.ask("And what do I bring along then")
    await second.until("ai_response", is_final=True)
    await second.hang_up()
    assert QUESTION in list(asked_models(emulated))[-1] and AGAIN in list(asked_models(emulated))[-1]
    used = (await channels(clinic, first.consultation_id))[1:]  # the first came with the consultation
    assert used == [("browser", True), ("text", False), ("browser", True)]


async def test_a_consultation_tells_and_changes_its_notes_and_day_and_tells_what_each_session_used(
    clinic: Clinic,
) -> None:
    wanted = {"type": "text", "agent_id": str(clinic.agents["default"])}
    async with clinic.client() as http:
        about = {"notes": "Brought an old hearing aid.", "visit_date": "2026-11-02"}
        opened = (await http.post("/api/v1/consultation/create", json={**wanted, **about})).raise_for_status().json()
        await post(clinic, session_id=opened["session_id"], text=QUESTION)

        async def told() -> dict[str, Any]:
            got = await http.get(f"/api/v1/consultations/{opened['consultation_id']}")
            return got.raise_for_status().json()  # type: ignore[no-any-return]

        one = await eventually(told, lambda it: it["sessions"][0]["calls_used"] > 0)
        bad = await http.post("/api/v1/consultation/create", json={**wanted, "visit_date": "2026-02-30"})
    assert {name: one[name] for name in about} == about
    (session,) = one["sessions"]
    assert (session["id"], session["channel"], session["ended_at"]) == (opened["session_id"], "text", None)
    assert session["tokens_used"] > 0
    assert bad.json()["error_code"] == "validation.invalid"
    there = f"/api/v1/consultations/{opened['consultation_id']}"
    async with clinic.client() as http:
        assert (await http.patch(there, json={"notes": "mine"})).status_code == 403, "patients read them only"
    async with clinic.service.client(clinic.staff) as http:
        changed = (await http.patch(there, json={"specialty": "audiology", "notes": "Fits badly."})).json()
        assert (changed["notes"], changed["specialty"], changed["visit_date"]) == (
            "Fits badly.", "audiology", about["visit_date"],
        )  # fmt: skip
        assert (await http.patch(there, json={"notes": None})).json()["notes"] is None
        refused = [
            await http.patch(there, json=one) for one in ({"clinician_id": UNKNOWN}, {"visit_date": None}, {"x": 1})
        ]
        assert [one.status_code for one in refused] == [404, 422, 422]
        assert (await http.get(there)).json()["specialty"] == "audiology"
    answer = (await clinic.transcript(opened["consultation_id"]))[1]
    assert answer["session_id"] == opened["session_id"] and answer["processing_ms"] >= 0 and answer["audio"] is None


async def test_a_message_by_text_ends_the_call_under_way(clinic: Clinic) -> None:
    call = await (await App.of(clinic)).open()
    await call.ask(QUESTION)
    await call.until("ai_response", is_final=True)
    answer, (codes, _) = await asyncio.gather(
        post(clinic, consultation_id=call.consultation_id, text=AGAIN), until_closed(call)
    )
    assert codes == ["session.moved"] and answer["text"]
    said = [m["text"] for m in await clinic.transcript(call.consultation_id) if m["sender"] == "patient"]
    assert said == [QUESTION, AGAIN]


async def test_a_consultation_lasted_as_long_as_its_sessions_together_and_not_the_days_between(clinic: Clinic) -> None:
    opened = await clinic.opened()
    minutes = {"browser": (600, 300, 420), "phone": (200, 140, 170), "text": (100, 20, None)}  # ago: begin, word, end
    async with clinic.service.database.transaction(clinic.system) as db:
        now = datetime.now(UTC)
        for channel, (begun, last, ended) in minutes.items():
            begun_at = now - timedelta(minutes=begun)
            db.add(
                ConsultationSession(
                    consultation_id=UUID(opened["consultation_id"]),
                    channel=channel,
                    created_at=begun_at,
                    live_since=None if channel == "text" else begun_at,
                    last_activity_at=now - timedelta(minutes=last),
                    ended_at=None if ended is None or channel == "phone" else now - timedelta(minutes=ended),
                )
            )
    async with clinic.client() as http:
        ended_now = (
            (await http.post(f"/api/v1/consultations/{opened['consultation_id']}/end")).raise_for_status().json()
        )
    assert 60 * (180 + 60 + 80) <= ended_now["total_s"] < 60 * (180 + 60 + 80) + 5


async def test_the_end_of_the_consultation_ends_its_call(clinic: Clinic) -> None:
    call = await (await App.of(clinic)).open()
    async with clinic.client() as http:
        (await http.post(f"/api/v1/consultations/{call.consultation_id}/end")).raise_for_status()
    codes, code = await until_closed(call)
    assert (codes, code) == (["consultation.ended"], 4409)


def hands_over(body: dict[str, Any]) -> Scripted:
    return Scripted("A colleague will be with you.", [("hand_over", {"reason": "asked for a person"})])


@pytest.fixture
def asks_for_person(emulated: OpenAIEmulator) -> None:
    emulated.script = hands_over


async def rung(clinic: Clinic, ready: asyncio.Event) -> dict[str, Any]:
    watched = {"kind": "consultation.hand_over"}
    async with (
        clinic.service.client(clinic.staff) as http,
        http.stream("GET", "/api/v1/events", params=watched, timeout=30) as answer,
    ):
        ready.set()
        async for _, told in events_of(answer):
            return told
    raise AssertionError("the events ended")


async def test_a_hand_over_rings_the_console_once_and_staff_see_to_it(clinic: Clinic, asks_for_person: None) -> None:
    ready = asyncio.Event()
    ringing = asyncio.create_task(rung(clinic, ready))
    await asyncio.wait_for(ready.wait(), 10)
    call = await (await App.of(clinic, "helped")).open()
    await call.ask("I want to talk to a person please")
    ended = await call.until("session_ended")
    assert ended["reason"] == "hand_over"
    told = await asyncio.wait_for(ringing, 10)
    assert told["subject"]["consultation_id"] == call.consultation_id
    async with clinic.service.client(clinic.staff) as http:
        open_ones = (await http.get("/api/v1/alerts", params={"open": True})).raise_for_status().json()["items"]
        assert [(a["kind"], a["consultation_id"]) for a in open_ones] == [("hand_over", call.consultation_id)]
        alert_id = open_ones[0]["id"]
        seen = (await http.post(f"/api/v1/alerts/{alert_id}/acknowledge")).raise_for_status().json()
        again = (await http.post(f"/api/v1/alerts/{alert_id}/acknowledge")).raise_for_status().json()
        assert seen == again and seen["acknowledged_by"]
        assert (await http.get("/api/v1/alerts", params={"open": True})).json()["items"] == []
    async with clinic.client() as http:
        assert (await http.get("/api/v1/alerts")).status_code == 403


async def test_a_hand_over_by_text_is_told_in_the_answer(clinic: Clinic, asks_for_person: None) -> None:
    opened = await clinic.opened("helped")
    answer = await post(clinic, session_id=opened["session_id"], text="I want to talk to a person please")
    assert (answer["handed_over"], answer["ended"]) == (True, False)
    alerts = await eventually(lambda: clinic.alerts(opened["consultation_id"]), bool)
    assert alerts == ["hand_over"]


async def test_an_agent_that_ends_the_conversation_closes_the_text_session(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    opened = await clinic.opened("helped")
    emulated.script = lambda _: Scripted("Goodbye then.", [("end_call", {})])
    answer = await post(clinic, session_id=opened["session_id"], text="Thanks, bye")
    assert answer["ended"]
    async with clinic.client() as http:
        after = await http.post(
            "/api/v1/conversation/message", json={"session_id": opened["session_id"], "text": "Hello"}
        )
    assert (after.status_code, after.json()["error_code"]) == (409, "session.ended")
