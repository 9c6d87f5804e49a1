"""What every emulator of a vendor is: a server on a port of its own, with a knob for everything that can go wrong.

A vendor's emulator subclasses `Emulator`, says in `routes` and `sockets` what it answers, and asks `refused` or
`refused_socket` first, which record what came and act on the faults that come before an answer.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

FaultName = Literal[
    "none",
    "status",  # this HTTP status instead of an answer, or of a handshake
    "stall_first",  # nothing at all
    "stall_body",  # headers (or an open socket), then nothing
    "stall_middle",  # half of it, then nothing
    "cut",  # half of it, then the connection is gone
    "cut_quietly",  # half of it, then an end as if it was all
    "malformed",  # something its own specification does not allow
    "drip",  # a few bytes at a time
    "huge_line",
    "endless",
    "empty",  # an answer without anything in it
    "html",  # a page instead
    "error_chunk",  # an error after all began well
    "close",  # a socket closed with `status` as its code
    "no_usage",
    "no_done",
    "tools",
    "crlf",
    "whole",
]


@dataclass(frozen=True)
class Fault:
    """What the server does with one request."""

    name: FaultName = "none"
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    stall_s: float = 30.0
    pause_s: float = 0.0  # between the drops of a drip


HttpAnswer = Callable[[Request], Awaitable[Response]]
SocketAnswer = Callable[[WebSocket], Awaitable[None]]


class Emulator:
    """`async with SomeEmulator() as server:`, then `server.url`; `server.next(Fault(…))` sets the next answer."""

    prefix: ClassVar[str] = ""  # of the URL that an account is given
    credential: ClassVar[str] = "authorization: Bearer {key}"  # where the key is looked for
    wrong_key: ClassVar[tuple[int, Any]] = (
        401,
        {"error": {"code": "invalid_api_key", "type": "invalid_request_error"}},
    )

    def __init__(self, key: str = "right-key") -> None:
        self.key = key
        self.requests: list[dict[str, Any]] = []  # {"path", "query", "body", "headers", "port"}, sockets' too
        self.received: list[Any] = []  # frames that came over sockets, JSON read
        self.sent: list[Any] = []  # frames that went over sockets, before they were written as JSON
        self.open_streams = 0
        self.knocks = 0  # requests for nothing, by which a client opens its socket ahead
        self._certificate: Path | None = None
        self._faults: deque[Fault] = deque()
        self._always: Fault | None = None
        self._by_account: dict[str, Fault] = {}
        self._listening = socket.socket()
        self._listening.bind(("127.0.0.1", 0))  # connections are refused until the server is entered

    # ── to be said by a vendor's emulator ─────────────────────────────────────────────────────────────────────────
    def routes(self) -> Sequence[tuple[str, HttpAnswer]]:
        """Paths below `prefix` that are asked over HTTP, and what answers."""
        return ()

    def sockets(self) -> Sequence[tuple[str, SocketAnswer]]:
        """Paths below `prefix` that are WebSockets."""
        return ()

    # ── knobs ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def url(self) -> str:
        return self._url("")

    def at(self, port: int) -> Self:
        """Listen on this port instead of a free one; to be called before entering. Raises `OSError`."""
        self._listening.close()
        self._listening = socket.socket()
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listening.bind(("127.0.0.1", port))
        return self

    def secured(self, certificate: Path) -> Self:
        """Speak TLS. `certificate` is a PEM file that holds the private key too; to be called before entering."""
        self._certificate = certificate
        return self

    def account(self, name: str, fault: Fault | None = None) -> str:
        """The URL of an account with a fault of its own, whatever befalls the others."""
        if fault is not None:
            self._by_account[name] = fault
        return self._url(f"/{name}")

    def heal(self, account: str) -> None:
        self._by_account.pop(account, None)

    def next(self, *faults: Fault) -> None:
        self._faults.extend(faults)

    def always(self, fault: Fault | None) -> None:
        self._always = fault

    def forget(self) -> None:
        """As after the start."""
        self._faults.clear()
        self.requests.clear()
        self.received.clear()
        self.sent.clear()
        self._always = None

    # ── running ───────────────────────────────────────────────────────────────────────────────────────────────────
    def app(self) -> ASGIApp:
        found: list[BaseRoute] = []
        for prefix in (self.prefix, "/{account}" + self.prefix):
            found += [Route(prefix + path, answer, methods=["GET", "POST"]) for path, answer in self.routes()]
            found += [WebSocketRoute(prefix + path, answer) for path, answer in self.sockets()]
        found.append(Route("/", self._knocked, methods=["HEAD"]))
        return WithProtocol(Starlette(routes=found))

    async def __aenter__(self) -> Self:
        config = uvicorn.Config(
            self.app(),
            log_level="critical",
            lifespan="off",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
            ssl_certfile=self._certificate,
        )
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._task = asyncio.create_task(self._server.serve(sockets=[self._listening]))
        while not self._server.started:
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        await self._task

    async def _knocked(self, _: Request) -> Response:
        self.knocks += 1
        return Response(status_code=404)

    def _url(self, account: str) -> str:
        scheme = "http" if self._certificate is None else "https"
        return f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}{account}{self.prefix}"

    # ── for the answers of a vendor's emulator ────────────────────────────────────────────────────────────────────
    def fault_of(self, connection: HTTPConnection) -> Fault:
        account = connection.path_params.get("account")
        if account is not None:
            return self._by_account.get(account, Fault())
        return self._faults.popleft() if self._faults else self._always or Fault()

    def is_authorized(self, connection: HTTPConnection) -> bool:
        name, _, value = self.credential.partition(": ")
        return connection.headers.get(name) == value.format(key=self.key)

    def record(self, connection: HTTPConnection, body: Any) -> None:
        self.requests.append(
            {
                "path": connection.url.path,
                "query": connection.query_params,
                "body": body,
                "headers": dict(connection.headers),
                "port": connection.client.port if connection.client else 0,
            }
        )

    async def refused(self, request: Request, fault: Fault, body: Any) -> Response | None:
        """Record a request; what is answered instead of the answer, where it is."""
        self.record(request, body)
        if not self.is_authorized(request):
            return JSONResponse(self.wrong_key[1], self.wrong_key[0])
        if fault.name == "status":
            body = fault.body or {"error": {"message": "no", "type": "server_error", "code": "emulated"}}
            return JSONResponse(body, fault.status, headers=dict(fault.headers))
        if fault.name == "html":
            return Response("<html>Welcome to the proxy</html>", media_type="text/html")
        if fault.name == "stall_first":
            await asyncio.sleep(fault.stall_s)
        return None

    async def refused_socket(self, ws: WebSocket, fault: Fault, subprotocol: str | None = None) -> bool:
        """Record a handshake and accept it; True where it was refused or closed instead."""
        self.record(ws, None)
        refusal = None
        if not self.is_authorized(ws):
            refusal = JSONResponse(self.wrong_key[1], self.wrong_key[0])
        elif fault.name == "status":
            refusal = JSONResponse(fault.body or {"error": {"code": "emulated"}}, fault.status, dict(fault.headers))
        elif fault.name == "stall_first":
            await asyncio.sleep(fault.stall_s)
        if refusal is not None:
            await ws.send_denial_response(refusal)
            return True
        await ws.accept(subprotocol)
        if fault.name == "stall_body":
            await asyncio.sleep(fault.stall_s)
        if fault.name == "close":
            await ws.close(fault.status)
            return True
        return False

    async def frames(self, ws: WebSocket) -> AsyncIterator[Any]:
        """What the client sends until it goes: bytes as they are, text as JSON where it is. Keeps all of it."""
        while (message := await ws.receive())["type"] == "websocket.receive":
            data = message.get("bytes")
            if data is None:
                try:
                    data = orjson.loads(message["text"])
                except orjson.JSONDecodeError:
                    data = message["text"]
            self.received.append(data)
            yield data

    async def converse(self, ws: WebSocket, answer: Callable[[AsyncIterator[Any]], Awaitable[None]]) -> None:
        """Answer the frames of an accepted socket until the answer is over or the client has gone, even in a stall."""
        came: asyncio.Queue[Any] = asyncio.Queue()

        async def queued() -> AsyncIterator[Any]:
            while True:
                yield await came.get()

        async def read() -> None:
            async for frame in self.frames(ws):
                came.put_nowait(frame)

        self.open_streams += 1
        tasks = {asyncio.ensure_future(read()), asyncio.ensure_future(answer(queued()))}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except WebSocketDisconnect:
            pass
        finally:
            self.open_streams -= 1
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(RuntimeError, WebSocketDisconnect):  # closed already, by either side
                await ws.close()

    async def tell(self, ws: WebSocket, value: Any) -> None:
        """Send a frame, and keep it for the judge: bytes as they are, everything else as JSON."""
        self.sent.append(value)
        if isinstance(value, bytes):
            await ws.send_bytes(value)
        else:
            await ws.send_text(orjson.dumps(value).decode())

    async def broken(self, ws: WebSocket, fault: Fault) -> bool:
        """Act on the faults in the middle of a socket's answer; True where nothing more is to be sent."""
        match fault.name:
            case "stall_middle":
                await asyncio.sleep(fault.stall_s)
            case "cut":
                await asyncio.sleep(0.02)  # what was sent so far leaves first
                await abort(ws)
                return True
            case "cut_quietly":
                await ws.close(1000)
                return True
            case "malformed":
                await ws.send_text('{"type": ["bro')
        return False


