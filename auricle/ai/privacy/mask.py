"""Put consistent masks in place of identifiers, keep the way back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from auricle.ai.limits import check_size
from auricle.ai.port import Known, Masked, MaskedSpan, Utterance
from auricle.ai.privacy.cues import cued
from auricle.ai.privacy.known import KnownIdentity
from auricle.ai.privacy.spans import Span, disjoint
from auricle.ai.privacy.structured import structured
from auricle.ai.privacy.vocabulary import common_words
from auricle.ai.tokens import MASK, tokens

_MIN_REPEATED = 3  # letters of a name that is masked again without its cue


def mask(utterances: Sequence[Utterance], known: Known) -> Masked:
    """Mask every identifier. The same identifier (but for case and spacing) gets the same mask throughout.

    Raises `TextTooLarge`.
    """
    check_size(utterances)
    identity = KnownIdentity(known)
    found = {u.id: [*identity.find(u.text), *structured(u.text), *cued(u.text)] for u in utterances}
    repeated = _names(utterances, found)
    register = _Register(utterances)
    masked: list[Utterance] = []
    spans: list[MaskedSpan] = []
    for utterance in utterances:
        every = disjoint([*found[utterance.id], *_repeats(utterance.text, repeated)])
        text, placed = _replace(utterance, _trimmed(utterance.text, every), register)
        masked.append(utterance.model_copy(update={"text": text}))
        spans += placed
    return Masked(utterances=masked, spans=spans, originals=register.originals)


def unmask(text: str, originals: Mapping[str, str]) -> str:
    """Put the originals back in one pass; what an original itself contains is never read again."""
    return MASK.sub(lambda m: originals.get(m[0], m[0]), text)


def _trimmed(text: str, spans: Sequence[Span]) -> list[Span]:
    """Without spaces at the edges, which the rest of an overlap may have; nothing but spaces is no identifier."""
    kept = []
    for span in spans:
        inside = text[span.start : span.end]
        if inside.strip():
            start = span.start + len(inside) - len(inside.lstrip())
            kept.append(replace(span, start=start, end=start + len(inside.strip())))
    return kept


class _Register:
    """Hands out masks; never one that the source already contains as plain text."""

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self.originals: dict[str, str] = {}
        self._masks: dict[tuple[str, str], str] = {}
        self._taken = {m for u in utterances for m in MASK.findall(u.text)}
        self._next: dict[str, int] = {}

    def mask_of(self, kind: str, original: str) -> str:
        key = (kind, " ".join(original.casefold().split()))
        if key not in self._masks:
            number = self._next.get(kind, 1)
            while f"[{kind}_{number}]" in self._taken:
                number += 1
            self._next[kind] = number + 1
            self._masks[key] = f"[{kind}_{number}]"
            self.originals[self._masks[key]] = original
        return self._masks[key]


def _replace(utterance: Utterance, spans: Sequence[Span], register: _Register) -> tuple[str, list[MaskedSpan]]:
    pieces: list[str] = []
    placed: list[MaskedSpan] = []
    at = length = 0
    for span in spans:
        original = utterance.text[span.start : span.end]
        mask_text = register.mask_of(span.kind, original)
        pieces += [utterance.text[at : span.start], mask_text]
        masked_start = length + span.start - at
        length = masked_start + len(mask_text)
        placed.append(MaskedSpan(utterance_id=utterance.id, kind=span.kind, mask=mask_text, start=span.start,
                                 end=span.end, masked_start=masked_start, masked_end=length))  # fmt: skip
        at = span.end
    return "".join([*pieces, utterance.text[at:]]), placed


def _names(utterances: Sequence[Utterance], found: Mapping[str, Sequence[Span]]) -> frozenset[str]:
    """Words of the names found anywhere: the next mention may come without its cue."""
    names: set[str] = set()
    for utterance in utterances:
        for span in found[utterance.id]:
            if span.kind == "PERSON":
                names |= {t.word.removesuffix("'s") for t in tokens(utterance.text[span.start : span.end])}
    return frozenset(
        n for n in names if len(n) >= _MIN_REPEATED and n not in common_words() and not re.match(r"\d|\[", n)
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
