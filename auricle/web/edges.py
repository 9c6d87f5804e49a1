"""What every request passes: a request id, a body cap, security headers, one log line. Plain ASGI, no buffering."""

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auricle.errors import TooLarge
from auricle.log import event, request_id
from auricle.telemetry import REQUESTS
from auricle.web.deps import new_request_id
from auricle.web.problems import answer

log = logging.getLogger(__name__)

GIVEN_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Edges:
    def __init__(self, app: ASGIApp, *, max_body_bytes: int) -> None:
        self.app, self.max_body_bytes = app, max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        token = request_id.set(given if GIVEN_ID.fullmatch(given) else new_request_id())
        started, status = time.perf_counter(), 500

        async def outgoing(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id.get()
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            if declared_length(scope) > self.max_body_bytes:
                error = TooLarge(limit_bytes=self.max_body_bytes)
                problem = answer(error.status, error.code, error.title, error.message, "TooLarge", error.context)
                await problem(scope, receive, outgoing)
            else:
                await self.app(scope, self.capped(receive), outgoing)
        finally:
            note_request(scope, status, time.perf_counter() - started)
            request_id.reset(token)

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
