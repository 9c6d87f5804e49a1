"""Test scenarios: run as text against any version, each expectation judged, and nothing done."""

import asyncio
from typing import Any

import httpx2
import pytest

from auricle.agents.scenarios.judge import judged
from auricle.agents.scenarios.model import Expected
from auricle.agents.scenarios.run import Answered
from auricle.agents.tools.ledger import Called
from auricle.voice.ports import Citation, HandOver
from tests.agents.conftest import Clinic, asks, results_in
from tests.emulators.openai_chat import Fault, OpenAIEmulator, Scripted

SLOT = {"professional_id": "018f6b2e-7c1a-7d3e-9b54-1f2a3c4d5e6f", "starts_at": "2030-01-01T10:30:00+00:00"}
BOOKS = {
    "name": "Books on a yes",
    "turns": [
        {"patient": "Book me in", "expect": {"calls": [{"name": "book_appointment"}], "says_any": ["shall i"]}},
        {"patient": "Yes please", "expect": {"says_all": ["booked"], "max_sentences": 2, "must_not_say": ["sorry"]}},
    ],
    "tools": {"book_appointment": {"booked": True}},
}


def agreeable(body: dict[str, Any]) -> Scripted:
    return Scripted("It is booked.") if results_in(body) else asks("book_appointment", SLOT)


async def finished(admin: httpx2.AsyncClient, agent_id: Any, number: int | None = None) -> dict[str, Any]:
    there = f"/api/v1/agents/{agent_id}/scenarios"
    asked = await admin.post(f"{there}/run", json={"number": number})
    assert asked.status_code == 202, asked.text
    for _ in range(300):
        run: dict[str, Any] = (await admin.get(f"{there}/runs/{asked.json()['id']}")).json()
        if run["finished_at"]:
            return run
        await asyncio.sleep(0.1)
    raise AssertionError("the run did not end")


async def test_a_run_judges_every_expectation_and_does_nothing(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator
) -> None:
    emulated.script = agreeable
    serving = await clinic.agent("book_appointment")
    there = f"/api/v1/agents/{serving.agent_id}/scenarios"
    assert (await admin.post(there, json=BOOKS)).status_code == 201
    run = await finished(admin, serving.agent_id)
    (result,) = run["results"]
    assert run["status"] == "passed", result
    assert [c["status"] for turn in result["turns"] for c in turn["calls"]] == ["pending", "done"]
    assert len([c for turn in result["turns"] for c in turn["checks"]]) == 5
    assert await clinic.appointments() == []


async def test_an_expectation_that_is_not_met_fails_the_run_and_is_named(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator
) -> None:
    emulated.script = lambda _: Scripted("Sorry, take a seat.")
    serving = await clinic.agent("book_appointment")
    await admin.post(f"/api/v1/agents/{serving.agent_id}/scenarios", json=BOOKS)
    run = await finished(admin, serving.agent_id, 1)
    failed = [c["expectation"] for t in run["results"][0]["turns"] for c in t["checks"] if not c["passed"]]
    assert run["status"] == "failed" and failed == ["says_any", "calls", "says_all", "must_not_say"]


async def test_a_provider_that_fails_fails_the_scenario_not_the_run(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator
) -> None:
    emulated.always(Fault("status", 401))
    serving = await clinic.agent()
    await admin.post(f"/api/v1/agents/{serving.agent_id}/scenarios", json=BOOKS)
    run = await finished(admin, serving.agent_id)
    assert run["status"] == "failed" and run["results"][0]["error_code"].startswith("provider.")


async def test_a_red_flag_and_a_hand_over_are_seen(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator
) -> None:
    emulated.script = lambda _: asks("hand_over", {}, "A colleague will help.")
    serving = await clinic.agent("hand_over")
    turns = [
        {"patient": "I have crushing chest pain", "expect": {"red_flag": "chest_pain", "calls_no_tool": True}},
        {"patient": "Give me a person", "expect": {"hands_over": True, "ends_call": False}},
    ]
    await admin.post(f"/api/v1/agents/{serving.agent_id}/scenarios", json={"name": "Urgent", "turns": turns})
    run = await finished(admin, serving.agent_id)
    assert run["status"] == "passed", run


async def test_an_agent_that_wants_it_is_published_only_when_its_scenarios_passed(
    clinic: Clinic, admin: httpx2.AsyncClient, emulated: OpenAIEmulator
) -> None:
    emulated.script = lambda _: Scripted("Please take a seat.")
    serving = await clinic.agent()
    there = f"/api/v1/agents/{serving.agent_id}"
    scenario = {"name": "Seat", "turns": [{"patient": "Where shall I go?", "expect": {"says_all": ["seat"]}}]}
    config = {**serving.config.model_dump(mode="json"), "publish_needs_scenarios": True}
    await admin.put(there, json=config)
    assert (await admin.post(f"{there}/publish/2")).json()["error_code"] == "agent.scenarios_not_passed"
    await admin.post(f"{there}/scenarios", json=scenario)
    assert (await finished(admin, serving.agent_id, 2))["status"] == "passed"
    assert (await admin.post(f"{there}/publish/2")).status_code == 200
    await admin.post(f"{there}/scenarios", json={**scenario, "name": "Another"})
    assert (await admin.post(f"{there}/publish/2")).status_code == 409, "the scenarios have changed since"


async def test_scenarios_go_out_and_come_in_again(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    serving = await clinic.agent()
    there = f"/api/v1/agents/{serving.agent_id}/scenarios"
    await admin.post(there, json=BOOKS)
    text = (await admin.get(f"{there}/yaml")).text
    (kept,) = (await admin.get(there)).json()
    assert (await admin.delete(f"{there}/{kept['id']}")).status_code == 204
    headers = {"content-type": "application/yaml"}
    assert (await admin.post(f"{there}/import", content=text.encode(), headers=headers)).status_code == 201
    assert (await admin.get(f"{there}/yaml")).text == text
    assert (await admin.post(f"{there}/import", content=b"- {name: A}", headers=headers)).status_code == 422
    assert (await admin.post(f"{there}/run", json={"number": 9})).status_code == 404


@pytest.mark.parametrize(
    ("expected", "answered", "passed"),
    [
        (Expected(says_any=["Seat", "chair"]), Answered(["Take a SEAT."]), True),
        (Expected(says_all=["seat", "chair"]), Answered(["Take a seat."]), False),
        (Expected(max_sentences=1), Answered(["One.", "Two."]), False),
        (Expected(cites="hours"), Answered(citations=[Citation("1", "2", "Opening hours", "nine")]), True),
        (Expected(cites="prices"), Answered(citations=[Citation("1", "2", "Opening hours", "nine")]), False),
        (Expected(hands_over=False), Answered(ending=HandOver()), False),
        (Expected(calls_no_tool=True), Answered(calls=[Called("x", {}, "done", None, 1)]), False),
        (Expected(calls_no_tool=True), Answered(calls=[Called("x", {}, "refused", None, 1)]), True),
    ],
)
def test_an_expectation_is_judged_for_what_it_says(expected: Expected, answered: Answered, passed: bool) -> None:
    assert all(check.passed for check in judged(expected, answered)) is passed


def test_only_the_arguments_that_matter_are_compared() -> None:
    wanted = Expected.model_validate({"calls": [{"name": "book", "arguments": {"day": "MONDAY"}}]})
    made = Answered(calls=[Called("book", {"day": "monday", "minutes": 30}, "pending", None, 1)])
    assert judged(wanted, made)[0].passed
    assert not judged(wanted, Answered(calls=[Called("book", {"day": "tuesday"}, "done", None, 1)]))[0].passed
