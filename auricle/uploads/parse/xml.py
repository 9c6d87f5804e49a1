"""XML without what makes XML dangerous: no document type, so no entities, nothing fetched; a bounded depth."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from xml.parsers import expat

from auricle.uploads.refused import EntitiesInside, GarbledDocument, TooDeep

MAX_DEPTH = 250

Attributes = Mapping[str, str]
Start = Callable[[str, Attributes], None]
End = Callable[[str], None]
Text = Callable[[str], None]

PREFIXES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/package/2006/content-types": "ct",
    "http://purl.org/dc/elements/1.1/": "dc",
}


def walk(data: bytes, start: Start, end: End, text: Text) -> None:
    """Tell every element and text of a document in order; names with our own prefixes, others in full.

    Raises:
        EntitiesInside, TooDeep, GarbledDocument: not well formed.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def opened(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise TooDeep(limit=MAX_DEPTH)
        start(prefixed(name), {prefixed(key): value for key, value in attributes.items()})

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(prefixed(name))

    def declared(*_: object) -> None:
        raise EntitiesInside

    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = declared
    parser.EntityDeclHandler = declared
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise GarbledDocument from error


@lru_cache(maxsize=4096)
def prefixed(name: str) -> str:
    """`w:p` for what expat calls by its whole namespace."""
    space, _, local = name.rpartition(" ")
    return f"{PREFIXES.get(space, space)}:{local}" if space else local
