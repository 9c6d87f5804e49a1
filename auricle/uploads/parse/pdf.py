"""PDF to text with page offsets: columns in reading order, what a reader of the page does not see left out."""

import ctypes
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from pypdfium2 import raw

from auricle.uploads.parse.clean import visible
from auricle.uploads.parse.lines import reflow
from auricle.uploads.parse.parsed import MAX_CHARACTERS, MAX_HEADING, MAX_PAGES, UNSEEN, Parsed
from auricle.uploads.parse.pdf_page import Page, PageText
from auricle.uploads.refused import (
    EncryptedDocument,
    GarbledDocument,
    OnlyHiddenText,
    OversizeDocument,
    ScannedDocument,
)

MAX_LOOKS = 1_000  # pages that are drawn to see whether a text on them shows
TEXT_PER_PAGE = 16  # fewer letters than this on an average page: pictures, not text

SOFT_HYPHEN = re.compile("[\x02\ufffe](?:\r?\n)?")  # how pdfium marks a hyphen that only breaks the line
NO_TITLE = re.compile(r"untitled|^microsoft|\.(?:docx?|indd|qxd|pdf|tex|rtf|odt)$|^\W*$", re.IGNORECASE)


def pdf(data: bytes, progress: Callable[[], None] = lambda: None) -> Parsed:
    """Read a PDF; `progress` is told of each page.

    Raises:
        EncryptedDocument, GarbledDocument, ScannedDocument, OnlyHiddenText, OversizeDocument
    """
    raw.FPDF_InitLibrary()
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        locked = raw.FPDF_GetLastError() in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        raise EncryptedDocument if locked else GarbledDocument
    count = raw.FPDF_GetPageCount(document)
    if count > MAX_PAGES:
        raise OversizeDocument(limit_pages=MAX_PAGES)
    pages: list[PageText] = []
    left, looks = MAX_CHARACTERS, MAX_LOOKS
    for number in range(count):
        with Page(document, number, may_look=looks > 0) as page:
            told = page.read(left)
        looks -= page.looked
        left -= len(told.text)
        pages.append(told)
        progress()
    return assemble(pages, _title(document))


def assemble(pages: Iterable[PageText], title: str = "") -> Parsed:
    """Put the pages' texts together: an empty page keeps its number."""
    hidden: Counter[str] = Counter()
    length = 0
    texts: list[str] = []
    starts: list[int] = []
    for page in pages:
        text, unseen = visible(SOFT_HYPHEN.sub("", page.text))
        hidden.update(page.hidden)
        hidden[UNSEEN] += unseen
        text = reflow(text)
        starts.append(length)
        texts.append(text)
        length += len(text) + 2
    joined = "\n\n".join(texts)
    letters = sum(map(str.isalnum, joined))
    if letters < TEXT_PER_PAGE * len(texts):
        left_out = sum(hidden.values()) - hidden[UNSEEN]
        raise OnlyHiddenText if left_out > letters + TEXT_PER_PAGE * len(texts) else ScannedDocument
    if sum(ch == "\ufffd" or "\ue000" <= ch <= "\uf8ff" for ch in joined) > 0.1 * letters:
        raise GarbledDocument("The PDF's fonts do not say which letters they show.")
    title = " ".join(visible(title)[0].split())[:MAX_HEADING]
    return Parsed(joined, "" if NO_TITLE.search(title) else title, starts, (), +hidden)


def _title(document: Any) -> str:
    length = raw.FPDF_GetMetaText(document, b"Title", None, 0)
    if not 2 < length <= 10_000:
        return ""
    text = ctypes.create_string_buffer(length)
    raw.FPDF_GetMetaText(document, b"Title", text, length)
    return text.raw[:-2].decode("utf-16-le", "replace")
