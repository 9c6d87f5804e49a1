"""Plivo as its documents describe it: posts signed with V3 and a nonce, XML, Audio Streaming, the Call interface."""

import base64
import hashlib
import hmac
import secrets
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
from starlette.responses import JSONResponse, Response

from tests.emulators.carriers.exchange import Call, Exchange
from tests.emulators.carriers.handset import Json, Shape


class PlivoShape(Shape):
    stream = "streamId"

    def opening(self) -> list[Json]:
        start = {
            "callId": self.call_id,
            "streamId": self.stream_id,
            "accountId": self.account_id,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000},
        }
        headers = ";".join(f"{name}={value}" for name, value in self.parameters.items())
        return [{"event": "start", "sequenceNumber": 1, "start": start, "extra_headers": headers}]

    def media(self, data: bytes, chunk: int) -> Json:
        media = {"track": "inbound", "chunk": chunk, "timestamp": chunk * 20,
                 "payload": base64.b64encode(data).decode()}  # fmt: skip
        return self.message("media", sequenceNumber=chunk + 1, media=media)

    def played(self, name: str) -> Json:
        return self.message("playedStream", name=name)

    def read(self, message: Json) -> tuple[str, Any]:
        match message:
            case {"event": "playAudio", "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": data}}:
                return "audio", data
            case {"event": "checkpoint", "streamId": self.stream_id, "name": str(name)}:
                return "mark", name
            case {"event": "clearAudio", "streamId": self.stream_id}:
                return "clear", None
        return "", None


class Plivo(Exchange):
    shape = PlivoShape

    async def ask(self, call: Call, url: str, fields: dict[str, str]) -> httpx2.Response:
        form = {
            "CallUUID": call.id,
            "From": call.caller.lstrip("+"),
            "To": call.called.lstrip("+"),
            "Direction": "inbound",
            **fields,
        }
        parts, nonce = urlsplit(url), secrets.token_hex(10)
        query = "&".join(f"{name}={value}" for name, value in sorted(parse_qsl(parts.query)))
        text = f"{parts.scheme}://{parts.netloc}{parts.path}?{query}" + ("." if query else "")
        text += "".join(name + form[name] for name in sorted(form)) + f".{nonce}"
        token = self.token if self.signed else "another token"
        mac = base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode()
        headers = {"X-Plivo-Signature-V3": f"an-older-token's,{mac}", "X-Plivo-Signature-V3-Nonce": nonce}
        answer = await self.http.post(url, data=form, headers=headers)
        call.answers.append(answer)
        return answer

    def address_of(self, stream: ET.Element) -> str:
        assert stream.attrib["bidirectional"] == "true" and stream.attrib["keepCallAlive"] == "true"
        assert stream.attrib["contentType"] == "audio/x-mulaw;rate=8000"
        return stream.text or ""

    def parameters_of(self, stream: ET.Element) -> dict[str, str]:
        return dict(one.split("=", 1) for one in stream.attrib["extraHeaders"].split(","))

    async def go_on(self, call: Call, where: str) -> None:
        answer = await self.ask(call, where, {"CallStatus": "in-progress"})
        await self.obey(call, answer.text)

    async def rest(self, method: str, path: str, body: dict[str, Any]) -> Response:
        calls = f"/v1/Account/{self.account_id}/Call/"
        if (method, path) == ("POST", calls):
            call = self.placed(f"+{body['from']}", f"+{body['to']}", body)
            return JSONResponse({"message": "call fired", "request_uuid": call.id, "api_id": "1"}, 201)
        found = self.calls.get(path.removeprefix(calls).rstrip("/"))
        if found is None:
            return JSONResponse({"error": "not found"}, 404)
        if method == "DELETE":
            self.end(found)
            return Response(status_code=204)
        if body.get("legs") != "aleg":
            return JSONResponse({"error": "legs"}, 400)
        self.redirect(found, body["aleg_url"])
        return JSONResponse({"message": "call transferred", "call_uuids": [found.id]}, 202)
