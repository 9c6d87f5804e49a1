"""The AI service as anybody meets it who asks by HTTP."""

import asyncio
import logging
import math
import signal
import subprocess
import sys
import threading
import time

import httpx2
import jwt
import pytest
from pydantic import SecretStr

from auricle.ai.badge import AUDIENCE, make_badge
from auricle.ai.local import LocalAI
from auricle.ai_service.app import OPEN, build
from auricle.ai_service.engine import PARTS, Embedding, Engine
from auricle.errors import Misconfigured
from auricle.settings import AI, Settings
from tests.ai_service.running import SECRET, process, serving, settings_for
from tests.e2e.installation import environment

SAID = "I am Asha Rao, 98450 12345. My left ear rings. No fever. I take metformin 500 mg twice a day."
WORKS = {
    "/soap/generate": {"text": SAID},
    "/ner/extract": {"text": SAID},
    "/ner/context": {"text": SAID},
    "/pii/analyze": {"text": SAID},
    "/pii/anonymize": {"text": SAID},
    "/pii/quick-anonymize": {"text": SAID},
    "/pii/mask": {"utterances": [], "known": {}},
    "/ner/entities": {"utterances": []},
    "/soap/write": {"utterances": [], "entities": []},
    "/soap/judge": {"draft": {"statements": []}, "utterances": [], "entities": []},
    "/embeddings/generate": {"text": "ringing"},
    "/embeddings/batch": {"texts": ["ringing", "metformin"]},
    "/embeddings/soap-content": {"statements": [{"section": "plan", "text": "Repeat the audiogram."}]},
}


@pytest.fixture(scope="module")
def service():
    with serving(settings_for()) as running:
        yield running


@pytest.fixture
async def http(service):
    async with service.client() as http:
        yield http


@pytest.mark.parametrize("path", WORKS)
async def test_every_path_answers_who_shows_a_badge_and_nobody_else(service, path):
    async with service.client() as http:
        assert (await http.post(path, json=WORKS[path])).status_code == 200
        refused = await http.post(path, json=WORKS[path], headers={"authorization": ""})
    assert (refused.status_code, refused.json()["error_code"]) == (401, "ai.bad_badge")
    assert refused.headers["content-type"] == "application/problem+json"


async def test_the_list_of_paths_above_is_whole(http):
    paths = (await http.get("/openapi.json")).json()["paths"]
    assert {path for path, item in paths.items() if "post" in item} == WORKS.keys()


def forged(**claims: object) -> str:
    now = int(time.time())
    return jwt.encode({"aud": AUDIENCE, "iat": now, "exp": now + 60, **claims}, SECRET, "HS256")


@pytest.mark.parametrize(
    "badge",
    [
        "",
        "nonsense",
        make_badge(SecretStr("some other secret of enough length"), time.time()),
        forged(exp=int(time.time()) - 60),
        forged(aud="auricle"),
        jwt.encode({"aud": AUDIENCE, "iat": 1, "exp": 4_000_000_000}, "", "none"),
        jwt.encode({"aud": AUDIENCE}, SECRET, "HS256"),
        SECRET,
    ],
    ids=["none", "nonsense", "another secret", "too old", "for others", "unsigned", "for ever", "the secret itself"],
)
async def test_a_badge_that_is_forged_old_or_for_others_is_refused_before_the_body_is_read(service, badge):
    async with service.client(badge) as http:
        assert (await http.post("/ner/extract", content=b"not even json")).status_code == 401
        for path in ("/", "/models/status"):
            assert (await http.get(path)).status_code == 401


async def test_health_needs_no_badge(service):
    async with service.client("") as http:
        for path in ("/health", "/ready", *(f"/{part}/health" for part in PARTS)):
            assert (await http.get(path)).status_code == 200, path
    assert set(WORKS).isdisjoint(OPEN)


async def test_without_a_secret_it_starts_for_its_own_machine_only():
    build(Settings(ai=AI(), host="127.0.0.1"))
    with pytest.raises(Misconfigured, match="AURICLE_AI__SECRET"):
        build(Settings(ai=AI(), host="0.0.0.0"))


def test_a_short_secret_is_refused_without_being_shown():
    done = subprocess.run(
        [sys.executable, "-m", "auricle", "ai", "badge"],
        env=environment(AURICLE_AI__SECRET="too short"), capture_output=True, text=True, timeout=60, cwd="/",
    )  # fmt: skip
    assert done.returncode == 1 and "AURICLE_AI__SECRET" in done.stderr and "too short" not in done.stderr


async def test_a_note_in_one_answer_is_masked_judged_and_shows_its_evidence(http):
    note = (await http.post("/soap/generate", json={"text": SAID})).json()
    assert "Asha" not in str(note["masked"]["utterances"]) and "Asha Rao" in note["masked"]["originals"].values()
    metformin = next(s for s in note["judged"]["statements"] if "metformin 500 mg" in s["text"])
    assert metformin["verdict"] == "supported"
    text = note["masked"]["utterances"][0]["text"]
    assert all(text[e["start"] : e["end"]] == e["quote"] for e in metformin["evidence"])
    assert note["method"] == "extractive draft"


