"""Whose address a request has, behind which proxies, and what only trusted ones may see."""

from ipaddress import ip_network
from typing import Any

import pytest

from auricle.settings import Settings
from auricle.web.addresses import Addresses, network_of

PROXY = "10.1.2.3"


def addresses(**given: Any) -> Addresses:
    return Addresses(Settings(trusted_proxies=(ip_network("10.1.2.0/24"), ip_network("fd00::/8")), **given))


def scope(peer: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "client": (peer, 4711), "headers": list(headers), "scheme": "http"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "host", "certain"),
    [
        ("203.0.113.9", None, "203.0.113.9", True),
        ("203.0.113.9", b"1.2.3.4", "203.0.113.9", False),  # a stranger's word is not believed
        (PROXY, b"198.51.100.7", "198.51.100.7", True),
        (PROXY, b"6.6.6.6, 198.51.100.7", "198.51.100.7", True),  # what stands left of the first stranger is invented
        (PROXY, b"6.6.6.6, 198.51.100.7, 10.1.2.9", "198.51.100.7", True),
        (PROXY, b"10.1.2.8", "10.1.2.8", True),
        (PROXY, b"127.0.0.1\r\nx", PROXY, False),
        (PROXY, b"<script>", PROXY, False),
        (PROXY, b"", PROXY, True),
        (PROXY, b"2001:db8::5", "2001:db8::5", True),
    ],
)
def test_the_client_is_the_first_stranger_from_the_right(
    peer: str, forwarded: bytes | None, host: str, certain: bool
) -> None:
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded)]
    origin = addresses().origin(scope(peer, *headers))
    assert (origin.host, origin.certain) == (host, certain)


@pytest.mark.parametrize(
    ("peer", "header", "trusted"),
    [
        ("127.0.0.1", None, True),
        ("::1", None, True),
        ("::ffff:127.0.0.1", None, True),
        ("192.168.0.9", None, False),
        ("203.0.113.9", None, False),
        ("127.0.0.1", (b"x-forwarded-for", b"127.0.0.1"), False),  # a proxy on this machine that nobody told us of
        ("127.0.0.1", (b"forwarded", b"for=127.0.0.1"), False),
        (PROXY, (b"x-forwarded-for", b"127.0.0.1"), True),
        (PROXY, (b"x-forwarded-for", b"203.0.113.9"), False),
        ("", None, False),
    ],
)
def test_documentation_is_for_this_machine_unless_told_otherwise(
    peer: str, header: tuple[bytes, bytes] | None, trusted: bool
) -> None:
    gate = addresses()
    assert gate.trusted(gate.origin(scope(peer, *([header] if header else [])))) is trusted


def test_only_a_trusted_proxy_says_that_the_line_is_encrypted() -> None:
    told = (b"x-forwarded-proto", b"https")
    assert addresses().origin(scope(PROXY, told)).secure
    assert not addresses().origin(scope("203.0.113.9", told)).secure


def test_an_ipv6_customer_is_counted_by_the_network_they_hold() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2") != network_of("2001:db8:1:3::1")
    assert network_of("198.51.100.7") != network_of("198.51.100.8")
