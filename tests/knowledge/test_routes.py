"""The knowledge over HTTP, through a whole installation: sign-in, upload, worker, search, answer."""

import asyncio
from collections import Counter
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from tests import builders
from tests.channels.talking import eventually
from tests.knowledge.over_http import upload, when_done


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def batteries(service, people):
    async with service.client(people["admin"]) as http:
        accepted = await upload(http)
        assert accepted.status_code == 202, accepted.text
        assert (await when_done(http, accepted.json()["id"]))["status"] == "live"
        return accepted.json()["id"]


async def test_an_upload_is_accepted_indexed_and_listed(service, people, batteries):
    async with service.client(people["patient"]) as http:
        listed = (await http.get("/api/v1/rag/documents", params={"status": "live"})).json()["items"]
        document = next(one for one in listed if one["id"] == batteries)
        assert (document["title"], document["percent"], document["chunk_count"]) == ("Batteries", 100, 1)


async def test_the_same_upload_again_is_the_same_document(service, people, batteries):
    async with service.client(people["admin"]) as http:
        again = (await upload(http)).json()
        assert (again["id"], again["known_already"]) == (batteries, True)


async def test_the_passages_of_a_document_are_read_in_its_order(service, people):
    words = "\n\n".join(f"# Part {n}\n\n" + f"Sentence {n} says what a patient may ask. " * 40 for n in range(6))
    async with service.client(people["admin"]) as http:
        sent = await http.post("/api/v1/rag/ingest-upload", files={"file": ("parts.md", words.encode())})
        there = f"/api/v1/rag/documents/{sent.raise_for_status().json()['id']}"
        count = (await when_done(http, sent.json()["id"]))["chunk_count"]
        first = (await http.get(f"{there}/chunks", params={"limit": 4})).json()
        rest = (await http.get(f"{there}/chunks", params={"cursor": first["next"]})).json()
        passages = first["items"] + rest["items"]
        assert len(passages) == count > 5 and rest["next"] is None
        assert [one["position"] for one in passages] == list(range(count))
        assert passages[-1]["section"] == "Part 5" and "Sentence 5" in passages[-1]["text"]
        assert (await http.get(f"/api/v1/rag/documents/{uuid4()}/chunks")).status_code == 404
        assert (await http.get(f"{there}/chunks", params={"cursor": "AAAA"})).status_code == 422
        await http.delete(there)


async def test_search_gives_the_chunk_with_its_place(service, people, batteries):
    async with service.client(people["patient"]) as http:
        found = (await http.get("/api/v1/rag/search", params={"q": "how long do zinc air batteries last"})).json()
        assert found["known"] == "answer"
        hit = found["hits"][0]
        assert hit["document_id"] == batteries
        assert hit["end"] - hit["start"] == len(hit["text"])


async def test_an_answer_quotes_its_source(service, people, batteries):
    async with service.client(people["patient"]) as http:
        answer = (
            await http.post("/api/v1/rag/answer", json={"question": "How long do zinc air batteries last?"})
        ).json()
        assert "one week" in answer["answer"]
        assert answer["citations"][0]["document_id"] == batteries
        assert answer["citations"][0]["number"] == 1


async def test_an_answer_is_streamed_when_asked_for(service, people, batteries):
    async with service.client({**people["patient"], "accept": "text/event-stream"}) as http:
        answer = await http.post("/api/v1/rag/answer", json={"question": "How long do zinc air batteries last?"})
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n", 1) for block in answer.text.strip().split("\n\n")]
        kinds = [kind.removeprefix("event: ") for kind, _ in events]
        assert kinds[-1] == "answer" and set(kinds[:-1]) == {"delta"}
        data = [orjson.loads(line.removeprefix("data: ")) for _, line in events]
        assert "".join(one["text"] for one in data[:-1]) == data[-1]["answer"]


async def test_what_is_not_in_the_knowledge_is_said_not_to_be(service, people, batteries):
    async with service.client(people["patient"]) as http:
        answer = (await http.post("/api/v1/rag/answer", json={"question": "Which antibiotic treats pneumonia?"})).json()
        assert (answer["known"], answer["citations"]) == ("unknown", [])


