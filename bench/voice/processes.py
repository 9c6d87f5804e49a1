"""Starts and ends what a run needs: the product with its database and worker, the bare loop, the providers."""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx2

from auricle.db.embedded import Server, running
from auricle.db.migrate import migrate
from auricle.db.postmaster import die_with_parent, free_port
from auricle.demo.play import sign_in
from auricle.sample.seed import LOGINS

ROOT = Path(__file__).parents[2]
START_S = 120.0
# Every caller comes from one address and is one patient: what protects against that would be all that is measured.
UNLIMITED = {f"AURICLE_LIMITS__{who}": "1000000/minute" for who in ("ADDRESS", "USER", "KEY", "ORGANIZATION")}


@contextlib.contextmanager
def bare(given: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """The bare loop: its URL and process."""
    port = free_port()
    with process(["-m", "bench.voice.floor", str(given.server_core), str(port), given.wire], given) as server:
        time.sleep(1.5)
        yield f"ws://127.0.0.1:{port}/", server.pid


@contextlib.contextmanager
def product(
    folder: Path, given: argparse.Namespace, settings: Mapping[str, str], *more: str
) -> Iterator[tuple[str, int, Server]]:
    """The sample clinic, served on the server's core; database, worker and providers on the other."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(running(folder))
        migrate(database.urls.owner)
        environment = {
            "AURICLE_DATABASE_URL": database.urls.app,
            "AURICLE_WORKER_URL": database.urls.worker,
            "AURICLE_DATA_DIR": str(folder),
            "AURICLE_PORT": str(port),
            "AURICLE_LOG_LEVEL": "WARNING",
            "AURICLE_MODELS_DIR": str(ROOT / "var" / "models"),
            "OMP_NUM_THREADS": "1",
            **UNLIMITED,
            **settings,
        }
        stack.enter_context(process(["-m", "auricle", "worker"], given, environment))
        environment |= stack.enter_context(vendors(given))
        server = stack.enter_context(
            process(["-m", "bench.voice.server", str(given.server_core), *more], given, environment)
        )
        await_ready(url, server)
        asyncio.run(await_knowledge(url))
        yield url, server.pid, database


@contextlib.contextmanager
def vendors(given: argparse.Namespace) -> Iterator[dict[str, str]]:
    """The settings of the simulated providers, which are in the server's process or in one of their own."""
    if given.providers == "inside":
        yield {"AURICLE_PROVIDERS__BENCH__VENDOR": "fixed_delay"}
        return
    port = free_port()
    with process(["-m", "bench.voice.providers", str(given.client_core), str(port)], given):
        time.sleep(1.5)
        url = f"http://127.0.0.1:{port}/v1"
        yield {
            "AURICLE_PROVIDERS__BENCH__VENDOR": "openai_compatible",
            "AURICLE_PROVIDERS__BENCH__URL": url,
            "AURICLE_PROVIDERS__BENCH__LLM": "bench",
            "AURICLE_PROVIDERS__BENCH__TTS": "bench",
            "AURICLE_PROVIDERS__EARS__VENDOR": "socket_stt",
            "AURICLE_PROVIDERS__EARS__URL": url,
            "AURICLE_PROVIDERS__EARS__STT": "bench",  # without a model it would not be set up, and the offline one hear
        }


@contextlib.contextmanager
def process(
    command: Sequence[str], given: argparse.Namespace, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process of ours, for the length of the block."""
    with Path(given.log).open("ab") as log:
        started = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(),
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def await_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"{url}/ready", timeout=2):
            return
        time.sleep(0.2)
    sys.exit("The server did not become ready; --log tells why.")


async def await_knowledge(url: str) -> None:
    """Wait until the sample clinic is seeded and its knowledge can be searched."""
    deadline = time.monotonic() + START_S
    async with httpx2.AsyncClient(base_url=url, timeout=30) as http:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx2.HTTPStatusError):
                admin = await sign_in(http, LOGINS["org admin"])
                listed = (await http.get("/api/v1/rag/documents", headers=admin)).raise_for_status().json()["items"]
                if listed and all(document["status"] in ("live", "failed") for document in listed):
                    return
            await asyncio.sleep(1.0)
    sys.exit("The sample clinic was not seeded; --log tells why.")
