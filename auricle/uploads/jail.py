"""Reads a file in a child process with limits on memory, time and what it may do; the child is ended with the reading.

The child is a new program, not a copy of this process: safe beside threads and event loops, and without our settings,
keys and connections in its memory.
"""

import asyncio
import logging
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from auricle.log import event
from auricle.uploads.kinds import Kind
from auricle.uploads.parse.parsed import MAX_CHARACTERS, Parsed, Section
from auricle.uploads.refused import (
    EmptyDocument,
    ExhaustingDocument,
    GarbledDocument,
    OversizeDocument,
    refusal_of,
)

log = logging.getLogger(__name__)

CHILD = ("-I", "-m", "auricle.uploads.child")
EXPECTED = (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM)


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one reading. The processor's time is the child's own affair: see `confine`."""

    file_bytes: int = 50_000_000
    memory_bytes: int = 1 << 30
    wall_s: int = 180
    answer_bytes: int = 8 * MAX_CHARACTERS  # a character takes up to six bytes of JSON


async def read(kind: Kind, file: BinaryIO, limits: Limits = Limits()) -> Parsed:
    """The text of a file, which is read from its beginning.

    Raises:
        one of the types in `refused`
    """
    file.flush()
    os.lseek(file.fileno(), 0, os.SEEK_SET)  # the child's place in it; `file.seek` may only move ours
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *CHILD,
        kind,
        *map(str, (limits.file_bytes, limits.memory_bytes, limits.wall_s)),
        stdin=file,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={},
    )
    try:
        async with asyncio.timeout(limits.wall_s):
            answer = await _answer(process, limits.answer_bytes)
            code = await process.wait()
    except TimeoutError as error:
        raise ExhaustingDocument from error
    finally:
        await _ended(process)
    if code != 0:
        raise _fallen(code)
    return _parsed(answer)


async def _answer(process: asyncio.subprocess.Process, most: int) -> bytes:
    assert process.stdout is not None
    answer = bytearray()
    while piece := await process.stdout.read(1 << 16):
        answer += piece
        if len(answer) > most:
            raise OversizeDocument
    return bytes(answer)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End it. What it wrote is read to the end: until then asyncio tells nobody that a process has ended."""
    if process.returncode is None:
        process.kill()
    assert process.stdout is not None
    while await process.stdout.read(1 << 16):
        pass
    await process.wait()


def _fallen(code: int) -> ExhaustingDocument | GarbledDocument:
    """Ended by a signal: a limit's, or the one by which a reader dies when it gets no more memory."""
    if code not in EXPECTED:
        event(log, "a file brought its reader down", logging.WARNING, reason=str(code))
    return ExhaustingDocument() if code < 0 else GarbledDocument()


def _parsed(answer: bytes) -> Parsed:
    """What the child told. It may have been taken over by the file, so its shape is not trusted either."""
    try:
        told: dict[str, Any] = orjson.loads(answer)
        if "refused" in told:
            raise refusal_of(str(told["refused"]), _plain(told["context"]))
        if "crashed" in told:
            event(log, "a reader of files failed", logging.WARNING, error=str(told["crashed"])[:60])
            raise GarbledDocument
        parsed = Parsed(
            str(told["text"]),
            str(told["title"]),
            [int(start) for start in told["pages"]],
            [Section(str(title), int(start), int(body)) for title, start, body in told["sections"]],
            {str(reason)[:20]: int(count) for reason, count in told["hidden"].items()},
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise GarbledDocument from error
    if len(parsed.text) > MAX_CHARACTERS:
        raise OversizeDocument(limit_characters=MAX_CHARACTERS)
    if not any(map(str.isalnum, parsed.text)):
        raise EmptyDocument
    return parsed


def _plain(context: dict[str, Any]) -> dict[str, str | int]:
    """Numbers and our own words: names of rules and limits."""
    return {
        str(key)[:20]: value if isinstance(value, int) else str(value)[:20] for key, value in list(context.items())[:4]
    }
