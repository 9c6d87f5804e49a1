"""How a caller comes in: through the product as a browser does, or straight to a bare loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx2
import orjson

from bench.voice.dialects import Browser, Dialect, Twilio
from bench.voice.wire import Refused, frame

SUBPROTOCOL = "auricle.v1"


@dataclass(frozen=True, slots=True)
class Door:
    """What opens one call."""

    url: str
    opening: Sequence[bytes]
    subprotocols: Sequence[str] = ()
    headers: Mapping[str, str] | None = None


class Doors(Protocol):
    async def open(self) -> Door:
        """Raises `Refused` where the server says that it is busy."""
        ...


class BareDoors:
    """No sign-in, no ticket: the bare loop's, or a peer's."""

    def __init__(self, url: str, dialect: Dialect) -> None:
        opening = dialect.start({}) if isinstance(dialect, Twilio) else [frame(b'{"type":"init-session"}')]
        self._door = Door(url, opening)

    async def open(self) -> Door:
        return self._door


class BrowserDoors:
    """Sign in once; for each call a consultation and a one-time ticket."""

    def __init__(self, url: str, dialect: Browser, login: str, password: str) -> None:
        self._http = httpx2.AsyncClient(base_url=url, timeout=30)
        self._dialect = dialect
        self._login = {"login": login, "password": password}
        self._headers: dict[str, str] | None = None

    async def open(self) -> Door:
        if self._headers is None:
            token = (await self._post("/api/v1/auth/login", self._login))["access_token"]
            self._headers = {"authorization": f"Bearer {token}"}
        consultation = (await self._post("/api/v1/consultation/create", {"type": "voice"}))["consultation_id"]
        ticket = await self._post("/api/v1/ws/tickets", {"consultation_id": consultation})
        init = {
            "type": "init-session",
            "consultation_id": consultation,
            "language": "en",
            "audio": self._dialect.format,
        }
        return Door(ticket["url"], [frame(orjson.dumps(init))], [SUBPROTOCOL, f"ticket.{ticket['ticket']}"])

    async def _post(self, path: str, body: dict[str, str]) -> dict[str, str]:
        answer = await self._http.post(path, json=body, headers=self._headers)
        if answer.status_code == 503:
            raise Refused(path)
        return dict(answer.raise_for_status().json())
