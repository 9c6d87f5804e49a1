"""The least a server can do for the same call: `python -m bench.voice.floor CORE PORT WIRE`.

The same socket library, messages, pacing and delays; speech is told from silence by loudness; no network, provider,
database or record. What the product costs above this is what its work costs.
"""

import asyncio
import base64
import os
import sys
from typing import Any

import numpy as np
import orjson
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from auricle.voice.codec import mulaw_from_pcm16, pcm16_from_mulaw
from bench.voice.delays import FRAME_S, IDEAL_S, RATE_HZ, REPLY_S, START_S, STOP_S, tone

LOUD = 300
LEAD_S = 0.24
CHUNK_S = 0.04


class BrowserTalk:
    """The browser's messages, PCM16 at 16 kHz."""

    ready = '{"type":"session"}'
    cleared = '{"type":"interrupted"}'
    chunk = orjson.dumps(
        {
            "type": "audio_chunk",
            "data": base64.b64encode(tone(RATE_HZ, CHUNK_S)).decode(),
            "sample_rate": RATE_HZ,
            "encoding": "pcm16",
        }
    ).decode()

    def pcm(self, message: dict[str, Any]) -> bytes | None:
        return base64.b64decode(message["data"]) if message["type"] == "audio" else None

    def is_end(self, message: dict[str, Any]) -> bool:
        return bool(message["type"] == "end")


class TwilioTalk:
    """Media Streams, µ-law at 8 kHz."""

    ready = None
    cleared = '{"event":"clear","streamSid":"MZ"}'
    chunk = orjson.dumps(
        {
            "event": "media",
            "streamSid": "MZ",
            "media": {"payload": base64.b64encode(mulaw_from_pcm16(tone(8_000, CHUNK_S))).decode()},
        }
    ).decode()

    def pcm(self, message: dict[str, Any]) -> bytes | None:
        if message["event"] != "media":
            return None
        return pcm16_from_mulaw(base64.b64decode(message["media"]["payload"]))

    def is_end(self, message: dict[str, Any]) -> bool:
        return bool(message["event"] == "stop")


class BareCall:
    def __init__(self, socket: ServerConnection, talk: BrowserTalk | TwilioTalk) -> None:
        self._socket, self._talk = socket, talk
        self._speech_s = self._quiet_s = 0.0
        self._speaking = False
        self._reply: asyncio.Task[None] | None = None

    async def run(self) -> None:
        await self._socket.recv()
        if self._talk.ready:
            await self._socket.send(self._talk.ready)
        try:
            async for raw in self._socket:
                message: dict[str, Any] = orjson.loads(raw)
                if (pcm := self._talk.pcm(message)) is not None:
                    await self._hear(pcm)
                elif self._talk.is_end(message):
                    return
        except ConnectionClosed:
            return
        finally:
            if self._reply:
                self._reply.cancel()

    async def _hear(self, pcm: bytes) -> None:
        if np.frombuffer(pcm, "<i2").max() > LOUD:
            gap_s = self._quiet_s if self._speech_s else 0.0
            self._speech_s, self._quiet_s = self._speech_s + gap_s + FRAME_S, 0.0
            if not self._speaking and self._speech_s > START_S - FRAME_S / 2:
                self._speaking = True
                if self._reply and not self._reply.done():
                    self._reply.cancel()
                    await self._socket.send(self._talk.cleared)
        else:
            self._quiet_s += FRAME_S
            if self._quiet_s > STOP_S - FRAME_S / 2:
                if self._speaking:
                    self._reply = asyncio.create_task(self._answer())
                self._speaking, self._speech_s, self._quiet_s = False, 0.0, 0.0

    async def _answer(self) -> None:
        await asyncio.sleep(IDEAL_S - STOP_S)
        loop = asyncio.get_running_loop()
        begun, sent_s = loop.time(), 0.0
        while sent_s < REPLY_S:
            ahead_s = sent_s - (loop.time() - begun)
            if ahead_s > LEAD_S:
                await asyncio.sleep(ahead_s - LEAD_S)
            await self._socket.send(self._talk.chunk)
            sent_s += CHUNK_S


async def listen(port: int, wire: str) -> None:
    talk = TwilioTalk() if wire == "twilio" else BrowserTalk()
    async with serve(lambda socket: BareCall(socket, talk).run(), "127.0.0.1", port, compression=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    uvloop.run(listen(int(sys.argv[2]), sys.argv[3]))
