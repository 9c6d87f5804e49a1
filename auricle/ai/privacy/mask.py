"""Put consistent masks in place of identifiers, keep the way back."""

from collections.abc import Iterable, Mapping, Sequence

from auricle.ai.limits import check_size
from auricle.ai.port import Known, Masked, MaskedSpan, Utterance
from auricle.ai.privacy.find import Recognizer, identifiers
from auricle.ai.privacy.spans import Span, disjoint
from auricle.ai.privacy.structured import structured
from auricle.ai.tokens import MASK


def mask(utterances: Sequence[Utterance], known: Known, also: Sequence[Recognizer] = ()) -> Masked:
    """Mask every identifier. The same identifier (but for case and spacing) gets the same mask throughout.

    Raises `TextTooLarge`.
    """
    check_size(utterances)
    return _masked(utterances, identifiers(utterances, known, also))


def mask_structured(utterances: Sequence[Utterance]) -> Masked:
    """Mask only what has a shape of its own (numbers, dates, e-mail): names and places stay. Raises `TextTooLarge`."""
    check_size(utterances)
    return _masked(utterances, ((u, disjoint(list(structured(u.text)))) for u in utterances))


def _masked(utterances: Sequence[Utterance], found: Iterable[tuple[Utterance, Sequence[Span]]]) -> Masked:
    register = _Register(utterances)
    masked: list[Utterance] = []
    spans: list[MaskedSpan] = []
    for utterance, every in found:
        text, placed = _replace(utterance, every, register)
        masked.append(utterance.model_copy(update={"text": text}))
        spans += placed
    return Masked(utterances=masked, spans=spans, originals=register.originals)


def anonymized(text: str, known: Known | None = None) -> str:
    """One text with masks in place of identifiers, without a way back. Raises `TextTooLarge`."""
    one = Utterance(id="text", speaker="document", text=text)
    return mask([one], known or Known()).utterances[0].text


def unmask(text: str, originals: Mapping[str, str]) -> str:
    """Put the originals back in one pass; what an original itself contains is never read again."""
    return MASK.sub(lambda m: originals.get(m[0], m[0]), text)


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
