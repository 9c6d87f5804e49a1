"""The shared bench's peers with their providers over real sockets. Run by the peer's interpreter, outside this project.

`python socket_fakes.py pipecat|livekit SHARED_FOLDER PROVIDERS_URL PORT`: the peer's own server with its three fakes
replaced by clients of `providers.py`, which speak what our own adapters speak: a WebSocket recognizer, server-sent
events, raw PCM in pieces.
"""

import asyncio
import importlib
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import uvicorn

PEER, SHARED, URL, PORT = sys.argv[1:5]
sys.path.insert(0, SHARED)
sys.argv = [sys.argv[0], PORT]
peer: Any = importlib.import_module(f"{PEER}_server")
sessions: list[aiohttp.ClientSession] = []


def http() -> aiohttp.ClientSession:
    """One pool of connections for all calls."""
    if not sessions:
        sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    return sessions[0]


async def tokens() -> AsyncIterator[str]:
    body = {"model": "bench", "stream": True, "messages": [{"role": "user", "content": "x"}]}
    async with http().post(f"{URL}/chat/completions", json=body) as answer:
        async for line in answer.content:
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                if content := choice["delta"].get("content"):
                    yield content


async def speech(text: str) -> AsyncIterator[bytes]:
    async with http().post(f"{URL}/audio/speech", json={"model": "bench", "input": text, "voice": "a"}) as answer:
        rest = b""
        async for piece in answer.content.iter_any():
            piece = rest + piece
            whole = len(piece) & ~1
            rest = piece[whole:]
            if whole:
                yield piece[:whole]


async def recognizer(rate_hz: int) -> aiohttp.ClientWebSocketResponse:
    return await http().ws_connect(f"{URL.replace('http', 'ws', 1)}/stt?rate={rate_hz}&endpoint=1", compress=0)


def replace_pipecat() -> None:
    class SocketSTT(peer.FakeSTT):  # type: ignore[misc]
        socket: Any = None

        async def run_stt(self, audio: bytes) -> AsyncIterator[None]:
            if self.socket is None:
                self.socket = await recognizer(self.r)
                self.create_task(self.read(), "read")
            await self.socket.send_bytes(audio)
            yield None

        async def read(self) -> None:
            async for message in self.socket:
                told = json.loads(message.data)
                if told["is_final"]:
                    frame = peer.TranscriptionFrame(told["text"], "", "")
                    frame.finalized = True
                else:
                    frame = peer.InterimTranscriptionFrame(told["text"], "", "")
                await self.push_frame(frame)

        async def cleanup(self) -> None:
            await super().cleanup()
            if self.socket is not None:
                await self.socket.close()

    class SocketLLM(peer.FakeLLM):  # type: ignore[misc]
        async def process_frame(self, frame: Any, direction: Any) -> None:
            if not isinstance(frame, peer.LLMContextFrame):
                await super().process_frame(frame, direction)
                return
            await peer.LLMService.process_frame(self, frame, direction)
            await self.push_frame(peer.LLMFullResponseStartFrame())
            async for token in tokens():
                await self.push_frame(peer.LLMTextFrame(token))
            await self.push_frame(peer.LLMFullResponseEndFrame())

    class SocketTTS(peer.FakeTTS):  # type: ignore[misc]
        async def run_tts(self, text: str, context_id: str) -> AsyncIterator[Any]:
            async for frame in self._stream_audio_frames_from_iterator(
                speech(text), in_sample_rate=peer.fakes.TTS_RATE, context_id=context_id
            ):
                yield frame

    peer.FakeSTT, peer.FakeLLM, peer.FakeTTS = SocketSTT, SocketLLM, SocketTTS


def replace_livekit() -> None:
    async def recognize(self: Any) -> None:
        socket: Any = None
        reading: Any = None

        async def read() -> None:
            kinds = peer.stt.SpeechEventType
            async for message in socket:
                told = json.loads(message.data)
                kind = kinds.FINAL_TRANSCRIPT if told["is_final"] else kinds.INTERIM_TRANSCRIPT
                said = peer.stt.SpeechData(text=told["text"], language=peer.LanguageCode("en"))
                self._event_ch.send_nowait(peer.stt.SpeechEvent(type=kind, alternatives=[said]))

        try:
            async for frame in self._input_ch:
                if not isinstance(frame, peer.rtc.AudioFrame):
                    continue
                if socket is None:
                    socket = await recognizer(frame.sample_rate)
                    reading = asyncio.create_task(read())
                await socket.send_bytes(bytes(frame.data))
        finally:
            if socket is not None:
                reading.cancel()
                await socket.close()

    async def write(self: Any) -> None:
        async for token in tokens():
            delta = peer.ChoiceDelta(role="assistant", content=token)
            self._event_ch.send_nowait(peer.ChatChunk(id="x", delta=delta))

    async def speak(self: Any, out: Any) -> None:
        out.initialize(
            request_id=peer.utils.shortuuid(), sample_rate=peer.fakes.TTS_RATE, num_channels=1, mime_type="audio/pcm"
        )
        async for piece in speech(self._input_text):
            out.push(piece)
        out.flush()

    peer.FakeSTTStream._run, peer.FakeLLMStream._run, peer.FakeChunked._run = recognize, write, speak


if __name__ == "__main__":
    {"pipecat": replace_pipecat, "livekit": replace_livekit}[PEER]()
    uvicorn.run(peer.app, host="127.0.0.1", port=int(PORT), log_level="warning", ws_per_message_deflate=False)
