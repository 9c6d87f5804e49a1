"""Our requests to OpenAI and our emulator's answers, judged by OpenAI's specification and by OpenAI's own SDK."""

import base64
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auricle.providers.call import Call, Choice
from auricle.providers.dialects.openai_request import chat_body
from auricle.providers.ports import ANY_TOOL, ChatMessage, LanguageRequest, ProviderFailed, ToolCall, ToolSpec
from tests.contract.spec import judge, nullable
from tests.contract.wire import answer_to, as_form
from tests.emulators.openai import OpenAI
from tests.emulators.openai_chat import TOOL_DELTAS, USAGE_CHUNK, WORDS, Fault, chunk
from tests.providers.contract.conftest import all_of
from tests.providers.contract.test_speech_to_text import RATE_HZ, spoken
from tests.providers.contract.vendors import Case, Running, running

SPEC = "openai/openapi.yaml"
STRICT = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
CONVERSATION = [
    ChatMessage("system", "Be kind."),
    ChatMessage("user", "My ear hurts."),
    ChatMessage("assistant", "", (ToolCall("call_a", "find_slot", '{"day":"monday"}'),)),
    ChatMessage("tool", "10:30", (), "call_a"),
    ChatMessage("assistant", "At half past ten."),
]
TOOLS = [ToolSpec("find_slot", "Finds a free appointment.", STRICT)]


def complaints(schema: str, value: object) -> list[str]:
    return judge(SPEC, f"/components/schemas/{schema}", nullable).complaints(value)


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(Case("openai", OpenAI, {"tts": "gpt-4o-mini-tts"}), tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OpenAI]:
    async with OpenAI() as running_:
        yield running_


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt-6-luna", "gpt-6-astra", "gpt-5-mini", "o3", "gpt-4.1-mini"])
@pytest.mark.parametrize(
    "request_",
    [
        LanguageRequest(CONVERSATION),
        LanguageRequest(CONVERSATION, tools=TOOLS),
        LanguageRequest(CONVERSATION, tools=[ToolSpec("find_slot", "Finds.", STRICT)], must_call="find_slot"),
        LanguageRequest(CONVERSATION, tools=[ToolSpec("find_slot", "Finds.", STRICT)], must_call=ANY_TOOL),
        LanguageRequest(CONVERSATION, response_schema=STRICT),
    ],
)
async def test_every_form_of_our_request_and_of_its_answer_is_valid(
    it: Running, request_: LanguageRequest, model: str
) -> None:
    if model == "gpt-6-astra" and request_.tools:
        pytest.skip("this model takes tools elsewhere only")
    await all_of(it.adapters.adapter("llm").generate(replace(request_, model=model)))
    body = it.emulator.requests[-1]["body"]
    assert complaints("CreateChatCompletionRequest", body) == []
    for answered in await answer_to(it.emulator, "/chat/completions", body):
        assert complaints("CreateChatCompletionStreamResponse", answered) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        {"messages": None},
        {"temperature": 9},
        {"messages": [{"role": "usr", "content": "x"}]},
        {"response_format": {"type": "json_schema"}},
        {"tools": [{"type": "function"}]},
        {"reasoning_effort": "a lot"},
    ],
)
def test_the_judge_refuses_what_is_wrong(spoil: dict[str, Any]) -> None:
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
def test_every_chunk_of_the_emulator_is_valid(value: dict[str, Any]) -> None:
    assert complaints("CreateChatCompletionStreamResponse", value) == []


@pytest.mark.slow
async def test_embeddings_and_models_are_asked_and_answered_as_specified(it: Running) -> None:
    await it.router.embed(it.call(), ["a", "b"], task="document")
    body = it.emulator.requests[-1]["body"]
    assert complaints("CreateEmbeddingRequest", body) == []
    plain = await answer_to(it.emulator, "/embeddings", {**body, "encoding_format": "float"})  # base64 is not described
    assert complaints("CreateEmbeddingResponse", plain) == []
    assert complaints("ListModelsResponse", await answer_to(it.emulator, "/models", None)) == []


