"""The simulated providers as a process of their own: `python -m bench.voice.providers CORE PORT`.

The same words and delays as in process, over the protocols that vendors speak: `/v1/chat/completions` streams
server-sent events, `/v1/audio/speech` raw PCM in pieces, `/v1/stt` is a WebSocket. Peers can be pointed at it too.
"""

import asyncio
import os
import sys
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvicorn

from bench.voice.delays import (
    FIRST_SOUND_S,
    FIRST_TOKEN_S,
    TOKEN_S,
    TOKENS,
    VOICE_PIECE_S,
    VOICE_RATE_HZ,
    VOICE_SPEED,
    WORD_S,
    tone,
)
from bench.voice.recognizer import Recognizer

PIECE = tone(VOICE_RATE_HZ, VOICE_PIECE_S)


def event(delta: dict[str, str], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {"id": "b", "object": "chat.completion.chunk", "created": 1, "model": "bench", "choices": choices}
    return b"data: " + orjson.dumps(chunk | ({"usage": usage} if usage else {})) + b"\n\n"


TOKEN_EVENTS = [event({"role": "assistant", "content": token}) for token in TOKENS]
LAST_EVENTS = (
    event({}, "stop")
    + event({}, usage={"prompt_tokens": 100, "completion_tokens": len(TOKENS), "total_tokens": 100 + len(TOKENS)})
    + b"data: [DONE]\n\n"
)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await hear(parse_qs(scope["query_string"].decode()), receive, send)
    elif scope["path"].endswith("/chat/completions"):
        await body_of(receive)
        await write(send)
    elif scope["path"].endswith("/audio/speech"):
        asked = orjson.loads(await body_of(receive))
        await speak(asked["input"], send)


async def body_of(receive: Any) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


async def begin(send: Any, content_type: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", content_type)]})


async def write(send: Any) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time() + FIRST_TOKEN_S
    await begin(send, b"text/event-stream")
    for token in TOKEN_EVENTS:
        await asyncio.sleep(max(0.0, due - loop.time()))
        await send({"type": "http.response.body", "body": token, "more_body": True})
        due += TOKEN_S
    await send({"type": "http.response.body", "body": LAST_EVENTS})


async def speak(text: str, send: Any) -> None:
    loop = asyncio.get_running_loop()
    due = loop.time() + FIRST_SOUND_S
    await begin(send, b"application/octet-stream")
    for _ in range(max(1, round(len(text.split()) * WORD_S / VOICE_PIECE_S))):
        await asyncio.sleep(max(0.0, due - loop.time()))
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
        due += VOICE_PIECE_S / VOICE_SPEED
    await send({"type": "http.response.body", "body": b""})


async def hear(query: dict[str, list[str]], receive: Any, send: Any) -> None:
    """`?rate=` names the audio; with `endpoint` the recognizer itself says when an utterance is over."""

    async def tell(**told: object) -> None:
        await send({"type": "websocket.send", "text": orjson.dumps(told).decode()})

    recognizer = Recognizer(int(query["rate"][0]))
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if (pcm := message.get("bytes")) is not None:
            if (words := recognizer.interim(pcm)) is not None:
                ends = recognizer.is_complete and "endpoint" in query
                await tell(text=recognizer.final() if ends else words, is_final=ends)
        elif message["text"] == "end":
            await tell(text=recognizer.final(), is_final=True)
        else:
            await tell(audio_s=recognizer.heard_s)
            return


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    uvicorn.run(
        application,
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        lifespan="off",
        backlog=2048,
    )
