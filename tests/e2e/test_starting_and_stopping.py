"""`auricle up`: what it tells, what it refuses in one sentence, and that nothing of it is left behind."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import httpx2
import pytest

from auricle.sample.seed import LOGINS, PASSWORD
from tests.e2e.installation import Installation, all_gone, auricle, command, environment, eventually, one_sentence
from tests.running_service import free_port

pytestmark = pytest.mark.slow


def test_it_tells_its_address_the_logins_and_what_is_offline(installation: Installation) -> None:
    told = installation.start().told if installation.run is None else installation.running().told
    assert f"Auricle is at {installation.url}" in told
    assert PASSWORD in told and all(login in told for login in LOGINS.values())
    assert "offline: " in told
    assert httpx2.get(f"{installation.url}/ready").json()["status"] == "ok"
    for role in LOGINS:
        with installation.client(role) as http:
            assert http.get("/api/v1/auth/me").json()["email"] == LOGINS[role]


def test_a_second_start_on_the_same_folder_says_so_in_one_sentence(installation: Installation) -> None:
    run = installation.running()
    for port in (installation.port, free_port()):
        second = auricle("up", "--data-dir", str(installation.data_dir), "--port", str(port))
        assert f"already runs on {installation.data_dir} (process {run.process.pid})" in one_sentence(second)
    assert installation.ready()


def test_a_busy_port_is_told_in_one_sentence_before_anything_is_made(installation: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        elsewhere = installation.folder / "elsewhere"
        refused = auricle("up", "--data-dir", str(elsewhere), "--port", str(port))
    assert one_sentence(refused) == f"Port {port} is in use by another program; choose one with --port."
    assert not elsewhere.exists()


def test_ctrl_c_stops_every_process_and_the_next_start_finds_the_data(installation: Installation) -> None:
    run = installation.running()
    with installation.client() as http:
        patient = {"given_name": "Lata", "family_name": "Menon"}
        patient_id = http.post("/api/v1/patients", json=patient).raise_for_status().json()["id"]
    processes = run.tree()
    assert run.interrupt() == 0
    assert run.told.rstrip().endswith("stopped; the data is kept")
    assert "Traceback" not in run.told
    assert all_gone(processes)
    installation.start()
    with installation.client() as http:
        assert http.get(f"/api/v1/patients/{patient_id}").json()["family_name"] == "Menon"


def test_sigterm_to_the_parent_alone_stops_every_process_too(installation: Installation) -> None:
    run = installation.running()
    processes = run.tree()
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(30) == 0
    assert all_gone(processes)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_the_middle_of_the_start_leaves_nothing_behind(
    installation: Installation, number: signal.Signals
) -> None:
    installation.stop()
    process = subprocess.Popen(
        command("up", "--data-dir", str(installation.data_dir), "--port", str(installation.port)),
        env=environment(AURICLE_MODELS_DIR=str(installation.models)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "starting the embedded PostgreSQL" in process.stdout.readline()
    os.killpg(process.pid, number)
    told = process.communicate(timeout=30)[0]
    assert process.returncode == 0 and "Traceback" not in told, told
    assert told.rstrip().endswith("stopped; the data is kept")
    postmaster = installation.data_dir / "postgres" / "data" / "postmaster.pid"
    assert not postmaster.exists()


def test_killing_the_parent_leaves_no_process_behind_and_the_next_start_works(installation: Installation) -> None:
    run = installation.running()
    processes = run.tree()
    run.process.kill()
    run.process.wait(30)
    assert all_gone(processes)
    installation.start()
    assert installation.ready()


def mounted(folder: Path, megabytes: int) -> None:
    folder.mkdir(mode=0o755)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")


def test_a_full_disk_is_told_in_one_sentence(installation: Installation) -> None:
    disk = installation.folder / "small-disk"
    mounted(disk, 20)
    try:
        refused = auricle("up", "--data-dir", str(disk / "data"), "--port", str(free_port()))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    assert "is full" in one_sentence(refused)


def test_a_worker_that_dies_is_started_again(installation: Installation) -> None:
    run = installation.running()
    before = run.part("worker").pid
    run.part("worker").kill()
    eventually(lambda: "the worker process ended and is started again" in run.told)
    eventually(lambda: before not in run.pids("worker") and run.pids("worker"))
    assert installation.ready()
