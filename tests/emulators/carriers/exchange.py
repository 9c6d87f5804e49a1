"""A carrier: a REST interface with its own sign-in, and calls that ask our webhooks and do what they are told."""

import asyncio
import base64
import socket
import xml.etree.ElementTree as ET
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx2
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.emulators.carriers.handset import Handset, Shape

numbers = count(1)


@dataclass
class Call:
    """One call at the carrier, and everything that happened to it."""

    id: str
    caller: str
    called: str
    handset: Handset | None = None
    done: list[tuple[str, str]] = field(default_factory=list)  # (verb, what): Dial, Say, Reject, Hangup, Stream
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    answers: list[httpx2.Response] = field(default_factory=list)
    task: "asyncio.Task[None] | None" = None
    asked: dict[str, Any] = field(default_factory=dict)  # what placed it
    redirected: str | None = None  # XML or address that the REST interface sent it on to

    def did(self, verb: str) -> list[str]:
        return [what for name, what in self.done if name == verb]


class Exchange:
    """Run under `async with`. Subclasses speak one carrier's REST, signature and media messages."""

    shape: type[Shape]
    user: str

    def __init__(self, account_id: str, token: str, *, fast: bool = False) -> None:
        self.account_id, self.token, self.fast = account_id, token, fast
        self.user = account_id
        self.calls: dict[str, Call] = {}
        self.requests: list[tuple[str, str]] = []  # method and path of every REST request that was signed in
        self.refused = 0  # that were not
        self.status = 0  # a status that every REST request is answered with
        self.stall_s = 0.0
        self.port = 0
        self.signed = True  # whether it signs what it sends

    # ── being there ───────────────────────────────────────────────────────────────────────────────────────────────
    async def __aenter__(self) -> "Exchange":
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        app = Starlette(routes=[Route("/{path:path}", self._rest, methods=["GET", "POST", "DELETE"])])
        config = uvicorn.Config(app, host="127.0.0.1", port=self.port, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started:
            await asyncio.sleep(0.01)
        self.http = httpx2.AsyncClient(timeout=20)
        return self

    async def __aexit__(self, *_: object) -> None:
        for call in self.calls.values():
            if call.task:
                call.task.cancel()
                await asyncio.gather(call.task, return_exceptions=True)
        await self.http.aclose()
        self._server.should_exit = True
        await self._serving

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    # ── REST ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _rest(self, request: Request) -> Response:
        right = "Basic " + base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        if request.headers.get("authorization") != right:
            self.refused += 1
            return JSONResponse({"code": 20003}, 401)
        self.requests.append((request.method, request.url.path))
        if self.stall_s:
            await asyncio.sleep(self.stall_s)
        if self.status:
            return JSONResponse({"code": 20500}, self.status)
        body: dict[str, Any] = {}
        if request.method == "POST":
            raw = await request.body()
            if "json" in request.headers.get("content-type", ""):
                body = orjson.loads(raw)
            else:
                form = await request.form()
                body = {name: form.getlist(name) if len(form.getlist(name)) > 1 else form[name] for name in form}
        return await self.rest(request.method, request.url.path, body)

    async def rest(self, method: str, path: str, body: dict[str, Any]) -> Response:
        raise NotImplementedError

    def placed(self, caller: str, called: str, body: dict[str, Any]) -> Call:
        call = Call(f"CA{next(numbers)}", caller, called, asked=body)
        self.calls[call.id] = call
        return call

    def end(self, call: Call) -> None:
        """The carrier hangs up: the REST interface was asked to."""
        call.done.append(("Ended", "by request"))
        call.ended.set()
        if call.handset:
            asyncio.get_running_loop().create_task(call.handset.live.close())

    def redirect(self, call: Call, where: str) -> None:
        """The REST interface sends a call on: its stream stops, and it does what it is told now."""
        call.redirected = where
        if call.handset:
            asyncio.get_running_loop().create_task(call.handset.live.close())

    # ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def call_in(self, voice_url: str, caller: str, called: str) -> Call:
        """Somebody dials the line's number."""
        call = self.placed(caller, called, {})
        call.task = asyncio.create_task(self.follow(call, voice_url))
        return call

    async def follow(self, call: Call, url: str) -> None:
        """Ask a webhook, do what it says, and go on where it says."""
        try:
            answer = await self.ask(call, url, {"CallStatus": "ringing"})
            if answer.status_code == 200:
                await self.obey(call, answer.text)
        finally:
            call.ended.set()

    async def obey(self, call: Call, document: str) -> None:
        for verb in ET.fromstring(document):  # noqa: S314 - our own answer
            stream = verb.find("Stream") if verb.tag == "Connect" else verb if verb.tag == "Stream" else None
            if stream is not None:
                await self.stream(call, self.address_of(stream), self.parameters_of(stream))
                if call.redirected is not None:
                    await self.go_on(call, call.redirected)
                    return
                if call.ended.is_set():
                    return
            elif verb.tag == "Redirect":
                answer = await self.ask(call, verb.text or "", {"CallStatus": "in-progress"})
                await self.obey(call, answer.text)
                return
            else:
                number = verb.find("Number")
                call.done.append((verb.tag, (number.text if number is not None else verb.text) or ""))
                if verb.tag in ("Hangup", "Reject"):
                    return

    async def go_on(self, call: Call, where: str) -> None:
        await self.obey(call, where)

    def address_of(self, stream: ET.Element) -> str:
        raise NotImplementedError

    def parameters_of(self, stream: ET.Element) -> dict[str, str]:
        raise NotImplementedError

    async def stream(self, call: Call, url: str, parameters: dict[str, str]) -> None:
        call.done.append(("Stream", url))
        try:
            async with connect(url) as live:
                call.handset = Handset(live, self.shape(call.id, self.account_id, parameters), fast=self.fast)
                with suppress(ConnectionClosed):
                    await call.handset.run()
        except InvalidStatus as refused:
            call.done.append(("Refused", str(refused.response.status_code)))

    async def ask(self, call: Call, url: str, fields: dict[str, str]) -> httpx2.Response:
        """A signed request to a webhook."""
        raise NotImplementedError

    async def tell(self, call: Call, url: str, status: str, **more: str) -> httpx2.Response:
        """A status callback."""
        return await self.ask(call, url, {"CallStatus": status, **more})

    async def connected(self, call: Call) -> Handset:
        """Wait for the media socket."""
        async with asyncio.timeout(20):
            while call.handset is None:
                assert not call.ended.is_set(), call.done
                await asyncio.sleep(0.02)
        return call.handset
