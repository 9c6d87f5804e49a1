"""Exotel as its documents describe it: a flow of applets that asks by GET with Basic credentials, the Voicebot socket,
and the call interface that is told the media address at once.
"""

import base64
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from starlette.responses import JSONResponse, Response

from tests.emulators.carriers.exchange import Call, Exchange
from tests.emulators.carriers.handset import Json, Shape


class ExotelShape(Shape):
    stream = "stream_sid"
    bytes_per_s = 16_000
    silence = b"\0"

    def opening(self) -> list[Json]:
        start = {
            "stream_sid": self.stream_id,
            "call_sid": self.call_id,
            "account_sid": self.account_id,
            "from": "09845012345",
            "to": "08047180000",
            "custom_parameters": self.parameters,
            "media_format": {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "16"},
        }
        return [{"event": "connected"}, self.message("start", sequence_number="1", start=start)]

    def media(self, data: bytes, chunk: int) -> Json:
        media = {"chunk": str(chunk), "timestamp": str(chunk * 20), "payload": base64.b64encode(data).decode()}
        return self.message("media", sequence_number=str(chunk + 1), media=media)

    def digit(self, digit: str) -> Json:
        return self.message("dtmf", sequence_number="7", dtmf={"digit": digit, "duration": "100"})


class Exotel(Exchange):
    """Its flow: Voicebot, then Passthru, and by that one's answer a Connect to a person or the end."""

    shape = ExotelShape

    def __init__(self, account_id: str, token: str, *, key: str, user: str, password: str, fast: bool = False) -> None:
        super().__init__(account_id, token, fast=fast)
        self.user, self._webhook = key, (user, password)

    async def ask(self, call: Call, url: str, fields: dict[str, str]) -> httpx2.Response:
        told = {"CallSid": call.id, "CallFrom": call.caller, "CallTo": call.called, "Direction": "incoming", **fields}
        auth = self._webhook if self.signed else ("somebody", "else")
        answer = await self.http.get(url, params=told, auth=auth)
        call.answers.append(answer)
        return answer

    async def tell(self, call: Call, url: str, status: str, **more: str) -> httpx2.Response:
        told = {"CallSid": call.id, "Status": status, "EventType": "terminal", **more}
        return await self.http.post(url, json=told, auth=self._webhook)

    async def follow(self, call: Call, url: str) -> None:
        """`url` is the voice webhook; the Passthru applet has the one beside it."""
        try:
            answer = await self.ask(call, url, {})
            if answer.status_code == 200:
                await self.open(call, answer.json()["url"])
            if call.ended.is_set() or answer.status_code == 403:
                return
            then = await self.ask(call, url.replace("/voice", "/after"), {})
            call.done.append(("Dial", "by the flow") if then.status_code == 200 else ("Hangup", ""))
        finally:
            call.ended.set()

    async def open(self, call: Call, media_url: str) -> None:
        await self.stream(call, media_url, dict(parse_qsl(urlsplit(media_url).query)))

    async def rest(self, method: str, path: str, body: dict[str, Any]) -> Response:
        if (method, path) != ("POST", f"/v1/Accounts/{self.account_id}/Calls/connect.json"):
            return JSONResponse({"RestException": {"Status": 404}}, 404)
        call = self.placed(body["CallerId"], body["From"], body)
        return JSONResponse({"Call": {"Sid": call.id, "Status": "in-progress"}})
