"""Our requests to Groq and our emulator's answers, judged by Groq's specification and by Groq's own SDK."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from auricle.providers.ports import LanguageRequest
from tests.contract.spec import judge, nullable
from tests.contract.test_openai_contract import CONVERSATION, STRICT, TOOLS
from tests.contract.wire import answer_to, as_form
from tests.emulators.groq import Groq
from tests.emulators.openai_chat import WORDS, Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.test_speech_to_text import RATE_HZ, spoken
from tests.providers.contract.vendors import Case, Running, running


def complaints(schema: str, value: object) -> list[str]:
    return judge("groq/openapi.yaml", f"/components/schemas/{schema}", nullable).complaints(value)


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Case("groq", Groq), tmp_path) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("model", ["openai/gpt-oss-20b", "qwen/qwen3.8-27b", "some-other-model"])
@pytest.mark.parametrize(
    "request_",
    [
        LanguageRequest(CONVERSATION),
        LanguageRequest(CONVERSATION, tools=TOOLS),
        LanguageRequest(CONVERSATION, response_schema=STRICT),
    ],
)
async def test_every_form_of_our_request_and_of_its_answer_is_valid(
    it: Running, request_: LanguageRequest, model: str
) -> None:
    await all_of(it.adapters.adapter("llm").generate(replace(request_, model=model)))
    body = it.emulator.requests[-1]["body"]
    assert complaints("CreateChatCompletionRequest", body) == []
    answered = await answer_to(it.emulator, "/chat/completions", body)
    if request_.response_schema is not None:
        assert complaints("CreateChatCompletionResponse", answered) == []
        return
    for one in answered:
        assert complaints("CreateChatCompletionStreamResponse", one) == []


@pytest.mark.slow
def test_the_judge_refuses_what_groq_does_not_know() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    assert complaints("CreateChatCompletionRequest", body) == []
    assert complaints("CreateChatCompletionRequest", {**body, "stream_options": {"include_usage": True}})
    assert complaints("CreateChatCompletionRequest", {**body, "reasoning_effort": "minimal"})


@pytest.mark.slow
async def test_files_are_transcribed_as_specified(it: Running) -> None:
    await all_of(it.router.transcribe(it.call("hi"), spoken(10), rate_hz=RATE_HZ, keyterms=["otitis"]))
    sent = it.emulator.requests[-1]["body"]
    assert complaints("CreateTranscriptionRequest", as_form(sent)) == []
    form = {k: v for k, v in sent.items() if k != "wav"}
    files = {"file": ("a.wav", sent["wav"])}
    answered = await answer_to(it.emulator, "/audio/transcriptions", None, data=form, files=files)
    assert complaints("CreateTranscriptionResponseJson", answered) == []
    assert complaints("ListModelsResponse", await answer_to(it.emulator, "/models", None)) == []


async def test_groqs_own_client_reads_the_emulators_answers() -> None:
    groq = pytest.importorskip("groq", reason="the Groq SDK is not installed")
    asked = [{"role": "user", "content": "x"}]
    async with Groq() as server:
        base_url = server.url.removesuffix("/openai/v1")  # the client adds it
        async with groq.AsyncGroq(api_key=server.key, base_url=base_url, max_retries=0) as client:
            stream = await client.chat.completions.create(model="openai/gpt-oss-20b", messages=asked, stream=True)
            chunks = [c async for c in stream]
            assert "".join(c.choices[0].delta.content or "" for c in chunks) == "".join(WORDS)
            assert chunks[-1].x_groq.usage.completion_tokens == 5
            server.transcripts.append("my ear hurts")
            heard = await client.audio.transcriptions.create(model="whisper-large-v3", file=("a.wav", b"RIFF" * 40))
            assert heard.text == "my ear hurts"
            with pytest.raises(groq.NotFoundError):
                await client.chat.completions.create(model="llama-3.3-70b-versatile", messages=asked)
            with pytest.raises(groq.BadRequestError):
                await client.chat.completions.create(
                    model="openai/gpt-oss-20b", messages=asked, reasoning_effort="none"
                )
            server.next(Fault("status", 429, {"retry-after": "1"}))
            with pytest.raises(groq.RateLimitError):
                await client.chat.completions.create(model="openai/gpt-oss-20b", messages=asked)
