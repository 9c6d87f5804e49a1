"""The web server of one process, and how it stops: no new calls, the running ones to their end, then the rest.

A first SIGTERM or SIGINT begins draining: `/ready` turns 503 and a new call is refused with Retry-After, while those
that run go on for up to `voice.drain_s`. What still runs then is told so by voice, and ended. A second signal cuts the
calls off and stores what was said; a third waits for nothing.

A worker that shares its port leaves it on SIGTERM, so that the next call lands on another. Told by its supervisor that
all of them stop (SIGUSR1), it stays and refuses.
"""

import asyncio
import ctypes
import gc
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from auricle.channels.calls import Calls
from auricle.loading import uncollected
from auricle.settings import Settings
from auricle.web.frames import FrameSocket

FAREWELL_S = 10.0  # for the last words, and the storing of what was said
DRAIN_TOGETHER = signal.SIGUSR1 if hasattr(signal, "SIGUSR1") else None
MAX_ARENAS = 2
M_ARENA_MAX = -8  # glibc's malloc.h


def serve(settings: Settings, *, calls: bool, shares_port: bool, watched: bool) -> None:
    """Run the web process until it is told to stop; where it is `watched`, by its watcher, not by Ctrl-C."""
    bound_arenas()
    with uncollected():
        from auricle.assemble import application

        app = application(settings, calls=calls)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws=FrameSocket,
        ws_max_size=128_000,
        ws_per_message_deflate=False,
        access_log=False,
        proxy_headers=False,  # web/addresses.py reads them, from AURICLE_TRUSTED_PROXIES only
        log_config=None,
        timeout_keep_alive=75,  # longer than a proxy keeps a connection that it does not use (NGINX: 60)
        timeout_graceful_shutdown=10,
        server_header=False,
        backlog=2048,
        limit_concurrency=2_000,
    )
    server = DrainingServer(config, lambda: app.state.assembly.calls, settings.voice.drain_s, shares_port=shares_port)
    server.deaf_to_keyboard = watched
    server.run(sockets=[shared_socket(settings.host, settings.port)] if shares_port else None)


def bound_arenas() -> None:
    """Have all threads share two heaps: one for each of glibc's threads cost megabytes that never came back."""
    try:
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, MAX_ARENAS)
    except (AttributeError, OSError):
        return  # not glibc


def shared_socket(host: str, port: int) -> socket.socket:
    """A listener beside those of the other workers: the kernel deals connections out among them."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    return listener


class DrainingServer(uvicorn.Server):
    """uvicorn, which by itself would close every call's socket on the first signal."""

    def __init__(
        self, config: uvicorn.Config, calls: Callable[[], Calls], drain_s: float, *, shares_port: bool
    ) -> None:
        super().__init__(config)
        self._calls, self._drain_s, self._shares_port = calls, drain_s, shares_port
        self._drain_until: float | None = None
        self.deaf_to_keyboard = False  # Ctrl-C reaches all processes of a terminal, and ours is told otherwise
        self._leaves_port = False
        self._dismissed_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if DRAIN_TOGETHER is not None and self._shares_port:
            asyncio.get_running_loop().add_signal_handler(DRAIN_TOGETHER, self.begin_draining)
        # One full collection stalled every call by 70 ms: what is here after starting stays for good.
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT and self.deaf_to_keyboard:
            return
        if self._drain_until is None and self.started:
            self._leaves_port = self._shares_port
            self.begin_draining()
            return
        self.force_exit = self.should_exit
        super().handle_exit(sig, frame)

    def begin_draining(self) -> None:
        if self._drain_until is None:
            self._drain_until = time.monotonic() + self._drain_s
            self._calls().draining = True

    async def on_tick(self, counter: int) -> bool:
        if self._drain_until is not None and not self.should_exit:
            if self._leaves_port:
                self._leaves_port = False
                for server in self.servers:
                    server.close()
            self.should_exit = self._is_drained(time.monotonic())
        return await super().on_tick(counter)

    def _is_drained(self, now: float) -> bool:
        calls = self._calls()
        if calls.count == 0:
            return True
        assert self._drain_until is not None
        if now >= self._drain_until and self._dismissed_at is None:
            self._dismissed_at = now
            calls.dismiss()
        return self._dismissed_at is not None and now - self._dismissed_at > FAREWELL_S
