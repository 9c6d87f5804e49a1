"""What the styles of a DOCX say of how text looks, as far as it tells whether a reader sees it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from auricle.uploads.parse.parsed import NOT_SHOWN, TINY, WHITE
from auricle.uploads.parse.xml import Attributes, walk

MAX_BASES = 20
TINY_HALF_POINTS = 5  # 2.5 points
NEARLY_WHITE = 0xF0
HEADING_NAME = re.compile(r"heading (\d)|title", re.IGNORECASE)
NO_FILL = frozenset({"", "auto", "none", "clear", "nil"})


@dataclass(frozen=True, slots=True)
class Look:
    """Of a run, paragraph or style. None: says nothing of it, and what stands around it counts."""

    vanish: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    filled: bool | None = None  # something that is not white lies behind it

    def over(self, base: "Look") -> "Look":
        """This look where it says something, else the base's."""
        mine = {name: getattr(self, name) for name in self.__slots__}
        return replace(base, **{name: value for name, value in mine.items() if value is not None})

    @property
    def why_hidden(self) -> str | None:
        if self.vanish:
            return NOT_SHOWN
        if self.tiny:
            return TINY
        return WHITE if self.white and not self.filled else None


@dataclass(frozen=True, slots=True)
class Style:
    look: Look = Look()
    base: str = ""
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Styles:
    by_id: Mapping[str, Style]
    _known: dict[str, Style] = field(default_factory=dict)

    def style(self, name: str) -> Style:
        """A style with what its bases say; an unknown one says nothing."""
        if name not in self._known:
            look, heading, step = Look(), False, name
            for _ in range(MAX_BASES):
                style = self.by_id.get(step)
                if style is None:
                    break
                look, heading, step = look.over(style.look), heading or style.heading, style.base
            self._known[name] = Style(look, "", heading)
        return self._known[name]


def told(name: str, attributes: Attributes) -> Look:
    """What one property of a run says, by its element."""
    value = attributes.get("w:val", "")
    match name:
        case "w:vanish":
            return Look(vanish=is_on(attributes))
        case "w:color":
            return Look(white=is_white(value))
        case "w:sz":
            return Look(tiny=value.isdigit() and int(value) <= TINY_HALF_POINTS)
        case "w:shd":
            fill = attributes.get("w:fill", "")
            return Look(filled=fill.lower() not in NO_FILL and not is_white(fill))
        case "w:highlight":
            return Look(filled=value.lower() not in NO_FILL and value.lower() != "white")
    return Look()


def is_on(attributes: Attributes) -> bool:
    return attributes.get("w:val", "true").lower() not in ("0", "false", "off")


def is_white(color: str) -> bool:
    if not re.fullmatch(r"[0-9a-fA-F]{6}", color):
        return False
    return min(bytes.fromhex(color)) >= NEARLY_WHITE


def read_styles(part: bytes) -> Styles:
    """`word/styles.xml`."""
    styles: dict[str, Style] = {}
    current, inside = "", False

    def start(name: str, attributes: Attributes) -> None:
        nonlocal current, inside
        if name == "w:style":
            current = attributes.get("w:styleId", "")
            styles[current] = Style()
        elif name == "w:rPr":
            inside = True
        elif current and name == "w:name":
            styles[current] = replace(styles[current], heading=is_heading(attributes.get("w:val", "")))
        elif current and name == "w:basedOn":
            styles[current] = replace(styles[current], base=attributes.get("w:val", ""))
        elif current and name == "w:outlineLvl":
            styles[current] = replace(styles[current], heading=attributes.get("w:val", "9") != "9")
        elif current and (inside or name == "w:shd"):
            styles[current] = replace(styles[current], look=told(name, attributes).over(styles[current].look))

    def end(name: str) -> None:
        nonlocal current, inside
        if name == "w:rPr":
            inside = False
        elif name == "w:style":
            current = ""
        elif name == "w:tblStylePr":
            inside = False

    walk(part, start, end, lambda _: None)
    return Styles(styles)


def is_heading(style_name: str) -> bool:
    return HEADING_NAME.fullmatch(style_name) is not None
