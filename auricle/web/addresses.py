"""Where a request really comes from: the peer, or the client that a trusted proxy speaks for."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from pydantic import IPvAnyNetwork
from starlette.types import Scope

from auricle.settings import Settings

Address = IPv4Address | IPv6Address
MOST_HOPS = 20


class Origin(NamedTuple):
    """An address, the port where it is known, and whether it is the true end of the line."""

    host: str
    port: int
    certain: bool  # false: somebody was forwarded by a peer that we do not know as a proxy
    secure: bool


class Addresses:
    """Reads `X-Forwarded-For` from the right, past the proxies of `trusted_proxies`; from others it is not believed."""

    def __init__(self, settings: Settings) -> None:
        self.proxies, self.friends = settings.trusted_proxies, settings.trusted_networks

    def origin(self, scope: Scope) -> Origin:
        host, port = scope.get("client") or ("", 0)
        headers = {name: value for name, value in scope["headers"] if name in FORWARDING}
        secure = scope.get("scheme") in ("https", "wss")
        if not headers:
            return Origin(host, port, True, secure)
        if not within(host, self.proxies):
            return Origin(host, port, False, secure)
        protocol = headers.get(b"x-forwarded-proto", b"").strip()
        hops = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")[-MOST_HOPS:]
        for hop in reversed([h.strip() for h in hops if h.strip()]):
            if parsed(hop) is None:
                return Origin(host, port, False, secure)
            host, port = hop, 0
            if not within(hop, self.proxies):
                break
        return Origin(host, port, True, protocol == b"https" if protocol else secure)

    def trusted(self, origin: Origin) -> bool:
        """May this address see the documentation and the metrics?"""
        return origin.certain and within(origin.host, self.friends)


FORWARDING = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"forwarded", b"x-real-ip"})


@lru_cache(maxsize=4096)
def parsed(host: str) -> Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def network_of(host: str) -> str:
    """What one customer of a network holds: an IPv4 address, or an IPv6 /64. Limits count by this."""
    address = parsed(host)
    return str(IPv6Network((address, 64), strict=False)) if isinstance(address, IPv6Address) else host


def within(host: str, networks: Iterable[IPvAnyNetwork]) -> bool:
    address = parsed(host)
    return address is not None and any(address in network for network in networks)
