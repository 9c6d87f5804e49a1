"""Our requests to Hugging Face and our emulator's answers, judged by its task schemas and by its own SDK."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.ports import LanguageRequest
from tests.contract.spec import judge, nullable
from tests.contract.test_openai_contract import CONVERSATION, STRICT, TOOLS
from tests.contract.wire import answer_to
from tests.emulators.huggingface import HuggingFace
from tests.emulators.openai_chat import WORDS, Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import Case, Running, running

GIVEN = {"llm": "aaditya/Llama3-OpenBioLLM-70B", "embedding": "BAAI/bge-m3", "options": {"query_prompt": "query"}}


def unnamed(part: Any) -> Any:
    """Each file calls itself by a path that is no address, and keeps to a later draft than it names."""
    return {k: v for k, v in part.items() if k not in ("$id", "$schema")}


def complaints(task: str, value: object) -> list[str]:
    return judge(f"huggingface/{task}.json", "", unnamed, nullable).complaints(value)


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Case("huggingface", HuggingFace, GIVEN), tmp_path) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(
    "request_",
    [
        LanguageRequest(CONVERSATION),
        LanguageRequest(CONVERSATION, tools=TOOLS),
        LanguageRequest(CONVERSATION, response_schema=STRICT),
    ],
)
async def test_every_form_of_our_request_and_of_its_answer_is_valid(it: Running, request_: LanguageRequest) -> None:
    await all_of(it.router.generate(it.call(), request_))
    body = it.emulator.requests[-1]["body"]
    assert complaints("chat-completion.input", body) == []
    for one in await answer_to(it.emulator, "/v1/chat/completions", body):
        assert complaints("chat-completion.stream_output", one) == []


@pytest.mark.slow
async def test_a_streamed_tool_call_is_valid(it: Running) -> None:
    it.emulator.next(Fault("tools"))
    body = {"messages": [{"role": "user", "content": "x"}], "stream": True}
    for one in await answer_to(it.emulator, "/v1/chat/completions", body):
        assert complaints("chat-completion.stream_output", one) == []


@pytest.mark.slow
async def test_vectors_are_asked_and_answered_as_specified(it: Running) -> None:
    await it.router.embed(it.call(), ["a", "b"], task="query")
    body = it.emulator.requests[-1]["body"]
    assert body["prompt_name"] == "query"
    assert complaints("feature-extraction.input", body) == []
    assert complaints("feature-extraction.output", await answer_to(it.emulator, "/", body)) == []
    assert complaints("feature-extraction.input", {"truncate": True})


async def test_hugging_faces_own_client_reads_the_emulators_answers() -> None:
    hub = pytest.importorskip("huggingface_hub", reason="the Hugging Face SDK is not installed")
    asked = [{"role": "user", "content": "x"}]
    async with HuggingFace() as server, hub.AsyncInferenceClient(base_url=server.url, api_key=server.key) as client:
        stream = await client.chat_completion(asked, stream=True)
        said = [c.choices[0].delta.content or "" async for c in stream if c.choices]
        assert "".join(said) == "".join(WORDS)
        vector = await client.feature_extraction("a", normalize=True)
        assert vector.shape == (1, 64)
        server.next(Fault("status", 503, body={"error": "Model is currently loading"}))
        with pytest.raises(hub.errors.HfHubHTTPError):
            await client.feature_extraction("a")
