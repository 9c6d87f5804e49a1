"""Identifiers of texts replaced by placeholders, the same ones throughout a conversation. Plain CPU work, no I/O.

What a text tells by itself is found once and remembered by the text's digest, for every conversation of the process:
a passage of the clinic's knowledge is offered again and again. What a conversation adds (its known identity, names it
has met, whatever it has masked before) is cheap, and remembered while nothing new is met.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Known
from auricle.ai.privacy.find import Recognizer, found_in, names_in, settled
from auricle.ai.privacy.known import KnownIdentity
from auricle.ai.privacy.spans import Span
from auricle.ai.privacy.tagger.features import is_known
from auricle.ai.tokens import MASK, tokens
from auricle.providers.masking.placeholders import KINDS, Register
from auricle.providers.masking.sounds import Sounding

MOST_FINDS = 20_000  # texts whose finds are remembered; digests and offsets, no text
MOST_TEXTS = 400  # of one conversation, in their masked form
MOST_LITERALS = 1_000
LONGEST = 1_000_000  # characters of one call
KNOWN, CHECKED = 0, 1  # ranks, as spans have them
_MIN_LITERAL = 4
MOST_STRUCTURES = 500
_WORD_BREAK = re.compile(r"[\W_]+|(?<=[a-z])(?=[A-Z])")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_STRUCTURE = re.compile(r"[\"{}<>=\\\]\[]+")  # of JSON and marks: no identifier goes across
_FIELD = re.compile(r'"(\w{2,40})"\s*:\s*"((?:[^"\\]|\\.){1,300})"')
_FIELDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"(?:^|_)(?:{names})$", re.IGNORECASE))
    for kind, names in (
        ("PERSON", "name|patient|clinician|doctor|caller|contact|guardian|spouse|father|mother|relative"),
        ("PHONE", "phone|mobile|telephone|whatsapp|phone_number|mobile_number"),
        ("EMAIL", "e?mail|email_address"),
        ("ADDRESS", "address|street|city|town|village|pin_?code|zip|postal_code"),
        ("DATE", "birth_date|dob|date_of_birth|birthday|born"),
        ("MRN", "mrn|uhid|record_number|patient_number|patient_id|insurance_number|policy_number"),
        ("AADHAAR", "aadhaar|aadhaar_number"),
        ("PAN", "pan|pan_number"),
        ("ABHA", "abha|abha_number|abha_address"),
        ("SSN", "ssn|social_security"),
    )
)


@dataclass(frozen=True, slots=True)
class Text:
    """A text to be masked. `field` is the key under which it stands in a structure, where it does."""

    text: str
    field: str = ""


class Finds:
    """What texts tell by themselves, remembered. Safe to share between threads."""

    def __init__(self, also: Sequence[Recognizer] = (), most: int = MOST_FINDS) -> None:
        self._also, self._most = also, most
        self._by_digest: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, text: str) -> tuple[Span, ...]:
        key = _digest(Text(text))
        with self._lock:
            if (found := self._by_digest.get(key)) is not None:
                self._by_digest.move_to_end(key)
                return found
        found = tuple(found_in(text, self._also))
        with self._lock:
            self._by_digest[key] = found
            while len(self._by_digest) > self._most:
                self._by_digest.popitem(last=False)
        return found


class Conversation:
    """The placeholders of one conversation. Its methods are to be called by one thread at a time."""

    def __init__(self, finds: Finds, known: Known, passes: frozenset[str] = frozenset()) -> None:
        self.register = Register()
        self._finds, self._passes = finds, passes
        self._identity, self._sounding = KnownIdentity(known), Sounding(known.names)
        self._names: frozenset[str] = frozenset()
        self._literals: dict[str, str] = {}  # text → kind
        self._repeated: re.Pattern[str] | None = None
        self._texts: OrderedDict[bytes, str] = OrderedDict()
        self._structures: dict[str, bool] = {}

    def ready(self, texts: Sequence[Text]) -> list[str] | None:
        """The texts, masked, where all of them were before and nothing was met since."""
        found = [self._texts.get(_digest(one)) for one in texts]
        return None if None in found else found  # type: ignore[return-value]

    def masked(self, texts: Sequence[Text]) -> list[str]:
        """The texts with placeholders, in their order."""
        found = {key: self._found(one) for key, one in _by_digest(texts).items() if key not in self._texts}
        if self._meet(texts, found):
            found |= {key: self._found(one) for key, one in _by_digest(texts).items() if key not in found}
        masked = [self._masked(one, found) for one in texts]
        while len(self._texts) > MOST_TEXTS:
            self._texts.popitem(last=False)
        return masked

    def unnumbered(self, text: str) -> str:
        """The text with `[PERSON]` for every name, whichever: equal for an embedder wherever it stands."""
        one = Text(text)
        spans = self._found(one)
        return _replaced(text, self._settled(one, spans, names_in(text, spans), None), lambda kind, _: f"[{kind}]")

    def knows(self, text: str) -> bool:
        """Whether a text that can't be masked (the name of a tool, of an argument) tells who is known."""
        if text not in self._structures:
            while len(self._structures) >= MOST_STRUCTURES:
                self._structures.pop(next(iter(self._structures)))
            words = " ".join(_WORD_BREAK.split(text))
            self._structures[text] = any(True for _ in self._identity.find(words))
        return self._structures[text]

    def identifies(self, text: str) -> bool:
        """Whether a text holds anything that would be masked, but for placeholders."""
        one = Text(text)
        spans = self._settled(one, self._found(one), frozenset(), None)
        return any(not MASK.fullmatch(text[span.start : span.end]) for span in spans)

    def _found(self, one: Text) -> list[Span]:
        text = one.text
        spans = [*self._finds.of(text), *self._identity.find(text), *self._sounding.find(text), *_fields(text)]
        if one.field and (whole := _whole(one)):
            spans.append(whole)
        return [*spans, *_literal_masks(text)]

    def _meet(self, texts: Sequence[Text], found: Mapping[bytes, Sequence[Span]]) -> bool:
        """Learn what texts name, so that it is masked wherever it stands. Whether there was something new: then what
        was masked before must be looked at again."""
        names, new = self._names, dict[str, str]()
        for key, one in _by_digest(texts).items():
            names |= names_in(one.text, found.get(key, ()))
            for span in filter(self._is_kept, found.get(key, ())):
                original = one.text[span.start : span.end].strip()
                if original not in self._literals and _is_literal(original, span):
                    new[original] = span.kind
        if names == self._names and not new:
            return False
        self._names = names
        if new:
            self._literals |= dict(list(new.items())[: max(0, MOST_LITERALS - len(self._literals))])
            longest_first = sorted(self._literals, key=len, reverse=True)
            self._repeated = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        self._texts.clear()
        return True

    def _masked(self, one: Text, found: Mapping[bytes, list[Span]]) -> str:
        key = _digest(one)
        if (known := self._texts.get(key)) is not None:
            return known
        spans = self._settled(one, found[key], self._names, self._repeated)
        text = self._texts[key] = _replaced(one.text, spans, self.register.placeholder)
        return text

    def _settled(
        self, one: Text, spans: list[Span], names: frozenset[str], repeated: re.Pattern[str] | None
    ) -> list[Span]:
        text = one.text
        if repeated is not None:
            spans = [*spans, *(Span(m.start(), m.end(), self._literals[m[0]], 4) for m in repeated.finditer(text))]
        kept = [span for span in spans if self._is_kept(span)]
        ids = [m.span() for m in _UUID.finditer(text)]  # of ours: nobody's
        return [
            piece
            for span in settled(text, kept, names)
            if span.rank == KNOWN or not any(start < span.end and span.start < end for start, end in ids)
            for piece in _inside_structure(text, span)
        ]

    def _is_kept(self, span: Span) -> bool:
        return span.rank == KNOWN or span.kind not in self._passes


