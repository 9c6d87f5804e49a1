"""Plain text."""

from auricle.uploads.parse.clean import decode, visible
from auricle.uploads.parse.lines import reflow
from auricle.uploads.parse.parsed import UNSEEN, Parsed


def text(data: bytes) -> Parsed:
    """Read a text file. Raises `GarbledDocument`."""
    shown, unseen = visible(decode(data))
    return Parsed(reflow(shown), hidden={UNSEEN: unseen} if unseen else {})