async def abort(ws: WebSocket) -> None:
    """End a socket as a broken network does: no closing frame."""
    ws.scope["auricle.protocol"].transport.abort()


class WithProtocol:
    """Puts uvicorn's protocol into the scope: a socket can be broken off no other way."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "auricle.protocol": getattr(send, "__self__", None)}, receive, send)


async def dripped(fault: Fault, data: bytes, drop_bytes: int) -> AsyncIterator[bytes]:
    """The data whole, or in drops where that is the fault."""
    if fault.name != "drip":
        yield data
        return
    for at in range(0, len(data), drop_bytes):
        yield data[at : at + drop_bytes]
        await asyncio.sleep(fault.pause_s)


async def piecemeal(fault: Fault, data: bytes) -> AsyncIterator[bytes]:
    """A body that is of use only when it is whole, with what can befall it on the way."""
    half = len(data) // 2
    if fault.name == "stall_body":
        yield b""  # the headers go out
        await asyncio.sleep(fault.stall_s)
    if fault.name in ("stall_middle", "cut", "cut_quietly"):
        yield data[:half]
        if fault.name == "stall_middle":
            await asyncio.sleep(fault.stall_s)
        elif fault.name == "cut":
            await asyncio.sleep(0.02)  # what was sent so far leaves first
            raise ConnectionAbortedError
        else:
            return
        data = data[half:]
    async for drop in dripped(fault, data, 40):
        yield drop
