"""The server of the bench: OpenAI's stream from memory over real HTTP, in a process of its own.

`/v1/…` sends all tokens at once, as many a read as the socket takes; `/paced/v1/…` the first after `FIRST_S`, then one
every `EVERY_S`.
"""

import asyncio
import socket

import orjson

FIRST_S, EVERY_S, PACED = 0.3, 0.02, 50


def chunk(content: str | None, finish: str | None = None) -> bytes:
    delta = {} if content is None else {"content": content}
    body = {
        "id": "chatcmpl-9f2ab41c77",
        "object": "chat.completion.chunk",
        "created": 1763700000,
        "model": "m",
        "system_fingerprint": "fp_0000000000",
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
    }
    event = b"data: " + orjson.dumps(body) + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(event), event)


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WORDS = [chunk(f" word{number}") for number in range(10)]  # LiteLLM breaks off where all pieces are the same
LAST = chunk(None, "stop")
END = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


def serve(listening: socket.socket, tokens: int) -> None:
    """Answer every request with the stream, one chunk a write."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = request.partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                await (paced if b" /paced/" in request.partition(b"\r\n")[0] else all_at_once)(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def all_at_once(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for number in range(tokens):
            writer.write(WORDS[number % 10])
            await asyncio.sleep(0)
        writer.write(LAST + END)
        await writer.drain()

    async def paced(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(FIRST_S)
        writer.write(HEAD)
        for number in range(PACED):
            writer.write(WORDS[number % 10])
            await asyncio.sleep(EVERY_S)
        writer.write(LAST + END)
        await writer.drain()

    async def main() -> None:
        server = await asyncio.start_server(answer, sock=listening)
        await server.serve_forever()

    asyncio.run(main())
