"""The embedded PostgreSQL: one server per data folder, started and stopped with us.

    with running(data_dir) as server:
        server.urls.app

The server listens on 127.0.0.1 only, checks passwords everywhere, writes durably (fsync, checksums), and stops when
the process that started it dies. Left over from a run that could not stop it, it is adopted.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from auricle.db.cluster import (
    Account,
    EmbeddedFailed,
    check_room,
    explain,
    find_programs,
    full_disk_explained,
    load_passwords,
    make_cluster,
    make_home,
    server_account,
    write_private,
)
from auricle.db.postmaster import (
    answers,
    die_with_parent,
    forget_stale_pid,
    free_port,
    live_postmaster,
    port_is_free,
    socket_folder,
    wait_until,
)
from auricle.db.prepare import Passwords, Urls, prepare

ROLES = ("postgres", "auricle_owner", "auricle_app", "auricle_worker")
READY_TIMEOUT_S = 180.0  # recovery after a crash reads the log again
STOP_TIMEOUT_S = 30.0

# The server's own log must not quote what people wrote: no statements, no values, no ERROR lines (we log those).
OPTIONS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "timezone": "UTC",
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


class AlreadyRunning(EmbeddedFailed):
    """Auricle already runs on this data folder."""

    code = "database.already_running"


class NotRunning(EmbeddedFailed):
    """No database runs on this data folder; start it with `auricle up`."""

    code = "database.not_running"


class PortTaken(EmbeddedFailed):
    """The port that PostgreSQL should listen on is taken."""

    code = "database.port_taken"


class OrphansLeft(EmbeddedFailed):
    """Processes of a PostgreSQL that was killed still use this data folder."""

    code = "database.orphans_left"


@dataclass
class Server:
    """A running PostgreSQL and who may stop it: whoever holds the lock on its data folder."""

    home: Path
    programs: Path
    account: Account
    port: int
    passwords: Mapping[str, str] = field(repr=False)
    lock: IO[str] = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    pid: int = 0
    adopted: bool = False
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _urls: Urls | None = field(default=None, repr=False)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def admin_url(self) -> str:
        """For administration only: the superuser bypasses every isolation of organizations."""
        return admin_url(self.passwords, self.port)

    @property
    def urls(self) -> Urls:
        """The three roles' URLs; the roles and the database are made on first use."""
        if self._urls is None:
            self._urls = prepare(self.admin_url, passwords=role_passwords(self.passwords))
        return self._urls

    def is_alive(self) -> bool:
        if self._process is not None:
            return self._process.poll() is None
        return live_postmaster(self.data) == self.pid

    def restart(self) -> None:
        """Start it again on the same port, after it was stopped or died. Only from the main thread."""
        if not self.is_alive():
            self.launch()

    def launch(self) -> None:
        """Start the process and wait until it answers."""
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while True:
            try:
                self._spawn()
                return
            except OrphansLeft:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop it and give the data folder free. Clients are disconnected, what they committed is safe."""
        try:
            for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                if not self.is_alive():
                    break
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
                wait_until(lambda: not self.is_alive(), STOP_TIMEOUT_S)
        finally:
            self.lock.close()

    def _spawn(self) -> None:
        if sys.platform.startswith("linux") and threading.current_thread() is not threading.main_thread():
            # The kernel sends the parent-death signal when the starting THREAD ends.
            raise RuntimeError("The embedded PostgreSQL must be started from the main thread.")
        sockets = socket_folder(self.home, self.account)
        forget_stale_pid(self.data, sockets)
        options = {**OPTIONS, "port": str(self.port), "unix_socket_directories": str(sockets), **self.options}
        command = [str(self.programs / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        log = self.home / "server.log"
        with contextlib.suppress(FileNotFoundError):
            log.replace(self.home / "server.previous.log")
        with full_disk_explained(self.home), log.open("wb") as output:
            # A session of its own: Ctrl-C in the terminal is for us, who then stop it last.
            self._process = subprocess.Popen(  # noqa: PLW1509
                command,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                umask=0o077,
                start_new_session=True,
                preexec_fn=die_with_parent(),
                **self.account.popen(),
            )
        self.pid, self.adopted = self._process.pid, False
        self._wait_ready(log)

    def _wait_ready(self, log: Path) -> None:
        def ready_or_dead() -> bool:
            return not self.is_alive() or answers(self.admin_url, self.data)

        if wait_until(ready_or_dead, READY_TIMEOUT_S) and self.is_alive():
            return
        if self.is_alive():
            os.kill(self.pid, signal.SIGINT)
            raise EmbeddedFailed(f"PostgreSQL did not become ready within {READY_TIMEOUT_S:.0f} s; see {log}.")
        said = log.read_text(errors="replace")
        if "Address already in use" in said:
            raise PortTaken(f"Port {self.port} on 127.0.0.1 is taken by another program.")
        if "shared memory block" in said and "still in use" in said:
            raise OrphansLeft
        raise EmbeddedFailed(explain(said, self.home))


@contextmanager
def running(data_dir: Path, *, port: int | None = None, options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A server for the length of the block."""
    server = start(data_dir, port=port, options=options)
    try:
        yield server
    finally:
        server.stop()