@pytest.mark.slow
@pytest.mark.parametrize("voice", ["marin", "voice_1234"])
async def test_speech_is_asked_as_specified(it: Running, voice: str) -> None:
    call = it.call(voice=voice, settings={"speed": 1.1, "instructions": "calmly"})
    await all_of(it.router.speak(call, "Please take a seat."))
    assert complaints("CreateSpeechRequest", it.emulator.requests[-1]["body"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("model", ["gpt-transcribe", "gpt-4o-transcribe", "whisper-1"])
async def test_files_are_transcribed_as_specified(it: Running, model: str) -> None:
    call = Call(None, [Choice("it", model)], retries=0)
    audio = spoken(10)
    await all_of(it.router.transcribe(call, audio, rate_hz=RATE_HZ, keyterms=["otitis"]))
    sent = it.emulator.requests[-1]["body"]
    assert complaints("CreateTranscriptionRequest", as_form(sent)) == []
    form = {k: v for k, v in sent.items() if k != "wav"}
    answered = await answer_to(
        it.emulator, "/audio/transcriptions", None, data=form, files={"file": ("a.wav", sent["wav"])}
    )
    if model == "whisper-1":
        assert complaints("CreateTranscriptionResponseJson", answered) == []
    else:
        assert len(answered) > 1
        for event in answered:
            assert complaints("CreateTranscriptionResponseStreamEvent", event) == []


@pytest.mark.slow
async def test_every_frame_of_a_live_session_is_valid_both_ways(it: Running) -> None:
    it.emulator.transcripts.extend(["my ear hurts since monday", ""])
    await all_of(it.router.transcribe(it.call("hi"), spoken(40, 5, 0), rate_hz=RATE_HZ, keyterms=["otitis"]))
    ours, theirs = it.emulator.received, it.emulator.sent
    assert {f["type"] for f in ours} == {"session.update", "input_audio_buffer.append", "input_audio_buffer.commit"}
    for frame in ours:
        assert complaints(f"RealtimeClientEvent{_named(frame)}", frame) == []
    transcription = ours[0]["session"]
    assert complaints("RealtimeTranscriptionSessionCreateRequestGA", transcription) == []
    assert {f["type"] for f in theirs} >= {"session.created", "session.updated", "input_audio_buffer.committed"}
    for frame in theirs:
        assert complaints(f"RealtimeServerEvent{_named(frame)}", frame) == []


@pytest.mark.slow
async def test_an_error_of_a_live_session_is_valid(it: Running) -> None:
    it.emulator.next(Fault("error_chunk"))
    with pytest.raises(ProviderFailed):
        await all_of(it.router.transcribe(it.call(), spoken(10), rate_hz=RATE_HZ))
    (error,) = [f for f in it.emulator.sent if f["type"] == "error"]
    assert complaints("RealtimeServerEventError", error) == []


def _named(frame: dict[str, Any]) -> str:
    """`input_audio_buffer.append` → `InputAudioBufferAppend`"""
    return "".join(part.title() for part in frame["type"].replace(".", "_").split("_"))


async def test_openais_own_client_reads_the_emulators_answers(server: OpenAI) -> None:
    openai = pytest.importorskip("openai", reason="the OpenAI SDK is not installed")
    async with openai.AsyncOpenAI(api_key=server.key, base_url=server.url, max_retries=0) as client:
        asked = [{"role": "user", "content": "x"}]
        stream = await client.chat.completions.create(model="gpt-6-luna", messages=asked, stream=True)
        said = [c.choices[0].delta.content or "" async for c in stream if c.choices]
        assert "".join(said) == "".join(WORDS)
        whole = await client.chat.completions.create(model="gpt-6-luna", messages=asked)
        assert whole.choices[0].message.content == "".join(WORDS)
        vectors = await client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])  # base64 by itself
        assert [(row.index, round(sum(n * n for n in row.embedding))) for row in vectors.data] == [(1, 4), (0, 4)]
        models = {m.id: m.shutdown_date async for m in client.models.list()}
        assert str(models["gpt-4o"]) == "2027-01-14"
        spoken_ = await client.audio.speech.create(
            model="gpt-4o-mini-tts", voice="marin", input="Hello", response_format="pcm"
        )
        assert len(spoken_.content) > 1_000
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(model="gpt-6-luna", messages=asked, temperature=0.2)
        assert caught.value.code == "unsupported_value"
        server.next(Fault("status", 429, {"retry-after": "1"}))
        with pytest.raises(openai.RateLimitError):
            await client.embeddings.create(model="text-embedding-3-small", input=["a"])


async def test_openais_own_client_transcribes_at_the_emulator(server: OpenAI) -> None:
    openai = pytest.importorskip("openai", reason="the OpenAI SDK is not installed")
    wav = ("a.wav", b"RIFF" + bytes(140))
    async with openai.AsyncOpenAI(api_key=server.key, base_url=server.url, max_retries=0) as client:
        server.transcripts.extend(["my ear hurts", "my ear hurts"])
        stream = await client.audio.transcriptions.create(
            model="gpt-transcribe", file=wav, stream=True, keywords=["otitis"], response_format="json"
        )
        events = [e async for e in stream]
        assert "".join(e.delta for e in events[:-1]) == events[-1].text == "my ear hurts"
        assert server.requests[-1]["body"]["keywords[]"] == ["otitis"]
        whole = await client.audio.transcriptions.create(model="whisper-1", file=wav)
        assert whole.text == "my ear hurts"


async def test_openais_own_client_holds_a_live_session_with_the_emulator(server: OpenAI) -> None:
    openai = pytest.importorskip("openai", reason="the OpenAI SDK is not installed")
    server.transcripts.append("my ear hurts since monday")
    client = openai.AsyncOpenAI(
        api_key=server.key, base_url=server.url, websocket_base_url=server.url.replace("http", "ws")
    )
    heard, final = "", ""
    async with client, client.realtime.connect(extra_query={"intent": "transcription"}) as live:
        await live.session.update(
            session={
                "type": "transcription",
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24_000},
                        "transcription": {"model": "gpt-live-transcribe"},
                        "turn_detection": None,
                    }
                },
            }
        )
        await live.input_audio_buffer.append(audio=base64.b64encode(b"\1\0" * 12_000).decode())
        await live.input_audio_buffer.commit()
        async for event in live:
            match event.type:
                case "conversation.item.input_audio_transcription.delta":
                    heard += event.delta
                case "conversation.item.input_audio_transcription.completed":
                    final = event.transcript
                    break
    assert heard == final == "my ear hurts since monday"
