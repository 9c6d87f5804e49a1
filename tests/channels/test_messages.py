"""Every message of the browser's wire, in every form it may take. docs/guides/websocket.md is checked against it."""

import asyncio
import base64
import re
import wave
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect

import auricle.demo
from auricle.agents.prompts import UNKNOWN
from auricle.channels.protocols.browser import BrowserWire, InitSession
from auricle.channels.wire import BadAudio, BadMessage
from auricle.voice.codec import mulaw_from_pcm16
from tests.channels.conftest import Clinic
from tests.channels.patient import App
from tests.channels.talking import events_of
from tests.emulators.openai_chat import OpenAIEmulator

WORDS = "Where do I sit when I come in"
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "websocket.md"
RECORDING = Path(auricle.demo.__file__).parent / "audio" / "02-since.wav"
FORMS = [(encoding, rate, binary) for encoding in ("pcm16", "mulaw") for rate in (8000, 16000) for binary in (0, 1)]


def recording(rate_hz: int) -> bytes:
    with wave.open(str(RECORDING)) as file:
        pcm = file.readframes(int(file.getframerate() * 1.2))
    return pcm if rate_hz == 16_000 else b"".join(pcm[at : at + 2] for at in range(0, len(pcm), 4))


async def test_a_spoken_turn_in_every_form_of_audio(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    emulated.transcripts.extend([WORDS] * 40)
    for pair in zip(FORMS[::2], FORMS[1::2], strict=True):
        await asyncio.gather(*(spoken_turn(clinic, *form) for form in pair))


async def spoken_turn(clinic: Clinic, encoding: str, rate_hz: int, binary: int) -> None:
    form: dict[str, Any] = {"encoding": encoding, "sample_rate": rate_hz, "binary": bool(binary)}
    form |= {"sound": True, "visemes": False}
    app = await (await App.of(clinic, "good ears")).open(audio=form)
    assert app.session["audio"] == form
    speaking = asyncio.create_task(speak(app.socket, recording(rate_hz), **form))
    sounds: list[bytes] = []
    kinds: set[str] = set()
    async with asyncio.timeout(30):
        while "metrics" not in kinds:
            raw = await app.socket.recv()
            if isinstance(raw, bytes):
                sounds.append(raw)
                continue
            told = orjson.loads(raw)
            kinds.add(told["type"])
            if told["type"] == "audio_chunk":
                assert (told["encoding"], told["sample_rate"]) == (encoding, rate_hz) and not binary
                sounds.append(base64.b64decode(told["data"]))
            elif told["type"] == "mark":
                await app.socket.send(orjson.dumps({"type": "played", "mark": told["mark"]}).decode())
    speaking.cancel()
    assert {"transcript", "ai_response", "mark", "metrics"} <= kinds
    bytes_a_second = rate_hz * (1 if encoding == "mulaw" else 2)
    assert 0.5 < sum(map(len, sounds)) / bytes_a_second < 6
    await app.hang_up()


async def speak(
    live: ClientConnection, pcm: bytes, *, encoding: str, sample_rate: int, binary: bool, **_: bool
) -> None:
    frame = sample_rate // 50 * 2
    for start in range(0, len(pcm) + sample_rate * 2, frame):
        piece = pcm[start : start + frame].ljust(frame, b"\0")
        data = mulaw_from_pcm16(piece) if encoding == "mulaw" else piece
        if binary:
            await live.send(data)
        else:
            await live.send(orjson.dumps({"type": "audio", "data": base64.b64encode(data).decode()}).decode())
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("path", ["/api/v1/ws/streaming", "/ws/assistant"])
@pytest.mark.parametrize("how", ["subprotocol", "init-session"])
async def test_both_addresses_take_the_ticket_in_both_places(clinic: Clinic, path: str, how: str) -> None:
    opened = await clinic.opened(type="voice")
    async with clinic.client() as http:
        issued = await http.post("/api/v1/ws/tickets", json={"consultation_id": opened["consultation_id"]})
    ticket = issued.json()["ticket"]
    offered: Any = ["auricle.v1", f"ticket.{ticket}"] if how == "subprotocol" else ["auricle.v1"]
    init = {"type": "init-session", "consultation_id": opened["consultation_id"], "language": "en"}
    if how == "init-session":
        init["ticket"] = ticket
    async with connect(clinic.service.url.replace("http", "ws") + path, subprotocols=offered) as live:
        assert live.subprotocol == "auricle.v1"
        await live.send(orjson.dumps(init).decode())
        assert orjson.loads(await live.recv())["language"] == "en"


async def test_an_interruption_drops_what_is_queued_and_keeps_what_was_heard(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    emulated.words = ["Please bring your old hearing aid.", " Then take a seat in the hall and wait for us."]
    app = await (await App.of(clinic)).open()
    await app.ask(WORDS)
    await app.until("ai_response")
    await asyncio.sleep(0.8)
    await app.socket.send('{"type":"interrupt"}')
    await app.until("interrupted")
    await app.until("metrics")
    await app.hang_up()
    answer = (await clinic.transcript(app.consultation_id))[1]
    assert answer["interrupted"]


# ── the wire alone ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "frame",
    ["", "{", "7", "null", "[]", '{"type":1}', '{"type":"audio","data":null}', '{"type":"text","text":[]}',
     '{"type":"played","mark":""}', '{"type":"init-session"}', '{"type":"audio","data":"====" }'],
)  # fmt: skip
def test_what_is_no_message_is_named(frame: str) -> None:
    with pytest.raises((BadMessage, BadAudio)):
        BrowserWire().read(frame)


def test_the_guide_names_every_message_and_its_examples_are_valid() -> None:
    guide = GUIDE.read_text("utf-8")
    for kind in ("session", "transcript", "ai_response", "audio_chunk", "visemes", "mark", "interrupted", "metrics",
                 "error", "session_ended", "init-session", "audio", "text", "played", "interrupt", "end"):  # fmt: skip
        assert f"`{kind}`" in guide, kind
    client, server = 0, 0
    for block in re.findall(r"```json\n(.*?)```", guide, re.DOTALL):
        for line in block.strip().splitlines():
            told = orjson.loads(line)
            if told["type"] == "init-session":
                InitSession.model_validate(told)
                client += 1
            elif "seq" not in told and told["type"] not in ("audio_chunk", "visemes"):
                BrowserWire().read(line)
                client += 1
            else:
                server += 1
    assert client >= 7 and server >= 10


# ── text by POST and as a stream ──────────────────────────────────────────────────────────────────────────────────
async def test_the_same_idempotency_key_asks_once(clinic: Clinic) -> None:
    opened = await clinic.opened()
    body, key = {"session_id": opened["session_id"], "text": WORDS}, {"Idempotency-Key": "asked-once"}
    async with clinic.client() as http:
        first = await http.post("/api/v1/conversation/message", json=body, headers=key)
        second = await http.post("/api/v1/conversation/message", json=body, headers=key)
    assert first.raise_for_status().json()["message_id"] == second.raise_for_status().json()["message_id"]
    assert len(await clinic.transcript(opened["consultation_id"])) == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": WORDS}, "validation.invalid"),
        ({"session_id": "x", "text": WORDS}, "validation.invalid"),
        ({"text": "", "session_id": "0199c0de-0000-7000-8000-000000000001"}, "validation.invalid"),
        ({"text": "x" * 4001, "session_id": "0199c0de-0000-7000-8000-000000000001"}, "validation.invalid"),
        ({"text": "x", "session_id": "0199c0de-0000-7000-8000-000000000001"}, "not_found"),
        ({"text": "x", "consultation_id": "0199c0de-0000-7000-8000-000000000001"}, "not_found"),
    ],
)
async def test_a_bad_message_is_named(clinic: Clinic, body: dict[str, str], code: str) -> None:
    async with clinic.client() as http:
        plain = await http.post("/api/v1/conversation/message", json=body)
        streamed = await http.post("/api/v1/conversation/message", json=body, headers={"accept": "text/event-stream"})
    assert plain.json()["error_code"] == streamed.json()["error_code"] == code
    assert plain.headers["content-type"] == "application/problem+json"