def start(data_dir: Path, *, port: int | None = None, options: Mapping[str, str] | None = None) -> Server:
    """Start the server of a data folder, made where missing; or adopt the one that a dead run left behind.

    Args:
        port: on 127.0.0.1; by default the one used last time where it is free, else any free one.
        options: PostgreSQL settings beside ours.

    Raises:
        AlreadyRunning: another process of ours holds the folder.
        PortTaken: the asked port is taken.
        EmbeddedFailed: in one sentence, why it can't run here.
    """
    account = server_account()
    home = make_home(data_dir.absolute(), account)
    lock = take_lock(home)
    try:
        check_room(home)
        programs = find_programs(home, account)
        passwords = load_passwords(home, roles=ROLES)
        data = make_cluster(home, programs, account, passwords["postgres"])
        server = Server(home, programs, account, port or 0, passwords, lock, options or {})
    except BaseException:
        lock.close()
        raise
    try:
        if not _adopt(server, data):
            _start_on_a_port(server, port)
    except BaseException:
        server.stop()
        raise
    return server


def attach(data_dir: Path) -> Urls:
    """The URLs of the server that another process of ours runs on this data folder."""
    home = data_dir.absolute() / "postgres"
    passwords_file = home / "passwords.json"
    if not passwords_file.exists() or live_postmaster(home / "data") is None:
        raise NotRunning
    passwords = load_passwords(home, roles=ROLES)
    return Urls.of(admin_url(passwords, stored_port(home)), "auricle", role_passwords(passwords))


def take_lock(home: Path) -> IO[str]:
    """The lock of a data folder, held as long as the file stays open."""
    with full_disk_explained(home):
        file = os.fdopen(os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = file.read(20).strip() or "unknown"
        file.close()
        raise AlreadyRunning(f"Auricle already runs on {home.parent} (process {holder}).") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _adopt(server: Server, data: Path) -> bool:
    pid = live_postmaster(data)
    port = stored_port(server.home)
    if pid is None:
        return False
    if not wait_until(lambda: answers(admin_url(server.passwords, port), data) or live_postmaster(data) is None, 10.0):
        raise EmbeddedFailed(f"PostgreSQL (process {pid}) holds {data} and does not answer; end that process first.")
    if live_postmaster(data) is None:
        return False
    server.pid, server.port, server.adopted = pid, port, True
    return True


def _start_on_a_port(server: Server, asked: int | None) -> None:
    stored = stored_port(server.home)
    first = asked or (stored if stored and port_is_free(stored) else free_port())
    for attempt, port in enumerate((first, 0, 0)):
        server.port = port or free_port()
        write_private(server.home / "port", str(server.port))
        try:
            server.launch()
            return
        except PortTaken:  # somebody was quicker
            if asked or attempt == 2:
                raise


def stored_port(home: Path) -> int:
    try:
        return int((home / "port").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def admin_url(passwords: Mapping[str, str], port: int) -> str:
    return f"postgresql://postgres:{passwords['postgres']}@127.0.0.1:{port}/postgres"


def role_passwords(passwords: Mapping[str, str]) -> Passwords:
    return Passwords(*(passwords[role] for role in ROLES[1:]))
