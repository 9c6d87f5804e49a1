"""`python -m auricle.ai.privacy.tagger.train [MODEL]`: fill the templates with names and learn from them.

Seeded and on one core: the same lists and templates give the same model. Takes some ten seconds, no data of anybody.
"""

import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pycrfsuite

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.privacy.tagger.features import Seen, _load, features, look, pieces
from auricle.ai.privacy.vocabulary import cities, common_words

MODEL = Path(__file__).with_name("model.crfsuite")
SEED = 20
FILLS = {"talk": 18, "documents": 12, "other_scripts": 12, "nobody": 9}
# Half of all names are met with the lists shut, and half of all people bear a name that no list has:
# a name must be told by where it stands. Some everyday words count as never met, so that a rare word is no name yet.
LISTS_SHUT, UNLISTED, NEVER_MET = 0.5, 0.5, 0.04
SETTINGS = {"c1": 0.08, "c2": 0.02, "max_iterations": 70, "feature.minfreq": 3, "feature.possible_transitions": True}
Labelled = list[tuple[str, str]]  # words with P, L, G or O
_SLOT = re.compile(r"\{([PGFCOXN])(hi|ta|te|bn|kn|ml|gu|pa)?\}")
_BLOCKS = {"hi": 0x900, "bn": 0x980, "pa": 0xA00, "gu": 0xA80, "ta": 0xB80, "te": 0xC00, "kn": 0xC80, "ml": 0xD00}
_BEFORE_PLACES = ("New", "North", "South", "East", "West", "Port", "Lake", "Old", "San", "St.")
_SPEAKERS = ("Doctor:", "Patient:", "[doctor]", "[patient]", "Guest_family:", "Clinician:", "P:", "D:")


def in_script(word: str, script: str) -> bool:
    return ord(word[0]) >> 7 == _BLOCKS[script] >> 7


class Filler:
    """Draws names, places and words that are none."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        names, groups = _load("names"), _load("templates")
        everyday = common_words()
        self.given = [n.capitalize() for n in names["given"].split() if n not in everyday]
        self.family = [n.capitalize() for n in names["family"].split() if n not in everyday]
        self.indian = {script: [n for n in names["indian"].split() if in_script(n, script)] for script in _BLOCKS}
        more = [place.strip().title() for place in groups["places"].replace("\n", ",").split(",") if place.strip()]
        self.places = [*(c.title() for c in sorted(cities()) if c.isascii()), *more]
        self.indian_places = {
            script: [*groups[f"places_{script}"].split(), *(c for c in sorted(cities()) if in_script(c, script))]
            for script in ("hi", "ta")
        }
        self.houses = [house.strip() for house in groups["houses"].split(",")]
        self.roots, self.endings = groups["roots"].split(), groups["endings"].split()
        self.words = sorted(w for w in lexicon().vocabulary if w.isalpha() and w.isascii())

    def name(self, names: Sequence[str]) -> str:
        """One of the list, or two of it crossed: the head of one and the tail of another."""
        one = self.dice.choice(names)
        if self.dice.random() >= UNLISTED:
            return one
        other = self.dice.choice(names)
        return one[: max(2, len(one) // 2)] + other[len(other) // 2 :].lower()

    def fill(self, kind: str, script: str | None) -> tuple[str, str]:
        """The text of a slot and its label."""
        dice = self.dice
        given, family = (self.indian[script],) * 2 if script else (self.given, self.family)
        match kind:
            case "P":
                middle = f" {dice.choice('ABCDEGHJKLMNPRSTV')}." if not script and dice.random() < 0.08 else ""
                return f"{self.name(given)}{middle} {self.name(family)}", "P"
            case "G":
                return self.name(given), "P"
            case "F":
                return self.name(family), "P"
            case "C":
                before = f"{dice.choice(_BEFORE_PLACES)} " if not script and dice.random() < 0.15 else ""
                return before + self.name(self.indian_places[script] if script else self.places), "L"
            case "O":
                return (
                    f"{self.name(dice.choice((self.family, self.given, self.places)))} {dice.choice(self.houses)}",
                    "G",
                )
            case "N":
                return str(dice.choice((2, 3, 5, 12, 34, 47, 61, 82, 120, 500, 2019, 560001))), "O"
        if dice.random() < 0.3:
            return dice.choice(self.roots) + dice.choice(("o", "i", "a")) + dice.choice(self.endings), "O"
        return dice.choice(self.words), "O"

    def line(self, template: str) -> Labelled:
        found: Labelled = []
        at = 0
        for slot in [*_SLOT.finditer(template), None]:
            end = slot.start() if slot else len(template)
            found += [(p.text, "O") for p in pieces(template, at, end)]
            if slot:
                text, label = self.fill(slot[1], slot[2])
                found += [(p.text, label) for p in pieces(text, 0, len(text))]
                at = slot.end()
        return found


def lessons(seed: int = SEED) -> Iterator[tuple[list[list[str]], list[str]]]:
    """Every line as features and labels, in an order that never changes."""
    filler = Filler(seed)
    dice, groups = filler.dice, _load("templates")
    nobody = groups["nobody"].splitlines()
    for group, fills in FILLS.items():
        for template in groups[group].splitlines():
            for _ in range(fills):
                line = filler.line(template)
                if group != "documents" and dice.random() < 0.4:
                    other = filler.line(dice.choice(nobody if dice.random() < 0.6 else groups["talk"].splitlines()))
                    line = [*line, *other] if dice.random() < 0.5 else [*other, *line]
                flat = dice.random() < (0.2 if group == "documents" else 0.5)
                line = _lowered(line) if flat else _written(line, dice, spoken=group == "talk")
                yield features(_seen(line, dice, cased=not flat), cased=not flat), [label for _, label in line]


def _lowered(line: Labelled) -> Labelled:
    return [(word.lower(), label) for word, label in line]


def _written(line: Labelled, dice: random.Random, *, spoken: bool) -> Labelled:
    """With capitals and, mostly, a full stop; sometimes after the name of who speaks."""
    found = [(word.capitalize() if word in ("i", "i'm", "i've", "i'd") else word, label) for word, label in line]
    found[0] = (found[0][0][:1].upper() + found[0][0][1:], found[0][1])
    if spoken and dice.random() < 0.7:
        found.append((dice.choice(".?.!"), "O"))
    if dice.random() < 0.15:
        speaker = dice.choice(_SPEAKERS)
        found = [*((p.text, "O") for p in pieces(speaker, 0, len(speaker))), *found]
    return found


def _seen(line: Labelled, dice: random.Random, cased: bool) -> list[Seen]:
    shut = dice.random() < LISTS_SHUT
    return [
        look(word, cased, listed=not shut, known=label != "P" and dice.random() >= NEVER_MET) for word, label in line
    ]


def train(to: Path, seed: int = SEED) -> int:
    """Write the model; returns how many lines it learned from."""
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", params=SETTINGS, verbose=False)
    count = 0
    for count, (seen, labels) in enumerate(lessons(seed), 1):  # noqa: B007 - the last number is what is returned
        trainer.append(seen, labels)
    trainer.train(str(to))
    return count


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL
    began = time.perf_counter()
    lines = train(target)
    print(f"{lines} lines, {time.perf_counter() - began:.1f} s, {target.stat().st_size:,} bytes: {target}")
