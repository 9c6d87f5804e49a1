"""Agents over HTTP: what is refused at save, versions, roll-back, concurrency, archiving, YAML."""

from typing import Any
from uuid import UUID

import httpx2
import pytest
import yaml

from auricle.agents.config import AgentConfig
from auricle.agents.validate import says_it_is_ai
from auricle.agents.versions import shipped
from tests.agents.conftest import Clinic
from tests.running_service import Service

GREETED = {"en": "Hello, I am Asha, an automated assistant.", "hi": "नमस्ते, मैं आशा हूँ, एक कंप्यूटर प्रोग्राम।"}


def config(**given: Any) -> dict[str, Any]:
    return {"name": "Asha", "languages": ["en"], "greeting": {"en": GREETED["en"]}, **given}


async def created(admin: httpx2.AsyncClient, **given: Any) -> dict[str, Any]:
    answer = await admin.post("/api/v1/agents", json=config(**given))
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"providers": {"llm": [{"provider": "nowhere"}]}}, "providers.llm.0"),
        ({"providers": {"tts": {"en": [{"provider": "emulated"}, {"provider": "gone"}]}}}, "providers.tts.en.1"),
        ({"greeting": {"en": "Hello, this is Asha speaking."}}, "greeting.en"),
        ({"greeting": {"en": GREETED["en"], "hi": "नमस्ते, मैं आशा हूँ।"}, "languages": ["en", "hi"]}, "greeting.hi"),
        ({"tools": [{"name": "no_such_tool"}]}, "tools.0"),
        ({"tools": [{"name": "hand_over"}, {"name": "hand_over"}]}, "tools.1"),
        ({"tools": [{"name": "book_appointment", "confirm": False}]}, "tools.0.confirm"),
        ({"retrieval": {"collection": "nothing here"}}, "retrieval.collection"),
    ],
)
async def test_what_does_not_fit_is_named_and_not_saved(
    clinic: Clinic, admin: httpx2.AsyncClient, given: dict[str, Any], field: str
) -> None:
    answer = await admin.post("/api/v1/agents", json=config(**given))
    assert answer.status_code == 422 and answer.json()["error_code"] == "agent.invalid", answer.text
    assert field in answer.json()["context"]
    checked = (await admin.post("/api/v1/agents/validate", json=config(**given))).json()
    assert field in checked["errors"]
    assert (await admin.get("/api/v1/agents")).json()["items"] == []


