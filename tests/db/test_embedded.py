"""The embedded PostgreSQL: safe by default, one for each folder, gone with its parent, back after any death."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from auricle.db import cluster
from auricle.db.cluster import EmbeddedFailed, explain, full_disk_explained, server_account
from auricle.db.embedded import AlreadyRunning, NotRunning, PortTaken, attach, running, start, stored_port
from auricle.db.postmaster import live_postmaster, socket_folder

FAST = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to act as another account")


@pytest.fixture(scope="module")
def home(traversable_folder: Path) -> Path:
    """A data folder that the tests of this file start and stop in turn."""
    return traversable_folder / "embedded"


def scalar(url: str, statement: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
        return row and row[0]


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.02)
    return False


def test_it_writes_durably_and_sorts_alike_everywhere(home):
    with running(home) as server:
        assert scalar(server.admin_url, "show fsync") == "on"
        assert scalar(server.admin_url, "show data_checksums") == "on"
        assert scalar(server.admin_url, "show password_encryption") == "scram-sha-256"
        assert scalar(server.admin_url, "select datlocale from pg_database where datname = 'auricle'") is None
        assert scalar(server.urls.owner, "select datlocale from pg_database where datname = 'auricle'") == "C.UTF-8"
        assert scalar(server.urls.app, "select 'é' < 'z'") is False


def test_it_listens_on_this_machine_only_and_refuses_wrong_passwords(home):
    with running(home, options=FAST) as server:
        assert scalar(server.admin_url, "show listen_addresses") == "127.0.0.1"
        sockets = str(scalar(server.admin_url, "show unix_socket_directories"))
        for wrong in (make_conninfo(server.admin_url, password="x"), make_conninfo(server.admin_url, password="")):
            for host in ("127.0.0.1", sockets):
                with pytest.raises(psycopg.OperationalError):
                    psycopg.connect(make_conninfo(wrong, host=host))
        assert scalar(make_conninfo(server.admin_url, host=sockets), "select 1") == 1


def test_passwords_are_kept_from_others(home):
    with running(home, options=FAST) as server:
        for private in (server.home / "passwords.json", server.home / "lock", server.home / "port"):
            assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
        arguments = Path(f"/proc/{server.pid}/cmdline").read_bytes() + Path(f"/proc/{server.pid}/environ").read_bytes()
        assert not any(word.encode() in arguments for word in server.passwords.values())
        assert not any(word in repr(server) for word in server.passwords.values())


def test_its_log_never_quotes_what_was_written(home):
    with running(home, options=FAST) as server:
        with psycopg.connect(server.urls.owner, autocommit=True) as owner:
            owner.execute("create table said (word text unique check (word <> 'forbidden'))")
            for statement in (
                "insert into said values ('tinnitus')",
                "insert into said values ('forbidden')",
                "bad tinnitus",
            ):
                for _ in range(2):
                    try:
                        owner.execute(statement)
                    except psycopg.Error:
                        continue
            owner.execute("drop table said")
        written = (server.home / "server.log").read_text()
    assert "ready to accept connections" in written
    assert "tinnitus" not in written and "forbidden" not in written


def test_what_was_committed_survives_a_killed_server(home):
    with running(home) as server:
        with psycopg.connect(server.urls.owner) as owner:
            owner.execute("create table kept (n int)")
            owner.execute("insert into kept select generate_series(1, 1000)")
        client = psycopg.connect(server.urls.owner)
        port, pid = server.port, server.pid
        os.kill(pid, signal.SIGKILL)
        while server.is_alive():
            time.sleep(0.01)
        server.restart()
        client.close()
        assert (server.port, server.pid != pid, server.is_alive()) == (port, True, True)
        assert scalar(server.urls.owner, "select count(*) from kept") == 1000
    with running(home, options=FAST) as server:
        assert server.port == port
        assert scalar(server.urls.owner, "select count(*) from kept") == 1000


def test_a_second_start_on_one_folder_says_who_holds_it(home):
    with running(home, options=FAST) as server:
        with pytest.raises(AlreadyRunning, match=str(os.getpid())):
            start(home)
        assert server.is_alive()
        assert attach(home) == server.urls
    with pytest.raises(NotRunning):
        attach(home)


def test_a_server_left_behind_is_adopted_and_can_be_stopped(home):
    left = start(home, options=FAST)
    left.lock.close()  # as if its parent had vanished
    with running(home) as server:
        assert (server.adopted, server.pid, server.port) == (True, left.pid, left.port)
        assert scalar(server.urls.app, "select 1") == 1
        pid = server.pid
        assert left._process is not None
        threading.Thread(target=left._process.wait, daemon=True).start()  # we are still its parent here
    assert gone(pid)


def test_a_process_id_that_now_belongs_to_another_program_is_forgotten(home):
    with running(home, options=FAST) as server:
        data, account, port = server.data, server.account, server.port
    other = subprocess.Popen(["sleep", "60"], **account.popen())
    try:
        (data / "postmaster.pid").write_text(f"{other.pid}\n{data}\n1\n5432\n\n127.0.0.1\n\n")
        os.chown(data / "postmaster.pid", account.uid, account.gid)
        lock = socket_folder(home / "postgres", account) / f".s.PGSQL.{port}.lock"
        lock.write_text(f"{other.pid}\n{data}\n1\n{port}\n{lock.parent}\n")
        os.chown(lock, account.uid, account.gid)
        assert live_postmaster(data) is None
        with running(home, options=FAST) as server:
            assert server.is_alive() and not server.adopted
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_it_stops_cleanly_when_its_parent_is_killed(home):
    program = (
        "import sys, time; from pathlib import Path; from auricle.db.embedded import start\n"
        "server = start(Path(sys.argv[1])); print(server.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, home], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    assert gone(pid)
    assert "database system is shut down" in (home / "postgres" / "server.log").read_text()


def test_a_thread_may_not_start_it(home):
    """The kernel would stop it as soon as the thread ends."""
    failures: list[BaseException] = []

    def begin() -> None:
        try:
            start(home)
        except RuntimeError as error:
            failures.append(error)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    assert "main thread" in str(failures)
    with running(home, options=FAST):  # and the folder is free again
        pass


def test_a_taken_port_is_said_when_asked_for_and_avoided_when_remembered(home):
    with running(home, options=FAST):
        pass
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", stored_port(home / "postgres")))
        squatter.listen()
        taken = squatter.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {taken}"):
            start(home, port=taken)
        with running(home, options=FAST) as server:
            assert server.port != taken
            assert scalar(server.urls.app, "select 1") == 1


def test_an_interrupted_first_start_is_begun_again(traversable_folder):
    folder = traversable_folder / "interrupted"
    (folder / "postgres" / "data.unfinished" / "base").mkdir(parents=True)
    for path in (folder, folder / "postgres"):
        path.chmod(0o755)
    with running(folder, options=FAST) as server:
        assert scalar(server.urls.app, "select 1") == 1
        assert not (server.home / "data.unfinished").exists()


def test_a_path_too_long_for_a_socket_still_works(traversable_folder):
    folder = traversable_folder / ("long" * 20) / ("deep" * 20)
    with running(folder, options=FAST) as server:
        sockets = socket_folder(server.home, server.account)
        assert len(os.fsencode(sockets)) < 80
        assert scalar(make_conninfo(server.admin_url, host=str(sockets)), "select 1") == 1
    shutil.rmtree(sockets)


@pytest.mark.parametrize(("damage", "sentence"), [("unlink", "lost its file"), ("cut", "is damaged")])
def test_without_its_passwords_it_says_what_is_missing(home, damage, sentence):
    path = home / "postgres" / "passwords.json"
    kept = path.read_text()
    try:
        path.unlink() if damage == "unlink" else path.write_text("{}")
        with pytest.raises(EmbeddedFailed, match=sentence):
            start(home)
    finally:
        path.write_text(kept)


@as_root
def test_a_folder_closed_to_the_servers_account_is_named(traversable_folder):
    closed = traversable_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedFailed, match=f"The folder {closed} is closed"):
        start(closed / "below")


@as_root
def test_as_root_it_runs_as_another_account_from_programs_that_account_can_read(home):
    with running(home, options=FAST) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert server.programs.is_relative_to(server.home)


@as_root
@pytest.mark.parametrize("megabytes", [20, 45])  # full while programs are copied, and while the cluster is made
def test_a_disk_that_fills_up_is_one_sentence_and_leaves_nothing_half_made(monkeypatch, traversable_folder, megabytes):
    monkeypatch.setattr(cluster, "FIRST_START_BYTES", 0)
    disk = traversable_folder / f"tiny-{megabytes}"
    disk.mkdir()
    disk.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", disk]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        with pytest.raises(EmbeddedFailed, match=f"The disk that holds {disk}.* is full"):
            start(disk)
        assert not (disk / "postgres" / "data").exists()
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_the_system_and_postgresql_say_of_a_full_disk_becomes_one_sentence(tmp_path):
    with pytest.raises(EmbeddedFailed, match="is full"), full_disk_explained(tmp_path):
        raise OSError(28, "No space left on device")
    assert (
        explain("initdb: error: could not write: No space left on device", tmp_path)
        == f"The disk that holds {tmp_path} is full."
    )
    assert explain("2026-11-21 10:00:00 UTC [7] FATAL:  data directory is odd\n", tmp_path).endswith(
        "data directory is odd."
    )


def test_too_little_room_for_a_first_start_is_said_before_anything_is_made(monkeypatch, traversable_folder):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10_000_000))
    with pytest.raises(EmbeddedFailed, match="10 MB are free"):
        start(traversable_folder / "little")
    assert not (traversable_folder / "little" / "postgres" / "data").exists()


def test_a_missing_wheel_is_said_with_what_to_do(monkeypatch, traversable_folder):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedFailed, match=r"auricle\[embedded\]"):
        start(traversable_folder / "wheelless")


def test_a_user_without_a_name_is_told_why(monkeypatch):
    monkeypatch.setattr(cluster.os, "geteuid", lambda: 64_999)
    with pytest.raises(EmbeddedFailed, match="64999 has no entry"):
        server_account()
