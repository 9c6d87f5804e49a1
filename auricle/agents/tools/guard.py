"""Where an organization's tools may reach: the public internet by TLS, and what the operator lists. Nothing inside.

A name is resolved once, every address it has is judged, and the connection goes to the address that was judged, while
the Host header and the name in TLS stay as written: a name that answers differently the second time gains nothing.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx2

from auricle.errors import Invalid
from auricle.providers.connections import shared_ssl_context
from auricle.settings import Settings

PORTS = frozenset({80, 443})
MAX_URL_CHARACTERS = 2_000
CONNECT_S = 3.0
# Metadata services that sit on addresses which look public, and ways to write an IPv4 address inside an IPv6 one.
CLOSED = tuple(
    ip_network(one)
    for one in ("168.63.129.16/32", "100.64.0.0/10", "192.0.0.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "::/96",
                "::ffff:0:0/96", "::ffff:0:0:0/96", "2002::/16", "2001::/32")
)  # fmt: skip

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefused(Invalid):
    """Tools may not reach this address."""

    code = "tools.address_refused"


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system knows them. Raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Reach:
    """What tools of this installation may reach."""

    allowed: frozenset[str] = frozenset()  # `host` or `host:port`
    resolve: Resolve = system_resolve

    @classmethod
    def of(cls, settings: Settings) -> "Reach":
        return cls(frozenset(one.lower() for one in settings.tools_allow_hosts))

    def check(self, url: str) -> tuple[str, int]:
        """Host and port of a URL that may be asked, as far as it tells by itself. Raises `AddressRefused`."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise AddressRefused("This is not a URL.") from None
        if len(url) > MAX_URL_CHARACTERS or not host or parts.username or parts.password or not url.isascii():
            raise AddressRefused("Give a plain URL without a user or password in it.")
        if any(ord(c) <= 32 for c in url) or "\\" in url:
            raise AddressRefused("This is not a URL.")
        port = port if port is not None else {"https": 443, "http": 80}.get(parts.scheme, 0)
        if self.lists(host, port):
            if parts.scheme not in ("https", "http"):
                raise AddressRefused("Only https:// and http:// are spoken.")
        elif parts.scheme != "https" or port not in PORTS:
            raise AddressRefused("Only https:// on the usual ports, unless the operator lists the host.")
        return host, port

    @staticmethod
    def of_host(url: str) -> tuple[str, str | None, int | None]:
        """What has to stay the same for a secret to be sent again."""
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port

    def lists(self, host: str, port: int) -> bool:
        named = f"[{host}]" if ":" in host else host
        return bool({host, named, f"{named}:{port}"} & self.allowed)

    async def address_of(self, host: str, port: int) -> str:
        """The one address to connect to. Raises `AddressRefused` where any of the name's addresses is not public."""
        try:
            addresses = [str(ip_address(host))]
        except ValueError:
            try:
                addresses = list(await self.resolve(host, port))
            except (OSError, UnicodeError):
                raise AddressRefused("The host's name can't be resolved.") from None
        if not addresses:
            raise AddressRefused("The host's name can't be resolved.")
        if not self.lists(host, port) and not all(is_public(address) for address in addresses):
            raise AddressRefused("This host is not on the public internet.")
        return addresses[0]

    def client(self, url: str, *, timeout_s: float, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        """A client for this one host, whose every connection goes through the guard. Raises `AddressRefused`."""
        host, port = self.check(url)
        return httpx2.AsyncClient(
            transport=Pinned(self, host, port),
            timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s)),
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": "auricle", "accept-encoding": "identity", **(headers or {})},
        )


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet's own, written plainly."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    if any(ip.version == closed.version and ip in closed for closed in CLOSED):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class Pinned(httpx2.AsyncBaseTransport):
    """Connects to the address that was judged, for one host and port and no other.

    Not shared between hosts: sockets are kept by address, and two names may have the same one.
    """

    def __init__(self, reach: Reach, host: str, port: int, verify: ssl.SSLContext | None = None) -> None:
        self._reach, self._host, self._port = reach, host, port
        self._address: str | None = None
        self._inner = httpx2.AsyncHTTPTransport(verify=verify or shared_ssl_context(), trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._reach.check(str(request.url)) != (self._host, self._port):
            raise AddressRefused("A tool speaks with its own host only.")
        if self._address is None:
            self._address = await self._reach.address_of(self._host, self._port)
        request.extensions = {**request.extensions, "sni_hostname": self._host}
        request.url = request.url.copy_with(host=self._address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
