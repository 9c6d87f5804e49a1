"""A question to the knowledge that tells of an emergency is answered as a message would be: by the script, at once."""

import re
from pathlib import Path

import httpx2
import orjson
from sqlalchemy import select

from auricle.agents.config import AgentConfig
from auricle.assemble import application
from auricle.audit.models import AuditEntry
from auricle.consultations.models import Alert
from auricle.safety.redflags import default_watch
from tests import builders
from tests.channels.conftest import Clinic
from tests.channels.test_money import broke
from tests.channels.test_red_flags import watching
from tests.conftest import Template
from tests.emulators.openai_chat import OpenAIEmulator
from tests.running_service import Service, settings_for

QUESTION = "Crushing chest pain since morning, what are your hours?"


async def put(clinic: Clinic, question: str, headers: dict[str, str] | None = None, **more: str) -> httpx2.Response:
    async with clinic.service.client(headers or clinic.patient) as http:
        return await http.post("/api/v1/rag/answer", json={"question": question, **more})


async def alerts(clinic: Clinic) -> list[Alert]:
    async with clinic.service.database.transaction(clinic.system) as db:
        return list(await db.scalars(select(Alert)))


async def noted(clinic: Clinic) -> list[str | None]:
    """The reasons of what the audit tells of answers to questions."""
    async with clinic.service.database.transaction(clinic.system) as db:
        entries = select(AuditEntry).where(AuditEntry.action == "answer", AuditEntry.entity == "knowledge")
        return [entry.reason for entry in await db.scalars(entries)]


async def test_the_script_comes_before_anything_is_searched_and_staff_are_told(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.requests.clear()
    watcher = await watching(clinic)
    answer = (await put(clinic, QUESTION)).raise_for_status().json()
    assert answer["red_flag"] == "chest_pain" and "1 1 2" in answer["answer"]
    assert (answer["known"], answer["citations"]) == ("unknown", [])
    told = (await watcher)["subject"]
    (alert,) = await alerts(clinic)
    assert (alert.category, alert.consultation_id) == ("chest_pain", None)
    assert told == {"alert_id": str(alert.id), "consultation_id": None, "patient_id": str(alert.patient_id)}
    async with clinic.service.client(clinic.staff) as http:
        listed = (await http.get("/api/v1/alerts")).raise_for_status().json()["items"]
    assert [(one["id"], one["consultation_id"]) for one in listed] == [(str(alert.id), None)]
    assert await noted(clinic) == ["chest_pain"]
    assert emulated.requests == []


async def test_whoever_listens_to_the_stream_hears_the_script_first(clinic: Clinic) -> None:
    streamed = await put(clinic, QUESTION, {**clinic.patient, "accept": "text/event-stream"})
    events = [block.split("\n", 1) for block in streamed.raise_for_status().text.strip().split("\n\n")]
    assert [kind for kind, _ in events] == ["event: delta", "event: answer"]
    delta, whole = [orjson.loads(data.removeprefix("data: ")) for _, data in events]
    assert delta["text"] == whole["answer"] and whole["red_flag"] == "chest_pain"


async def test_the_script_is_in_the_language_of_the_question(clinic: Clinic) -> None:
    for question, letters, more in (
        ("सुबह से सीने में तेज दर्द है, आप कितने बजे खुलते हैं?", "अ-ह", {}),
        ("எனக்கு நெஞ்சு வலிக்குது, எப்போது திறப்பீர்கள்?", "அ-ஹ", {}),
        ("எனக்கு நெஞ்சு வலிக்குது, எப்போது திறப்பீர்கள்?", "அ-ஹ", {"language": "en"}),
        ("mujhe subah se seene mein dard ho raha hai, aap kab khulte hain", "अ-ह", {}),
    ):
        answer = (await put(clinic, question, **more)).raise_for_status().json()
        assert answer["red_flag"] == "chest_pain", question
        assert re.search(f"[{letters}]", answer["answer"]), question


async def test_what_is_denied_or_asked_in_general_is_a_question_like_any_other(clinic: Clinic) -> None:
    for question in (
        "I have no chest pain. What are your hours?",
        "What are the signs of a stroke?",
        "What are your hours?",
    ):
        answer = (await put(clinic, question)).raise_for_status().json()
        assert answer["red_flag"] is None and "1 1 2" not in answer["answer"], question
    assert await alerts(clinic) == [] and await noted(clinic) == []


async def test_it_is_answered_without_money_too(clinic: Clinic) -> None:
    await broke(clinic)
    assert (await put(clinic, "What are your hours?")).status_code == 402
    assert (await put(clinic, QUESTION)).raise_for_status().json()["red_flag"] == "chest_pain"


async def test_one_who_is_no_patient_gets_the_script_and_the_audit_tells_of_it(clinic: Clinic) -> None:
    answer = (await put(clinic, QUESTION, clinic.staff)).raise_for_status().json()
    assert "1 1 2" in answer["answer"]
    assert await alerts(clinic) == [] and await noted(clinic) == ["chest_pain"]


async def test_the_phrases_are_read_before_the_first_question_where_no_calls_are_held_too(
    template: Template, tmp_path: Path
) -> None:
    default_watch.cache_clear()
    app = application(settings_for(template.copy(), tmp_path), calls=False)
    async with app.router.lifespan_context(app):
        assert default_watch.cache_info().currsize == 1


async def test_the_number_to_call_is_the_one_of_the_agent_that_patients_talk_with_by_default(service: Service) -> None:
    organization = await builders.make_organization(service.database)
    admin, headers = await service.member(organization, "org_admin")

    async def script() -> str:
        async with service.client(headers) as http:
            answer = await http.post("/api/v1/rag/answer", json={"question": QUESTION})
        return answer.raise_for_status().json()["answer"]  # type: ignore[no-any-return]

    assert "1 1 2" in await script(), "without any agent"
    config = AgentConfig.model_validate({"name": "Desk", "greeting": {}, "emergency_number": "108"})
    await builders.make_agent(service.database, admin, config)
    assert "1 0 8" in await script()