async def test_whatever_the_knowledge_asks_of_providers_is_metered_to_its_organization(service):
    ours, theirs = [await builders.make_organization(service.database) for _ in range(2)]
    _, admin = await service.member(ours, "org_admin")
    question = "How long do zinc air batteries last?"

    async def metered() -> Counter[str]:
        async with service.client(admin) as http:
            rows = (await http.get("/api/v1/usage")).json()["items"]
        assert all(row["status"] == "ok" and row["provider"] and row["vendor"] for row in rows)
        return Counter(row["capability"] for row in rows)

    async with service.client(admin) as http:
        accepted = await upload(http)
        assert (await when_done(http, accepted.json()["id"]))["status"] == "live"
        assert await eventually(metered, lambda n: n == {"embedding": 1}) == {"embedding": 1}
        (await http.get("/api/v1/rag/search", params={"q": question})).raise_for_status()
        assert await eventually(metered, lambda n: n == {"embedding": 2}) == {"embedding": 2}
        (await http.post("/api/v1/rag/answer", json={"question": question})).raise_for_status()
        both = {"embedding": 3, "llm": 1}
        assert await eventually(metered, lambda n: n == both) == both
    _, stranger = await service.member(theirs, "org_admin")
    async with service.client(stranger) as http:
        assert (await http.get("/api/v1/usage")).json()["items"] == []


async def test_another_organization_sees_finds_and_deletes_nothing(service, people, batteries):
    async with service.client(people["stranger"]) as http:
        assert (await http.get("/api/v1/rag/documents")).json()["items"] == []
        assert (await http.get(f"/api/v1/rag/documents/{batteries}")).status_code == 404
        assert (await http.delete(f"/api/v1/rag/documents/{batteries}")).status_code == 404
        assert (await http.get("/api/v1/rag/search", params={"q": "zinc air batteries"})).json()["hits"] == []
        answer = (
            await http.post("/api/v1/rag/answer", json={"question": "How long do zinc air batteries last?"})
        ).json()
        assert answer["known"] == "unknown"


async def test_a_patient_may_ask_but_not_teach(service, people, batteries):
    async with service.client(people["patient"]) as http:
        assert (await upload(http, "mine.md")).status_code == 403
        assert (await http.delete(f"/api/v1/rag/documents/{batteries}")).status_code == 403


async def test_nobody_gets_in_without_signing_in(service, batteries):
    async with service.client() as http:
        for answer in (
            await upload(http),
            await http.get("/api/v1/rag/documents"),
            await http.get("/api/v1/rag/search?q=a"),
            await http.get(f"/api/v1/rag/documents/{batteries}"),
            await http.delete(f"/api/v1/rag/documents/{batteries}"),
            await http.post("/api/v1/rag/answer", json={"question": "a"}),
        ):
            assert answer.status_code == 401


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("a.exe", b"MZ\x90", 415, "upload.unknown_kind"),
        ("a.pdf", b"PK\x03\x04", 415, "upload.kind_mismatch"),
        ("a.txt", b"", 422, "upload.empty"),
        ("a.md", b"\x89PNG....", 415, "upload.kind_mismatch"),
    ],
)
async def test_a_file_that_cannot_be_is_refused_at_once(service, people, name, data, status, code):
    async with service.client(people["admin"]) as http:
        refused = await upload(http, name, data)
        assert (refused.status_code, refused.json()["error_code"]) == (status, code)


async def test_a_file_that_cannot_be_read_shows_why(service, people):
    async with service.client(people["admin"]) as http:
        accepted = await upload(http, "noise.txt", bytes(range(256)) * 9)
        failed = await when_done(http, accepted.json()["id"])
        assert (failed["status"], failed["failure_code"]) == ("failed", "upload.garbled")


async def test_bad_labels_and_questions_are_refused(service, people):
    async with service.client(people["admin"]) as http:
        assert (await upload(http, collection="../etc")).json()["error_code"] == "knowledge.bad_label"
        assert (await http.get("/api/v1/rag/search", params={"q": "?!"})).json()[
            "error_code"
        ] == "knowledge.empty_question"
        for body in ({}, {"question": ""}, {"question": "a", "k": 0}, {"question": "a", "more": 1}, {"question": "?"}):
            assert (await http.post("/api/v1/rag/answer", json=body)).status_code == 422
        assert (await http.get("/api/v1/rag/documents/not-a-uuid")).status_code == 422
        assert (await http.get(f"/api/v1/rag/documents/{uuid4()}")).status_code == 404


