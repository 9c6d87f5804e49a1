"""File names as they come from anywhere, made into plain ones."""

import unicodedata
from pathlib import PurePosixPath

MAX_FILE_NAME = 200
MAX_EXTENSION = 20
AS_FORMS_WRITE = {"%0D": "\r", "%0A": "\n", "%22": '"'}  # what a browser may not send as it is


def plain_file_name(name: str) -> str:
    """The last part of a path, without characters that a file name has no need of, its extension kept.

    Line ends, controls and direction marks (which show `exe.fdp` as `pdf.exe`) are not printable, and go.
    """
    for written, meant in AS_FORMS_WRITE.items():
        name = name.replace(written, meant)
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(ch for ch in last if ch.isprintable()).strip().lstrip(".")
    path = PurePosixPath(shown or "file")
    return path.stem[: MAX_FILE_NAME - len(path.suffix)] + path.suffix[:MAX_EXTENSION]
