"""A budget that is used up: nothing new begins, what runs goes on, and an emergency is answered all the same."""

from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

import auricle.demo
from tests.billing.conftest import out_of_money, set_money, set_rate
from tests.channels.conftest import Clinic
from tests.channels.patient import App
from tests.channels.talking import eventually
from tests.emulators.openai_chat import OpenAIEmulator
from tests.running_service import free_port, served

RECORDING = (Path(auricle.demo.__file__).parent / "audio" / "02-since.wav").read_bytes()
QUESTION = "Where do I sit when I come in"
CODE = "billing.budget_exhausted"


async def ask(clinic: Clinic, method: str, path: str, who: dict[str, str] | None = None, **given: Any) -> Any:
    async with clinic.service.client(clinic.patient if who is None else who) as http:
        return await http.request(method, path, **given)


async def broke(clinic: Clinic) -> None:
    await out_of_money(clinic.service.database, clinic.organization_id)


async def test_nothing_new_begins_and_the_refusal_says_where_help_is(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    consultation = (await clinic.opened("alone", "voice"))["consultation_id"]
    said = {"consultation_id": consultation, "text": QUESTION}
    answer = (await ask(clinic, "POST", "/api/v1/conversation/message", json=said)).raise_for_status().json()
    await broke(clinic)
    emulated.requests.clear()
    agent = clinic.agents["alone"]
    opened = (await ask(clinic, "GET", "/api/v1/consultations")).json()
    sound = {
        "params": {"consultation_id": consultation},
        "content": RECORDING,
        "headers": {"content-type": "audio/wav"},
    }
    stream = {"json": said, "headers": {"accept": "text/event-stream"}}
    refusals = [
        *[
            await ask(clinic, "POST", "/api/v1/consultation/create", json={"type": kind, "agent_id": str(agent)})
            for kind in ("voice", "video", "phone")
        ],
        await ask(clinic, "POST", "/api/v1/ws/tickets", json={"consultation_id": consultation}),
        await ask(clinic, "POST", "/api/v1/conversation/message", json=said),
        await ask(clinic, "POST", "/api/v1/conversation/message", **stream),
        await ask(clinic, "POST", "/api/v1/conversation/audio", **sound),
        await ask(clinic, "GET", "/api/v1/conversation/audio", params={"message_id": answer["message_id"]}),
        await ask(clinic, "POST", "/api/v1/rag/answer", json={"question": QUESTION}),
        await ask(clinic, "POST", "/api/v1/rag/query", clinic.staff, json={"question": QUESTION}),
        await ask(clinic, "POST", "/api/v1/rag/embed", clinic.staff, json={}),
        await ask(clinic, "POST", "/api/v1/rag/ingest-upload", clinic.staff, files={"file": ("a.md", b"# A\n\nB.\n")}),
        await ask(clinic, "PUT", "/api/v1/rag/embedder", clinic.staff, json={"provider": "emulated"}),
        await ask(clinic, "POST", f"/api/v1/agents/{agent}/scenarios/run", clinic.staff, json={}),
    ]
    assert [(one.status_code, one.json()["error_code"]) for one in refusals] == [(402, CODE)] * len(refusals)
    assert all(one.json()["context"]["emergency_number"] == "112" for one in refusals[:8])
    assert not emulated.requests
    assert len(await clinic.transcript(consultation)) == 2, "what was refused is on no record"
    assert (await ask(clinic, "GET", "/api/v1/consultations")).json() == opened


async def test_an_emergency_in_words_is_answered_and_told_without_any_money(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    await broke(clinic)
    consultation = (await clinic.opened("alone"))["consultation_id"]
    emulated.requests.clear()
    said = {"consultation_id": consultation, "text": "I have crushing chest pain and I cannot breathe"}
    answer = (await ask(clinic, "POST", "/api/v1/conversation/message", json=said)).raise_for_status().json()
    assert answer["red_flag"] and "1 1 2" in answer["text"]
    assert await clinic.alerts(consultation) == [answer["red_flag"]]
    assert not emulated.requests


async def test_a_call_that_runs_is_not_cut_off_and_comes_back_after_a_drop(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    await broke(clinic)
    await app.ask(QUESTION)
    await app.until("ai_response", is_final=True)
    app.drop()
    await app.back()
    await app.ask("And which door do I take there")
    await app.until("ai_response", is_final=True)
    assert len(app.answers()) == 2
    await app.hang_up()


async def test_a_call_that_goes_on_in_another_process_is_no_new_one(clinic: Clinic) -> None:
    app = await (await App.of(clinic)).open()
    first = app.session["session_id"]
    settings = clinic.service.settings.model_copy(update={"port": free_port()})
    with served(settings):
        await broke(clinic)
        app.drop()
        app.url = settings.base_url.replace("http", "ws", 1) + "/ws/assistant"
        await app.back()
        assert app.session["session_id"] != first
        await app.ask(QUESTION)
        await app.until("ai_response", is_final=True)
        await app.hang_up()


async def test_a_ticket_that_was_given_before_opens_nothing_after(clinic: Clinic) -> None:
    consultation = (await clinic.opened("default", "voice"))["consultation_id"]
    issued = await ask(clinic, "POST", "/api/v1/ws/tickets", json={"consultation_id": consultation})
    ticket = issued.raise_for_status().json()["ticket"]
    await broke(clinic)
    async with connect(clinic.service.ws_url) as live:
        await live.send(f'{{"type":"init-session","consultation_id":"{consultation}","ticket":"{ticket}"}}')
        assert CODE in str(await live.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await live.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4402


async def test_what_is_spent_in_a_conversation_counts_against_its_clinic(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    database = clinic.service.database
    await set_rate(
        database, clinic.organization_id, provider="emulated", capability="llm", unit="1m_tokens", price="1000000"
    )
    await set_money(database, clinic.organization_id, amount="10", currency="USD")
    consultation = (await clinic.opened("alone"))["consultation_id"]
    said = {"consultation_id": consultation, "text": QUESTION}
    first = await ask(clinic, "POST", "/api/v1/conversation/message", json=said)
    assert first.status_code == 200

    async def used_up() -> bool:
        told = (await ask(clinic, "GET", "/api/v1/budgets", clinic.staff)).json()
        return bool(told["budgets"][0]["state"] == "exhausted")

    assert await eventually(used_up, bool)
    assert (await ask(clinic, "POST", "/api/v1/conversation/message", json=said)).status_code == 402
    warned = (await ask(clinic, "GET", "/api/v1/warnings", clinic.staff)).json()["warnings"]
    assert "budget.exhausted" in [one["code"] for one in warned]
    rows = (await ask(clinic, "GET", "/api/v1/usage", clinic.staff, params={"capability": "llm"})).json()["items"]
    assert rows[0]["cost_usd"] == "25.000000000" and rows[0]["language"] == "en" and rows[0]["cost_inr"]
