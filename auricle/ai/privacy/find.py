"""All that finds identifiers, together: known identity, shapes, cues, lists, the tagger, and names met again."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from auricle.ai.limits import check_size
from auricle.ai.port import Known, Model, Utterance
from auricle.ai.privacy.cues import cued
from auricle.ai.privacy.known import KnownIdentity
from auricle.ai.privacy.listed import listed
from auricle.ai.privacy.spans import BY_WORDS, Span, disjoint, joined
from auricle.ai.privacy.structured import structured
from auricle.ai.privacy.tagger.features import eponyms, is_known
from auricle.ai.privacy.tagger.tag import tagged
from auricle.ai.privacy.vocabulary import common_words
from auricle.ai.tokens import tokens

Recognizer = Callable[[str], Iterable[Span]]
RECOGNIZERS: tuple[Recognizer, ...] = (structured, cued, listed, tagged)
_REST_OF_NAME = re.compile(
    r"(?: [A-Z]\.?)? (?!(?:Is|Was|Has|And|The|In|On|At|Who|This|I['’]?[a-z]*)\b)[A-Z][a-z'’-]{1,30}(?![\w'’])"
)
_NEXT_WORD = re.compile(r" ([^\W\d_]{2,30})(?![\w'’])")
_BEFORE_PLACE = re.compile(r"\b(?:new|north|south|east|west|port|lake|saint|st\.?) $", re.IGNORECASE)
_MIN_REPEATED = 3  # letters of a name that is masked again without its cue


class Finding(Model):
    """One identifier where it stands."""

    utterance_id: str
    kind: str
    start: int
    end: int
    certain: bool  # known identity, or a shape that nothing else has; words and their context are likely at best


def analyze(utterances: Sequence[Utterance], known: Known, also: Sequence[Recognizer] = ()) -> list[Finding]:
    """What `mask` would hide, without hiding it. Raises `TextTooLarge`."""
    check_size(utterances)
    return [
        Finding(utterance_id=utterance.id, kind=s.kind, start=s.start, end=s.end, certain=s.rank <= 1)
        for utterance, spans in identifiers(utterances, known, also)
        for s in spans
    ]


def identifiers(
    utterances: Sequence[Utterance], known: Known, also: Sequence[Recognizer] = ()
) -> Iterator[tuple[Utterance, list[Span]]]:
    """Each utterance with its identifiers, in order, none overlapping another. `also` adds finders of one's own."""
    identity = KnownIdentity(known)
    found = {u.id: [*identity.find(u.text), *found_in(u.text, also)] for u in utterances}
    names = frozenset[str]().union(*(names_in(u.text, found[u.id]) for u in utterances))
    for utterance in utterances:
        yield utterance, settled(utterance.text, found[utterance.id], names)


def found_in(text: str, also: Sequence[Recognizer] = ()) -> list[Span]:
    """What one text by itself tells: no identity that is known, no name met elsewhere."""
    return [span for find in (*RECOGNIZERS, *also) for span in find(text)]


def settled(text: str, found: Sequence[Span], names: frozenset[str] = frozenset()) -> list[Span]:
    """Finds of a text, and the names met anywhere, as whole identifiers of which none overlaps another."""
    every = joined([*found, *_repeats(text, names)])
    return _trimmed(text, disjoint([_continued(text, span) for span in every]))


def _continued(text: str, span: Span) -> Span:
    """The whole of a name or a place of which a part was told.

    A name goes on with an initial and a capitalised word, whatever word it is ("Ruth R. Green"), or one that illnesses
    bear, too ("neha wilson"); a place may begin before ("port kimland").
    """
    if span.rank < BY_WORDS:
        return span
    if span.kind == "LOCATION" and (before := _BEFORE_PLACE.search(text, max(0, span.start - 12), span.start)):
        return replace(span, start=before.start())
    if span.kind != "PERSON":
        return span
    rest = _REST_OF_NAME.match(text, span.end) if text[span.start].isupper() else None
    if rest is None and (word := _NEXT_WORD.match(text, span.end)) and word[1].lower() in eponyms():
        rest = word
    return replace(span, end=rest.end()) if rest else span


def _trimmed(text: str, spans: Sequence[Span]) -> list[Span]:
    """Without spaces at the edges, which the rest of an overlap may have; nothing but spaces is no identifier."""
    kept = []
    for span in spans:
        inside = text[span.start : span.end]
        if inside.strip():
            start = span.start + len(inside) - len(inside.lstrip())
            kept.append(replace(span, start=start, end=start + len(inside.strip())))
    return kept


def names_in(text: str, found: Sequence[Span]) -> frozenset[str]:
    """Words of the names found in a text: the next mention may come without its cue."""
    names: set[str] = set()
    for span in found:
        if span.kind == "PERSON":
            names |= {t.word.removesuffix("'s") for t in tokens(text[span.start : span.end])}
    return frozenset(
        n
        for n in names
        if len(n) >= _MIN_REPEATED and n not in common_words() and not is_known(n) and not re.match(r"\d|\[", n)
    )


def _repeats(text: str, names: frozenset[str]) -> list[Span]:
    if not names:
        return []
    found = []
    for token in tokens(text):
        word = re.sub(r"['’]s$", "", token.text)
        if word.lower() in names:
            found.append(Span(token.start, token.start + len(word), "PERSON", 6))
    return found
