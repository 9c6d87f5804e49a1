"""A door for the peers' load client, whose calls come without webhook and ticket: bench only, in the server's process.

It rings the product's own webhook for each call and puts the ticket into the call's start message; from then on the
product talks to the client itself. The client names its streams in two ways, which are made one, and gives all of its
pieces of sound one number, which is left out.
"""

import os
import re
from typing import Any

import orjson

from auricle import assemble, serving
from auricle.sample.seed import LOGINS, PASSWORD
from auricle.web.frames import Arrivals, FrameSocket
from bench.voice.dialects import Twilio
from bench.voice.doors import PhoneDoors

PATH, MEDIA = "/twilio", "/ws/phone/twilio"
STREAM, STREAMS = "MZbench", re.compile(r"MZbench\d+")
SHORTER_THAN_SOUND = 200  # characters
CHUNK = (
    '"chunk": "1", '  # all of the client's pieces have one number; a carrier's second piece of a number is a repetition
)


class OneName(Arrivals):
    def _put(self, item: Any) -> None:
        if isinstance(item, str):
            item = STREAMS.sub(STREAM, item) if len(item) < SHORTER_THAN_SOUND else item.replace(CHUNK, "", 1)
        super()._put(item)


class FrontSocket(FrameSocket):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = OneName()


class Front:
    def __init__(self, app: Any, url: str) -> None:
        self._app, self.state = app, app.state
        self._doors = PhoneDoors(url, Twilio(), LOGINS["org admin"], PASSWORD)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and scope["path"] == PATH:
            scope.update(path=MEDIA, raw_path=MEDIA.encode())

            async def first() -> Any:
                message = await receive()
                return await self._with_ticket(message) if '"start"' in (message.get("text") or "") else message

            await self._app(scope, first, send)
        else:
            await self._app(scope, receive, send)

    async def _with_ticket(self, message: dict[str, Any]) -> dict[str, Any]:
        _, ticket, call = await self._doors.ring()
        told = orjson.loads(message["text"])
        told["streamSid"] = STREAM
        told["start"] |= {
            "streamSid": STREAM,
            "callSid": call,
            "accountSid": Twilio.account,
            "customParameters": {"ticket": ticket},
        }
        return {"type": "websocket.receive", "text": orjson.dumps(told).decode()}


def install() -> None:
    """Have `auricle serve` be served behind the front."""
    application = assemble.application

    def behind(*args: Any, **kwargs: Any) -> Any:
        return Front(application(*args, **kwargs), f"http://127.0.0.1:{os.environ['AURICLE_PORT']}")

    assemble.application = behind
    serving.FrameSocket = FrontSocket  # type: ignore[attr-defined]