def _digest(one: Text) -> bytes:
    return blake2b(f"{one.field}\0{one.text}".encode(errors="surrogatepass"), digest_size=16).digest()


def _by_digest(texts: Sequence[Text]) -> dict[bytes, Text]:
    return {_digest(one): one for one in texts}


def _literal_masks(text: str) -> Iterator[Span]:
    """What looks like a placeholder of ours already (a masked note's) is hidden behind one: it comes back as it was."""
    for match in MASK.finditer(text):
        kind = match[0].strip("[]").rpartition("_")[0]
        yield Span(match.start(), match.end(), kind if kind in KINDS else "ID", KNOWN)


def _is_literal(text: str, span: Span) -> bool:
    """Whether an identifier is masked again wherever its very words stand; names are met again by their own rule."""
    if span.kind in ("PERSON", "AGE", "DATE") or len(text) < _MIN_LITERAL or MASK.search(text):
        return False
    return any(c.isdigit() for c in text) or not all(is_known(t.word) for t in tokens(text))


def _replaced(text: str, spans: Sequence[Span], placeholder: Callable[[str, str], str]) -> str:
    pieces, at = list[str](), 0
    for span in spans:
        pieces += [text[at : span.start], placeholder(span.kind, text[span.start : span.end])]
        at = span.end
    return "".join([*pieces, text[at:]])


def _inside_structure(text: str, span: Span) -> Iterator[Span]:
    """The parts of a span between quotes, braces and marks."""
    inside = text[span.start : span.end]
    if MASK.fullmatch(inside) or not _STRUCTURE.search(inside):
        yield span
        return
    edges = [(m.start(), m.end()) for m in _STRUCTURE.finditer(inside)]
    starts, ends = [0, *(end for _, end in edges)], [*(start for start, _ in edges), len(inside)]
    for start, end in zip(starts, ends, strict=True):
        if inside[start:end].strip(" ,:."):
            yield replace(span, start=span.start + start, end=span.start + end)


def _fields(text: str) -> Iterator[Span]:
    """Values that stand in JSON under a key that tells what they are."""
    if '":' not in text:
        return
    for match in _FIELD.finditer(text):
        if whole := _whole(Text(match[2], match[1])):
            yield replace(whole, start=match.start(2), end=match.end(2))


def _whole(one: Text) -> Span | None:
    """All of a value whose key says that it identifies, unless it is made of everyday and medical words alone."""
    kind = next((kind for kind, names in _FIELDS if names.search(one.field)), None)
    if kind is None or not one.text.strip() or _UUID.fullmatch(one.text) or MASK.fullmatch(one.text):
        return None
    if kind == "PERSON" and all(is_known(t.word) or t.word in lexicon().vocabulary for t in tokens(one.text)):
        return None
    return Span(0, len(one.text), kind, CHECKED)
