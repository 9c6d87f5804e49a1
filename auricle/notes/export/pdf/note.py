"""A note as a PDF on A4."""

from auricle.notes.export.blocks import blocks, footer
from auricle.notes.export.document import Document, NoteTooLarge
from auricle.notes.export.pdf.file import pdf_file
from auricle.notes.export.pdf.layout import MOST_PAGES, Pages, TooManyPages
from auricle.notes.export.words import standing


def pdf(document: Document) -> bytes:
    """Raises `NoteTooLarge` where it takes more pages than a reader should bear."""
    pages = Pages()
    try:
        for block in blocks(document):
            pages.add(block)
    except TooManyPages as error:
        raise NoteTooLarge(limit_pages=MOST_PAGES) from error
    pages.footers(footer(document))
    return pdf_file(pages.done, title=f"{document.note.title}: {standing(document)}")
