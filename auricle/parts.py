"""A role of the installation as a child process: started, watched, started again, ended with its parent."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from auricle.db.postmaster import die_with_parent
from auricle.errors import Conflict, Unavailable

STOP_S = 15.0
ORPHAN_S = 10.0  # what a part may still take to finish after its watcher was killed
RESTARTS_PER_MINUTE = 5


class PortBusy(Conflict):
    """Another program uses this port."""

    code = "up.port_busy"


class PartFailed(Unavailable):
    """A part of the installation ends again and again."""

    code = "up.part_failed"


@dataclass(slots=True)
class Part:
    """One role as a child process."""

    role: str
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self) -> None:
        now = time.monotonic()
        self.started = [*[t for t in self.started if now - t < 60], now]
        if len(self.started) > RESTARTS_PER_MINUTE:
            raise PartFailed(f"The {self.role} process ends again and again; its log above says why.")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "auricle", self.role, *self.arguments],
            env=dict(self.environment),
            preexec_fn=die_with_parent(),
        )

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def tell(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self, within_s: float = STOP_S) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusy(f"Port {port} is in use by another program; choose one with --port.") from error


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does; and Ctrl-C does even where a shell started us with its signal ignored."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with_parent(parent: int, *, grace_s: float = ORPHAN_S) -> None:
    """In a part: do not outlive the watcher. The kernel's signal asks for an orderly end; this one bounds it."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        time.sleep(grace_s)
        os._exit(1)

    threading.Thread(target=look, name="parent watch", daemon=True).start()