async def test_a_mere_yes_in_writing_looks_nothing_up(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    """What the knowledge does not hold is told to the model, so where nothing is told nothing was looked up."""
    opened = await clinic.opened()
    async with clinic.client() as http:
        for words in (WORDS, "Yes, okay"):
            body = {"session_id": opened["session_id"], "text": words}
            (await http.post("/api/v1/conversation/message", json=body)).raise_for_status()
    asked = [one["body"]["messages"] for one in emulated.requests if one["path"].endswith("completions")]
    assert [UNKNOWN in [m["content"] for m in told] for told in asked] == [True, False]


async def test_messages_sent_at_once_are_answered_in_their_order(clinic: Clinic) -> None:
    opened = await clinic.opened()
    sent = [f"{WORDS} for the time numbered {n}" for n in range(6)]

    async def say(number: int) -> int:
        await asyncio.sleep(0.05 * number)
        async with clinic.client() as http:
            body = {"session_id": opened["session_id"], "text": sent[number]}
            return (await http.post("/api/v1/conversation/message", json=body)).status_code

    assert await asyncio.gather(*(say(n) for n in range(6))) == [200] * 6
    kept = await clinic.transcript(opened["consultation_id"])
    assert [m["sender"] for m in kept] == ["patient", "assistant"] * 6
    assert [m["text"] for m in kept if m["sender"] == "patient"] == sent


async def test_more_messages_than_may_wait_are_refused_at_once(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    opened = await clinic.opened()
    async with clinic.client() as http:
        body = {"session_id": opened["session_id"], "text": WORDS}
        answers = await asyncio.gather(*(http.post("/api/v1/conversation/message", json=body) for _ in range(16)))
    refused = [a.json()["error_code"] for a in answers if a.status_code == 409]
    assert refused and set(refused) == {"session.too_many_waiting"}
    assert len(refused) + sum(a.status_code == 200 for a in answers) == 16
    assert len(await clinic.transcript(opened["consultation_id"])) == 2 * (16 - len(refused))


async def test_a_reader_who_leaves_a_stream_holds_nobody_up(clinic: Clinic) -> None:
    opened = await clinic.opened()
    body = {"session_id": opened["session_id"], "text": WORDS}
    async with clinic.client() as http:
        async with http.stream(
            "POST", "/api/v1/conversation/message", json=body, headers={"accept": "text/event-stream"}
        ) as answer:
            async for kind, _ in events_of(answer):
                assert kind == "delta"
                break
        again = await http.post("/api/v1/conversation/message", json=body)
    assert again.status_code == 200
    assert [m["sender"] for m in await clinic.transcript(opened["consultation_id"])] == ["patient", "assistant"] * 2
