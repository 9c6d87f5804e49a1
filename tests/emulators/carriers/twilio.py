"""Twilio as its documents describe it: form posts signed with HMAC-SHA1, TwiML, Media Streams, the Calls resource."""

import base64
import hashlib
import hmac
import xml.etree.ElementTree as ET
from typing import Any

import httpx2
from starlette.responses import JSONResponse, Response

from tests.emulators.carriers.exchange import Call, Exchange
from tests.emulators.carriers.handset import Json, Shape


class TwilioShape(Shape):
    stream = "streamSid"
    echoes_dropped_marks = True

    def opening(self) -> list[Json]:
        media_format = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        start = {
            "accountSid": self.account_id,
            "streamSid": self.stream_id,
            "callSid": self.call_id,
            "tracks": ["inbound"],
            "mediaFormat": media_format,
            "customParameters": self.parameters,
        }
        return [
            {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            self.message("start", sequenceNumber="1", start=start),
        ]

    def media(self, data: bytes, chunk: int) -> Json:
        return self.message(
            "media",
            sequenceNumber=str(chunk + 1),
            media={
                "track": "inbound",
                "chunk": str(chunk),
                "timestamp": str(chunk * 20),
                "payload": base64.b64encode(data).decode(),
            },
        )


class Twilio(Exchange):
    shape = TwilioShape

    async def ask(self, call: Call, url: str, fields: dict[str, str]) -> httpx2.Response:
        form = {
            "CallSid": call.id,
            "AccountSid": self.account_id,
            "From": call.caller,
            "To": call.called,
            "Direction": "inbound",
            **fields,
        }
        text = url + "".join(name + form[name] for name in sorted(form))
        token = self.token if self.signed else "another token"
        mac = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
        answer = await self.http.post(url, data=form, headers={"X-Twilio-Signature": base64.b64encode(mac).decode()})
        call.answers.append(answer)
        return answer

    def address_of(self, stream: ET.Element) -> str:
        return stream.attrib["url"]

    def parameters_of(self, stream: ET.Element) -> dict[str, str]:
        return {one.attrib["name"]: one.attrib["value"] for one in stream.findall("Parameter")}

    async def rest(self, method: str, path: str, body: dict[str, Any]) -> Response:
        calls = f"/2010-04-01/Accounts/{self.account_id}/Calls"
        if (method, path) == ("POST", f"{calls}.json"):
            call = self.placed(body["From"], body["To"], body)
            return JSONResponse({"sid": call.id, "status": "queued"}, 201)
        found = self.calls.get(path.removeprefix(f"{calls}/").removesuffix(".json"))
        if method != "POST" or found is None:
            return JSONResponse({"code": 20404}, 404)
        if "Twiml" in body:
            self.redirect(found, body["Twiml"])
        elif body.get("Status") == "completed":
            self.end(found)
        else:
            return JSONResponse({"code": 21218}, 400)
        return JSONResponse({"sid": found.id, "status": "in-progress"})
