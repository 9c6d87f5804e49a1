"""Our requests and our emulator's answers, judged by OpenAI's specification and by OpenAI's own SDK."""

from collections.abc import AsyncIterator

import orjson
import pytest

from auricle.providers.dialects.openai_request import chat_body
from auricle.providers.ports import ChatMessage, LanguageRequest, ToolCall, ToolSpec
from tests.contract.spec import judge, nullable
from tests.emulators.openai_chat import TOOL_DELTAS, USAGE_CHUNK, WORDS, Fault, OpenAIEmulator, chunk

SPEC = "openai/openapi.yaml"
STRICT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CONVERSATION = [
    ChatMessage("system", "Be kind."),
    ChatMessage("user", "My ear hurts."),
    ChatMessage("assistant", "", (ToolCall("call_a", "find_slot", '{"day":"monday"}'),)),
    ChatMessage("tool", "10:30", (), "call_a"),
    ChatMessage("assistant", "At half past ten."),
]


def complaints(schema: str, value: object) -> list[str]:
    return judge(SPEC, f"/components/schemas/{schema}", nullable).complaints(value)


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OpenAIEmulator]:
    async with OpenAIEmulator() as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize(
    "request_",
    [
        LanguageRequest(CONVERSATION),
        LanguageRequest(CONVERSATION, tools=[ToolSpec("find_slot", "Finds a free appointment.", STRICT)]),
        LanguageRequest(CONVERSATION, response_schema=STRICT),
    ],
)
def test_every_form_of_our_request_is_valid(request_: LanguageRequest) -> None:
    assert complaints("CreateChatCompletionRequest", chat_body(request_, "gpt-6-luna")) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        {"messages": None},
        {"temperature": 9},
        {"messages": [{"role": "usr", "content": "x"}]},
        {"response_format": {"type": "json_schema"}},
        {"tools": [{"type": "function"}]},
    ],
)
def test_the_judge_refuses_what_is_wrong(spoil: dict) -> None:
    assert complaints("CreateChatCompletionRequest", chat_body(LanguageRequest(CONVERSATION), "m") | spoil)


@pytest.mark.slow
@pytest.mark.parametrize(
    "value",
    [
        chunk({"role": "assistant", "content": "", "refusal": None}),
        chunk({"content": "a"}),
        chunk(finish="stop"),
        USAGE_CHUNK,
        *[chunk(d) for d in TOOL_DELTAS],
    ],
)
def test_every_chunk_of_the_emulator_is_valid(value: dict) -> None:
    assert complaints("CreateChatCompletionStreamResponse", orjson.loads(orjson.dumps(value))) == []


async def test_openais_own_client_reads_the_emulators_stream(server: OpenAIEmulator) -> None:
    openai = pytest.importorskip("openai", reason="the OpenAI SDK is not installed")
    async with openai.AsyncOpenAI(api_key=server.key, base_url=server.url, max_retries=0) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "x"}], stream=True
        )
        said = [c.choices[0].delta.content or "" async for c in stream if c.choices]
        assert "".join(said) == "".join(WORDS)
        vectors = await client.embeddings.create(model="m", input=["a", "b"], encoding_format="float")
        assert [row.index for row in vectors.data] == [1, 0]
        heard = await client.audio.transcriptions.create(model="m", file=("a.wav", b"RIFF" + bytes(140)))
        assert heard.text
        server.next(Fault("status", 429, {"retry-after": "1"}))
        with pytest.raises(openai.RateLimitError):
            await client.embeddings.create(model="m", input=["a"])