async def test_what_is_only_worth_knowing_is_told_and_saved(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    given = {"languages": ["en", "hi"], "questions": {"en": ["Since when?"]}, "greeting": {**GREETED, "ta": "x"}}
    made = await created(admin, **given)
    assert set(made["warnings"]) == {"questions.hi", "greeting.ta"}


async def test_the_agent_as_shipped_has_no_errors(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    found = (await admin.post("/api/v1/agents/validate", json=shipped().model_dump(mode="json"))).json()
    assert found["errors"] == {}, found


@pytest.mark.parametrize(
    ("greeting", "language", "says"),
    [
        ("I am an AI.", "en", True),
        ("I aim to help.", "en", False),
        ("Captain speaking", "en", False),
        ("நான் ஒரு தானியங்கி உதவியாளர்", "ta", True),
        ("ನಾನು ಕಂಪ್ಯೂಟರ್ ಸಹಾಯಕಿ", "kn", True),
        ("ನಾನು ಆಶಾ", "kn", False),
        ("मी संगणक आहे", "mr", True),
    ],
)
def test_a_greeting_says_it_by_words(greeting: str, language: str, says: bool) -> None:
    assert says_it_is_ai(greeting, language) is says


async def test_versions_are_listed_compared_published_and_rolled_back(
    clinic: Clinic, admin: httpx2.AsyncClient
) -> None:
    made = await created(admin)
    there = f"/api/v1/agents/{made['id']}"
    saved = (await admin.put(there, json=config(temperature=0.7, keyterms=["tinnitus"]))).json()
    assert saved["number"] == 2 and (await admin.get(there)).json()["number"] == 1, "not before it is published"
    different = (await admin.get(f"{there}/diff", params={"before": 1, "after": 2})).json()
    assert {d["path"]: (d["before"], d["after"]) for d in different} == {
        "temperature": (0.3, 0.7),
        "keyterms.0": (None, "tinnitus"),
    }
    assert (await admin.post(f"{there}/publish/2")).json()["number"] == 2
    assert (await admin.get(f"{there}/versions/1")).json()["config"]["temperature"] == 0.3
    assert (await admin.post(f"{there}/publish/1")).json()["config"]["temperature"] == 0.3
    listed = (await admin.get(f"{there}/versions")).json()["items"]
    assert [one["number"] for one in listed] == [2, 1] and listed[0]["created_by"]
    for number in (3, 0, -1, 2**40):
        assert (await admin.post(f"{there}/publish/{number}")).status_code in (404, 422)


async def test_a_version_is_tried_before_it_serves_by_those_who_may_change_it(
    clinic: Clinic, admin: httpx2.AsyncClient, service: Service
) -> None:
    made = await created(admin)
    there = f"/api/v1/agents/{made['id']}"
    draft = GREETED["en"].replace("Asha", "Meera")
    await admin.put(there, json=config(greeting={"en": draft}))
    tried = {"agent_id": made["id"], "agent_version": 2, "patient_id": str(clinic.patient.id)}
    opened = await admin.post("/api/v1/consultation/create", json=tried)
    assert opened.json()["greeting"] == draft and (await admin.get(there)).json()["number"] == 1
    missing = await admin.post("/api/v1/consultation/create", json={**tried, "agent_version": 3})
    assert (missing.status_code, missing.json()["error_code"]) == (404, "not_found")
    _, staff = await service.member(clinic.organization_id, "staff")
    async with service.client(staff) as http:
        assert (await http.post("/api/v1/consultation/create", json=tried)).status_code == 403
        usual = await http.post("/api/v1/consultation/create", json={**tried, "agent_version": None})
    assert usual.json()["greeting"] == GREETED["en"]


async def test_two_who_edit_the_same_version_do_not_overwrite_each_other(
    clinic: Clinic, admin: httpx2.AsyncClient
) -> None:
    made = await created(admin)
    there = f"/api/v1/agents/{made['id']}"
    read = (await admin.get(there)).headers["etag"]
    assert read == '"1"'
    assert (await admin.put(there, json=config(), headers={"if-match": read})).status_code == 200
    late = await admin.put(there, json=config(), headers={"if-match": read})
    assert late.status_code == 409 and late.json()["error_code"] == "agent.changed"
    assert (await admin.post(f"{there}/publish/2", headers={"if-match": '"1"'})).status_code == 200
    assert (await admin.post(f"{there}/publish/1", headers={"if-match": '"1"'})).status_code == 409
    assert (await admin.put(there, json=config(), headers={"if-match": "x"})).status_code == 422


async def test_publishing_is_a_permission_of_its_own(
    clinic: Clinic, admin: httpx2.AsyncClient, service: Service
) -> None:
    made = await created(admin)
    _, staff = await service.member(clinic.organization_id, "staff")
    async with service.client(staff) as http:
        assert (await http.post(f"/api/v1/agents/{made['id']}/publish/1")).status_code == 403


async def test_an_agent_in_use_is_not_archived(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    room = await clinic.room()
    there = f"/api/v1/agents/{room.talk.agent.agent_id}"
    refused = await admin.delete(there)
    assert refused.status_code == 409 and refused.json()["context"]["active_consultations"] == "1"
    await admin.post(f"/api/v1/consultations/{room.talk.consultation_id}/end")
    assert (await admin.delete(there)).status_code == 204
    assert (await admin.get(there)).status_code == 404
    assert (await admin.put(there, json=config())).status_code == 404


async def test_the_name_of_an_archived_agent_is_free(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    made = await created(admin)
    assert (await admin.post("/api/v1/agents", json=config())).status_code == 409
    assert (await admin.delete(f"/api/v1/agents/{made['id']}")).status_code == 204
    assert UUID((await created(admin))["id"])


async def test_an_agent_goes_out_and_comes_in_again_with_its_history(clinic: Clinic, admin: httpx2.AsyncClient) -> None:
    made = await created(admin, tools=[{"name": "hand_over"}])
    there = f"/api/v1/agents/{made['id']}"
    await admin.put(there, json=config(temperature=0.7))
    scenario = {"name": "Greets", "turns": [{"patient": "Hello", "expect": {"max_sentences": 3}}]}
    await admin.post(f"{there}/scenarios", json=scenario)
    whole = (await admin.get(f"{there}/yaml", params={"whole": True})).text
    again = yaml.safe_load(whole)
    for one in again["versions"]:
        one["name"] = "Asha again"
    headers = {"content-type": "application/yaml"}
    text = yaml.safe_dump(again, allow_unicode=True)
    came = (await admin.post("/api/v1/agents/import", content=text.encode(), headers=headers)).json()
    assert (came["number"], came["latest"], came["config"]["temperature"]) == (2, 2, 0.7)
    back = (await admin.get(f"/api/v1/agents/{came['id']}/yaml", params={"whole": True})).text
    assert yaml.safe_load(back) == again
    single = (await admin.get(f"{there}/yaml", params={"number": 1})).text
    assert AgentConfig.model_validate(yaml.safe_load(single)).tools[0].name == "hand_over"


async def test_a_version_is_saved_from_its_file_unless_another_was_saved_meanwhile(
    clinic: Clinic, admin: httpx2.AsyncClient
) -> None:
    made = await created(admin)
    there = f"/api/v1/agents/{made['id']}/yaml"
    file = yaml.safe_load((await admin.get(there)).text) | {"temperature": 0.9}
    headers = {"content-type": "application/yaml", "if-match": '"1"'}
    saved = await admin.put(there, content=yaml.safe_dump(file, allow_unicode=True).encode(), headers=headers)
    assert saved.json()["number"] == 2
    late = await admin.put(there, content=yaml.safe_dump(file, allow_unicode=True).encode(), headers=headers)
    assert (late.status_code, late.json()["error_code"]) == (409, "agent.changed")
    broken = await admin.put(there, content=b"name: [", headers={"content-type": "application/yaml"})
    assert broken.status_code == 422
    assert (await admin.get(f"/api/v1/agents/{made['id']}/versions/2")).json()["config"]["temperature"] == 0.9


@pytest.mark.parametrize(
    "text",
    [
        "name: [",
        "a: &a [x]\nb: [*a, *a]",
        "versions: []",
        "versions: [{name: A, nonsense: 1}]",
        "!!python/object/apply:os.system ['true']",
        "- 1",
        "",
        "name: A\ntools: [1]",
    ],
)
async def test_what_is_no_agent_file_is_refused(clinic: Clinic, admin: httpx2.AsyncClient, text: str) -> None:
    headers = {"content-type": "application/yaml"}
    answer = await admin.post("/api/v1/agents/import", content=text.encode() or b" ", headers=headers)
    assert answer.status_code == 422, answer.text


def test_a_bare_name_will_do_for_a_tool() -> None:
    read = AgentConfig.model_validate({"name": "A", "tools": ["hand_over", {"name": "end_call", "timeout_s": 2}]})
    assert [tool.name for tool in read.tools] == ["hand_over", "end_call"]
