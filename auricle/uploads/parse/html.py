"""HTML to plain text: what a reader of the page sees, without the furniture that all pages of a site share."""

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from auricle.uploads.parse.blocks import Blocks
from auricle.uploads.parse.clean import decode
from auricle.uploads.parse.css import declarations, is_filled, rules, why_hidden
from auricle.uploads.parse.parsed import COMMENT, NOT_SHOWN, Parsed
from auricle.uploads.refused import GarbledDocument, TooDeep, TooWide

MAX_DEPTH = 500
MAX_CELLS = 500  # of a row
MAX_MATCHES = 20_000  # elements that all rules of a page together may style

CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([a-zA-Z0-9_-]{1,30})", re.IGNORECASE)
ENCODINGS = frozenset({"iso-8859-1", "iso-8859-15", "windows-1250", "windows-1251", "windows-1252", "latin1"})
SILENT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style|svg)\b.*?(?:</\1|\Z)", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
CLOSE_BY_THEMSELVES = """
p li dt dd option optgroup tr td th thead tbody tfoot colgroup rp rt html head body area base br col embed hr img input
link meta param source track wbr"""
SEEN_ON_EVERY_PAGE = """
script style nav footer aside iframe object embed svg canvas template noscript dialog menu head button select textarea
audio video map"""
OF_THEIR_OWN_LINE = """
p div section article main header li ul ol dl dt dd blockquote pre figure figcaption address form fieldset legend
details summary center hr br table caption tbody thead tfoot tr td th body hgroup"""

UNCLOSED = frozenset(CLOSE_BY_THEMSELVES.split())
FURNITURE = frozenset(SEEN_ON_EVERY_PAGE.split())
FURNITURE_ROLES = frozenset({"navigation", "contentinfo", "search", "menu", "menubar", "toolbar", "complementary"})
BLOCK = frozenset(OF_THEIR_OWN_LINE.split())
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LAID_OUT = "table, h1, h2, h3, h4, h5, h6, ul, ol, dl, pre, form"  # what makes a table one of layout


def html(data: bytes) -> Parsed:
    """Read a page.

    Raises:
        GarbledDocument, TooDeep, TooWide, OversizeDocument
    """
    source = _decoded(data)
    refuse_depth(source)
    tree = LexborHTMLParser(source)
    if tree.root is None or tree.body is None:
        raise GarbledDocument
    reader = Reader(_styled(tree))
    main = tree.css("main, [role=main]")
    reader.read(main[0] if len(main) == 1 else tree.body, tree.body)
    title = tree.css_first("title")
    return reader.blocks.parsed(title.text(deep=True) if title and not reader.named else "")


def _decoded(data: bytes) -> str:
    named = CHARSET.search(data[:2_048])
    if named and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        name = named[1].decode().lower()
        if name in ENCODINGS:  # browsers read all of Latin 1 as Windows-1252
            with suppress(UnicodeDecodeError):
                return data.decode("cp1252" if name in ("iso-8859-1", "latin1") else name)
    return decode(data)


def refuse_depth(source: str) -> None:
    """Before the parser sees it: its time grows with the square of the depth. What closes by itself does not count."""
    depth = 0
    for tag in TAG.finditer(SILENT.sub("", source)):
        if tag[2].lower() in UNCLOSED:
            continue
        depth = max(0, depth - 1) if tag[1] else depth + 1
        if depth > MAX_DEPTH:
            raise TooDeep(limit=MAX_DEPTH)


def _styled(tree: LexborHTMLParser) -> dict[int, dict[str, str]]:
    """What the page's own rules say of its elements, by the element's identity; later rules win."""
    styles: dict[int, dict[str, str]] = {}
    left = MAX_MATCHES
    for sheet in tree.css("style"):
        for selector, says in rules(sheet.text(deep=True)):
            if not (why_hidden(says) or is_filled(says) or "color" in says or "display" in says):
                continue
            with suppress(SelectolaxError):  # a selector beyond the parser's knowledge
                for node in tree.css(selector)[: max(0, left)]:
                    styles.setdefault(node.mem_id, {}).update(says)
                    left -= 1
    return styles


@dataclass(slots=True)
class Around:
    """What an element hands down to those within it."""

    hidden: str | None = None
    filled: bool = False
    preformatted: bool = False


@dataclass(slots=True)
class Table:
    rows: list[list[str]] = field(default_factory=list)
    headed: bool = False


