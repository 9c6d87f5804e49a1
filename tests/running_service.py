"""A whole installation for tests: the web process and a worker in threads of their own, real sockets, real database."""

import asyncio
import base64
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import uvicorn
from pydantic import SecretStr

from auricle.actor import Actor
from auricle.assemble import application
from auricle.db.prepare import Urls
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.passwords import HASHER
from auricle.providers.connections import shared_ssl_context
from auricle.settings import Limits, Settings, Voice
from auricle.web.frames import FrameSocket
from auricle.worker_role import work
from tests import builders

MASTER = bytes(range(32))
PASSWORD = "correct horse battery"
HASH = HASHER.hash(PASSWORD)
MODELS = Path(__file__).parents[1] / "var" / "models"  # built once for all installations of the tests
PLENTY = Limits(
    address="100000/minute",
    user="100000/minute",
    key="100000/minute",
    models="100000/minute",
    organization="1000000/minute",
)


def settings_for(urls: Urls, data_dir: Path, **given: Any) -> Settings:
    return Settings(
        database_url=SecretStr(urls.app),
        worker_url=SecretStr(urls.worker),
        owner_url=SecretStr(urls.owner),
        master_key=SecretStr(base64.b64encode(MASTER).decode()),
        data_dir=data_dir,
        port=free_port(),
        sample_data=False,
        log_level="WARNING",
        **{"voice": Voice(max_lag_s=5.0, resume_s=2.0), "limits": PLENTY, "models_dir": MODELS, **given},
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Service:
    """Where the installation answers, and how tests put people into it."""

    settings: Settings
    database: Database
    keyring: Keyring

    @property
    def url(self) -> str:
        return self.settings.base_url

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/api/v1/ws/streaming"

    def client(self, headers: dict[str, str] | None = None) -> httpx2.AsyncClient:
        tls = shared_ssl_context()  # a client without one reads the CA bundle, 25 ms of processor time for each
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30, verify=tls)

    async def member(self, organization_id: UUID, role: str) -> tuple[Actor, dict[str, str]]:
        """A member of a role, and the headers of their sign-in."""
        actor = await builders.make_member(self.database, organization_id, role, password_hash=HASH)
        return actor, await self.headers(actor)

    async def headers(self, actor: Actor) -> dict[str, str]:
        from auricle.identity.models import Account

        async with self.database.transaction(actor) as db:
            email = (await db.get_one(Account, actor.account_id)).email
        async with self.client() as http:
            answer = await http.post("/api/v1/auth/login", json={"login": email, "password": PASSWORD})
        return {"authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[None]:
    """The web process, in a thread with a loop of its own."""
    server = uvicorn.Server(
        uvicorn.Config(
            application(settings),
            host=settings.host,
            port=settings.port,
            log_config=None,
            ws=FrameSocket,
            proxy_headers=False,
            ws_max_size=128_000,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=3,
        )
    )
    thread = threading.Thread(target=server.run, name="serve")
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the service did not start")
            time.sleep(0.02)
        yield
    finally:
        server.should_exit = True
        thread.join(20)


@contextlib.contextmanager
def worked(settings: Settings) -> Iterator[None]:
    """The worker, in a thread with a loop of its own."""
    started = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def whole() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        started.set()
        await work(settings, stop, 2)

    thread = threading.Thread(target=lambda: asyncio.run(whole()), name="worker")
    thread.start()
    started.wait(10)
    try:
        yield
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)


def quick_voice(**given: Any) -> Voice:
    return Voice(reply_deadline_s=2.0, **given)
