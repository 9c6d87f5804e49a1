"""Bytes to visible characters: bounded encoding detection, and removal of what a reader can't see.

Hidden characters are how instructions are smuggled into a document that looks harmless, so they are counted too.
"""

import re
import unicodedata

from auricle.uploads.refused import GarbledDocument

SAMPLE_BYTES = 65_536
INDIC = "\u0900-\u0dff"

# Controls, soft hyphen, zero-width, direction marks and overrides, invisible operators, variation selectors in the
# supplementary range, tag characters. A joiner between Indic letters shapes them and stays; tab and newline stay.
HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\ufff0-\uffff\U000e0000-\U000e0fff]"
    f"|(?<![{INDIC}])[\u200c\u200d]|[\u200c\u200d](?![{INDIC}])"
)
LINE_ENDS = re.compile(r"\r\n?|\u0085|\u2028|\u2029")
BLANKS = re.compile(r"[^\S\n]+")
EMPTY_LINES = re.compile(r"\n{3,}")


def decode(data: bytes) -> str:
    """Text of a file without a declared encoding: UTF-8, UTF-16 (with a mark), else Windows-1252.

    Raises:
        GarbledDocument: binary content, or UTF-8 that is damaged: mojibake must not be quoted to a patient.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(data, "utf-16")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _single_byte(data)
    if _control_share(text[:SAMPLE_BYTES]) > 0.01:
        raise GarbledDocument
    return text


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise GarbledDocument from error


def _single_byte(data: bytes) -> str:
    sample = data[:SAMPLE_BYTES]
    lossy = sample.decode("utf-8", "replace")
    broken = lossy.count("\ufffd")
    multi_byte = sum(ch > "\x7f" for ch in lossy) - broken
    if multi_byte > broken:
        raise GarbledDocument("The file is UTF-8 text that was damaged.")
    high = sum(byte > 0x7F for byte in sample)
    if high > 0.3 * len(sample):
        raise GarbledDocument
    text = _strictly(data, "cp1252")
    if _control_share(text[:SAMPLE_BYTES]) > 0.01:
        raise GarbledDocument
    return text


def _control_share(text: str) -> float:
    controls = sum((ch < " " and ch not in "\t\n\r\f") or "\x7f" <= ch < "\xa0" for ch in text)
    return controls / max(1, len(text))


def visible(text: str) -> tuple[str, int]:
    """The text as a reader sees it, in NFC with plain spaces and newlines, and the number of characters left out."""
    text = unicodedata.normalize("NFC", LINE_ENDS.sub("\n", text))
    shown = HIDDEN.sub("", text)
    hidden = len(text) - len(shown)
    lines = (line.strip() for line in BLANKS.sub(" ", shown).split("\n"))
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip(), hidden
