"""Our requests and our emulator's answers, judged by Google's documents and by Google's own clients."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auricle.providers.dialects.gemini import content_body
from auricle.providers.ports import (
    ANY_TOOL,
    END_OF_SPEECH,
    ChatMessage,
    EndOfSpeech,
    LanguageRequest,
    ToolCall,
    ToolSpec,
)
from tests.contract.discovery import closed, converted, google_judge
from tests.contract.spec import judge
from tests.emulators.google import EMAIL, WORDS, GoogleEmulator
from tests.emulators.google_answers import USAGE, error, wrong_key
from tests.emulators.server import Fault
from tests.providers.contract.conftest import all_of
from tests.providers.contract.vendors import Case, Running, running

FORM = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
TOOL = ToolSpec("find_slot", "Finds a free appointment.", {"type": "object", "properties": {"day": {"type": "string"}}})
CONVERSATION = [
    ChatMessage("system", "Be kind."),
    ChatMessage("assistant", "Good morning."),
    ChatMessage("user", "My ear hurts."),
    ChatMessage("assistant", "", (ToolCall("call:a", "find_slot", '{"day":"monday"}'),)),
    ChatMessage("tool", "10:30", (), "call:a"),
    ChatMessage("assistant", "At half past ten."),
]
REQUESTS = [
    LanguageRequest(CONVERSATION),
    LanguageRequest(CONVERSATION, tools=[TOOL, ToolSpec("end_call", "Ends.", {})]),
    LanguageRequest(CONVERSATION, response_schema=FORM),
    LanguageRequest(CONVERSATION, tools=[TOOL], must_call=ANY_TOOL),
    LanguageRequest(CONVERSATION, tools=[TOOL], must_call=TOOL.name),
]
RATE_HZ = 16_000


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[GoogleEmulator]:
    async with GoogleEmulator() as made:
        yield made


@pytest.fixture(autouse=True)
def as_new(server: GoogleEmulator) -> None:
    server.forget()


@asynccontextmanager
async def adapted(folder: Path, with_service_account: bool) -> AsyncIterator[Running]:
    emulator = GoogleEmulator()
    key = emulator.service_account() if with_service_account else emulator.key
    async with running(Case("google", lambda: emulator), folder, key) as it:
        yield it


def gemini(name: str, value: Any) -> list[str]:
    return judge("gemini/openapi.json", f"/components/schemas/{name}", closed).complaints(value)


# ── the judges ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_schema_of_a_discovery_document_is_put_into_todays_words() -> None:
    assert converted(
        {
            "id": "X",
            "type": "object",
            "properties": {
                "a": {"type": "string", "required": True, "enum": ["b"], "enumDescriptions": ["…"]},
                "n": {"type": "integer", "format": "int32"},
                "x": {"type": "any"},
                "r": {"type": "array", "items": {"$ref": "Y"}},
                "m": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
            },
        }
    ) == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "enum": ["b"]},
            "n": {"type": "integer"},
            "x": {},
            "r": {"type": "array", "items": {"$ref": "urn:spec#/schemas/Y"}},
            "m": {
                "type": "object",
                "properties": {},
                "required": [],
                "additionalProperties": {"type": "string", "pattern": r"^[A-Za-z0-9+/_-]*=*$"},
            },
        },
        "required": ["a"],
        "additionalProperties": False,
    }


@pytest.mark.slow
@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("model", ["gemini-3.8-flash", "gemini-2.5-flash", "gemma-4-31b-it"])
@pytest.mark.parametrize("thinking", [None, "high"])
def test_every_form_of_our_request_is_valid(request_: LanguageRequest, model: str, thinking: str | None) -> None:
    assert gemini("GenerateContentRequest", content_body(request_, model, thinking)) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        {"max_tokens": 5},
        {"contents": [{"role": "user", "parts": [{"txt": "x"}]}]},
        {"contents": "x"},
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "SOME"}}},
        {"tools": [{"functionDeclarations": [{"title": "x"}]}]},
    ],
)
def test_the_judge_of_gemini_refuses_what_is_wrong(spoil: dict) -> None:
    assert gemini("GenerateContentRequest", content_body(REQUESTS[0], "gemini-3.8-flash") | spoil)


@pytest.mark.parametrize(
    ("file", "name", "wrong"),
    [
        ("texttospeech.v1", "SynthesizeSpeechRequest", {"audioConfig": {"audioEncoding": "WAV"}}),
        ("texttospeech.v1", "SynthesizeSpeechRequest", {"text": "x"}),
        ("speech.v1", "RecognizeRequest", {"config": {"sampleRateHertz": "16000"}}),
        ("speech.v1", "RecognizeRequest", {"audio": {"content": "not base64!"}}),
        ("translate.v2", "TranslateTextRequest", {"q": "x"}),
        ("translate.v3", "TranslateTextRequest", {"contents": ["x"], "q": []}),
    ],
)
def test_the_judges_of_the_other_services_refuse_what_is_wrong(file: str, name: str, wrong: dict) -> None:
    assert google_judge(file, name).complaints(wrong)


# ── we and the emulator ───────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.slow
async def test_all_that_goes_between_our_models_and_the_emulator_is_as_specified(tmp_path: Path) -> None:
    async with adapted(tmp_path, with_service_account=False) as it:
        it.emulator.thoughts = ["The waiting room", " is on the left."]
        for fault, request in [("none", REQUESTS[0]), ("tools", REQUESTS[1]), ("none", REQUESTS[2])]:
            it.emulator.next(Fault(fault))  # type: ignore[arg-type]
            await all_of(it.router.generate(it.call(), request))
        it.emulator.block_reason = "SAFETY"
        await all_of(it.router.generate(it.call(), REQUESTS[0]))
        bodies = [r["body"] for r in it.emulator.requests]
        assert len(bodies) == 4 and len(it.emulator.sent_pieces) > 15
        assert [c for body in bodies for c in gemini("GenerateContentRequest", body)] == []
        assert [c for one in it.emulator.sent_pieces for c in gemini("GenerateContentResponse", one)] == []
        it.emulator.forget()
        await it.router.embed(it.call(), ["a", "b"], task="document")
        assert gemini("BatchEmbedContentsRequest", it.emulator.requests[0]["body"]) == []
        assert gemini("BatchEmbedContentsResponse", it.emulator.sent_pieces[0]) == []


@pytest.mark.parametrize("with_service_account", [False, True])
async def test_all_that_goes_to_the_other_services_is_as_specified(tmp_path: Path, with_service_account: bool) -> None:
    async with adapted(tmp_path, with_service_account) as it:
        await all_of(it.router.speak(it.call("hi", settings={"speakingRate": 1.1, "pitch": 2.0}), "नमस्ते"))
        audio = spoken(bytes(RATE_HZ))
        await all_of(it.router.transcribe(it.call(), audio, rate_hz=RATE_HZ, keyterms=["metformin"]))
        await it.router.translate(it.call(), "Good morning.", source="en", target="hi")
        bodies = [r["body"] for r in it.emulator.requests if r["path"] != "/token"]
        third = ("translate.v3" if with_service_account else "translate.v2", "TranslateTextRequest")
        judges = [("texttospeech.v1", "SynthesizeSpeechRequest"), ("speech.v1", "RecognizeRequest"), third]
        assert [google_judge(*which).complaints(b) for which, b in zip(judges, bodies, strict=True)] == [[], [], []]


async def spoken(pcm: bytes) -> AsyncIterator[bytes | EndOfSpeech]:
    yield pcm
    yield END_OF_SPEECH


async def test_what_the_emulator_answers_for_the_other_services_is_as_specified(tmp_path: Path) -> None:
    async with adapted(tmp_path, with_service_account=True) as it:
        account = it.router.providers["it"].account
        voice = {"languageCode": "en-IN", "name": "en-IN-Chirp3-HD-Aoede"}
        asked = {
            "/v1/text:synthesize": {
                "input": {"text": "a"},
                "voice": voice,
                "audioConfig": {"audioEncoding": "LINEAR16"},
            },
            "/v1/speech:recognize": {
                "config": {"encoding": "LINEAR16", "sampleRateHertz": 8_000, "languageCode": "en-IN"},
                "audio": {"content": "AAAA"},
            },
            "/v3/projects/p/locations/global:translateText": {
                "contents": ["a"],
                "targetLanguageCode": "hi",
                "model": "projects/p/locations/global/models/general/nmt",
            },
        }
        names = ["SynthesizeSpeechResponse", "RecognizeResponse", "TranslateTextResponse"]
        files = ["texttospeech.v1", "speech.v1", "translate.v3"]
        for (path, body), file, name in zip(asked.items(), files, names, strict=True):
            answer = await account.post(path, json=body)
            assert answer and google_judge(file, name).complaints(answer) == []
        voices = await account.get("/v1/voices")
        assert google_judge("texttospeech.v1", "ListVoicesResponse").complaints(voices) == []
        answer = await account.post("/language/translate/v2", json={"q": ["a"], "target": "hi", "format": "text"})
        assert google_judge("translate.v2", "TranslationsListResponse").complaints(answer["data"]) == []


# ── Google's own clients and the emulator ─────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def client_of(server: GoogleEmulator, key: str | None = None) -> AsyncIterator[Any]:
    genai = pytest.importorskip("google.genai", reason="the Google Gen AI SDK is not installed")
    options = genai.types.HttpOptions(base_url=server.url)
    async with genai.Client(api_key=key or server.key, http_options=options).aio as client:
        yield client


async def test_googles_own_client_reads_the_emulators_stream(server: GoogleEmulator) -> None:
    server.thoughts = ["hm"]
    async with client_of(server) as client:
        stream = await client.models.generate_content_stream(model="gemini-3.8-flash", contents="x")
        pieces = [piece async for piece in stream]
        whole = await client.models.generate_content(model="gemini-3.8-flash", contents="x")
    thoughts = [p.text for piece in pieces for p in piece.candidates[0].content.parts if p.thought]
    assert "".join(piece.text or "" for piece in pieces) == "".join(WORDS) == whole.text and thoughts == ["hm"]
    counted = pieces[-1].usage_metadata
    assert (counted.prompt_token_count, counted.thoughts_token_count) == (20, USAGE["thoughtsTokenCount"])
    assert pieces[-1].candidates[0].finish_reason.value == "STOP"


async def test_googles_own_client_calls_tools_and_gives_back_what_they_said(server: GoogleEmulator) -> None:
    genai = pytest.importorskip("google.genai", reason="the Google Gen AI SDK is not installed")
    tools = [{"function_declarations": [{"name": n} for n in ("find_slot", "end_call")]}]
    server.next(Fault("tools"))
    async with client_of(server) as client:
        config = {"tools": tools, "automatic_function_calling": {"disable": True}}
        stream = await client.models.generate_content_stream(model="gemini-3.8-flash", contents="x", config=config)
        parts = [part async for piece in stream for part in piece.candidates[0].content.parts]
        calls = [part for part in parts if part.function_call]
        assert [(c.function_call.name, c.function_call.args) for c in calls] == [
            ("find_slot", {"day": "monday"}),
            ("end_call", {}),
        ]
        results = [
            genai.types.Part.from_function_response(name=c.function_call.name, response={"result": "done"})
            for c in calls
        ]
        history = [
            genai.types.UserContent("x"),
            genai.types.ModelContent(calls),
            genai.types.UserContent(results),
        ]
        answer = await client.models.generate_content(model="gemini-3.8-flash", contents=history, config=config)
    assert answer.text == "".join(WORDS)


async def test_googles_own_client_embeds_and_is_refused_as_by_google(server: GoogleEmulator) -> None:
    genai = pytest.importorskip("google.genai", reason="the Google Gen AI SDK is not installed")
    async with client_of(server) as client:
        config = {"task_type": "RETRIEVAL_QUERY", "output_dimensionality": 768}
        found = await client.models.embed_content(model="gemini-embedding-001", contents=["a", "b"], config=config)
        assert np.asarray([e.values for e in found.embeddings]).shape == (2, 768)
        server.next(Fault("status", 429))
        with pytest.raises(genai.errors.ClientError) as caught:
            await client.models.generate_content(model="gemini-3.8-flash", contents="x")
        assert (caught.value.code, caught.value.status) == (429, error(429)["error"]["status"])
    async with client_of(server, "wrong") as client:
        with pytest.raises(genai.errors.ClientError) as caught:
            await client.models.generate_content(model="gemini-3.8-flash", contents="x")
        assert (caught.value.code, caught.value.message) == (400, wrong_key()["error"]["message"])


async def test_googles_own_auth_gets_a_token_for_a_service_account(server: GoogleEmulator) -> None:
    accounts = pytest.importorskip("google.oauth2.service_account", reason="google-auth is not installed")
    transport = pytest.importorskip("google.auth.transport.requests", reason="google-auth has no transport")
    info = json.loads(server.service_account(token_uri=f"{server.url}/token"))
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    credentials = accounts.Credentials.from_service_account_info(info, scopes=scopes)
    await asyncio.to_thread(credentials.refresh, transport.Request())
    assert credentials.token in server.tokens and credentials.service_account_email == EMAIL
    assert credentials.valid and server.requests[-1]["body"]["grant_type"].endswith("jwt-bearer")
