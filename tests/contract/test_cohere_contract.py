"""Cohere's specification and Cohere's own SDK, each against our emulator; and our adapter against both."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.spec import judge
from tests.emulators.cohere import CohereEmulator
from tests.emulators.server import Fault
from tests.providers.contract.vendors import CASES, running

FILE = "cohere/cohere-openapi.yaml"
REQUEST = "/paths/~1v2~1{path}/post/requestBody/content/application~1json/schema"
RANKED = "/paths/~1v2~1rerank/post/responses/200/content/application~1json/schema"
EMBEDDED = "/components/schemas/EmbedByTypeResponse"
REFUSAL = "/components/responses/BadRequest/content/application~1json/schema"
CASE = next(case for case in CASES if case.vendor == "cohere")


def version_is_in_meta(document: Any) -> Any:
    """The file requires `api_version` of the answer itself; it stands in `meta`, as the file's own examples show."""
    schemas = {**document["components"]["schemas"]}
    embedded = dict(schemas["EmbedByTypeResponse"])
    embedded["required"] = [name for name in embedded["required"] if name != "api_version"]
    schemas["EmbedByTypeResponse"] = embedded
    return {**document, "components": {**document["components"], "schemas": schemas}}


def complaints(place: str, value: Any) -> list[str]:
    return judge(FILE, place, version_is_in_meta).complaints(value)


@pytest.fixture
async def server() -> AsyncIterator[CohereEmulator]:
    async with CohereEmulator() as running:
        yield running


@pytest.mark.slow
async def test_what_our_adapter_sends_and_what_the_emulator_answers_is_as_specified(tmp_path: Path) -> None:
    async with running(CASE, tmp_path) as it:
        for task in ("query", "document"):
            await it.router.embed(it.call(), ["My ear hurts.", "कान"], task=task)
        await it.router.rerank(it.call(), "ear", ["My ear hurts.", "The clinic opens at nine."])
        bodies = [(r["path"].removeprefix("/v2/"), r["body"]) for r in it.emulator.requests]
        assert [path for path, _ in bodies] == ["embed", "embed", "rerank"]
        for path, body in bodies:
            assert complaints(REQUEST.format(path=path), body) == []
            answer = await it.router.providers["it"].account.post(f"/v2/{path}", json=body)
            assert complaints(RANKED if path == "rerank" else EMBEDDED, answer) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("embed", {"model": "embed-v4.0", "texts": ["a"]}),
        ("embed", {"model": "embed-v4.0", "texts": ["a"], "input_type": "query"}),
        ("embed", {"model": "embed-v4.0", "texts": ["a"] * 97, "input_type": "search_query"}),
        ("rerank", {"model": "rerank-v4.0-pro", "query": "a"}),
    ],
)
async def test_judge_and_emulator_refuse_what_is_wrong(server: CohereEmulator, path: str, body: dict[str, Any]) -> None:
    import httpx2

    assert complaints(REQUEST.format(path=path), body)
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"{server.url}/v2/{path}", json=body, headers={"authorization": "Bearer right-key"})
    assert answer.status_code == 400
    assert complaints(REFUSAL, answer.json()) == [] and answer.json()["message"]


async def test_coheres_own_client_reads_the_emulator(server: CohereEmulator) -> None:
    cohere = pytest.importorskip("cohere", reason="the Cohere SDK is not installed")
    async with cohere.AsyncClientV2(api_key=server.key, base_url=server.url) as client:
        texts = ["My ear hurts.", "The clinic opens at nine."]
        embedded = await client.embed(
            model="embed-v4.0", texts=texts, input_type="search_query", embedding_types=["float"]
        )
        assert [len(vector) for vector in embedded.embeddings.float_] == [1536, 1536]
        assert embedded.meta.billed_units.input_tokens > 0
        ranked = await client.rerank(model="rerank-v4.0-pro", query="When does it open?", documents=[*texts, "open?"])
        assert sorted(row.index for row in ranked.results) == [0, 1, 2] and ranked.results[0].index != 0
        assert ranked.meta.billed_units.search_units == 1
        server.next(Fault("status", 429, body={"message": "slow down"}))
        with pytest.raises(cohere.errors.TooManyRequestsError):
            await client.rerank(model="m", query="a", documents=["b"], request_options={"max_retries": 0})
    async with cohere.AsyncClientV2(api_key="wrong", base_url=server.url) as stranger:
        with pytest.raises(cohere.errors.UnauthorizedError):
            await stranger.rerank(model="m", query="a", documents=["b"])
