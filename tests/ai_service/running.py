"""An AI service on a real socket: in a thread with a loop of its own, or as the process that operators start."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from pydantic import SecretStr

from auricle.ai.badge import make_badge
from auricle.ai_service.app import build
from auricle.ai_service.engine import Engine
from auricle.providers.connections import shared_ssl_context
from auricle.settings import AI, Settings
from tests.e2e.installation import environment
from tests.running_service import MODELS, free_port

SECRET = "known to both, and to nobody else"


def settings_for(**given: Any) -> Settings:
    ai = {"port": free_port(), "secret": SecretStr(SECRET), **given}
    return Settings(models_dir=MODELS, sample_data=False, log_level="WARNING", ai=AI(**ai))


@dataclass(frozen=True)
class Running:
    settings: Settings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.ai.port}"

    def asking(self, **given: Any) -> AI:
        """Settings of a client."""
        return AI(**{"url": self.url, "secret": self.settings.ai.secret, "look_s": 0.5, **given})

    def client(self, badge: str | None = None) -> httpx2.AsyncClient:
        shown = badge if badge is not None else make_badge(SecretStr(SECRET), time.time())
        headers = {"authorization": f"Bearer {shown}"} if shown else {}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=30, verify=shared_ssl_context())


@contextlib.contextmanager
def serving(settings: Settings, made: Callable[[Settings], Engine] = Engine.of) -> Iterator[Running]:
    server = uvicorn.Server(
        uvicorn.Config(
            build(settings, made),
            host=settings.host,
            port=settings.ai.port,
            log_config=None,
            ws="none",
            timeout_graceful_shutdown=3,
        )
    )
    thread = threading.Thread(target=server.run, name="ai")
    thread.start()
    running = Running(settings)
    try:
        await_ready(running.url)
        yield running
    finally:
        server.should_exit = True
        thread.join(20)


@contextlib.contextmanager
def process(settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """`auricle ai`, as it is started on a machine of its own."""
    with log.open("ab") as errors:
        started = subprocess.Popen(
            [sys.executable, "-m", "auricle", "ai", "--port", str(settings.ai.port)],
            env=environment(AURICLE_AI__SECRET=SECRET, AURICLE_MODELS_DIR=str(MODELS), AURICLE_LOG_LEVEL="INFO"),
            cwd="/",
            stderr=errors,
        )
    try:
        await_ready(f"http://127.0.0.1:{settings.ai.port}", started)
        yield started
    finally:
        started.kill()
        started.wait(10)


def await_ready(url: str, started: "subprocess.Popen[bytes] | None" = None) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert started is None or started.poll() is None, "the AI service ended while starting"
        with contextlib.suppress(httpx2.HTTPError):
            if httpx2.get(f"{url}/ready", timeout=5, trust_env=False, verify=shared_ssl_context()).status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the AI service did not become ready")
