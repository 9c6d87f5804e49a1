"""`auricle up`: the embedded PostgreSQL, then `serve` and `worker` as child processes, watched until Ctrl-C.

The parent does no work of its own: a crash or a `kill -9` of a part never takes the others along, and a part that ends
is started again. The parts die with the parent.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg

from auricle.db.embedded import Server, running, take_lock
from auricle.db.migrate import is_current, migrate
from auricle.db.postmaster import die_with_parent
from auricle.db.prepare import Urls, check
from auricle.errors import Conflict, Misconfigured, Unavailable
from auricle.settings import Settings

READY_S = 90.0
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
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    started: list[float] = field(default_factory=list)

    def start(self) -> None:
        now = time.monotonic()
        self.started = [*[t for t in self.started if now - t < 60], now]
        if len(self.started) > RESTARTS_PER_MINUTE:
            raise PartFailed(f"The {self.role} process ends again and again; its log above says why.")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "auricle", self.role], env=self.environment, preexec_fn=die_with_parent()
        )

    def ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Run everything until interrupted. `say` prints a progress line."""
    check_not_running(settings)
    check_port(settings.host, settings.port)
    with interruptible():
        try:
            with database(settings, say) as (urls, server):
                run(settings, urls, server, say)
        except KeyboardInterrupt:  # before there was anything but the database to stop
            pass
    say("stopped; the data is kept")


def run(settings: Settings, urls: Urls, server: Server | None, say: Callable[[str], None]) -> None:
    """Start the parts over a database that is there, and watch all of it until interrupted."""
    if urls.owner and not is_current(urls.app):
        say("bringing the schema up to date …")
        migrate(urls.owner)
    parts = [Part(role, environment_for(settings, urls)) for role in ("serve", "worker")]
    try:
        for part in parts:
            part.start()
        say("loading the speech and embedding models (the first start builds one, some seconds) …")
        await_ready(settings, parts)
        say("ready")
        announce(settings, say)
        watch(parts, server, say)
    except KeyboardInterrupt:
        say("stopping …")
    finally:
        for part in reversed(parts):
            part.stop()


@contextlib.contextmanager
def database(settings: Settings, say: Callable[[str], None]) -> Iterator[tuple[Urls, Server | None]]:
    """The configured PostgreSQL, or the embedded server for as long as we run."""
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        check_database(url)
        if settings.worker_url is None:
            raise Misconfigured("With AURICLE_DATABASE_URL set, AURICLE_WORKER_URL is needed too.")
        owner_url = settings.owner_url.get_secret_value() if settings.owner_url else ""
        yield Urls(url, owner_url, settings.worker_url.get_secret_value()), None
        return
    say(f"starting the embedded PostgreSQL in {settings.data_dir} …")
    with running(settings.data_dir) as server:
        yield server.urls, server


def check_database(url: str) -> None:
    """Before any part starts: what they would all refuse in logs of their own is one sentence here."""
    try:
        check(url)
    except psycopg.OperationalError as error:
        raise Misconfigured(
            "The database of AURICLE_DATABASE_URL can't be reached, or refuses this role and password."
        ) from error
    except psycopg.ProgrammingError as error:
        raise Misconfigured("AURICLE_DATABASE_URL is not the URL of a PostgreSQL database.") from error


def environment_for(settings: Settings, urls: Urls) -> dict[str, str]:
    """What a part needs to know; the database's passwords go by environment, never on a command line."""
    return {
        **os.environ,
        "AURICLE_DATABASE_URL": urls.app,
        "AURICLE_WORKER_URL": urls.worker,
        "AURICLE_DATA_DIR": str(settings.data_dir),
        "AURICLE_HOST": settings.host,
        "AURICLE_PORT": str(settings.port),
        "AURICLE_WATCHER": str(os.getpid()),
        "OMP_NUM_THREADS": "1",  # small matrix products on all cores cost the calls more than they gain
        "AURICLE_SAMPLE_DATA": str(settings.sample_data).lower(),
    }


def check_not_running(settings: Settings) -> None:
    """Started twice, it says that: a second start would otherwise find the port busy, by us."""
    home = settings.data_dir.absolute() / "postgres"
    if settings.database_url is None and home.is_dir() and os.access(home, os.W_OK):
        take_lock(home).close()


def check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortBusy(f"Port {port} is in use by another program; choose one with --port.") from error


def await_ready(settings: Settings, parts: list[Part]) -> None:
    """Wait until the service answers that it is ready; a part that ends meanwhile is an error at once."""
    deadline = time.monotonic() + READY_S
    address = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - compared, not bound
    while time.monotonic() < deadline:
        for part in parts:
            if part.ended():
                raise PartFailed(f"The {part.role} process ended while starting; its log above says why.")
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(  # noqa: S310 - our own address
                f"http://{address}:{settings.port}/ready", timeout=2
            ) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise PartFailed("The service did not become ready in time; its log above says why.")


def watch(parts: list[Part], server: Server | None, say: Callable[[str], None]) -> None:
    """Start again whatever ends, until interrupted. On the main thread: PostgreSQL dies with its starter."""
    while True:
        time.sleep(0.5)
        if server is not None and not server.is_alive():
            say("PostgreSQL ended and is started again")
            server.restart()
        for part in parts:
            if part.ended():
                say(f"the {part.role} process ended and is started again")
                part.start()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM ends us as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def end_with_parent(parent: int, *, grace_s: float = ORPHAN_S) -> None:
    """In a part: do not outlive the watcher. The kernel's signal asks for an orderly end; this one bounds it."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        time.sleep(grace_s)
        os._exit(1)

    threading.Thread(target=look, name="parent watch", daemon=True).start()


def announce(settings: Settings, say: Callable[[str], None]) -> None:
    """The address, the sample logins, and what is offline about this mode."""
    from auricle.doctor import limits
    from auricle.sample.seed import LOGINS, PASSWORD

    say(f"Auricle is at {settings.base_url} (API description: {settings.base_url}/docs)")
    if settings.sample_data:
        say(f"sample logins, password “{PASSWORD}”:")
        for role, login in LOGINS.items():
            say(f"  {role:15} {login}")
    for limit in limits(settings):
        say(f"offline: {limit}")
    say("try `make demo` in another terminal; Ctrl-C stops everything")
