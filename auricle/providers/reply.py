"""The answer of a provider while it is on the wire, with a bound on all of it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import orjson

from auricle.providers.ports import ProviderFailed, ProviderGarbled

MAX_BODY_BYTES = 32_000_000  # an embedding batch of 2,000 x 1,536 numbers as JSON is about 30 MB
MAX_STREAM_BYTES = 64_000_000
MAX_LINE_BYTES = 1_000_000
MAX_ERROR_BYTES = 65_536
DRAIN_S = 0.2


class Reply:
    """A successful answer whose body is still on the wire."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        is_plain = "content-encoding" not in response.headers  # as we asked; saves a decoder a token
        self._pieces = response.aiter_raw() if is_plain else response.aiter_bytes()

    @property
    def content_type(self) -> str:
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    def header(self, name: str) -> str | None:
        value: str | None = self._response.headers.get(name)
        return value

    async def pieces(self, limit: int | None = None) -> AsyncGenerator[bytes, None]:
        """The body as it arrives."""
        limit = MAX_STREAM_BYTES if limit is None else limit
        total = 0
        async for piece in self._pieces:
            total += len(piece)
            if total > limit:
                raise ProviderGarbled("The answer is too long.", limit_bytes=limit)
            yield piece

    async def lines(self) -> AsyncGenerator[list[bytes], None]:
        """The body's lines without their ends (LF or CRLF), as many at once as arrived; the last may lack its end."""
        rest = bytearray()
        async for piece in self.pieces():
            if b"\n" not in piece:
                rest += piece
                lines: list[bytes] = []
            else:
                *lines, tail = (bytes(rest) + piece if rest else piece).split(b"\n")
                rest = bytearray(tail)
            if len(rest) > MAX_LINE_BYTES or any(len(line) > MAX_LINE_BYTES for line in lines):
                raise ProviderGarbled("A line of the answer is too long.", limit_bytes=MAX_LINE_BYTES)
            if lines:
                yield [line[:-1] if line[-1:] == b"\r" else line for line in lines]
        if rest:
            yield [bytes(rest.rstrip(b"\r"))]

    async def body(self, limit: int = MAX_BODY_BYTES) -> bytes:
        return b"".join([piece async for piece in self.pieces(limit)])

    async def json(self) -> Any:
        """The body as JSON."""
        try:
            return orjson.loads(await self.body())
        except orjson.JSONDecodeError:
            raise ProviderGarbled("The answer is not JSON.") from None

    async def drain(self) -> None:
        """Read what follows the part we needed, so that the socket can be used again; give up soon."""
        try:
            async with asyncio.timeout(DRAIN_S):
                async for _ in self.pieces(MAX_ERROR_BYTES):
                    pass
        except (TimeoutError, ProviderFailed, httpx2.HTTPError):
            return  # the pool closes this socket instead of keeping it
