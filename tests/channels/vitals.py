"""The web process as a process of its own, that tells how it is: memory, tasks, and the sockets of its clients."""

import asyncio
import contextlib
import ctypes
import gc
import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import psutil
import uvicorn

from auricle.log import configure
from auricle.serving import bound_arenas
from auricle.settings import Settings
from auricle.web.frames import FrameSocket

VITALS = "/vitals"
PING_S, PONG_S = 1.0, 5.0  # a client that answers no ping for so long is gone


@dataclass(frozen=True)
class Vitals:
    rss_bytes: int
    tasks: int
    sockets: int
    running: dict[str, int]  # tasks by what they run


def measured(port: int) -> bytes:
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
    process = psutil.Process()
    sockets = [c for c in process.net_connections("tcp") if c.laddr.port == port and c.status != psutil.CONN_LISTEN]
    running = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in asyncio.all_tasks())
    told = {"rss_bytes": process.memory_info().rss, "tasks": running.total(), "sockets": len(sockets)}
    return orjson.dumps({**told, "running": running})


def serve(settings: Settings) -> None:
    """What the process runs."""
    bound_arenas()
    from auricle.assemble import application

    configure(settings.log_level, settings.log_file)
    app = application(settings)

    async def telling(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != VITALS:
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": measured(settings.port)})

    uvicorn.run(
        telling, host=settings.host, port=settings.port, log_config=None, ws=FrameSocket, ws_max_size=128_000,
        ws_per_message_deflate=False, ws_ping_interval=PING_S, ws_ping_timeout=PONG_S, proxy_headers=False,
        timeout_graceful_shutdown=3, timeout_keep_alive=300,
    )  # fmt: skip


@contextlib.contextmanager
def alive(settings: Settings) -> Iterator["multiprocessing.process.BaseProcess"]:
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(settings,), daemon=True)
    process.start()
    try:
        deadline = time.monotonic() + 90
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                if httpx2.get(settings.base_url + "/health", timeout=5).status_code == 200:
                    break
            if not process.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the service did not start")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.join(15)
        if process.is_alive():
            process.kill()
            process.join(5)


async def vitals(settings: Settings) -> Vitals:
    async with httpx2.AsyncClient(timeout=30) as http:
        answer = await http.get(settings.base_url + VITALS)
    return Vitals(**answer.raise_for_status().json())
