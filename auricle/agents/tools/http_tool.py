"""One HTTP request as a tool: arguments go as JSON or query, the answer comes back bounded and without our secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2
import orjson

from auricle.agents.tools.guard import Reach
from auricle.agents.tools.tool import Errand, ToolRefused
from auricle.errors import Unavailable

MAX_ANSWER_BYTES = 65_536
SHORTEST_SECRET = 6  # shorter header values are no secrets, and would be found everywhere


class ToolUnreachable(Unavailable):
    """The tool's server can't be reached, or did not answer as it should."""

    code = "tools.unreachable"


@dataclass(frozen=True, slots=True)
class HttpTool:
    """Where a tool is and how it is asked. `repr` never shows the headers."""

    method: str
    url: str
    sends: str  # json | query
    timeout_s: float
    sends_patient: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def ask(self, reach: Reach, errand: Errand, arguments: Mapping[str, Any], *, call_id: UUID) -> Any:
        """Make the request. Raises `AddressRefused`, `ToolUnreachable` and `ToolRefused`."""
        told = {"auricle-consultation-id": str(errand.consultation_id), "idempotency-key": str(call_id)}
        if self.sends_patient:
            told["auricle-patient-id"] = str(errand.patient_id)
        if self.sends == "query" or self.method == "GET":
            how: dict[str, Any] = {"params": {name: _plain(value) for name, value in arguments.items()}}
        else:
            told["content-type"] = "application/json"
            how = {"content": orjson.dumps(dict(arguments))}
        try:
            async with (
                reach.client(self.url, timeout_s=self.timeout_s, headers={**self.headers, **told}) as client,
                client.stream(self.method, self.url, **how) as response,
            ):
                return self._read(response, await bounded(response))
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            # from None: the library's message may quote the URL, and a URL may hold what the patient said.
            raise ToolUnreachable(reason=type(error).__name__) from None

    def _read(self, response: httpx2.Response, body: bytes) -> Any:
        text = self._without_secrets(body.decode("utf-8", "replace"))
        if 300 <= response.status_code < 400:
            raise ToolUnreachable("The tool's server redirects, which is not followed.", status=response.status_code)
        if response.status_code >= 500:
            raise ToolUnreachable(status=response.status_code)
        if response.status_code >= 400:
            raise ToolRefused("The tool's server refuses the request.", status=response.status_code, says=text[:500])
        try:
            return orjson.loads(text) if text.strip() else {"done": True}
        except orjson.JSONDecodeError:
            return text

    def _without_secrets(self, text: str) -> str:
        """A server may echo what it was sent; the model must not learn it."""
        for value in self.headers.values():
            for part in (value, value.partition(" ")[2]):
                if len(part) >= SHORTEST_SECRET:
                    text = text.replace(part, "[removed]")
        return text


async def bounded(response: httpx2.Response) -> bytes:
    """The whole body, or `ToolUnreachable` where it is too long or packed (we asked for it plain)."""
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise ToolUnreachable("The tool's server packs its answer although asked not to.")
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            raise ToolUnreachable("The tool's answer is too long.", limit_bytes=MAX_ANSWER_BYTES)
    return bytes(body)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
