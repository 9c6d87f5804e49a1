"""What the tagger sees of a word: whether it is an everyday one, its shape, its ending, the lists, its neighbours.

A word that we do not know is never told by its letters alone, so that the tagger learns where names stand, not which.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

from auricle.ai.privacy.vocabulary import cities, common_words, plain_script
from auricle.ai.tokens import LETTER

_TOKEN = re.compile(rf"\d+|(?:{LETTER})+(?:['’.-](?:{LETTER})+)*|[^\w\s]")
_PARTS = re.compile(rf"(?:{LETTER})+(?:['’](?:{LETTER})+)?")
_EDGE = ("^",)


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, a number or a mark, with its offsets."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One word: `word` is how its neighbours name it, `own` what is told of it, `near` what is told beside it."""

    word: str
    own: tuple[str, ...]
    near: tuple[str, ...]


def pieces(text: str, start: int, end: int) -> list[Piece]:
    return [Piece(m[0], m.start(), m.end()) for m in _TOKEN.finditer(text, start, end)]


def features(seen: Sequence[Seen], cased: bool) -> list[list[str]]:
    """For each word: itself, two words to either side, and its pairs with them."""
    case = "case" if cased else "flat"
    edge = Seen("^", _EDGE, _EDGE)
    row = [edge, edge, *seen, edge, edge]
    before1 = {s: tuple(f"-1{f}" for f in s.near) for s in set(row)}
    before2 = {s: tuple(f"-2{f}" for f in s.near) for s in before1}
    after1 = {s: tuple(f"+1{f}" for f in s.near) for s in before1}
    after2 = {s: tuple(f"+2{f}" for f in s.near) for s in before1}
    found = []
    for at in range(2, len(row) - 2):
        one, two, this, three, four = row[at - 2], row[at - 1], row[at], row[at + 1], row[at + 2]
        found.append([
            case, *this.own, *before1[two], *before2[one], *after1[three], *after2[four],
            f"<{two.word}|{three.word}", f"<<{one.word}|{two.word}", f">>{three.word}|{four.word}",
        ])  # fmt: skip
    return found


def look(text: str, cased: bool, *, listed: bool = True, known: bool = True) -> Seen:
    """What is told of a word. Without `listed` the lists stay shut, without `known` it counts as a word never met."""
    low = text.lower().replace("’", "'")
    if not (low[0].isalpha() or low[0] > "\u08ff"):
        kind = f"d{min(len(low), 6)}" if low[0].isdigit() else low[0]
        return Seen(kind, (f"m={kind}",), (f"m={kind}",))
    shape = _shape(text) if cased else "-"
    lists = _lists(low) if listed else ()
    if known and is_known(low):
        own = (f"w={low}", "k", f"s={shape}", *lists)
        return Seen(low, (*own, *(f"k&{e}" for e in lists)), (f"w={low}", "k", *lists))
    script = _script(low)
    own = ("u", f"u{shape}", script, f"u{min(len(low), 9)}", f"2{low[-2:]}", f"3{low[-3:]}", f"p{low[:2]}", *lists)
    return Seen(f"?{shape}", own, ("u", f"u{shape}", *lists))


def _shape(text: str) -> str:
    if text.isupper():
        return "I" if len(text) == 1 else "UP"
    return "Up" if text[0].isupper() else "lo"


def _script(word: str) -> str:
    block = ord(word[0])
    return f"x{(block - 0x900) // 0x80}" if 0x900 <= block < 0xE00 else "xL"


def is_known(low: str) -> bool:
    """An everyday or medical word, or made of such ("follow-up", "she's")."""
    known = known_words()
    if low in known or low.removesuffix("'s") in known:
        return True
    parts = _PARTS.findall(low)
    return len(parts) > 1 and all(part in known for part in parts)


@cache
def known_words() -> frozenset[str]:
    talk = resources.files(__package__).joinpath("talk.txt").read_text("utf-8")
    return common_words() | frozenset(talk.split()) | eponyms() | _template_words()


@cache
def eponyms() -> frozenset[str]:
    """Names that illnesses, signs and tests bear."""
    return frozenset(_load("names")["eponyms"].split())


@cache
def _template_words() -> frozenset[str]:
    """The words between the slots, in every script."""
    groups = _load("templates")
    lines = "\n".join(groups[name] for name in ("talk", "documents", "other_scripts", "nobody", "words"))
    return frozenset(w.lower() for w in _PARTS.findall(re.sub(r"\{\w+\}", " ", lines)))


@cache
def listed_names() -> dict[str, frozenset[str]]:
    """Names by list: `given`, `family` (Latin script) and `indian` (the scripts of India), as `plain_script`."""
    found = {kind: frozenset(map(plain_script, _load("names")[kind].split())) for kind in ("given", "family", "indian")}
    return {kind: names - common_words() for kind, names in found.items()}


def _lists(low: str) -> tuple[str, ...]:
    plain = plain_script(low.removesuffix("'s"))
    names = listed_names()
    told = [f"g={kind}" for kind, of_kind in names.items() if plain in of_kind]
    return (*told, "g=city") if plain in cities() else tuple(told)


@cache
def _load(name: str) -> dict[str, str]:
    text = resources.files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")
    return dict(yaml.safe_load(text))
