"""A small trigram model of how patients talk, made from our templates and mixed with the recogniser's general one.

Slots are expanded within each template in proportion, not one by one: every n-gram of a template gets the share of its
expansions that hold it, so a list of fifty drugs weighs no more than a template without a slot.
"""

import hashlib
import itertools
import math
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

TEMPLATES = Path(__file__).with_name("domain.yaml")
ORDER = 3
WEIGHT_PER_TEMPLATE = 10.0
DOMAIN_SHARE = 0.5
VOCABULARY = 20_000  # of the general model's 72,000 words: the rest cost time and mislead
PAIRED_WORDS = 1_000
WORTH_A_PAIR = 1.5  # a pair is listed when it is so much likelier than its second word alone

Gram = tuple[str, ...]


class General:
    """The recogniser's own English model, asked for single probabilities: it can't be listed or mixed itself."""

    def __init__(self) -> None:
        import pocketsphinx

        decoder = pocketsphinx.Decoder(loglevel="FATAL", samprate=16_000)
        self._model: Any = decoder.get_lm()
        self._logs: Any = decoder.logmath
        self._dictionary = Path(pocketsphinx.get_model_path()) / "en-us" / "cmudict-en-us.dict"

    def vocabulary(self) -> list[str]:
        """Its commonest words, most common first, with the marks of a sentence's ends."""
        listed = (line.split(None, 1)[0] for line in self._dictionary.read_text("utf-8").splitlines() if line.strip())
        known = sorted(((self.chance(word), word) for word in listed if "(" not in word), reverse=True)
        return ["<s>", "</s>", *(word for chance, word in known[:VOCABULARY] if chance > 0)]

    def chance(self, word: str, after: str | None = None) -> float:
        log = self._model.prob([word] if after is None else [word, after])
        return 0.0 if log <= self._logs.get_zero() else float(self._logs.exp(log))


def expected_counts(templates: Sequence[str], slots: dict[str, list[str]]) -> dict[Gram, float]:
    """How often each n-gram up to the third order is expected when every filling of a slot is equally likely."""
    counts: dict[Gram, float] = defaultdict(float)
    for template in templates:
        parts: list[list[Gram]] = [
            [tuple(filling.split()) for filling in slots[part[1:-1]]] if part[1:-1] in slots else [(part,)]
            for part in ["<s>", *template.split(), "</s>"]
        ]
        for first in range(len(parts)):
            _count_from(parts, first, counts)
    return counts


def _count_from(parts: list[list[Gram]], first: int, counts: dict[Gram, float]) -> None:
    """N-grams that begin within one part; they see at most two parts further on."""
    seen = parts[first : first + ORDER]
    for filling in itertools.product(*seen):
        share = WEIGHT_PER_TEMPLATE / math.prod(len(part) for part in seen)
        words = tuple(itertools.chain.from_iterable(filling))
        for start in range(len(filling[0])):
            for order in range(1, ORDER + 1):
                if start + order <= len(words):
                    counts[words[start : start + order]] += share


def conditional(counts: dict[Gram, float]) -> dict[Gram, float]:
    """Witten-Bell estimates of P(last word | words before) for the n-grams of the templates."""
    followers: dict[Gram, dict[str, float]] = defaultdict(dict)
    for gram, count in counts.items():
        followers[gram[:-1]][gram[-1]] = count
    chance: dict[Gram, float] = {}
    for history in sorted(followers, key=len):
        nexts = followers[history]
        total = sum(nexts.values())
        kept = total / (total + len(nexts)) if history else 1.0
        for word, count in nexts.items():
            lower = chance.get((*history[1:], word), 0.0) if history else 0.0
            chance[(*history, word)] = kept * count / total + (1 - kept) * lower
    return chance


def mixed(domain: dict[Gram, float], general: General) -> dict[Gram, float]:
    """The two models in proportion. The general one lends its vocabulary and the pairs of its commonest words."""
    words = general.vocabulary()
    chance: dict[Gram, float] = {(word,): (1 - DOMAIN_SHARE) * general.chance(word) for word in words}
    pairing = {*words[:PAIRED_WORDS], *(gram[0] for gram in domain if len(gram) == 1)} & set(words)
    for history, word in itertools.product(pairing, pairing):
        pair = general.chance(word, history)
        if word != "<s>" and pair > WORTH_A_PAIR * general.chance(word):
            chance[(history, word)] = pair
    for gram, own in sorted(domain.items(), key=lambda item: len(item[0])):
        if len(gram) == 1:
            chance[gram] = chance.get(gram, 0.0) + DOMAIN_SHARE * own
        else:
            other = chance.get(gram) if len(gram) == 2 else chance.get(gram[1:])
            chance[gram] = DOMAIN_SHARE * own + (1 - DOMAIN_SHARE) * (other or general.chance(gram[-1]))
    # What the templates never say after a word of theirs still gets its part of what the general model gives it.
    spoken = {gram[0] for gram in domain if len(gram) == 2}
    for gram in chance:
        if len(gram) == 2 and gram[0] in spoken and gram not in domain:
            chance[gram] *= 1 - DOMAIN_SHARE
    return chance


def arpa(chance: dict[Gram, float]) -> str:
    """The model in ARPA form; back-off weights are what makes every history sum to one."""
    own: dict[Gram, float] = defaultdict(float)
    lower: dict[Gram, float] = defaultdict(float)
    for gram, value in chance.items():
        if len(gram) > 1:
            own[gram[:-1]] += value
            lower[gram[:-1]] += chance.get(gram[1:], 0.0)
    backoff = {history: max(1.0 - own[history], 1e-3) / max(1.0 - lower[history], 1e-3) for history in own}
    return "\n".join(_arpa_lines(chance, backoff)) + "\n"


def _arpa_lines(chance: dict[Gram, float], backoff: dict[Gram, float]) -> Iterator[str]:
    by_order = [sorted(gram for gram in chance if len(gram) == order) for order in range(1, ORDER + 1)]
    yield "\\data\\"
    for order, grams in enumerate(by_order, 1):
        yield f"ngram {order}={len(grams)}"
    for order, grams in enumerate(by_order, 1):
        yield f"\n\\{order}-grams:"
        for gram in grams:
            value = -99.0 if gram == ("<s>",) else math.log10(min(1.0, max(chance[gram], 1e-9)))
            tail = f" {math.log10(backoff.get(gram, 1.0)):.4f}" if order < ORDER else ""
            yield f"{value:.4f} {' '.join(gram)}{tail}"
    yield "\n\\end\\"


def revision() -> str:
    """Names the model that this code makes of these templates."""
    return hashlib.sha256(TEMPLATES.read_bytes() + Path(__file__).read_bytes()).hexdigest()[:12]


def write_model(target: Path) -> None:
    """Make the mixed model; two seconds of work, so in a process of its own (`python -m …offline.domain <file>`)."""
    with TEMPLATES.open(encoding="utf-8") as file:
        source: dict[str, Any] = yaml.safe_load(file)
    domain = conditional(expected_counts(source["templates"], source["slots"]))
    written = target.with_suffix(f".{os.getpid()}")
    written.write_text(arpa(mixed(domain, General())), "utf-8")
    written.replace(target)


if __name__ == "__main__":
    write_model(Path(sys.argv[1]))