async def test_deleting_takes_the_document_out_of_every_answer(service, people):
    async with service.client(people["admin"]) as http:
        document_id = (
            await upload(http, "parking.md", b"# Parking\n\nThe parking garage is behind the house.")
        ).json()["id"]
        await when_done(http, document_id)
        assert (await http.delete(f"/api/v1/rag/documents/{document_id}")).status_code == 204
        assert (await http.get(f"/api/v1/rag/documents/{document_id}")).status_code == 404
        found = (await http.get("/api/v1/rag/search", params={"q": "parking garage"})).json()
        assert document_id not in {hit["document_id"] for hit in found["hits"]}


async def test_a_search_marks_words_and_keeps_to_what_is_wanted(service, people, batteries):
    async with service.client(people["patient"]) as http:
        asked = {"q": "zinc air batteries"}
        hit = (await http.get("/api/v1/rag/search", params=asked)).json()["hits"][0]
        assert "Zinc" in [hit["text"][start:end] for start, end in hit["highlights"]]
        for other in ({"language": "ta"}, {"specialty": "ent"}, {"collection": "x"}, {"until": "2020-01-01T00:00Z"}):
            assert (await http.get("/api/v1/rag/search", params={**asked, **other})).json()["hits"] == []
        for bad in ({"language": "english"}, {"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"k": 51}):
            assert (await http.get("/api/v1/rag/search", params={**asked, **bad})).status_code == 422


async def test_how_strict_answers_are_is_the_admin_s_to_say(service, people, batteries):
    place = "/api/v1/rag/settings"
    async with service.client(people["admin"]) as http:
        before = (await http.get(place)).json()
        assert (before["strictness"], before["rerank"]) == ("normal", True)
        own = {"strictness": "own", "thresholds": {"answer": 1.0, "confirm": 0.9}, "rerank": False}
        changed = await http.put(place, json=own)
        assert (changed.status_code, changed.json()["effective"]["answer"]) == (200, 1.0)
        assert (await http.get(place)).json() == changed.json()
        found = await http.get("/api/v1/rag/search", params={"q": "how do zinc things in air go in winter"})
        assert found.json()["known"] == "unknown"
        crossed = await http.put(place, json={"strictness": "own", "thresholds": {"answer": 0.1}})
        assert (crossed.status_code, crossed.json()["error_code"]) == (422, "knowledge.thresholds_crossed")
        for bad in ({"strictness": "loose"}, {"thresholds": {"answer": 2}}, {"thresholds": {"dense": 1}}, {"more": 1}):
            assert (await http.put(place, json=bad)).status_code == 422
        assert (await http.get(place)).json() == changed.json()
        assert (await http.put(place, json={})).json()["strictness"] == "normal"
    async with service.client(people["patient"]) as http:
        assert (await http.put(place, json={})).status_code == 403
    async with service.client(people["stranger"]) as http:
        assert (await http.get(place)).json() == before


async def test_an_admin_changes_the_embedder_and_a_worker_embeds_anew(service, people, batteries):
    async with service.client(people["patient"]) as http:
        assert (await http.put("/api/v1/rag/embedder", json={"provider": "offline"})).status_code == 403
    async with service.client(people["admin"]) as http:
        before = (await http.get("/api/v1/rag/embedder")).json()
        assert before["change"] is None and before["in_use"]["provider"] is None
        refused = await http.put("/api/v1/rag/embedder", json={"model": "any"})
        assert (refused.status_code, refused.json()["error_code"]) == (422, "knowledge.model_without_provider")
        unknown = await http.put("/api/v1/rag/embedder", json={"provider": "nobody"})
        assert unknown.status_code >= 400
        assert (await http.delete("/api/v1/rag/embedder/change")).status_code == 404
        accepted = await http.put("/api/v1/rag/embedder", json={"provider": "offline"})
        assert accepted.status_code == 202, accepted.text
        for _ in range(200):
            state = (await http.get("/api/v1/rag/embedder")).json()
            if state["change"]["status"] != "building":
                break
            await asyncio.sleep(0.05)
        assert state["change"]["status"] == "in_use", state
        assert state["change"]["done"] == state["change"]["total"] >= 1
        assert state["in_use"]["provider"] == "offline"
        found = (await http.get("/api/v1/rag/search", params={"q": "how long do batteries last"})).json()
        assert found["hits"][0]["document_id"] == batteries
        again = await http.put("/api/v1/rag/embedder", json={"provider": "offline"})
        assert again.status_code == 409
