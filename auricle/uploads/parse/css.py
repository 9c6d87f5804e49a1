"""As much of CSS as tells whether a reader sees a text: declarations that hide, and the plain rules that hold them."""

import re
from collections.abc import Iterator, Mapping

from auricle.uploads.parse.parsed import INVISIBLE, NOT_SHOWN, OFF_PAGE, TINY, WHITE

MAX_RULES = 400
FAR_AWAY = 500  # pixels to the left or above
TINY_PIXELS = 3.0

COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
NUMBER = re.compile(r"(-?\d{0,6}(?:\.\d{0,6})?)\s*(px|pt|em|rem|ex|ch|vw|vh|in|cm|mm|%)?")
# Pixels of a unit, roughly. A share of something else (%, em, rem) is told apart where it matters.
PIXELS = {"px": 1, "": 1, "pt": 1.33, "em": 16, "rem": 16, "ex": 8, "ch": 8, "vw": 12, "vh": 8, "in": 96, "cm": 38,
          "mm": 3.8, "%": 10}  # fmt: skip
RGB = re.compile(r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})(?:[\s,/]+([\d.]{1,8})(%?))?\s*\)")
HEX = re.compile(r"#([0-9a-f]{3,8})")
NAMED_WHITE = frozenset({"white", "snow", "ivory", "ghostwhite", "floralwhite", "mintcream", "azure", "whitesmoke"})
NOTHING = frozenset({"transparent", "none", "inherit", "initial", "unset"})

Declarations = Mapping[str, str]


def declarations(text: str) -> dict[str, str]:
    """`property → value` of a style attribute or a rule's body, in lower case."""
    found: dict[str, str] = {}
    for declaration in COMMENT.sub("", text).split(";"):
        name, _, value = declaration.partition(":")
        if value:
            found[name.strip().lower()] = value.replace("!important", "").strip().lower()
    return found


def rules(sheet: str) -> Iterator[tuple[str, Declarations]]:
    """The rules of a style sheet that hold always: those within `@media` and its like depend on the reader."""
    depth, begin, selector = 0, 0, ""
    count = 0
    sheet = COMMENT.sub("", sheet)
    for brace in re.finditer(r"[{}]", sheet):
        if brace.group() == "{":
            depth += 1
            if depth == 1:
                selector, begin = sheet[begin : brace.start()].rsplit(";", 1)[-1].strip(), brace.end()
        elif depth:
            depth -= 1
            if depth == 0:
                if selector and not selector.startswith("@") and count < MAX_RULES:
                    count += 1
                    yield selector, declarations(sheet[begin : brace.start()])
                begin = brace.end()


def why_hidden(style: Declarations) -> str | None:
    """The reason why a text in this style is not seen, whatever lies around it."""
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return NOT_SHOWN
    if style.get("visibility") in ("hidden", "collapse") or _is_zero(style.get("opacity", "")):
        return INVISIBLE
    if _is_tiny(style.get("font-size", "")) or _is_clipped(style):
        return TINY
    if _is_far(style.get("text-indent", "")):
        return OFF_PAGE
    moved = style.get("position") in ("absolute", "fixed", "relative")
    if moved and any(_is_far(style.get(side, "")) for side in ("left", "top", "right", "bottom", "inset")):
        return OFF_PAGE
    color = style.get("color", "")
    if _alpha(color) < 0.05 or style.get("-webkit-text-fill-color") == "transparent":
        return INVISIBLE
    return WHITE if is_white(color) and not is_filled(style) else None


def is_filled(style: Declarations) -> bool:
    """Whether something other than white lies behind the text."""
    background = (
        f"{style.get('background', '')} {style.get('background-color', '')} {style.get('background-image', '')}"
    )
    return any(not is_white(part) and part not in NOTHING for part in background.split())


def is_white(color: str) -> bool:
    if color in NAMED_WHITE:
        return True
    if found := RGB.match(color):
        return min(int(found[1]), int(found[2]), int(found[3])) >= 0xF0
    if found := HEX.fullmatch(color):
        digits = found[1]
        step = 1 if len(digits) in (3, 4) else 2
        parts = [digits[i : i + step] for i in range(0, 3 * step, step)]
        return all(part and int(part * (3 - step), 16) >= 0xF0 for part in parts)
    return False


def _alpha(color: str) -> float:
    if color == "transparent":
        return 0.0
    if (found := RGB.match(color)) and found[4]:
        return _number(found[4]) / (100 if found[5] else 1)
    if (found := HEX.fullmatch(color)) and len(found[1]) in (4, 8):
        digits = found[1][3:] if len(found[1]) == 4 else found[1][6:]
        return int(digits, 16) / (15 if len(digits) == 1 else 255)
    return 1.0


def _is_zero(value: str) -> bool:
    return bool(value) and value[0] in "0." and _number(value.rstrip("%")) < (5 if value.endswith("%") else 0.05)


def _is_tiny(size: str) -> bool:
    pixels = _pixels(size)
    return pixels is not None and pixels < TINY_PIXELS


def _is_far(length: str) -> bool:
    pixels = _pixels(length)
    return pixels is not None and pixels <= -FAR_AWAY


def _is_clipped(style: Declarations) -> bool:
    clip = f"{style.get('clip', '')} {style.get('clip-path', '')}".replace(" ", "")
    if clip.startswith("rect(0") or "inset(50%" in clip or "inset(100%" in clip or "circle(0" in clip:
        return True
    small = any(_is_tiny(style.get(side, "")) for side in ("width", "height", "max-width", "max-height"))
    return small and style.get("overflow", "") in ("hidden", "clip") or style.get("transform") == "scale(0)"


def _pixels(length: str) -> float | None:
    found = NUMBER.fullmatch(length)
    if found is None or not found[1].strip("-."):
        return None
    return _number(found[1]) * PIXELS[found[2] or ""]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
