"""The text of a document as it is kept: whole, with its paragraphs as spans, so that evidence can point at them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict

from auricle.db.sealed import Key
from auricle.documents.models import Document
from auricle.knowledge.sentences import sentences
from auricle.uploads.parse.parsed import Parsed
from auricle.uploads.refused import OversizeDocument

LONGEST_PARAGRAPH = 4_000  # characters; a longer line is cut at the ends of sentences
MOST_PARAGRAPHS = 50_000


class Span(BaseModel):
    """One paragraph: offsets into the text, the page and heading it stands under, or when it is heard in a sound."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int
    end: int
    page: int | None = None
    section: str = ""
    start_s: float | None = None
    end_s: float | None = None


class Text(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph in clear. Its id is the same however often the document is read."""

    id: UUID
    position: int  # from 1
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a stretch of sound."""

    text: str
    start_s: float
    end_s: float


def text_of_file(parsed: Parsed) -> Text:
    """Each line of the stored text is a paragraph. Raises `OversizeDocument`."""
    heads = [(section.start, section.title) for section in parsed.sections]
    spans, head = [], 0
    for start, end in lines_of(parsed.text):
        while head < len(heads) and heads[head][0] <= start:
            head += 1
        section = heads[head - 1][1] if head else ""
        spans.append(Span(start=start, end=end, page=parsed.page_at(start), section=section))
        if len(spans) > MOST_PARAGRAPHS:
            raise OversizeDocument(limit_paragraphs=MOST_PARAGRAPHS)
    return Text(text=parsed.text, spans=tuple(spans))


def lines_of(text: str) -> Iterator[tuple[int, int]]:
    """The lines that say something, without the white space around them; long ones in pieces."""
    begin = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare:
            start = begin + len(line) - len(line.lstrip())
            yield from pieces_of(text, start, start + len(bare))
        begin += len(line) + 1


def pieces_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start <= LONGEST_PARAGRAPH:
        yield start, end
        return
    begin, reached = start, start
    for first, last in sentences(text, start, end):
        if last - begin > LONGEST_PARAGRAPH and reached > begin:
            yield from cut(begin, reached)
            begin = first
        reached = last
    yield from cut(begin, reached)


def cut(start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence without end: cut where it must be."""
    for begin in range(start, end, LONGEST_PARAGRAPH):
        yield begin, min(begin + LONGEST_PARAGRAPH, end)


def text_of_sound(heard: Iterable[Heard]) -> Text:
    """Each thing that was heard is a paragraph, with its time."""
    lines, spans, at = [], [], 0
    for one in heard:
        lines.append(one.text)
        spans.append(Span(start=at, end=at + len(one.text), start_s=one.start_s, end_s=one.end_s))
        at += len(one.text) + 1
    return Text(text="\n".join(lines), spans=tuple(spans))


def paragraphs_of(document_id: UUID, text: Text) -> Sequence[Paragraph]:
    return [
        Paragraph(uuid5(document_id, str(position)), position, text.text[span.start : span.end], span)
        for position, span in enumerate(text.spans, start=1)
    ]


def seal_text(key: Key, document: Document, text: Text) -> None:
    document.text = key.seal(text.model_dump_json(exclude_defaults=True), "document", "text", document.id)
    document.paragraph_count, document.character_count = len(text.spans), len(text.text)


def open_text(key: Key, document_id: UUID, sealed: bytes) -> Text:
    return Text.model_validate_json(key.open(sealed, "document", "text", document_id))


def open_name(key: Key, document: Document) -> str:
    """Empty for one that was deleted."""
    return "" if document.name is None else key.open(document.name, "document", "name", document.id)
