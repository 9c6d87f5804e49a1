"""The child that reads: what it may not do, and that it is ended."""

import asyncio
import os
import platform
import subprocess
import sys

import pytest

from auricle.uploads import jail
from auricle.uploads.jail import Limits
from auricle.uploads.refused import ExhaustingDocument, GarbledDocument, OversizeDocument
from tests.uploads.papers import blank_pdf, pdf_of
from tests.uploads.reading import read_as

TRIES = """
import os, socket, sys
from auricle.uploads import confine
kept = os.open("/etc/hostname", os.O_RDONLY)
assert confine.forbid()
tries = {
    "open": lambda: open("/etc/passwd"),
    "write": lambda: os.open("/tmp/x", os.O_CREAT | os.O_WRONLY),
    "socket": lambda: socket.socket(),
    "unix": lambda: socket.socketpair(),
    "fork": lambda: os.fork(),
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
    "signal": lambda: os.kill(os.getppid(), 0),
    "unlink": lambda: os.unlink("/tmp/x"),
    "rename": lambda: os.rename("/tmp/x", "/tmp/y"),
}
for name, attempt in tries.items():
    try:
        attempt()
    except PermissionError:
        continue
    print("possible:", name)
print("done", sum(range(1000)))
"""

confined = pytest.mark.skipif(
    platform.system() != "Linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="the filter on system calls is Linux's, for x86-64 and 64-bit ARM",
)


@confined
def test_what_reads_a_file_can_open_connect_start_and_signal_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", TRIES], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["done", "499500"], done.stderr


@confined
async def test_every_kind_is_read_behind_the_filter() -> None:
    """Nothing that a reader needs is loaded only at its first use: a failing import would be a refusal."""
    for kind, data in (
        ("txt", "Café".encode("utf-16")),
        ("txt", "Café visits".encode("cp1252")),
        ("md", b"# One\n\ntwo"),
        ("csv", b"a,b\n1,2"),
        ("html", b"<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2"),
        ("pdf", pdf_of(["Words enough to be a page of text."])),
    ):
        assert (await read_as(kind, data)).text


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[tuple[asyncio.subprocess.Process, dict[str, object]]]:
    started: list[tuple[asyncio.subprocess.Process, dict[str, object]]] = []
    start = asyncio.create_subprocess_exec

    async def noted(*command, **how):
        process = await start(*command, **how)
        started.append((process, how))
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    return started


async def test_a_reading_that_takes_too_long_is_given_up_and_its_reader_ended(children) -> None:
    with pytest.raises(ExhaustingDocument):
        await read_as("pdf", blank_pdf(2_000), Limits(wall_s=0))
    assert children[0][0].returncode is not None


async def test_a_reading_nobody_waits_for_any_more_is_ended(children) -> None:
    reading = asyncio.create_task(read_as("pdf", blank_pdf(4_000)))
    while not children:
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert children[0][0].returncode is not None


async def test_what_reads_a_file_gets_no_secrets_by_its_environment(children, monkeypatch) -> None:
    monkeypatch.setenv("AURICLE_MASTER_KEY", "secret")
    await read_as("txt", b"Some words.")
    assert children[0][1]["env"] == {}


async def test_too_little_memory_is_a_refusal() -> None:
    with pytest.raises(ExhaustingDocument):
        await read_as("csv", b"a,b\n" * 2_000_000, Limits(memory_bytes=200_000_000))


async def test_a_file_larger_than_the_limit_is_not_read() -> None:
    with pytest.raises(OversizeDocument):
        await read_as("txt", b"word " * 1_000, Limits(file_bytes=1_000))


async def test_an_answer_larger_than_the_limit_is_not_taken() -> None:
    with pytest.raises(OversizeDocument):
        await read_as("txt", b"word " * 100_000, Limits(answer_bytes=1_000))


async def test_a_reading_ends_although_its_answer_fills_the_pipe_and_nobody_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def late(process: asyncio.subprocess.Process, most: int) -> bytes:
        await asyncio.sleep(1)  # as on a busy loop: more has come than the stream holds, and it stopped to read
        raise OversizeDocument

    monkeypatch.setattr(jail, "_answer", late)
    async with asyncio.timeout(30):
        with pytest.raises(OversizeDocument):
            await read_as("txt", b"word " * 1_000_000, Limits())


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"[]", b"{", b'{"text": 1}', b'{"refused": "made.up", "context": {}}', b'{"refused": "upload.empty"}',
        b'{"text": "a", "title": "", "pages": ["x"], "sections": [], "hidden": {}}',
        b'{"text": "a", "title": "", "pages": [], "sections": [[1]], "hidden": {}}',
    ],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_refusal_however_it_came_about(answer: bytes) -> None:
    with pytest.raises(GarbledDocument):
        jail._parsed(answer)


async def test_the_temporary_file_of_an_upload_has_no_name() -> None:
    from auricle.uploads.receive import held

    with held("a.txt", b"Some words.") as taken:
        assert os.fstat(taken.file.fileno()).st_nlink == 0
