"""Connections of organizations' own accounts: each goes to an address that was judged, whatever a vendor asks for."""

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import httpcore2
import httpx2
from httpcore2 import AsyncNetworkBackend, AsyncNetworkStream

from auricle.agents.tools.guard import AddressRefused, Reach
from auricle.providers.connections import KEEPALIVE_S, Connections, shared_ssl_context
from auricle.providers.ports import ProviderRefused
from auricle.settings import Settings

MOST_IDLE = 400


class AddressForbidden(ProviderRefused):
    """Provider accounts of organizations may not reach this address."""

    code = "provider.address_refused"


def reach_of(settings: Settings) -> Reach:
    """What organizations' own accounts may reach: the public internet by TLS, and the hosts that the operator lists."""
    return Reach(frozenset(one.lower() for one in settings.providers_allow_hosts))


class Guarded(Connections):
    """One pool for all of them. A name is judged anew for each socket, and the socket goes to the judged address."""

    def __init__(self, reach: Reach, connect_s: float = 3.0) -> None:
        super().__init__(connect_s)
        self._reach = reach
        self._only: httpx2.AsyncClient | None = None

    def to(self, url: str) -> httpx2.AsyncClient:
        self._checked(url)
        if self._only is None or self._only.is_closed:
            self._only = self._client(transport=JudgingTransport(self._reach), trust_env=False)
        return self._only

    async def address_of(self, url: str) -> str | None:
        try:
            return await self._reach.address_of(*self._checked(url.replace("ws", "http", 1)))
        except AddressRefused as refused:
            raise AddressForbidden(refused.message) from None

    async def aclose(self) -> None:
        client, self._only = self._only, None
        if client is not None:
            await client.aclose()

    def _checked(self, url: str) -> tuple[str, int]:
        parts = urlsplit(url)
        try:
            return self._reach.check(f"{parts.scheme}://{parts.netloc}/")  # long queries are not at issue
        except AddressRefused as refused:
            raise AddressForbidden(refused.message) from None


class JudgingTransport(httpx2.AsyncHTTPTransport):
    """The library's own transport over a pool that connects through `Judging`."""

    def __init__(self, reach: Reach) -> None:
        context = shared_ssl_context()
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=context,
            max_connections=None,  # a call holds one, and calls are counted; a slow host keeps nobody else waiting
            max_keepalive_connections=MOST_IDLE,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=Judging(reach),
        )


class Judging(AsyncNetworkBackend):
    """Looks a name up itself and connects to what was judged: asked a second time, the name may answer differently."""

    def __init__(self, reach: Reach) -> None:
        self._reach, self._inner = reach, httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                address = await self._reach.address_of(host, port)
        except AddressRefused as refused:
            raise AddressForbidden(refused.message) from None
        except TimeoutError:
            raise httpcore2.ConnectTimeout from None
        return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