async def test_a_notes_context_is_its_entities_masked_and_in_a_few_words(http):
    told = (await http.post("/ner/context", json={"text": SAID})).json()
    assert "metformin 500 mg" in told["present"]["drug"] and told["absent"]["symptom"] == ["fever"]
    assert {e["name"] for e in told["context_data"]} >= {"metformin", "fever"}
    assert "Asha" not in told["masked"]["utterances"][0]["text"]


async def test_entities_are_found_in_the_text_as_it_is(http):
    found = (await http.post("/ner/extract", json={"text": SAID})).json()["entities"]
    assert all(SAID[e["start"] : e["end"]] == e["text"] for e in found) and found


async def test_identifiers_are_told_hidden_and_quickly_hidden(http):
    findings = (await http.post("/pii/analyze", json={"text": SAID})).json()["findings"]
    assert {(f["kind"], SAID[f["start"] : f["end"]]) for f in findings} >= {
        ("PERSON", "Asha Rao"),
        ("PHONE", "98450 12345"),
    }
    hidden = (await http.post("/pii/anonymize", json={"text": SAID})).json()
    assert "Asha" not in hidden["utterances"][0]["text"] and "98450" not in hidden["utterances"][0]["text"]
    quick = (await http.post("/pii/quick-anonymize", json={"text": SAID})).json()
    assert "Asha" in quick["utterances"][0]["text"] and "98450" not in quick["utterances"][0]["text"]


async def test_what_is_known_is_found_without_any_cue(http):
    asked = {"text": "zubin said so", "known": {"names": ["Zubin"]}}
    assert (await http.post("/pii/anonymize", json=asked)).json()["originals"] == {"[PERSON_1]": "zubin"}


