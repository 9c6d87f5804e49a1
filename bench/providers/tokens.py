"""CPU per streamed token: our dialect, our router, the floor and (where installed) the OpenAI SDK, in one run.

    python -m bench.providers.tokens [--tokens 10000] [--rounds 5]

A child process serves the stream from memory over real HTTP on loopback, so that the CPU counted here is the client's
alone, from the first token to the last (connecting and TLS set-up stand outside). The floor reads the same
socket, splits lines and parses JSON, and does nothing else. CPU seconds of the process are compared, never wall time.
"""

import argparse
import asyncio
import multiprocessing
import socket
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import orjson

from auricle.providers.account import Account
from auricle.providers.call import Call, Choice
from auricle.providers.connections import Connections
from auricle.providers.ports import ChatMessage, LanguageRequest, TextDelta
from auricle.providers.routing import router_for
from auricle.providers.vendors.openai_compatible import Chat
from auricle.settings import Provider, Settings

ASK = LanguageRequest([ChatMessage("user", "Go on.")], model="m")


marks: list[float] = []


def mark(count: int) -> None:
    """Start the clock at the first token."""
    if count == 1:
        marks.append(time.process_time())


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
    return b"data: " + orjson.dumps(body) + b"\n\n"


def serve(listening: socket.socket, tokens: int) -> None:
    """Answer every request with the stream, one chunk a write."""
    pieces = [chunk(" word")] * tokens + [chunk(None, "stop"), b"data: [DONE]\n\n"]
    framed = [b"%x\r\n%s\r\n" % (len(p), p) for p in pieces] + [b"0\r\n\r\n"]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                request = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in request.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")
                ),
                0,
            )
            await reader.readexactly(length)
            writer.write(head)
            for piece in framed:
                writer.write(piece)
                await asyncio.sleep(0)
            await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, sock=listening)
        await server.serve_forever()

    asyncio.run(main())


async def floor(url: str) -> int:
    count = 0
    async with httpx2.AsyncClient(timeout=None) as client, client.stream("POST", url + "/chat/completions") as reply:
        rest = b""
        async for piece in reply.aiter_raw():
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {") and orjson.loads(line[6:])["choices"][0]["delta"].get("content"):
                    count += 1
                    mark(count)
    return count


async def dialect(url: str) -> int:
    connections = Connections()
    count = 0
    async with aclosing(Chat(Account("a", "openai_compatible", connections, url=url)).generate(ASK)) as events:
        async for one in events:
            count += isinstance(one, TextDelta)
            mark(count)
    await connections.aclose()
    return count


async def routed(url: str) -> int:
    with TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), providers={"a": Provider(url=url, llm="m")})
        router = router_for(settings, lambda _: None)
        count = 0
        async with aclosing(router.generate(Call(None, [Choice("a")]), ASK)) as events:
            async for one in events:
                count += isinstance(one, TextDelta)
                mark(count)
        await router.aclose()
    return count


async def openai_sdk(url: str) -> int:
    import openai

    count = 0
    async with openai.AsyncOpenAI(api_key="none", base_url=url) as client:
        stream = await client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Go on."}], stream=True
        )
        async for one in stream:
            count += bool(one.choices and one.choices[0].delta.content)
            mark(count)
    return count


def cpu_us(read: Callable[[str], Awaitable[int]], url: str, tokens: int) -> float:
    """CPU of this process from the first token of one stream to its last, per token."""
    marks.clear()
    count = asyncio.run(read(url))
    spent = time.process_time() - marks[0]
    if count != tokens:
        raise SystemExit(f"{read.__name__} saw {count} tokens, not {tokens}")
    return spent / tokens * 1e6


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tokens", type=int, default=10000)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listening, given.tokens), daemon=True)
    server.start()
    readers = [floor, dialect, routed, *([openai_sdk] if find_spec("openai") else [])]
    spent: dict[str, list[float]] = {r.__name__: [] for r in readers}
    try:
        for read in readers:
            cpu_us(read, url, given.tokens)  # warm
        for _ in range(given.rounds):
            for read in readers:
                spent[read.__name__].append(cpu_us(read, url, given.tokens))
    finally:
        server.kill()
    base = statistics.median(spent["floor"])
    print(f"{'reader':<12}{'us CPU/token':>14}{'best':>8}{'x floor':>9}")
    for name, values in spent.items():
        middle = statistics.median(values)
        print(f"{name:<12}{middle:>14.1f}{min(values):>8.1f}{middle / base:>9.2f}")
    if "openai_sdk" not in spent:
        print("openai_sdk   not installed (pip install openai to compare)")


if __name__ == "__main__":
    main()
