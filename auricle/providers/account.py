"""HTTP to one provider account: shared sockets, the key in the request only, vendors' failures turned into our types.

No retry and no read deadline live here; both are the router's. What is bounded here: connecting, body and line sizes.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from pydantic import SecretStr

from auricle.errors import Misconfigured
from auricle.providers.ports import Capability, ProviderFailed, ProviderGarbled, ProviderRefused, ProviderTimeout
from auricle.providers.refusals import failure_of

MAX_BODY_BYTES = 32_000_000  # an embedding batch of 2,000 x 1,536 numbers as JSON is about 30 MB
MAX_STREAM_BYTES = 64_000_000
MAX_LINE_BYTES = 1_000_000
MAX_ERROR_BYTES = 65_536
DRAIN_S = 0.2
KEEPALIVE_S = 90.0  # the library's 5 s would close the socket between two turns of a conversation


@cache
def shared_ssl_context() -> ssl.SSLContext:
    """One context a process: building it reads the CA bundle and costs more than 100 ms of CPU."""
    return httpx2.create_ssl_context()


class Connections:
    """One pool of sockets a provider host, shared by every organization; keys and cookies never stick to it."""

    def __init__(self, connect_s: float = 3.0) -> None:
        self._connect_s = connect_s
        self._clients: dict[tuple[str, str], httpx2.AsyncClient] = {}

    def to(self, url: str) -> httpx2.AsyncClient:
        parts = urlsplit(url)
        origin = (parts.scheme, parts.netloc)
        client = self._clients.get(origin)
        if client is None or client.is_closed:
            client = self._clients[origin] = httpx2.AsyncClient(
                verify=shared_ssl_context(),
                timeout=httpx2.Timeout(None, connect=self._connect_s, pool=self._connect_s),
                limits=httpx2.Limits(max_connections=400, max_keepalive_connections=100, keepalive_expiry=KEEPALIVE_S),
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                headers={"user-agent": "auricle", "accept-encoding": "identity"},
            )
        return client

    async def aclose(self) -> None:
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()


class Reply:
    """A successful answer whose body is still on the wire."""

    def __init__(self, response: httpx2.Response) -> None:
        self._response = response
        is_plain = "content-encoding" not in response.headers  # as we asked; saves a decoder a token
        self._pieces = response.aiter_raw() if is_plain else response.aiter_bytes()

    @property
    def content_type(self) -> str:
        return str(self._response.headers.get("content-type", "")).partition(";")[0].strip().lower()

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


class Account:
    """One key at one vendor. `name` is what agents and settings call it."""

    def __init__(
        self,
        name: str,
        vendor: str,
        connections: Connections,
        *,
        url: str | None = None,
        key: SecretStr | None = None,
        models: Mapping[Capability, str] | None = None,
        models_path: Path = Path(),
        is_in_process: bool = False,
    ) -> None:
        self.name = name
        self.vendor = vendor
        self.url = url.rstrip("/") if url else None
        self.models: Mapping[Capability, str] = models or {}
        self.models_path = models_path
        self.is_local = is_in_process or _is_loopback(self.url)
        self._connections = connections
        self._key = key.get_secret_value() if key else None
        if self.url is not None and urlsplit(self.url).scheme not in ("http", "https"):
            raise Misconfigured("A provider's URL must begin with http:// or https://.", provider=name)

    @property
    def fingerprint(self) -> str:
        """Tells keys apart in logs and breakers without giving anything of them away."""
        return sha256(self._key.encode()).hexdigest()[:8] if self._key else "no-key"

    @property
    def has_key(self) -> bool:
        return self._key is not None

    def model(self, capability: Capability, asked: str | None) -> str:
        """The model asked for, or the account's own for this capability."""
        model = asked or self.models.get(capability)
        if not model:
            raise ProviderRefused("No model is set for this provider.", provider=self.name, capability=capability)
        return model

    @asynccontextmanager
    async def stream(
        self, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None, **how: Any
    ) -> AsyncGenerator[Reply, None]:
        """POST and give the answer while it arrives. `how` is `data`, `files` or `params` as httpx2 takes them.

        Raises `ProviderRefused`, `ProviderBusy`, `ProviderFailed`, `ProviderTimeout` or `ProviderGarbled`.
        """
        if self.url is None:
            raise ProviderRefused("No URL is set for this provider.", provider=self.name)
        sent = dict(headers or {})
        if self._key:
            sent.setdefault("authorization", f"Bearer {self._key}")
        if json is not None:
            sent["content-type"] = "application/json"
            how["content"] = orjson.dumps(json)
        try:
            client = self._connections.to(self.url)
            async with client.stream("POST", self.url + path, headers=sent, **how) as response:
                if response.status_code >= 300:
                    raise await failure_of(response, MAX_ERROR_BYTES)
                yield Reply(response)
        except httpx2.TimeoutException as error:
            raise ProviderTimeout("The provider could not be reached in time.", reason=type(error).__name__) from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            # from None: the library's message may quote the URL, and a URL may hold a key.
            raise ProviderFailed("The connection to the provider failed.", reason=type(error).__name__) from None

    async def post(self, path: str, **how: Any) -> Any:
        """POST and give the whole JSON answer."""
        async with self.stream(path, **how) as reply:
            return await reply.json()


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url).hostname if url else None
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
