"""Where tools may reach: hostile addresses, names that change their answer, and what the operator lists."""

import socket
import ssl
from collections.abc import Sequence

import httpx2
import pytest

from auricle.agents.tools.guard import AddressRefused, Pinned, Reach, is_public
from auricle.providers.connections import shared_ssl_context

PUBLIC = "93.184.215.14"


def answering(*answers: Sequence[str]) -> tuple[Reach, list[str]]:
    """A reach whose names answer one thing after the other, and what was asked."""
    left, asked = list(answers), []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return left.pop(0) if len(left) > 1 else left[0]

    return Reach(resolve=resolve), asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.9.9", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
        "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::ffff:93.184.215.14", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
        "2001:0:5ef5:79fb::1", "::127.0.0.1", "::ffff:0:7f00:1", "2001:db8::1", "not an address", "",
    ],
)  # fmt: skip
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700::6810:84e5"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://lab.example/x", "https://lab.example:22/", "https://lab.example:8443/", "ftp://lab.example/",
        "https://user:pw@lab.example/", "https://lab.example@evil.example/", "file:///etc/passwd", "https:///x",
        "https://lab.example\\@evil.example/", "https://lab.example/\n", "https://läb.example/", "//lab.example/",
        "gopher://lab.example:443/", "https://" + "a" * 2100 + ".example/", "https://lab.example:99999/", "",
    ],
)  # fmt: skip
def test_an_odd_url_is_refused_before_any_name_is_asked(url: str) -> None:
    with pytest.raises(AddressRefused):
        Reach().check(url)


@pytest.mark.parametrize(
    "addresses", [[], ["127.0.0.1"], [PUBLIC, "10.0.0.1"], [PUBLIC, "::1"], ["::ffff:10.0.0.1"], ["rubbish"]]
)
async def test_a_name_with_any_address_inside_is_refused(addresses: list[str]) -> None:
    reach, _ = answering(addresses)
    with pytest.raises(AddressRefused):
        await reach.address_of("lab.example", 443)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "localhost."])
async def test_disguised_loopback_is_refused(host: str) -> None:
    async def as_the_system_would(name: str, port: int) -> Sequence[str]:
        return [str(found[4][0]) for found in socket.getaddrinfo(name, port)]

    reach = Reach(resolve=as_the_system_would)
    with pytest.raises(AddressRefused):
        await reach.address_of(*reach.check(f"https://{host}/"))


async def test_a_name_that_rebinds_is_connected_where_it_was_judged() -> None:
    """The second answer, inside, is never asked for: one errand, one question, one address."""
    reach, asked = answering([PUBLIC], ["127.0.0.1"])
    went: list[tuple[str, str, object]] = []

    class Recorded(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            went.append((request.url.host, request.headers["host"], request.extensions["sni_hostname"]))
            return httpx2.Response(200, text="hello", request=request)

    transport = Pinned(reach, "lab.example", 443)
    transport._inner = Recorded()  # type: ignore[assignment]
    async with httpx2.AsyncClient(transport=transport) as client:
        for _ in range(3):
            assert (await client.get("https://lab.example/ready")).text == "hello"
    assert asked == ["lab.example"]
    assert set(went) == {(PUBLIC, "lab.example", "lab.example")}


async def test_a_redirect_to_another_host_or_port_is_not_followed_even_if_asked() -> None:
    reach, _ = answering([PUBLIC])

    class Redirecting(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(307, headers={"location": "https://169.254.169.254/latest"}, request=request)

    transport = Pinned(reach, "lab.example", 443)
    transport._inner = Redirecting()  # type: ignore[assignment]
    async with httpx2.AsyncClient(transport=transport, follow_redirects=True) as client:
        with pytest.raises(AddressRefused):
            await client.get("https://lab.example/ready")


def test_what_the_operator_lists_may_be_inside_and_plain() -> None:
    reach = Reach(frozenset({"lab.internal:8080", "10.1.2.3", "[fd00::5]:443"}))
    assert reach.check("http://lab.internal:8080/x") == ("lab.internal", 8080)
    assert reach.check("http://10.1.2.3/x") == ("10.1.2.3", 80)
    assert reach.check("https://[fd00::5]/x") == ("fd00::5", 443)
    for other in ("http://lab.internal/x", "http://lab.internal:8081/", "http://10.1.2.4/", "ftp://10.1.2.3/"):
        with pytest.raises(AddressRefused):
            reach.check(other)


def test_the_tls_context_is_one_that_checks_names() -> None:
    context = shared_ssl_context()
    assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED
