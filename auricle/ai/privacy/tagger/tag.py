"""Names, places and organizations told by a small CRF (linear chain, CRFsuite) from what stands around them."""

import re
import threading
from collections.abc import Iterator
from functools import cache
from importlib import resources

import pycrfsuite

from auricle.ai.privacy.spans import Span
from auricle.ai.privacy.tagger.features import Piece, Seen, features, is_known, look, pieces
from auricle.ai.privacy.vocabulary import common_words

KINDS = {"P": "PERSON", "L": "LOCATION", "G": "ORGANIZATION"}
NOTHING = "O"
# A word is masked where the tagger gives "nothing" less than this; an everyday word must be a name all but surely.
UNKNOWN_BELOW = 0.65
KNOWN_BELOW = 0.1
_LINE = re.compile(r"[^\n]+")
_AT_ONCE = 400  # words of one endless line that are looked at together
_LOCK = threading.Lock()


def tagged(text: str) -> Iterator[Span]:
    """Spans of what the tagger takes for a name, a place or an organization."""
    cased = any(c.isupper() for c in text)
    met: dict[str, Seen] = {}
    for line in _LINE.finditer(text):
        words = pieces(text, line.start(), line.end())
        for at in range(0, len(words), _AT_ONCE):
            some = words[at : at + _AT_ONCE]
            for word in some:
                if word.text not in met:
                    met[word.text] = look(word.text, cased)
            yield from _spans(some, [met[word.text] for word in some], cased)


def _spans(words: list[Piece], seen: list[Seen], cased: bool) -> Iterator[Span]:
    labels = _labels(words, seen, cased)
    at = 0
    while at < len(words):
        kind, first = labels[at], at
        while at < len(words) and labels[at] == kind:
            at += 1
        if kind != NOTHING:
            yield Span(words[first].start, words[at - 1].end, KINDS[kind], 5)


def _labels(words: list[Piece], seen: list[Seen], cased: bool) -> list[str]:
    if all(not s.own[0].startswith("u") and len(s.own) < 4 for s in seen):
        return [NOTHING] * len(words)
    found = []
    tagger = _tagger()
    with _LOCK:  # one tagger holds one line at a time
        tagger.set(features(seen, cased))
        for at, word in enumerate(words):
            if not word.text[0].isalpha() or word.text.lower() in common_words():
                found.append(NOTHING)
                continue
            limit = KNOWN_BELOW if is_known(word.text.lower()) else UNKNOWN_BELOW
            if tagger.marginal(NOTHING, at) >= limit:
                found.append(NOTHING)
            else:
                found.append(max(KINDS, key=lambda kind: float(tagger.marginal(kind, at))))
    return found


@cache
def _tagger() -> pycrfsuite.Tagger:
    tagger = pycrfsuite.Tagger()
    tagger.open_inmemory(_model())
    return tagger


@cache
def _model() -> bytes:
    """Kept, for the tagger reads in place and holds no copy."""
    return resources.files(__package__).joinpath("model.crfsuite").read_bytes()
