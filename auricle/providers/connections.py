"""The sockets of a process to its providers: one TLS context, one pool a host, shared by every organization."""

import ssl
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpx2

KEEPALIVE_S = 90.0  # the library's 5 s would close the socket between two turns of a conversation


@cache
def shared_ssl_context() -> ssl.SSLContext:
    """One context a process: building it reads the CA bundle and costs more than 100 ms of CPU."""
    return httpx2.create_ssl_context()


class Connections:
    """One pool of sockets a provider host, shared by every organization; keys and cookies never stick to it."""

    def __init__(self, connect_s: float = 3.0) -> None:
        self.connect_s = connect_s
        self._clients: dict[tuple[str, str], httpx2.AsyncClient] = {}

    def to(self, url: str) -> httpx2.AsyncClient:
        parts = urlsplit(url)
        origin = (parts.scheme, parts.netloc)
        client = self._clients.get(origin)
        if client is None or client.is_closed:
            client = self._clients[origin] = self._client(
                limits=httpx2.Limits(max_connections=400, max_keepalive_connections=100, keepalive_expiry=KEEPALIVE_S)
            )
        return client

    async def address_of(self, url: str) -> str | None:
        """The address that a socket to this URL is opened at; None: wherever its host's name leads."""
        return None

    def _client(self, **how: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            verify=shared_ssl_context(),
            timeout=httpx2.Timeout(None, connect=self.connect_s, pool=self.connect_s),
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            headers={"user-agent": "auricle", "accept-encoding": "identity"},
            **how,
        )

    async def aclose(self) -> None:
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()
