"""The process that reads one file, and need not be trusted afterwards (`jail.py` starts it and knows its limits).

`python -I -m auricle.uploads.child <kind> <file bytes> <memory bytes> <seconds>`, the file on standard input, one JSON
object on standard output: what was read, or the code of a refusal.
"""

import codecs
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module

from auricle.errors import AuricleError
from auricle.uploads import confine
from auricle.uploads.parse.parsed import Parsed
from auricle.uploads.refused import ExhaustingDocument, OversizeDocument

READERS = {
    "txt": "auricle.uploads.parse.text:text",
    "md": "auricle.uploads.parse.markdown:markdown",
    "csv": "auricle.uploads.parse.sheet:sheet",
    "html": "auricle.uploads.parse.html:html",
    "docx": "auricle.uploads.parse.docx:docx",
    "pdf": "auricle.uploads.parse.pdf:pdf",
}
# Nothing can be loaded later. Python looks these up at their first use.
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp437", "iso-8859-15")


def main() -> None:
    kind, file_bytes, memory_bytes, wall_s = sys.argv[1], *map(int, sys.argv[2:5])
    confine.limit(memory_bytes, wall_s)
    try:
        answer = answered(kind, file_bytes)
    except MemoryError:
        answer = refusal(ExhaustingDocument())
    except AuricleError as error:
        answer = refusal(error)
    except Exception as error:  # a fault of ours; its type is told, never its words
        answer = {"crashed": type(error).__name__}
    write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace"))
    os._exit(0)  # nothing of the file is run again for tidying up


def answered(kind: str, file_bytes: int) -> dict[str, object]:
    read = reader_of(kind)
    data = sys.stdin.buffer.read(file_bytes + 1)
    if len(data) > file_bytes:
        raise OversizeDocument(limit_bytes=file_bytes)
    confined = confine.forbid()
    parsed = read(data)
    return {
        "text": parsed.text,
        "title": parsed.title,
        "pages": list(parsed.pages),
        "sections": [[section.title, section.start, section.body] for section in parsed.sections],
        "hidden": dict(parsed.hidden),
        "confined": confined,
    }


def reader_of(kind: str) -> Callable[[bytes], Parsed]:
    for name in ENCODINGS:
        codecs.lookup(name)
    module, _, name = READERS[kind].partition(":")
    read: Callable[..., Parsed] = getattr(import_module(module), name)
    return (lambda data: read(data, confine.allow_step)) if kind == "pdf" else read


def refusal(error: AuricleError) -> dict[str, object]:
    return {"refused": error.code, "context": error.context}


def write(answer: bytes) -> None:
    left = memoryview(answer)
    while left:
        left = left[os.write(1, left) :]


if __name__ == "__main__":
    main()
