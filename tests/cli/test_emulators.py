"""`auricle emulators`: what it prints is what an installation needs, and all of it works."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from auricle.emulated import MARK, emulate, emulators, write
from auricle.errors import AuricleError, Conflict
from auricle.providers.registry import vendors
from auricle.providers.report import report
from auricle.settings import Settings


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[dict[str, str], "subprocess.Popen[str]"]]:
    """The command, and the settings that it wrote."""
    file = folder / "emulated.env"
    command = [sys.executable, "-m", "auricle", "emulators", "--port", "0", "--write", str(file), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=folder) as process:
        try:
            deadline = time.monotonic() + 120
            while not file.exists() or not file.read_text().endswith("\n"):
                assert process.poll() is None and time.monotonic() < deadline, "it did not start"
                time.sleep(0.05)
            lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
            yield dict(line.split("=", 1) for line in lines), process
        finally:
            process.send_signal(signal.SIGINT)  # as Ctrl-C does
            process.wait(30)


def settings_of(environment: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in [name for name in os.environ if name.startswith("AURICLE_PROVIDERS")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings(data_dir=folder)


def test_every_vendor_that_is_asked_over_a_wire_has_an_emulator() -> None:
    assert set(emulators()) == {name for name, vendor in vendors().items() if vendor.needs_url}


def test_each_capability_of_each_vendor_passes_the_check_of_an_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with running(tmp_path) as (environment, process):
        settings = settings_of(environment, tmp_path, monkeypatch)
        names = set(settings.providers)
        for name in sorted(names):
            assert asyncio.run(report(settings, name, said.append)) == 0, said[-4:]
    assert names == set(emulators())
    assert process.returncode == 0
    checked = {line.split()[0] for line in said if " ok " in line}
    assert checked == names


def test_a_fault_of_one_vendor_is_that_vendors_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with running(tmp_path, "cohere", "voyage", "--fault", "cohere=status-429") as (environment, _):
        settings = settings_of(environment, tmp_path, monkeypatch)
        assert set(settings.providers) == {"cohere", "voyage"}
        assert asyncio.run(report(settings, "voyage", said.append)) == 0
        assert asyncio.run(report(settings, "cohere", said.append)) == 1
        assert any("provider.busy" in line for line in said)
        scheme, _, host, path = settings.providers["voyage"].url.split("/", 3)  # type: ignore[union-attr]
        environment["AURICLE_PROVIDERS__VOYAGE__URL"] = f"{scheme}//{host}/status-401/{path}"
        assert asyncio.run(report(settings_of(environment, tmp_path, monkeypatch), "voyage", said.append)) == 1
    assert any("provider.refused" in line for line in said[-2:])


@pytest.mark.parametrize(
    ("names", "faults", "told"),
    [
        (["nobody"], {}, "There is no emulator of 'nobody'"),
        ([], {"deepgram": "asleep"}, "There is no fault 'asleep'"),
        ([], {"deepgram": ""}, "There is no fault ''"),
        ([], {"deepgram": "status-200"}, "There is no fault 'status-200'"),
        ([], {"deepgram": "cut-3"}, "There is no fault 'cut-3'"),
        (["cohere"], {"deepgram": "cut"}, "which is not to run"),
    ],
)
async def test_what_there_is_not_is_told_in_one_sentence(names: list[str], faults: dict[str, str], told: str) -> None:
    said: list[str] = []
    with pytest.raises(AuricleError, match=told):
        await emulate(names, faults, 0, None, said.append, asyncio.Event())
    assert said == []


def test_the_command_ends_in_that_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "auricle", "emulators", "nobody"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "There is no emulator of 'nobody'" in done.stderr and "Traceback" not in done.stderr


async def test_a_port_that_is_taken_is_a_conflict() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first = taken.getsockname()[1] - sorted(emulators()).index("cohere")
        with pytest.raises(Conflict):
            await emulate(["cohere"], {}, first, None, lambda _: None, asyncio.Event())


def test_a_file_of_somebody_elses_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("AURICLE_MASTER_KEY=precious\n")
    with pytest.raises(Conflict):
        write([], file)
    assert file.read_text() == "AURICLE_MASTER_KEY=precious\n"
    file.write_text(f"{MARK}\nold\n")
    write([], file)
    assert "old" not in file.read_text()
