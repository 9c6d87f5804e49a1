"""What every request passes: its true address, a request id, a body cap, limits, security headers, one log line.

Plain ASGI, no buffering.
"""

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auricle.errors import AuricleError, Forbidden, RateLimited, TooLarge
from auricle.log import event, new_request_id, request_id
from auricle.settings import Settings
from auricle.telemetry import REQUESTS
from auricle.web.addresses import Addresses, Origin
from auricle.web.limits import HEADERS as LIMIT_HEADERS
from auricle.web.limits import Limits
from auricle.web.problems import problem_of

log = logging.getLogger(__name__)

GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

# Only for addresses of `trusted_networks`: they tell how the installation is built and used.
TRUSTED_ONLY = frozenset({"/docs", "/openapi.json", "/metrics"})

# What is limited by address. The console's files and the probes of an orchestrator are not.
LIMITED = ("/api/v1/", "/v1/", "/ws/")

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=()",
    "Cache-Control": "no-store",
    # An answer of the API is data: were a browser to show it as a page, it could load and run nothing.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
SECURITY_RAW = [(name.lower().encode(), value.encode()) for name, value in SECURITY.items()]
TWO_YEARS_OF_TLS = "max-age=63072000; includeSubDomains"


class Edges:
    def __init__(self, app: ASGIApp, *, settings: Settings, limits: Limits) -> None:
        self.app, self.limits = app, limits
        self.max_body_bytes, self.addresses = settings.max_body_bytes, Addresses(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self.socket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def request(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        token = request_id.set(given if GIVEN_ID.fullmatch(given) else new_request_id())
        origin = self.seen_from(scope)
        started, status = time.perf_counter(), 500

        async def outgoing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                stamp(scope, MutableHeaders(scope=message), origin)
            await send(message)

        try:
            if refusal := await self.refusal(scope, origin):
                await problem_of(scope, refusal)(scope, receive, outgoing)
            else:
                await self.app(scope, self.capped(receive), outgoing)
        finally:
            note_request(scope, status, time.perf_counter() - started)
            request_id.reset(token)

    async def socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A socket is opened with a ticket, not with a sign-in: opening one counts for the address."""
        self.seen_from(scope)
        try:
            await self.limits.charge_address(HTTPConnection(scope))
        except RateLimited:
            await receive()
            await send({"type": "websocket.close", "code": 1013, "reason": RateLimited.code})
            return
        await self.app(scope, receive, send)

    def seen_from(self, scope: Scope) -> Origin:
        """Make the true address the request's own, for limits, audit and logs alike."""
        origin = self.addresses.origin(scope)
        scope["client"] = (origin.host, origin.port)
        return origin

    async def refusal(self, scope: Scope, origin: Origin) -> AuricleError | None:
        """Why this request goes no further, if it does not."""
        if declared_length(scope) > self.max_body_bytes:
            return TooLarge(limit_bytes=self.max_body_bytes)
        if scope["path"].rstrip("/") in TRUSTED_ONLY and not self.addresses.trusted(origin):
            return Forbidden("This is open to trusted addresses only.")
        if scope["path"].startswith(LIMITED) and "authorization" not in Headers(scope=scope):
            try:
                await self.limits.charge_address(HTTPConnection(scope))
            except RateLimited as error:
                return error
        return None

    def capped(self, receive: Receive) -> Receive:
        """A body without a declared length is counted as it comes."""
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_body_bytes:
                raise TooLarge(limit_bytes=self.max_body_bytes)
            return message

        return counted


def stamp(scope: Scope, headers: MutableHeaders, origin: Origin) -> None:
    headers["X-Request-ID"] = request_id.get()
    for name, value in scope.get("state", {}).get(LIMIT_HEADERS, {}).items():
        headers[name] = value
    given = {name for name, _ in headers.raw}
    headers.raw.extend(header for header in SECURITY_RAW if header[0] not in given)
    if origin.secure:
        headers.setdefault("Strict-Transport-Security", TWO_YEARS_OF_TLS)


def declared_length(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def note_request(scope: Scope, status: int, seconds: float) -> None:
    """One line and one metric a request, by route template: a path may hold an id, never more."""
    route = getattr(scope.get("route"), "path", "unmatched")
    REQUESTS.labels(method=scope["method"], route=route, status=str(status)).observe(seconds)
    event(log, "request", method=scope["method"], route=route, status=status, duration_ms=round(seconds * 1000, 1))