class Reader:
    """Walks the tree without recursion and hands paragraphs, headings and tables over as they end."""

    def __init__(self, styles: dict[int, dict[str, str]]) -> None:
        self.blocks = Blocks()
        self.named = False  # a first-level heading was seen
        self._styles = styles
        self._line: list[str] = []
        self._table: Table | None = None

    def read(self, part: LexborNode, body: LexborNode) -> None:
        around = [self._handed_down(part, body)]
        for node, entering in steps(part, self._passes_by):
            tag = node.tag or ""
            if not entering:
                around.pop()
                self._leave(tag)
            elif node.is_text_node:
                self._text(node.text_content or "", around[-1])
            elif node.is_comment_node:
                self.blocks.hidden[COMMENT] += len((node.comment_content or "").strip())
            elif node.is_element_node:
                around.append(self._within(node, tag, around[-1]))
                self._enter(node, tag)
        self._end_line()

    def _handed_down(self, part: LexborNode, body: LexborNode) -> Around:
        """What those above a part hand down to it: where they are hidden, it is."""
        above: list[LexborNode] = []
        node = part
        while node.mem_id != body.mem_id and node.parent is not None:
            node = node.parent
            above.append(node)
        around = Around()
        for node in reversed(above):
            around = self._within(node, node.tag or "", around)
        return around

    def _passes_by(self, node: LexborNode) -> bool:
        if not node.is_element_node:
            return False
        return node.tag in FURNITURE or (node.attributes.get("role") or "") in FURNITURE_ROLES

    def _within(self, node: LexborNode, tag: str, outer: Around) -> Around:
        attributes = node.attributes
        style = {**self._styles.get(node.mem_id, {}), **declarations(attributes.get("style") or "")}
        if color := attributes.get("color"):  # <font>
            style.setdefault("color", color.lower())
        if attributes.get("bgcolor"):
            style.setdefault("background", (attributes["bgcolor"] or "").lower())
        filled = outer.filled or is_filled(style)
        hidden = outer.hidden or (NOT_SHOWN if "hidden" in attributes else why_hidden(style))
        if hidden == "white" and filled:
            hidden = None
        return Around(hidden, filled, outer.preformatted or tag == "pre")

    def _enter(self, node: LexborNode, tag: str) -> None:
        table = self._table
        if tag == "table" and _holds_data(node):
            self._end_line()
            self._table = Table()
        elif table is None:
            if tag in BLOCK or tag in HEADINGS:
                self._end_line()
        elif tag == "tr":
            table.rows.append([])
        elif tag in ("td", "th"):
            table.headed |= tag == "th" and len(table.rows) == 1
            self._line = []
        elif tag in BLOCK:
            self._line.append(" ")

    def _leave(self, tag: str) -> None:
        table, line = self._table, "".join(self._line)
        if table is None:
            if tag in HEADINGS:
                self.named = self.named or tag == "h1"
                self._line = []
                self.blocks.heading(line)
            elif tag in BLOCK:
                self._end_line()
        elif tag == "table":
            self._table, self._line = None, []
            self.blocks.table([row for row in table.rows if any(row)], headed=table.headed)
        elif tag == "caption":
            self._end_line()
        elif tag in ("td", "th") and table.rows:
            self._line = []
            table.rows[-1].append(line)
            if len(table.rows[-1]) > MAX_CELLS:
                raise TooWide(limit=MAX_CELLS)

    def _text(self, text: str, around: Around) -> None:
        if around.hidden:
            self.blocks.hidden[around.hidden] += len(text.strip())
        else:
            self._line.append(text if around.preformatted else re.sub(r"\s+", " ", text))

    def _end_line(self) -> None:
        if self._line:
            for line in "".join(self._line).split("\n"):
                self.blocks.paragraph(line)
            self._line = []


def _holds_data(table: LexborNode) -> bool:
    """Tables also lay pages out: then they hold headings, lists, tables."""
    return all(node.mem_id == table.mem_id for node in table.css(LAID_OUT)[:2])


def steps(root: LexborNode, passes_by: Callable[[LexborNode], bool]) -> Iterator[tuple[LexborNode, bool]]:
    """Every node in order, elements when they are entered and when they are left; those passed by not at all."""
    node = root
    while True:
        if not passes_by(node):
            yield node, True
            if node.is_element_node:
                if (child := node.child) is not None:
                    node = child
                    continue
                yield node, False
        while (following := node.next) is None or node.mem_id == root.mem_id:
            if node.mem_id == root.mem_id:
                return
            parent = node.parent
            assert parent is not None
            node = parent
            yield node, False
        node = following
