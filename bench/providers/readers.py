"""One way to read a streamed answer, in a process of its own: `python readers.py NAME URL …`.

Runs in any environment (a peer's has nothing of ours), so it imports only what its reader needs. Prints a line of JSON.
CPU is this process's alone, from the first token to the last; the server is another process.
"""

import argparse
import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable

ASK = "Go on."
PROMPT = [{"role": "user", "content": ASK}]

# A reader: given the server's URL, what opens one stream of pieces of text. Clients are made once, as programs do.
Stream = Callable[[], AsyncIterator[str]]


def socket_floor(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    """The least that can read this: a bare socket, kept open; find the lines, parse the JSON."""
    from orjson import loads

    path = "/" + url.split("/", 3)[3] + "/chat/completions"
    host, port = url.split("/")[2].split(":")
    body = json.dumps({"model": "m", "messages": PROMPT, "stream": True}).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    asked = head.encode() + b"content-length: %d\r\n\r\n%s" % (len(body), body)
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def stream() -> AsyncIterator[str]:
        reader, writer = idle.pop() if idle else await asyncio.open_connection(host, int(port))
        writer.write(asked)
        rest = last = b""
        while last != b"0\r\n\r\n":  # the end of a chunked body
            piece = await reader.read(65_536)
            last = (last + piece)[-5:]
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                if line.startswith(b"data: {"):
                    text = loads(line[6:])["choices"][0]["delta"].get("content")
                    if text:
                        yield text
        idle.append((reader, writer))

    async def close() -> None:
        for _, writer in idle:
            writer.close()

    return stream, close


def auricle_router(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    """All of our layer: dialect, router, deadlines, breaker, metering with its price."""
    from contextlib import aclosing
    from pathlib import Path

    from auricle.providers.call import Call, Choice
    from auricle.providers.ports import ChatMessage, LanguageRequest, TextDelta
    from auricle.providers.routing import router_for
    from auricle.settings import Provider, Settings

    settings = Settings(data_dir=Path(), _env_file=None, providers={"it": Provider(url=url, llm="m")})  # type: ignore[call-arg]
    router = router_for(settings, lambda _: None)
    request, call = LanguageRequest([ChatMessage("user", ASK)]), Call(None, [Choice("it")])

    async def stream() -> AsyncIterator[str]:
        async with aclosing(router.generate(call, request)) as events:
            async for one in events:
                if isinstance(one, TextDelta):
                    yield one.text

    return stream, router.aclose


def auricle_dialect(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    """Our dialect alone: what the router costs is the difference."""
    from contextlib import aclosing

    from auricle.providers.account import Account
    from auricle.providers.connections import Connections
    from auricle.providers.ports import ChatMessage, LanguageRequest, TextDelta
    from auricle.providers.registry import vendor_named

    connections = Connections()
    constructor = vendor_named("openai_compatible").llm
    assert constructor is not None
    chat = constructor(Account("it", "openai_compatible", connections, url=url, models={"llm": "m"}))
    request = LanguageRequest([ChatMessage("user", ASK)], model="m")

    async def stream() -> AsyncIterator[str]:
        async with aclosing(chat.generate(request)) as events:
            async for one in events:
                if isinstance(one, TextDelta):
                    yield one.text

    return stream, connections.aclose


def openai_sdk(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    import openai

    client = openai.AsyncOpenAI(api_key="none", base_url=url)

    async def stream() -> AsyncIterator[str]:
        answer = await client.chat.completions.create(model="m", messages=PROMPT, stream=True)
        async for one in answer:
            if one.choices and (text := one.choices[0].delta.content):
                yield text

    return stream, client.close


def langchain(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    from langchain_openai import ChatOpenAI

    model = ChatOpenAI(model="m", api_key="none", base_url=url, max_retries=0)

    async def stream() -> AsyncIterator[str]:
        async for one in model.astream(ASK):
            if text := str(one.content):
                yield text

    return stream, nothing


def pydantic_ai(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    from pydantic_ai.direct import model_request_stream
    from pydantic_ai.messages import ModelRequest, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    model = OpenAIChatModel("m", provider=OpenAIProvider(base_url=url, api_key="none"))

    async def stream() -> AsyncIterator[str]:
        async with model_request_stream(model, [ModelRequest.user_text_prompt(ASK)]) as events:
            async for one in events:
                if isinstance(one, PartStartEvent) and isinstance(one.part, TextPart) and one.part.content:
                    yield one.part.content
                elif isinstance(one, PartDeltaEvent) and isinstance(one.delta, TextPartDelta):
                    yield one.delta.content_delta

    return stream, nothing


def litellm(url: str) -> tuple[Stream, Callable[[], Awaitable[None]]]:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else it asks GitHub
    import litellm as library

    library.telemetry = False

    async def stream() -> AsyncIterator[str]:
        answer = await library.acompletion(
            model="openai/m", messages=PROMPT, stream=True, api_base=url, api_key="none", num_retries=0
        )
        async for one in answer:
            if one.choices and (text := one.choices[0].delta.content):
                yield text

    return stream, nothing


async def nothing() -> None:
    return None


READERS = {
    one.__name__: one
    for one in (socket_floor, auricle_dialect, auricle_router, openai_sdk, langchain, pydantic_ai, litellm)
}


async def cpu_us(stream: Stream, tokens: int) -> float:
    """CPU of this process from the first token of one stream to its last, per token."""
    count, started = 0, 0.0
    async with contextlib.aclosing(stream()) as pieces:  # type: ignore[type-var]
        async for _ in pieces:
            count += 1
            if count == 1:
                started = time.process_time()
    spent = time.process_time() - started
    if count != tokens:
        sys.exit(f"saw {count} tokens, not {tokens}")
    return spent / tokens * 1e6


async def first_ms(stream: Stream) -> float:
    """Wall time from asking to the first token, with the stream read to its end."""
    asked, first = time.perf_counter(), 0.0
    async with contextlib.aclosing(stream()) as pieces:  # type: ignore[type-var]
        async for _ in pieces:
            first = first or time.perf_counter()
    return (first - asked) * 1000


async def at_once(stream: Stream, streams: int) -> list[float]:
    """Out of step, as calls are: one begins every few milliseconds, and all are under way together."""

    async def one(number: int) -> float:
        await asyncio.sleep(number * 0.01)
        return await first_ms(stream)

    return list(await asyncio.gather(*[one(number) for number in range(streams)]))


async def measure(given: argparse.Namespace) -> dict[str, object]:
    stream, close = READERS[given.name](given.url)
    try:
        if given.streams:
            await at_once(stream, given.streams)  # so that every socket is open
            return {"first_ms": [one for _ in range(given.rounds) for one in await at_once(stream, given.streams)]}
        await cpu_us(stream, given.tokens)
        return {"us": [await cpu_us(stream, given.tokens) for _ in range(given.rounds)]}
    finally:
        await close()


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("name", choices=READERS)
    asked.add_argument("url")
    asked.add_argument("--tokens", type=int, default=5_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--streams", type=int, default=0, help="measure the first token of so many at once instead")
    print(json.dumps(asyncio.run(measure(asked.parse_args()))))


if __name__ == "__main__":
    main()
