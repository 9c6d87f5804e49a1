"""The forms that a note leaves in, each made beside the event loop, a few at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

from auricle.errors import Unavailable
from auricle.notes.export.document import Document
from auricle.notes.export.docx import docx
from auricle.notes.export.fhir.abdm import fhir_abdm
from auricle.notes.export.fhir.bundle import fhir
from auricle.notes.export.markdown import markdown
from auricle.notes.export.pdf.note import pdf

MOST_WAITING = 16
MOST_AT_ONCE = 2  # they are processor time in this process, whose calls must not stutter


class FormName(StrEnum):
    MARKDOWN = "markdown"
    FHIR = "fhir"
    FHIR_ABDM = "fhir-abdm"
    DOCX = "docx"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Form:
    media_type: str
    suffix: str
    write: Callable[[Document], bytes]


FORMS = {
    FormName.MARKDOWN: Form("text/markdown; charset=utf-8", "md", lambda document: markdown(document.note).encode()),
    FormName.FHIR: Form("application/fhir+json", "fhir.json", fhir),
    FormName.FHIR_ABDM: Form("application/fhir+json", "abdm.json", fhir_abdm),
    FormName.DOCX: Form("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx", docx),
    FormName.PDF: Form("application/pdf", "pdf", pdf),
}
MEDIA_TYPES = sorted({form.media_type.partition(";")[0] for form in FORMS.values()})


class ExportsBusy(Unavailable):
    """Too many documents are being made here; ask again in a moment."""

    code = "note.exports_busy"


class Desk:
    """Where documents are made: a few together in threads, a few in line, and no more come in."""

    def __init__(self, *, at_once: int = MOST_AT_ONCE, waiting: int = MOST_WAITING) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._inside = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Room for one document; ask before it is taken out. Raises `ExportsBusy`."""
        if self._inside >= self._room:
            raise ExportsBusy
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def written(self, document: Document, name: FormName) -> bytes:
        """The document's bytes. What it holds was bounded as it was taken out, and so is the time this takes."""
        async with self._turns:
            return await asyncio.to_thread(FORMS[name].write, document)


desk = Desk()
