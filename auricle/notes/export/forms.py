"""The forms that a note leaves in, each made beside the event loop, a few at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from auricle.notes.export.document import Document
from auricle.notes.export.docx import docx
from auricle.notes.export.fhir.abdm import fhir_abdm
from auricle.notes.export.fhir.bundle import fhir
from auricle.notes.export.markdown import markdown
from auricle.notes.export.pdf.note import pdf

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

turns = asyncio.Semaphore(MOST_AT_ONCE)


async def written(document: Document, name: FormName) -> bytes:
    """The document's bytes. What it holds was bounded as it was taken out, and so is the time this takes."""
    async with turns:
        return await asyncio.to_thread(FORMS[name].write, document)
