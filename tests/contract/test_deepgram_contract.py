"""Deepgram's specification and its own SDK as judges: of our requests and frames, and of our emulator's answers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.spec import document, judge
from tests.emulators.deepgram import DeepgramEmulator
from tests.providers.contract.conftest import all_of
from tests.providers.contract.test_speech_to_text import finals, heard
from tests.providers.contract.vendors import CASES, Case, Running, running

SOCKETS, HTTP = "deepgram/asyncapi.yml", "deepgram/openapi.yml"
HALF_A_SECOND = b"\1\0" * 8_000
# As the SDK has them; the specification is some months older.
SINCE_THEN = ({"type": "ForceEndTurn"},)
SINCE_THEN_KEYS = {"trigger"}


def complaints(name: str, value: Any) -> list[str]:
    return judge(SOCKETS, f"/components/schemas/{name}").complaints(value)


def query_complaints(channel: str, query: Any) -> list[str]:
    """What is wrong with a query. Its values are text on the wire and are said to be text, or anything."""
    place = f"/channels/{channel.replace('/', '~1')}/bindings/ws/query"
    known = document(SOCKETS)["channels"][channel]["bindings"]["ws"]["query"]["properties"]
    given = {name: query.getlist(name) for name in query}
    unknown = [f"{name} is not in the specification" for name in sorted(set(given) - set(known))]
    return unknown + judge(SOCKETS, place).complaints({k: v[0] if len(v) == 1 else v for k, v in given.items()})


def case_of(note: str) -> Case:
    return next(c for c in CASES if c.vendor == "deepgram" and c.note == note)


async def two_utterances(it: Running) -> None:
    it.emulator.transcripts.extend(["good morning doctor", "", "my ear hurts"])
    events = await heard(it, 30, 10, 20, keyterms=("metformin", "otitis media"))
    assert finals(events) == ["good morning doctor", "", "my ear hurts"]


@pytest.mark.slow
@pytest.mark.parametrize("note", ["", "medical"])
async def test_all_that_goes_between_us_and_nova_is_as_specified(tmp_path: Path, note: str) -> None:
    async with running(case_of(note), tmp_path) as it:
        await two_utterances(it)
        assert query_complaints("/v1/listen", it.emulator.requests[0]["query"]) == []
        texts = [f for f in it.emulator.received if not isinstance(f, bytes)]
        assert {f["type"] for f in texts} == {"Finalize", "CloseStream"}
        for frame in texts:
            assert complaints(f"ListenV1_ListenV1{frame['type']}", frame) == []
        assert {f["type"] for f in it.emulator.sent} == {"Results", "Metadata"}
        for frame in it.emulator.sent:
            assert complaints(f"ListenV1_ListenV1{frame['type']}", frame) == []


@pytest.mark.slow
async def test_all_that_goes_between_us_and_flux_is_as_specified(tmp_path: Path) -> None:
    async with running(case_of("flux"), tmp_path) as it:
        await two_utterances(it)
        assert query_complaints("/v2/listen", it.emulator.requests[0]["query"]) == []
        texts = [f for f in it.emulator.received if not isinstance(f, bytes)]
        assert SINCE_THEN[0] in texts
        for frame in texts:
            assert frame in SINCE_THEN or complaints("ListenV2_ListenV2CloseStream", frame) == []
        assert [f["sequence_id"] for f in it.emulator.sent] == list(range(len(it.emulator.sent)))
        for frame in it.emulator.sent:
            known = {k: v for k, v in frame.items() if k not in SINCE_THEN_KEYS}
            assert complaints(f"ListenV2_ListenV2{frame['type']}", known) == []


@pytest.mark.slow
async def test_our_request_for_speech_and_the_list_of_voices_are_as_specified(tmp_path: Path) -> None:
    async with running(case_of(""), tmp_path) as it:
        await all_of(it.router.speak(it.call(settings={"speed": 1.1}), "Please take a seat."))
        asked = it.emulator.requests[0]
        assert judge(HTTP, "/components/schemas/SpeakV1Request").complaints(asked["body"]) == []
        operation = document(HTTP)["paths"]["/v1/speak"]["post"]
        known = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "query"}
        assert set(asked["query"]) <= set(known)
        for name, value in asked["query"].items():
            number = "number" in (known[name].get("type"), _kind(known[name]))
            typed = {"true": True, "false": False}.get(value, float(value) if number else value)
            schema = f"/paths/~1v1~1speak/post/parameters/{_place(operation, name)}/schema"
            assert judge(HTTP, schema, one_of_names).complaints(typed) == [], name
        await it.adapters.adapter("tts").voices()
        async with DeepgramEmulator() as server:
            answer = await _get(server, "/v1/models")
        assert judge(HTTP, "/components/schemas/ListModelsV1Response").complaints(answer) == []


def one_of_names(part: Any) -> Any:
    """`oneOf[the names known, any text]`: a known name is both, which `oneOf` refuses. Meant is `anyOf`."""
    if isinstance(part, list):
        return [one_of_names(p) for p in part]
    if not isinstance(part, dict):
        return part
    return {("anyOf" if key == "oneOf" else key): one_of_names(value) for key, value in part.items()}


def _kind(schema: dict[str, Any]) -> str:
    """The type of a schema that is named elsewhere in the file."""
    if "$ref" not in schema:
        return str(schema.get("type", ""))
    named = document(HTTP)["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return str(named.get("type", ""))


def _place(operation: dict[str, Any], name: str) -> int:
    return next(n for n, p in enumerate(operation["parameters"]) if p["name"] == name and p["in"] == "query")


async def _get(server: DeepgramEmulator, path: str) -> Any:
    async with httpx2.AsyncClient() as client:
        return (await client.get(server.url + path, headers={"authorization": f"Token {server.key}"})).json()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("channel", "query"),
    [
        ("/v1/listen", {"model": "nova-9"}),
        ("/v1/listen", {"encoding": "mp4"}),
        ("/v1/listen", {"interim_results": "yes"}),
        ("/v2/listen", {"model": "nova-3"}),
    ],
)
def test_the_judge_refuses_what_is_wrong(channel: str, query: dict[str, str]) -> None:
    place = f"/channels/{channel.replace('/', '~1')}/bindings/ws/query"
    assert judge(SOCKETS, place).complaints(query)
    assert complaints("ListenV1_ListenV1Results", {"type": "Results", "start": 0.0})


# ── the SDK ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def server() -> AsyncIterator[DeepgramEmulator]:
    async with DeepgramEmulator() as running_:
        yield running_


def client_of(server: DeepgramEmulator, key: str | None = None) -> Any:
    deepgram = pytest.importorskip("deepgram", reason="the Deepgram SDK is not installed")
    from deepgram.environment import DeepgramClientEnvironment

    ws = server.url.replace("http", "ws", 1)
    environment = DeepgramClientEnvironment(base=server.url, production=ws, agent=ws, agent_rest=server.url)
    return deepgram.AsyncDeepgramClient(api_key=key or server.key, environment=environment)


async def test_deepgrams_own_client_hears_by_nova(server: DeepgramEmulator) -> None:
    server.transcripts.extend(["good morning", "my ear hurts"])
    asked = {"encoding": "linear16", "sample_rate": 16_000, "interim_results": True, "keyterm": ["otitis", "wax"]}
    async with client_of(server).listen.v1.connect(model="nova-3", **asked) as socket:
        await socket.send_media(HALF_A_SECOND)
        await socket.send_finalize()
        await socket.send_keep_alive()
        await socket.send_media(HALF_A_SECOND)
        await socket.send_close_stream()
        messages = [message async for message in socket]
    said = [m for m in messages if m.type == "Results" and m.is_final]
    assert [m.channel.alternatives[0].transcript for m in said] == ["good morning", "my ear hurts"]
    assert [m.from_finalize for m in said] == [True, False]
    assert (messages[-1].type, messages[-1].duration) == ("Metadata", 1.0)
    assert server.requests[0]["query"].getlist("keyterm") == ["otitis", "wax"]


async def test_deepgrams_own_client_hears_by_flux(server: DeepgramEmulator) -> None:
    server.transcripts.extend(["good morning", "my ear hurts"])
    asked = {"encoding": "linear16", "sample_rate": 16_000, "eager_eot_threshold": 0.4}
    async with client_of(server).listen.v2.connect(model="flux-general-en", **asked) as socket:
        await socket.send_media(HALF_A_SECOND)
        await socket.send_force_end_turn()
        await socket.send_media(HALF_A_SECOND)
        for _ in range(5):
            await socket.send_media(bytes(3_200))
        await socket.send_close_stream()
        messages = [message async for message in socket]
    turns = [m for m in messages if m.type == "TurnInfo"]
    assert [m.transcript for m in turns if m.event == "EndOfTurn"] == ["good morning", "my ear hurts"]
    assert [m.trigger for m in turns if m.event == "EndOfTurn"] == ["manual", "model"]
    assert {"StartOfTurn", "EagerEndOfTurn"} <= {m.event for m in turns}


async def test_deepgrams_own_client_speaks_and_lists_voices(server: DeepgramEmulator) -> None:
    client = client_of(server)
    asked = {"model": "aura-2-thalia-en", "encoding": "linear16", "sample_rate": 16_000, "container": "none"}
    pcm = b"".join([piece async for piece in client.speak.v1.audio.generate(text="Good morning.", **asked)])
    assert len(pcm) == 2 * int(13 * 0.04 * 16_000)
    listed = await client.manage.v1.models.list()
    assert "aura-2-apollo-en" in [voice.canonical_name for voice in listed.tts]


async def test_deepgrams_own_client_is_told_what_is_wrong(server: DeepgramEmulator) -> None:
    from deepgram.core.api_error import ApiError

    with pytest.raises(ApiError) as caught:
        async with client_of(server, "wrong").listen.v1.connect(model="nova-3"):
            pass
    assert caught.value.status_code == 401
    with pytest.raises(ApiError) as caught:
        async with client_of(server).listen.v1.connect(model="nova-3", language="xx", encoding="linear16"):
            pass
    assert caught.value.status_code == 400
    with pytest.raises(ApiError) as caught:
        async for _ in client_of(server).speak.v1.audio.generate(text=" ", model="aura-2-thalia-en"):
            pass
    assert caught.value.status_code == 400
