"""How a caller comes in: through the product as a browser does, or straight to a bare loop."""

import asyncio
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any, Protocol
from uuid import uuid4

import httpx2
import orjson

from auricle.phone.signatures import twilio_signature
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


class PhoneDoors:
    """The other side of a phone line: for each call a signed webhook, and the stream that its answer names."""

    ACCOUNT, TOKEN, NUMBER = Twilio.account, "a-token-of-the-bench", "+918047180000"

    def __init__(self, url: str, dialect: Twilio, login: str, password: str) -> None:
        self._http = httpx2.AsyncClient(base_url=url, timeout=30)
        self._dialect = dialect
        self._login = {"login": login, "password": password}
        self._numbers = itertools.count(1)
        self._setting_up = asyncio.Lock()
        self._webhook = ""

    async def open(self) -> Door:
        stream_url, ticket, call = await self.ring()
        dialect = replace(self._dialect, call=call)  # the stream's name is in sound that was made once for all
        return Door(stream_url, dialect.start({"ticket": ticket}))

    async def ring(self) -> tuple[str, str, str]:
        """Address and ticket of a new call's stream, and the call's name. Raises `Refused`."""
        async with self._setting_up:
            self._webhook = self._webhook or await self._line()
        call, number = f"CA{uuid4().hex}", next(self._numbers)
        fields = {
            "AccountSid": self.ACCOUNT,
            "CallSid": call,
            "From": f"+9198{number:08d}",
            "To": self.NUMBER,
            "CallStatus": "ringing",
            "Direction": "inbound",
        }
        headers = {"x-twilio-signature": twilio_signature(self.TOKEN, self._webhook, list(fields.items()))}
        answer = await self._http.post(self._webhook, data=fields, headers=headers)
        told = answer.raise_for_status().text
        if "<Stream" not in told:
            raise Refused(told)
        stream, ticket = re.search(r'<Stream url="([^"]+)"', told), re.search(r'value="([^"]+)"', told)
        assert stream and ticket
        return unescape(stream[1]), unescape(ticket[1]), call

    async def _line(self) -> str:
        """The webhook of a line of ours, which is set up first."""
        signed_in = (await self._http.post("/api/v1/auth/login", json=self._login)).raise_for_status().json()
        headers = {"authorization": f"Bearer {signed_in['access_token']}"}

        async def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            return dict((await self._http.post(path, json=body, headers=headers)).raise_for_status().json())

        lines = (await self._http.get("/api/v1/phone/lines", headers=headers)).raise_for_status().json()["items"]
        if lines:
            return str(lines[0]["addresses"]["voice"])
        account = {"kind": "twilio", "name": "Bench", "account_id": self.ACCOUNT, "token": self.TOKEN}
        carrier = await post("/api/v1/phone/carriers", account)
        agents = (await self._http.get("/api/v1/agents", headers=headers)).raise_for_status().json()["items"]
        line = {
            "name": "Bench",
            "carrier_id": carrier["id"],
            "agent_id": agents[0]["id"],
            "number": self.NUMBER,
            "notice": {"en": "This call is answered by an AI."},
        }
        return str((await post("/api/v1/phone/lines", line))["addresses"]["voice"])