async def test_vectors_are_of_length_one_in_order_and_a_notes_are_of_masked_text(http):
    one = (await http.post("/embeddings/generate", json={"text": "metformin"})).json()
    two = (await http.post("/embeddings/batch", json={"texts": ["ringing", "metformin"]})).json()
    assert two["vectors"][1] == one["vector"] and len(one["vector"]) == one["dimension"]
    statements = [
        {"section": "subjective", "text": "Asha Rao has trouble hearing."},
        {"section": "plan", "text": "Repeat the audiogram."},
    ]
    known = {"names": ["Asha Rao", "Zubin Mehta"]}
    note = (await http.post("/embeddings/soap-content", json={"statements": statements, "known": known})).json()
    statements[0]["text"] = "Zubin Mehta has trouble hearing."
    other = (await http.post("/embeddings/soap-content", json={"statements": statements, "known": known})).json()
    assert note == other, "the name was embedded"
    assert set(note["sections"]) == {"subjective", "plan"}
    for vector in (one["vector"], note["note"], *note["sections"].values()):
        assert math.isclose(math.hypot(*vector), 1, rel_tol=1e-3)


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/ner/extract", b'{"text":', 400, "request.malformed"),
        ("/ner/extract", b'{"text": 5}', 422, "validation.invalid"),
        ("/ner/extract", b"{}", 422, "validation.invalid"),
        ("/ner/extract", b'{"text": "x", "more": 1}', 422, "validation.invalid"),
        ("/ner/extract", b'{"text": "x", "utterances": []}', 422, "validation.invalid"),
        ("/ner/entities", b'{"utterances": [{"id": 1, "speaker": "patient", "text": "x"}]}', 422, "validation.invalid"),
        ("/soap/generate", b'{"text": "x", "template": "poem"}', 422, "ai.unknown_template"),
        ("/soap/generate", b'{"text": "' + b"x" * 60_000 + b'"}', 413, "ai.text_too_large"),
        ("/embeddings/batch", b'{"texts": []}', 422, "validation.invalid"),
        ("/embeddings/generate", b'{"text": "' + b"x" * 600_000 + b'"}', 413, "ai.text_too_large"),
        ("/nowhere", b"{}", 404, "not_found"),
    ],
)  # fmt: skip
async def test_bad_input_is_a_problem_with_a_code_that_quotes_nothing(http, path, body, status, code):
    answer = await http.post(path, content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json" and "xxx" not in answer.text


async def test_a_body_larger_than_allowed_is_refused_while_it_comes(http, service):
    async def endless():
        for _ in range(service.settings.max_body_bytes // 1_000_000 + 2):
            yield b"x" * 1_000_000

    declared = await http.post("/ner/extract", content=b"x" * (service.settings.max_body_bytes + 1))
    streamed = await http.post("/ner/extract", content=endless())
    assert (declared.status_code, streamed.status_code) == (413, 413)


async def test_models_are_listed_with_what_they_cost(http):
    told = (await http.get("/models/status")).json()
    assert told["ready"] and told["memory_bytes"] > 10_000_000 and (told["working"], told["waiting"]) == (0, 0)
    by_name = {m["name"]: m for m in told["models"]}
    assert by_name.keys() >= {"lexicon", "codes", "privacy", "draft", "embeddings"}
    assert by_name.pop("entity model")["state"] == "absent"
    assert all(m["state"] == "ready" and m["size"] > 0 and m["seconds"] >= 0 for m in by_name.values())
    assert by_name["embeddings"]["runs_on"].endswith("ExecutionProvider")


async def test_the_document_tells_badges_problems_and_examples_that_work(http):
    document = (await http.get("/openapi.json")).json()
    for path in WORKS:
        operation = document["paths"][path]["post"]
        assert operation["security"] == [{"badge": []}] and {"401", "422", "413", "503"} <= set(operation["responses"])
        example = operation["requestBody"]["content"]["application/json"]["example"]
        assert (await http.post(path, json=example)).status_code == 200, (path, example)


async def test_metrics_and_log_name_routes_and_nothing_that_was_said(http, caplog):
    with caplog.at_level(logging.INFO):
        await http.post("/soap/generate", json={"text": SAID})
        await http.post("/soap/generate", json={"text": SAID, "template": SAID})
    metrics = (await http.get("/metrics")).text
    assert 'route="/soap/generate"' in metrics and "auricle_ai_requests" in metrics
    for told in (metrics, caplog.text, *(str(getattr(r, "fields", "")) for r in caplog.records)):
        assert "Asha" not in told and "metformin" not in told


async def test_a_full_service_says_when_to_come_again_and_lives_on():
    held = threading.Event()

    def finder(text):
        held.wait(20)
        return ()

    def made(settings):
        ai = LocalAI(at_once=1, finders=(finder,))
        return Engine(settings, ai, Embedding(settings))

    with serving(settings_for(at_once=1, waiting=1, timeout_s=1.0), made) as service:
        async with service.client() as http, asyncio.TaskGroup() as group:
            first, second = (group.create_task(http.post("/pii/anonymize", json={"text": SAID})) for _ in range(2))
            while (await http.get("/models/status")).json()["waiting"] < 1:
                await asyncio.sleep(0.01)
            refused = await http.post("/pii/anonymize", json={"text": SAID})
            assert (await http.get("/health")).status_code == 200
        held.set()
    assert (refused.status_code, refused.json()["error_code"]) == (503, "ai.busy")
    assert int(refused.headers["retry-after"]) >= 1
    for late in (first.result(), second.result()):
        assert (late.status_code, late.json()["error_code"]) == (504, "ai.took_too_long")


async def test_until_its_models_are_loaded_it_lives_is_not_ready_and_asks_for_patience():
    class Slow(Engine):
        async def warm(self) -> None:
            await asyncio.Event().wait()

    app = build(settings_for(), Slow.of)
    async with app.router.lifespan_context(app):
        headers = {"authorization": f"Bearer {make_badge(SecretStr(SECRET), time.time())}"}
        transport = httpx2.ASGITransport(app=app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://ai", headers=headers) as http:
            assert (await http.get("/health")).status_code == 200
            assert (await http.get("/ready")).status_code == 503
            assert (await http.get("/soap/health")).json()["status"] == "cold"
            answer = await http.post("/pii/anonymize", json={"text": SAID})
    assert (answer.status_code, answer.json()["error_code"]) == (503, "ai.starting")
    assert "retry-after" in answer.headers


async def test_without_the_embedding_model_the_rest_works_and_says_so(tmp_path, monkeypatch):
    blocked = tmp_path / "models"
    blocked.write_text("a file where the folder should be")
    settings = settings_for().model_copy(update={"models_dir": blocked})
    with serving(settings) as service:
        async with service.client() as http:
            while (await http.get("/embeddings/health")).json()["status"] == "cold":
                await asyncio.sleep(0.02)
            health = await http.get("/embeddings/health")
            vector = await http.post("/embeddings/generate", json={"text": "x"})
            note = await http.post("/soap/generate", json={"text": SAID})
    assert (health.status_code, health.json()["status"]) == (503, "failed")
    assert (vector.status_code, vector.json()["error_code"]) == (503, "ai.model_missing")
    assert note.status_code == 200


async def test_told_to_stop_it_finishes_what_it_has_and_ends(tmp_path):
    settings = settings_for()
    long = {"text": (SAID + "\n") * 80}
    with process(settings, tmp_path / "log") as started:
        running_url = f"http://127.0.0.1:{settings.ai.port}"
        headers = {"authorization": f"Bearer {make_badge(SecretStr(SECRET), time.time())}"}
        async with httpx2.AsyncClient(base_url=running_url, headers=headers, timeout=60) as http:
            asked = asyncio.create_task(http.post("/soap/generate", json=long))
            while (await http.get("/models/status")).json()["working"] < 1:
                assert not asked.done(), "too quick to show anything"
                await asyncio.sleep(0.005)
            started.send_signal(signal.SIGTERM)
            assert (await asked).status_code == 200
        assert await asyncio.to_thread(started.wait, 30) == 0
    told = (tmp_path / "log").read_text()
    assert "Asha" not in told and '"route":"/soap/generate"' in told


async def test_every_model_belongs_to_a_part_whose_health_tells_of_it(http):
    models = {m["name"] for m in (await http.get("/models/status")).json()["models"]}
    assert models == {name for names in PARTS.values() for name in names}
