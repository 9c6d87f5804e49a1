"""Voyage's specification and Voyage's own SDK, each against our emulator; and our adapter against both."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.spec import judge, nullable
from tests.emulators.server import Fault
from tests.emulators.voyage import VoyageEmulator
from tests.providers.contract.vendors import CASES, running

FILE = "voyage/voyage-openapi.yml"
POST = "/paths/~1{path}/post"
REQUEST = POST + "/requestBody/content/application~1json/schema"
ANSWER = POST + "/responses/200/content/application~1json/schema"
REFUSAL = POST + "/responses/4XX/content/application~1json/schema"
CASE = next(case for case in CASES if case.vendor == "voyage")


def input_is_text_or_list(part: Any) -> Any:
    """The file calls `input` an object and, at once, a string or a list: it is one of the two."""
    if isinstance(part, list):
        return [input_is_text_or_list(p) for p in part]
    if not isinstance(part, dict):
        return part
    drop = {"type"} if part.get("type") == "object" and "oneOf" in part else set()
    return {key: input_is_text_or_list(value) for key, value in part.items() if key not in drop}


def complaints(place: str, path: str, value: Any) -> list[str]:
    return judge(FILE, place.format(path=path), nullable, input_is_text_or_list).complaints(value)


@pytest.fixture
async def server() -> AsyncIterator[VoyageEmulator]:
    async with VoyageEmulator() as running:
        yield running


async def test_what_our_adapter_sends_and_what_the_emulator_answers_is_as_specified(tmp_path: Path) -> None:
    async with running(CASE, tmp_path) as it:
        for task in ("query", "document"):
            await it.router.embed(it.call(), ["My ear hurts.", "कान"], task=task)
        await it.router.rerank(it.call(), "ear", ["My ear hurts.", "The clinic opens at nine."])
        bodies = [(r["path"].removeprefix("/v1/"), r["body"]) for r in it.emulator.requests]
        assert [path for path, _ in bodies] == ["embeddings", "embeddings", "rerank"]
        for path, body in bodies:
            assert complaints(REQUEST, path, body) == []
            answer = await it.router.providers["it"].account.post(f"/{path}", json=body)
            assert complaints(ANSWER, path, answer) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("embeddings", {"model": "voyage-4"}),
        ("embeddings", {"model": "voyage-4", "input": 5}),
        ("embeddings", {"model": "voyage-4", "input": ["a"], "input_type": "search_query"}),
        ("rerank", {"model": "rerank-2.5", "documents": ["a"]}),
    ],
)
async def test_judge_and_emulator_refuse_what_is_wrong(server: VoyageEmulator, path: str, body: dict[str, Any]) -> None:
    import httpx2

    assert complaints(REQUEST, path, body)
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"{server.url}/{path}", json=body, headers={"authorization": "Bearer right-key"})
    assert answer.status_code == 400
    assert complaints(REFUSAL, path, answer.json()) == [] and answer.json()["detail"]


async def test_voyages_own_client_reads_the_emulator(server: VoyageEmulator) -> None:
    voyageai = pytest.importorskip("voyageai", reason="the Voyage SDK is not installed")
    client = voyageai.AsyncClient(api_key=server.key, base_url=server.url, max_retries=0)
    embedded = await client.embed(["My ear hurts.", "The clinic opens at nine."], model="voyage-4", input_type="query")
    assert [len(vector) for vector in embedded.embeddings] == [1024, 1024] and embedded.total_tokens > 0
    ranked = await client.rerank("When does it open?", ["My ear hurts.", "When does it open?"], model="rerank-2.5")
    assert [row.index for row in ranked.results] == [1, 0] and ranked.total_tokens > 0
    server.next(Fault("status", 429, body={"detail": "slow down"}))
    with pytest.raises(voyageai.error.RateLimitError):
        await client.embed(["a"], model="voyage-4")
    with pytest.raises(voyageai.error.AuthenticationError):
        await voyageai.AsyncClient(api_key="wrong", base_url=server.url).embed(["a"], model="voyage-4")
