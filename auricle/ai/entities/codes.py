"""Codes of ICD-10-CM for a finding: looked up in the shipped index, never made.

Suggested only for what the patient has: nothing that is denied, a relative's, planned to be looked for, or over.
"""

import gzip
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from auricle.ai.entities.lexicon import load_words
from auricle.ai.port import Code, Entity
from auricle.ai.tokens import words

CODED = frozenset({"problem", "symptom", "hearing"})
MOST = 3
LEAST_SCORE = 0.65
# What a title may say beyond the finding's own words without meaning another illness.
_FREE = frozenset(words(
    "unspecified other nos site side left right bilateral unilateral ear eye limb organism of the and with without in "
    "to complication complications initial encounter for type disorder disease closed condition essential primary not "
    "due elsewhere classified stage cause"
))  # fmt: skip
_EMPTY = frozenset(words("of the and in to a an on with my by due nos unspecified nec"))
_SAME = {"haemorrhage": "hemorrhage", "oedema": "edema", "anaemia": "anemia", "tumour": "neoplasm", "goitre": "goiter",
         "cancer": "neoplasm", "carcinoma": "neoplasm", "leukaemia": "leukemia", "diarrhoea": "diarrhea",
         "oesophagitis": "esophagitis", "renal": "kidney", "cardiac": "heart", "pulmonary": "lung"}  # fmt: skip
_SIDES = {"left": "left", "right": "right", "both": "bilateral"}
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
_LATERAL = re.compile(r"\b(left|right|bilateral)\b", re.IGNORECASE)
_UNSPECIFIED = re.compile(r"\bunspecified\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Row:
    code: str
    title: str
    until: int  # index after its last descendant; its own + 1 where it may be billed


@dataclass(frozen=True, slots=True)
class Index:
    rows: Sequence[_Row]
    place: Mapping[str, int]  # code → row
    named: Mapping[str, int]  # words of a title or inclusion term → the first row that has them
    freely: Mapping[str, int]  # the same without the words that a title may add


def with_codes(entity: Entity) -> Entity:
    """The entity with the codes that fit it, best first; as it is where none does."""
    codes = suggest(entity.name, entity.side) if may_be_coded(entity) else ()
    return entity.model_copy(update={"codes": codes}) if codes else entity


def may_be_coded(entity: Entity) -> bool:
    """A finding that the patient has now, or a lasting one of their history."""
    if entity.kind not in CODED or entity.negated or entity.experiencer != "patient":
        return False
    return entity.time == "current" or (entity.time == "past" and entity.name in _chronic())


@lru_cache(maxsize=4_096)
def suggest(name: str, side: str | None) -> tuple[Code, ...]:
    """At most three valid codes for a normal form, with how well they fit, from 0 to 1."""
    found: dict[str, float] = {}
    index, mapped = icd10(), _mapped()
    if known := mapped.get(f"{name}, {side}") or mapped.get(name):
        _offer(found, index, index.place[known], name, side, 0.95, known=True)
    else:
        key = _key(name)
        if (at := index.named.get(_line(key))) is not None:
            _offer(found, index, at, name, side, 0.9, known=False)
        if (at := index.freely.get(_line(key - _FREE))) is not None:
            _offer(found, index, at, name, side, 0.75, known=False)
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST]
    rows = [(index.rows[index.place[code]], score) for code, score in best if score >= LEAST_SCORE]
    return tuple(Code(system="icd-10-cm", code=r.code, display=r.title, score=round(score, 2)) for r, score in rows)


def _offer(
    found: dict[str, float], index: Index, at: int, name: str, side: str | None, score: float, *, known: bool
) -> None:
    """The code that may be billed under this row and fits best: the side named, else the one that names none."""
    row, wanted = index.rows[at], _key(name) | _key(index.rows[at].title)
    fits: list[tuple[int, bool, str]] = []
    for leaf in index.rows[at : row.until]:
        if leaf.until != index.place[leaf.code] + 1 or leaf.code.startswith("-"):
            continue
        lateral = _LATERAL.search(leaf.title)
        said = lateral[1].lower() if lateral else None
        if said is not None and said != _SIDES.get(side or ""):
            continue
        extra = len(_key(leaf.title) - wanted - _FREE)
        away = (said is None) if side else False
        fits.append((extra + away, _UNSPECIFIED.search(leaf.title) is None, leaf.code))
    if not fits:
        return
    extra, _, code = min(fits)
    vague = row.code != code and _UNSPECIFIED.search(index.rows[index.place[code]].title) is not None
    told = score - (0 if known and row.code == code else 0.1 * max(0, extra - bool(side))) - 0.05 * vague
    found[code] = max(found.get(code, 0.0), told)


def _key(text: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in _WORD.findall(text.lower()) if word not in _EMPTY)


def _line(key: Iterable[str]) -> str:
    return " ".join(sorted(key))


def _plain(word: str) -> str:
    word = _SAME.get(word, word).removesuffix("'s")
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "is", "us")) else word


@cache
def _mapped() -> Mapping[str, str]:
    """Our names → the row of the index, a parent with its leading "-"."""
    place = icd10().place
    return {name: code if code in place else f"-{code}" for name, code in load_words("codes")["codes"].items()}


@cache
def _chronic() -> frozenset[str]:
    return frozenset(load_words("codes")["chronic"])


@cache
def icd10() -> Index:
    """The index, read at the first call and kept."""
    packed = resources.files(__package__).joinpath("lists/icd10cm.txt.gz").read_bytes()
    lines = [line.split("\t") for line in gzip.decompress(packed).decode().splitlines() if not line.startswith("#")]
    rows = [_Row(code, title, until) for (code, title, _), until in zip(lines, _ends(lines), strict=True)]
    named: dict[str, int] = {}
    freely: dict[str, int] = {}
    for at, (_, title, terms) in enumerate(lines):
        if _LATERAL.search(title):
            continue  # its parent has the name, and the side chooses
        for phrase in (title, *filter(None, terms.split("|"))):
            key = _key(phrase)
            named.setdefault(_line(key), at)
            if left := key - _FREE:
                freely.setdefault(_line(left), at)
    return Index(rows, {row.code: at for at, row in enumerate(rows)}, named, freely)


def _ends(lines: Sequence[Sequence[str]]) -> list[int]:
    """For each row the place after its last descendant: codes of a parent begin with its own."""
    ends = [at + 1 for at in range(len(lines))]
    open_: list[tuple[str, int]] = []
    for at, (code, _, _) in enumerate([*lines, ("!", "", "")]):
        while open_ and not code.lstrip("-").startswith(open_[-1][0]):
            ends[open_.pop()[1]] = at
        if code.startswith("-"):
            open_.append((code[1:], at))
    return ends
