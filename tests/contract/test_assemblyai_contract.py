"""AssemblyAI's specification and its own SDK as judges: of our query and frames, and of our emulator's answers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.contract.spec import document, judge, nullable
from tests.emulators.assemblyai import AssemblyAIEmulator
from tests.emulators.server import Fault
from tests.providers.contract.test_speech_to_text import finals, heard
from tests.providers.contract.vendors import CASES, running

OLDER, NEWER = "assemblyai/usm-streaming.yml", "assemblyai/usm-streaming-u3-pro.yml"
PAYLOADS = {
    "Begin": "SessionBegins",
    "Turn": "Turn",
    "Termination": "Termination",
    "SpeechStarted": "SpeechStarted",
    "ForceEndpoint": "ForceEndpoint",
    "Terminate": "SessionTermination",
}
A_TENTH = b"\1\0" * 1_600


def complaints(spec: str, frame: dict[str, Any]) -> list[str]:
    return judge(spec, f"/components/schemas/{PAYLOADS[frame['type']]}Payload", nullable).complaints(frame)


def as_typed(query: Any) -> dict[str, Any]:
    """The query as it was meant, for the SDK's own model of it: lists are sent as JSON."""
    return {name: orjson.loads(value) if value.startswith("[") else value for name, value in query.items()}


@pytest.mark.slow
@pytest.mark.parametrize(("note", "spec", "channel"), [("", NEWER, "streamingU3Pro"), ("older", OLDER, "streaming")])
async def test_all_that_goes_between_us_and_the_emulator_is_as_specified(
    tmp_path: Path, note: str, spec: str, channel: str
) -> None:
    models = pytest.importorskip("assemblyai.streaming.v3", reason="the AssemblyAI SDK is not installed")
    case = next(c for c in CASES if c.vendor == "assemblyai" and c.note == note)
    async with running(case, tmp_path) as it:
        it.emulator.transcripts.extend(["Good morning doctor.", "", "My ear hurts."])
        events = await heard(it, 30, 10, 20, keyterms=("metformin", "otitis media"))
        assert finals(events) == ["Good morning doctor.", "", "My ear hurts."]
        query = it.emulator.requests[0]["query"]
        known = models.RealTimeParameters.model_fields  # newer than the specification, which calls them the same
        assert set(query) <= set(known)
        models.RealTimeParameters.model_validate(as_typed(query))
        specified = set(document(spec)["channels"][channel]["parameters"])
        assert {"speech_model", "sample_rate", "encoding", "keyterms_prompt", "inactivity_timeout"} <= specified
        assert set(query) - specified <= {"language_codes", "language_detection"}
        texts = [f for f in it.emulator.received if not isinstance(f, bytes)]
        assert {f["type"] for f in texts} == {"ForceEndpoint", "Terminate"}
        assert {"Begin", "Turn", "Termination"} <= {f["type"] for f in it.emulator.sent}
        for frame in [*texts, *it.emulator.sent]:
            assert complaints(spec, frame) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "frame",
    [
        {"type": "Turn", "turn_order": 0},
        {"type": "Begin", "id": "x"},
        {"type": "Termination", "audio_duration_seconds": "1", "session_duration_seconds": 1},
    ],
)
def test_the_judge_refuses_what_is_wrong(frame: dict) -> None:
    assert complaints(OLDER, frame)


# ── the SDK ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def server() -> AsyncIterator[AssemblyAIEmulator]:
    async with AssemblyAIEmulator() as running_:
        yield running_


class Talk:
    """AssemblyAI's own client, connected, and all that it was told."""

    def __init__(self, server: AssemblyAIEmulator, key: str | None = None) -> None:
        sdk = pytest.importorskip("assemblyai.streaming.v3", reason="the AssemblyAI SDK is not installed")
        options = sdk.RealTimeTranscriberOptions(
            api_host=server.url.replace("http", "ws", 1), api_key=key or server.key, connect_timeout=10.0
        )
        self.sdk, self.client, self.told = sdk, sdk.AsyncRealTimeTranscriber(options), []
        for event in sdk.RealTimeEvents:
            self.client.on(event, lambda _, message: self.told.append(message))

    async def connect(self, **params: Any) -> None:
        await self.client.connect(self.sdk.RealTimeParameters(sample_rate=16_000, **params))

    def turns(self) -> list[Any]:
        return [m for m in self.told if getattr(m, "type", "") == "Turn" and m.end_of_turn]


async def test_assemblyais_own_client_hears_turns(server: AssemblyAIEmulator) -> None:
    server.transcripts.extend(["My ear hurts.", "Badly."])
    talk = Talk(server)
    await talk.connect(speech_model="universal-3-5-pro", keyterms_prompt=["otitis"], domain="medical-v1")
    for _ in range(5):
        await talk.client.stream(A_TENTH)
    await talk.client.force_endpoint()
    for _ in range(4):
        await talk.client.stream(A_TENTH)
    await talk.client.disconnect(terminate=True)
    assert [(t.transcript, t.turn_order) for t in talk.turns()] == [("My ear hurts.", 0), ("Badly.", 1)]
    kinds = [m.type for m in talk.told]
    assert (kinds[0], kinds[-1]) == ("Begin", "Termination") and "SpeechStarted" in kinds
    assert talk.told[-1].audio_duration_seconds == 1
    assert server.requests[0]["query"]["keyterms_prompt"] == '["otitis"]'


async def test_assemblyais_own_client_hears_a_turn_twice_where_it_is_formatted(server: AssemblyAIEmulator) -> None:
    server.transcripts.append("My ear hurts.")
    talk = Talk(server)
    await talk.connect(speech_model="universal-streaming-english", format_turns=True)
    for _ in range(5):
        await talk.client.stream(A_TENTH)
    await talk.client.force_endpoint()
    await talk.client.disconnect(terminate=True)
    assert [(t.transcript, t.turn_is_formatted) for t in talk.turns()] == [
        ("my ear hurts", False),
        ("My ear hurts.", True),
    ]


@pytest.mark.parametrize(
    ("sound", "code"), [(b"\1\0" * 160, 3007), (b"\1\0" * 16_160, 3007)], ids=["too short", "too long"]
)
async def test_assemblyais_own_client_is_told_of_sound_in_wrong_lengths(
    server: AssemblyAIEmulator, sound: bytes, code: int
) -> None:
    talk = Talk(server)
    await talk.connect(speech_model="u3-rt-pro")
    await talk.client.stream(sound)
    async with asyncio.timeout(20):
        while not any(isinstance(m, talk.sdk.RealTimeError) for m in talk.told):
            await asyncio.sleep(0.01)
    await talk.client.disconnect()
    assert code in [m.code for m in talk.told if isinstance(m, talk.sdk.RealTimeError)]


async def test_assemblyais_own_client_is_told_what_is_wrong(server: AssemblyAIEmulator) -> None:
    talk = Talk(server, "wrong")
    await talk.connect(speech_model="u3-rt-pro")
    assert [m.code for m in talk.told] == [401]
    server.next(Fault("status", 429, {"retry-after": "3"}))
    talk = Talk(server)
    await talk.connect(speech_model="u3-rt-pro")
    assert [m.code for m in talk.told] == [429]
