"""A whole `auricle up` as real processes, to be looked at, talked to and killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import psutil

from auricle.providers.connections import shared_ssl_context
from auricle.sample.seed import LOGINS, PASSWORD
from tests.running_service import free_port

START_S = 150.0  # the first start builds a model; other work may share the machine
GONE_S = 30.0


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "auricle", *words]


def environment(**given: str) -> dict[str, str]:
    """Ours without any `AURICLE_…` of the developer's own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AURICLE_")}
    return {**clean, "AURICLE_LOG_LEVEL": "WARNING", **given}


def auricle(*words: str, timeout_s: float = 60.0, **given: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*words), env=environment(**given), capture_output=True, text=True, timeout=timeout_s, cwd="/"
    )


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one sentence on stderr of a command that failed."""
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 1 and len(lines) == 1 and lines[0].startswith("auricle: "), done
    return lines[0].removeprefix("auricle: ")


def eventually(condition: Callable[[], Any], timeout_s: float = GONE_S, pause_s: float = 0.05) -> Any:
    """The first true value of a condition; an error after the time is up."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {timeout_s:.0f} s")
        time.sleep(pause_s)
    return value


@dataclass
class Run:
    """One `auricle up` and everything that it started."""

    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def told(self) -> str:
        return self.log.read_text()

    def tree(self) -> list[psutil.Process]:
        """Parent and descendants, as they are now."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def part(self, role: str) -> psutil.Process:
        """The child process of a role, or the postmaster."""
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                words = child.cmdline()
                if words[-1:] == [role] or (role == "postgres" and words and words[0].endswith("/postgres")):
                    return child
        raise LookupError(role)

    def pids(self, role: str) -> list[int]:
        """The process that plays a role now; none between the death of one and the start of the next."""
        with contextlib.suppress(LookupError):
            return [self.part(role).pid]
        return []

    def interrupt(self) -> int:
        """Ctrl-C: a terminal tells the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(GONE_S)

    def kill_all(self) -> None:
        """What a power cut does to processes: none of them can react to the death of another."""
        victims = self.tree()
        for stopped in (signal.SIGSTOP, signal.SIGKILL):
            for one in victims:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.send_signal(stopped)
        self.process.wait(GONE_S)


def left_of(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a zombie that waits for its parent does not."""
    left = []
    for one in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if one.is_running() and one.status() != psutil.STATUS_ZOMBIE:
                left.append(one)
    return left


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether every one of these has ended, after the time that an orderly end may take."""
    with contextlib.suppress(AssertionError):
        eventually(lambda: not left_of(processes))
    return not left_of(processes)


@dataclass
class Installation:
    """A data folder with a port of its own, and the run on it, if there is one. Tests share it: in any order."""

    folder: Path
    models: Path
    port: int = field(default_factory=free_port)
    run: Run | None = None

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Run:
        """Start it and wait until it says that it is ready."""
        log = self.folder / f"up.{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command("up", "--data-dir", str(self.data_dir), "--port", str(self.port)),
                env=environment(AURICLE_MODELS_DIR=str(self.models)), cwd="/",
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.run = Run(process, log)
        eventually(lambda: "Ctrl-C stops everything" in log.read_text() or process.poll() is not None, START_S)
        assert process.poll() is None, log.read_text()
        return self.run

    def running(self) -> Run:
        """The run as it is, or a new one where the last was ended."""
        if self.run is None or self.run.process.poll() is not None:
            return self.start()
        return self.run

    def stop(self) -> None:
        if self.run is not None and self.run.process.poll() is None:
            self.run.interrupt()

    @contextlib.contextmanager
    def client(self, role: str = "clinician") -> Iterator[httpx2.Client]:
        """Signed in as one of the sample clinic's people."""
        with httpx2.Client(base_url=self.url, timeout=30, verify=shared_ssl_context()) as http:
            signed_in = http.post("/api/v1/auth/login", json={"login": LOGINS[role], "password": PASSWORD})
            http.headers["authorization"] = f"Bearer {signed_in.raise_for_status().json()['access_token']}"
            yield http

    def ready(self) -> bool:
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(f"{self.url}/ready", timeout=5, verify=shared_ssl_context()).status_code == 200
        return False
