"""Is a request to a webhook really the carrier's? Each signs in its own way; all comparisons take constant time."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl, urlsplit

from pydantic import IPvAnyNetwork

from auricle.web.addresses import within

Pairs = Sequence[tuple[str, str]]
PORTS = {"https": 443, "http": 80}
MAX_SIGNATURES = 5


def twilio_signature(token: str, url: str, params: Pairs) -> str:
    """`X-Twilio-Signature`: HMAC-SHA1 over the URL and the body's fields in their order."""
    signed = url + "".join(name + value for name, value in sorted(set(params)))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def is_twilios(token: str, url: str, params: Pairs, signature: str) -> bool:
    """Twilio signs the URL with its port or without; which one is not for us to know."""
    right = [twilio_signature(token, one, params) for one in with_and_without_port(url)]
    return sum(matches(one, signature) for one in right) > 0  # all are compared, whichever matches


def with_and_without_port(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    usual = PORTS.get(parts.scheme)
    if parts.port is None:
        return url, parts._replace(netloc=f"{parts.netloc}:{usual}").geturl()
    if parts.port == usual:
        return url, parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()
    return (url,)


def plivo_signature(token: str, method: str, url: str, params: Pairs, nonce: str) -> str:
    """`X-Plivo-Signature-V3`: HMAC-SHA256 over the URL with its query in order, the body's fields and the nonce."""
    parts = urlsplit(url)
    in_url = parse_qsl(parts.query, keep_blank_values=True)
    body = params if method == "POST" else ()
    query = "&".join(f"{name}={value}" for name, value in sorted(in_url))
    signed = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if query or body:
        signed += f"?{query}"
    if query and body:
        signed += "."
    signed += "".join(name + value for name, value in sorted(body)) + f".{nonce}"
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha256).digest()).decode()


def is_plivos(token: str, method: str, url: str, params: Pairs, nonce: str, signatures: str) -> bool:
    """An account has more than one token while it changes them: Plivo sends a signature for each."""
    right = plivo_signature(token, method, url, params, nonce)
    given = signatures.split(",")[:MAX_SIGNATURES]
    return bool(nonce) and sum(matches(right, one.strip()) for one in given) > 0


def is_exotels(
    user: str | None, password: str | None, networks: Iterable[IPvAnyNetwork], authorization: str, address: str
) -> bool:
    """Exotel does not sign: it sends the Basic credentials of its address, or comes from a known network."""
    if user and password:
        right = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        return matches(right, authorization)
    return within(address, networks)


def matches(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.encode("utf-8", "surrogateescape"))
