"""Calls on one core through the whole product, and through a bare loop: `python -m bench.voice.run --levels 1,10`.

Prints a JSON line for each level and a table at the end. See bench/README.md for what the figures mean.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2

from auricle.db.embedded import Server, running
from auricle.db.migrate import migrate
from auricle.db.postmaster import die_with_parent, free_port
from auricle.demo.play import sign_in
from auricle.sample.seed import LOGINS, PASSWORD
from auricle.settings import Voice
from bench.voice import speech
from bench.voice.callers import rss
from bench.voice.figures import figures, table
from bench.voice.vad_lag import Lag, lags

ROOT = Path(__file__).parents[2]
START_S = 120.0
WARM_UP_S = 14.0


def main() -> None:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the processes below are ended too
    os.sched_setaffinity(0, {given.client_core})  # and with us PostgreSQL, the worker and the callers
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root PostgreSQL runs as another account
        utterances = folder / "speech"
        utterances.mkdir()
        speech.make(utterances)
        lag = asyncio.run(lags(speech.load(utterances), Voice()))
        say(f"voice-activity lag, start and stop in ms, eight alignments: {lag_line(lag)}")
        if not given.no_floor:
            with bare(given) as (url, pid):
                rows += levels("bare loop", given, utterances, url, pid, None, None)
        with product(folder, given) as (url, pid, server):
            rows += levels("auricle", given, utterances, url, pid, server.pid, lag)
    print(table(rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--levels", default="1,10", help="numbers of calls, ascending")
    parser.add_argument("--seconds", type=float, default=40.0, help="measured time of a level")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--no-floor", action="store_true", help="leave the bare loop out")
    parser.add_argument("--log", default=os.devnull, help="where the server's log goes")
    return parser.parse_args()


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def lag_line(lag: dict[str, list[Lag]]) -> str:
    return "; ".join(
        f"{name}: {' '.join(f'{one.start_s * 1000:.0f}/{one.stop_s * 1000:.0f}' for one in all_)}"
        for name, all_ in lag.items()
    )


def levels(
    server: str,
    given: argparse.Namespace,
    utterances: Path,
    url: str,
    pid: int,
    database_pid: int | None,
    lag: dict[str, list[Lag]] | None,
) -> Iterator[dict[str, Any]]:
    """Each level's figures, printed as they come. A first call that does not count loads what is loaded once."""
    plan = {
        "url": url,
        "speech": str(utterances),
        "core": given.client_core,
        "server_pid": pid,
        "database_pid": database_pid,
        "login": LOGINS["patient"],
        "password": PASSWORD,
    }
    say(f"{server} (process {pid}): warming up …")
    called(plan, 1, WARM_UP_S)
    idle_rss = rss(pid)
    for calls in map(int, given.levels.split(",")):
        row = figures(server, called(plan, calls, given.seconds), lag, idle_rss)
        print(json.dumps(row), flush=True)
        yield row


def called(plan: dict[str, Any], calls: int, seconds: float) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.voice.callers"],
        input=json.dumps({**plan, "calls": calls, "seconds": seconds}),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        sys.exit(f"The callers failed:\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@contextlib.contextmanager
def bare(given: argparse.Namespace) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = ["-m", "bench.voice.floor", str(given.server_core), str(port)]
    with process(command, given) as server:
        time.sleep(1.5)
        yield f"ws://127.0.0.1:{port}/", server.pid


@contextlib.contextmanager
def product(folder: Path, given: argparse.Namespace) -> Iterator[tuple[str, int, Server]]:
    """The sample clinic, served on the server's core; database and worker on the other."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(folder) as database:
        migrate(database.urls.owner)
        environment = {
            "AURICLE_DATABASE_URL": database.urls.app,
            "AURICLE_WORKER_URL": database.urls.worker,
            "AURICLE_DATA_DIR": str(folder),
            "AURICLE_PORT": str(port),
            "AURICLE_LOG_LEVEL": "WARNING",
        }
        provider = {"AURICLE_PROVIDERS__BENCH__VENDOR": "fixed_delay"}
        with (
            process(["-m", "auricle", "worker"], given, environment),
            process(["-m", "bench.voice.server", str(given.server_core)], given, environment | provider) as server,
        ):
            await_ready(url, server)
            asyncio.run(await_knowledge(url))
            yield url, server.pid, database


@contextlib.contextmanager
def process(
    command: Sequence[str], given: argparse.Namespace, environment: dict[str, str] | None = None
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


if __name__ == "__main__":
    main()
