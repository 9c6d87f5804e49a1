"""PDF to text with page offsets. The reading itself is done by a limited child process (`pdf_child.py`)."""

import asyncio
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import TypedDict

import orjson

from auricle.errors import AuricleError
from auricle.knowledge.parse.clean import visible
from auricle.knowledge.parse.lines import reflow
from auricle.knowledge.parse.parsed import (
    MAX_CHARACTERS,
    MAX_PAGES,
    EncryptedDocument,
    ExhaustingDocument,
    GarbledDocument,
    OversizeDocument,
    Parsed,
    ScannedDocument,
)

CHILD = Path(__file__).with_name("pdf_child.py")
MEMORY_BYTES = 1 << 30
CPU_S = 20
WALL_S = 60
MAX_ANSWER_BYTES = 8 * MAX_CHARACTERS  # a character takes up to six bytes of JSON
TEXT_PER_PAGE = 16  # fewer letters than this on an average page: pictures, not text

SOFT_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")  # how pdfium marks a hyphen that only breaks the line
NO_TITLE = re.compile(r"untitled|^microsoft|\.(?:docx?|indd|qxd|pdf|tex|rtf|odt)$|^\W*$", re.IGNORECASE)
FAILURES: dict[str, type[AuricleError]] = {
    "encrypted": EncryptedDocument,
    "garbled": GarbledDocument,
    "too_large": OversizeDocument,
    "exhausting": ExhaustingDocument,
}


class Answer(TypedDict, total=False):
    """What the child writes: an error, or pages and title."""

    error: str
    pages: list[str]
    title: str


async def pdf(data: bytes) -> Parsed:
    """Read a PDF.

    Raises:
        EncryptedDocument, GarbledDocument, ScannedDocument, OversizeDocument, ExhaustingDocument
    """
    answer = await _ask_child(data)
    if error := answer.get("error"):
        raise FAILURES[error]
    return assemble(answer["pages"], title=answer["title"])


def assemble(pages: list[str], title: str = "") -> Parsed:
    """Put the pages' texts together: an empty page keeps its number."""
    hidden = length = 0
    texts: list[str] = []
    starts: list[int] = []
    for raw in pages:
        text, left_out = visible(SOFT_HYPHEN.sub("", raw))
        hidden += left_out
        text = reflow(text)
        starts.append(length)
        texts.append(text)
        length += len(text) + 2
    joined = "\n\n".join(texts)
    letters = sum(ch.isalnum() for ch in joined)
    if letters < TEXT_PER_PAGE * len(pages):
        raise ScannedDocument
    if sum(ch == "\ufffd" or "\ue000" <= ch <= "\uf8ff" for ch in joined) > 0.1 * letters:
        raise GarbledDocument("The PDF's fonts do not say which letters they show.")
    title, _ = visible(title)
    return Parsed(joined, title="" if NO_TITLE.search(title) else title, pages=starts, hidden=hidden)


async def _ask_child(data: bytes) -> Answer:
    with tempfile.TemporaryFile() as source:
        source.write(data)
        source.seek(0)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(CHILD),
            *map(str, (MAX_PAGES, MAX_CHARACTERS, MEMORY_BYTES, CPU_S)),
            stdin=source,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
    try:
        async with asyncio.timeout(WALL_S):
            answer = await _read(process)
            code = await process.wait()
    except TimeoutError as error:
        raise ExhaustingDocument from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        raise ExhaustingDocument
    if code != 0:
        raise GarbledDocument
    parsed: Answer = orjson.loads(answer)
    return parsed


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    answer = bytearray()
    while piece := await process.stdout.read(1 << 16):
        answer += piece
        if len(answer) > MAX_ANSWER_BYTES:
            raise OversizeDocument
    return bytes(answer)
