"""`python -m bench.clinical.learn [--to FOLDER] [--parts train,valid]`: the draft's weights.

From ACI-Bench's training and validation parts and MTS-Dialog's training part (both CC BY 4.0), never their tests.
What a clause is worth is the share of its words and pairs of words, as the draft would write them, that the clinician's
note has. Its section is that of the sentence of the note that it has most in common with. A heading is learned from
each talk and from the text that was written of it. No text is kept, only weights of hashed words.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import log
from pathlib import Path

import numpy as np

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Section
from auricle.ai.soap.candidates import Candidate, candidates
from auricle.ai.soap.headers import header_clues
from auricle.ai.soap.learned import linear
from auricle.ai.soap.learned.weights import Weights
from bench.clinical.corpora import Passage, Visit, aci_bench, mts_dialog
from bench.clinical.fit import Lessons, fit, packed, within_margin
from bench.clinical.reference import Told, told
from bench.clinical.rouge import grams, words

SHIPPED = Path(linear.__file__).parent
SECTIONS: tuple[Section, ...] = ("subjective", "objective", "assessment", "plan")
HEADER_DECAY, HEADER_STEPS = 1.0, 150
SECTION_DECAY, SALIENCE_DECAY, STEPS = 1e-4, 3e-5, 150  # the decays: of 1e-4, 3e-5, 1e-5 best on the validation part


Taught = Sequence[tuple[Visit, Sequence[Candidate]]]


def read(visits: Sequence[Visit], weights: Weights | None) -> Taught:
    return [(v, list(candidates(v.utterances, find_entities(v.utterances), weights))) for v in visits]


def share_kept(written: str, note: str) -> float:
    """The mean share of the words and of the pairs of words of `written` that `note` has."""
    shares = []
    for n in (1, 2):
        own, its = grams(words(written), n), grams(words(note), n)
        shares.append(sum((own & its).values()) / max(1, sum(own.values())))
    return sum(shares) / 2


def salience(taught: Taught, steps: int = STEPS) -> linear.Linear:
    each = [(c, share_kept(c.statement.text, visit.note)) for visit, found in taught for c in found]
    weigh = np.array([len(c.statement.text.split()) for c, _ in each], float)
    rows = Lessons.of([c.clues for c, _ in each])
    wanted = np.array([[share] for _, share in each])
    return packed(["kept"], rows, *fit(rows, wanted, decay=SALIENCE_DECAY, steps=steps, weigh=weigh))


def section(taught: Taught, steps: int = STEPS) -> linear.Linear:
    each = list(placed(taught))
    wanted = [SECTIONS.index(where) for _, where, _ in each]
    weigh = np.array([common for _, _, common in each])
    among = np.bincount(wanted, weights=weigh, minlength=len(SECTIONS))
    fair = weigh / np.sqrt(among[wanted])  # an assessment is rare, and wanted
    rows = Lessons.of([clues for clues, _, _ in each])
    return packed(SECTIONS, rows, *fit(rows, np.eye(4)[wanted], decay=SECTION_DECAY, steps=steps, weigh=fair))


def placed(taught: Taught) -> Iterator[tuple[Sequence[str], Section, float]]:
    """Features, section and how sure, of what the clinician says: a patient's words are subjective by rule."""
    for visit, found in taught:
        sentences = told(visit.note)
        rarity = _rarity([s.text for s in sentences])
        for candidate in found:
            if candidate.speaker == "patient":
                continue
            best, common = _closest(candidate.statement.text, sentences, rarity)
            if best is not None:
                yield candidate.clues, best.section, common


def header(passages: Sequence[Passage], steps: int = HEADER_STEPS) -> linear.Linear:
    """From each passage's talk and from the text that was written of it."""
    names = sorted({p.header for p in passages})
    wanted = np.eye(len(names))[[names.index(p.header) for p in passages] * 2]
    shown = [*(header_clues(p.talk) for p in passages), *(header_clues(p.text) for p in passages)]
    rows = Lessons.of(shown, by_rarity=True)
    weights = fit(rows, wanted, decay=HEADER_DECAY / len(shown), steps=steps, error=within_margin)
    return packed(names, rows, *weights)


def _rarity(sentences: Sequence[str]) -> Mapping[str, float]:
    seen = Counter(word for s in sentences for word in set(words(s)))
    return {word: log(1 + len(sentences) / count) for word, count in seen.items()}


def _closest(written: str, sentences: Sequence[Told], rarity: Mapping[str, float]) -> tuple[Told | None, float]:
    """The sentence of the note with most rare words in common, and the share of its own that they are."""
    own = set(words(written))
    best, most = None, 0.0
    total = sum(rarity.get(w, 0.0) for w in own)
    for sentence in sentences:
        its = set(words(sentence.text))
        both = sum(rarity[w] for w in own & its)
        alike = both / (1 + sum(rarity[w] for w in its) ** 0.5)
        if alike > most:
            best, most = sentence, alike
    return best, most if total else 0.0


def learned(parts: Sequence[str]) -> Iterator[tuple[str, linear.Linear]]:
    """The section first: how a statement is written depends on it, and what it is worth on how it is written."""
    visits = [visit for part in parts for visit in aci_bench(part)]
    placing = section(read(visits, None))
    yield "section", placing
    yield "salience", salience(read(visits, Weights(placing)))
    yield "header", header(list(mts_dialog("train")))


def main(arguments: Sequence[str]) -> int:
    options = dict(zip(arguments, arguments[1:], strict=False))
    folder = Path(options.get("--to", SHIPPED))
    began = time.perf_counter()
    for name, model in learned(options.get("--parts", "train,valid").split(",")):
        with (folder / f"{name}.npz").open("wb") as file:
            np.savez_compressed(file, **linear.saved(model))
        size = (folder / f"{name}.npz").stat().st_size
        print(f"{name}: {size:,} bytes, {time.perf_counter() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
