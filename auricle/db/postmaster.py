"""One PostgreSQL process as the system sees it: its ports and sockets, whether it lives, and that it dies with us."""

import ctypes
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

import psycopg

from auricle.db.cluster import Account, EmbeddedFailed, full_disk_explained

LONGEST_SOCKET_FOLDER = 80  # of the 107 bytes that a socket's whole path may have
PR_SET_PDEATHSIG = 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def socket_folder(home: Path, account: Account) -> Path:
    """Where the Unix socket goes: beside the data, or a short folder when that path is too long for a socket."""
    folder = home / "run"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        folder = Path(gettempdir()) / f"auricle-{sha256(os.fsencode(home)).hexdigest()[:16]}"
    with full_disk_explained(folder):
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid not in (account.uid, os.geteuid()):
            raise EmbeddedFailed(f"The folder {folder} belongs to somebody else; remove it or set another TMPDIR.")
        os.chown(folder, account.uid, account.gid)
    return folder


def live_postmaster(data: Path) -> int | None:
    """The process id of the PostgreSQL that runs on this cluster, if one does."""
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        pass
    process = Path(f"/proc/{pid}")
    if not process.parent.joinpath("self").exists():  # no /proc (macOS): believe the file
        return pid
    try:
        program = process.joinpath("exe").readlink().name.removesuffix(" (deleted)")
        return pid if program == "postgres" and process.joinpath("cwd").samefile(data) else None
    except OSError:
        return None


def forget_stale_pid(data: Path, sockets: Path) -> None:
    """Remove the locks of a server that is gone but whose number is in use: PostgreSQL would refuse to start for ever.

    It happens in containers, where the same small numbers return after each restart, and where nobody collects the
    dead: a killed server that its parent could not wait for any more keeps its number as a zombie.
    """
    if live_postmaster(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)
        for lock in sockets.glob(".s.PGSQL.*.lock"):
            lock.unlink(missing_ok=True)


def answers(url: str, data: Path) -> bool:
    """Whether the server at this URL is up and is the one of this cluster."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute("show data_directory").fetchone()
            return row is not None and Path(row[0]).samefile(data)
    except (psycopg.OperationalError, OSError):
        return False


def die_with_parent() -> Callable[[], None] | None:
    """Between fork and exec: ask the kernel for SIGINT (PostgreSQL's fast shutdown) when we die."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
