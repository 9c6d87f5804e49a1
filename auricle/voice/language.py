"""Which language was that, and should the conversation follow? Plain functions over scripts and words.

A script tells most languages of India apart; Hindi and Marathi share one, and all of them are also written in Latin
letters: there the small words of a sentence decide (`languages.yaml`). One short word, a number or a name says nothing.
"""

import functools
import importlib.resources
import itertools
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import yaml

from auricle.voice.backchannel import is_backchannel, words_of
from auricle.voice.trivial import BRIEF, trivial_kind

CLEAR, WEAK = 0.8, 0.5  # one clear utterance changes the language, or two weak ones in a row
DOUBTFUL = 0.5  # below this confidence of its recognizer a transcript is no evidence
INDIC_SHARE = 0.3  # a sentence with so many words in an Indian script is in that language, English words and all
NEAR_WORDS = 3

# Script by the block of 128 code points, and who writes it.
BLOCKS = {0x900: ("hi", "mr"), 0x980: ("bn",), 0xA00: ("pa",), 0xA80: ("gu",), 0xB00: ("or",), 0xB80: ("ta",),
          0xC00: ("te",), 0xC80: ("kn",), 0xD00: ("ml",)}  # fmt: skip
ASSAMESE, MARATHI = frozenset("ৰৱ"), frozenset("ळऱ")  # letters that Bengali, and Hindi, do without
OTHER_CODES = {"od": "or", "ory": "or", "hin": "hi", "eng": "en", "asm": "as"}


@dataclass(frozen=True, slots=True)
class Detected:
    language: str
    confidence: float  # 0 to 1


@dataclass(frozen=True, slots=True)
class Vocabulary:
    words: frozenset[str]
    endings: frozenset[str]
    romanised: frozenset[str]
    names: frozenset[str]
    refusals: frozenset[str]
    cues: frozenset[str]
    others: frozenset[str]


@functools.cache
def _vocabularies() -> dict[str, Vocabulary]:
    table = yaml.safe_load((importlib.resources.files("auricle.voice") / "languages.yaml").read_text("utf-8"))
    parts = Vocabulary.__slots__
    return {
        language: Vocabulary(**{part: frozenset(_clean(word) for word in own.get(part, ())) for part in parts})
        for language, own in table.items()
    }


@functools.cache
def _names() -> dict[str, str]:
    return {name: language for language, own in _vocabularies().items() for name in own.names}


@functools.cache
def _all(part: str) -> frozenset[str]:
    return frozenset().union(*(getattr(own, part) for own in _vocabularies().values()))


def _clean(word: str) -> str:
    return unicodedata.normalize("NFC", word).replace("\u200c", "").replace("\u200d", "").lower()


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFC", text).replace("’", "'").replace("\u200c", "").replace("\u200d", "")
    whole = (word for piece in text.split() for word in ([piece.lower()] if "'" in piece else words_of(piece)))
    words = (word.strip(".,!?;:…\"'()[]।॥؟–—-").replace("ँ", "ं") for word in whole)
    return [word for word in words if any(c.isalpha() for c in word) and not any(c.isdigit() for c in word)]


def _block(word: str) -> int:
    return next((ord(c) // 128 * 128 for c in word if c.isalpha()), 0)


def base_language(code: str | None) -> str | None:
    """`hi` of `hi-IN`, `or` of Sarvam's `od-IN`; None of nothing, or of what is no code of one language."""
    base = (code or "").replace("_", "-").split("-")[0].lower()
    return OTHER_CODES.get(base, base if len(base) == 2 and base.isalpha() else None)


# ── what was it ───────────────────────────────────────────────────────────────────────────────────────────────────
def detect(text: str, expected: str | None = None) -> Detected | None:
    """The language of an utterance by its script and words, or None where it gives no hint.

    Args:
        expected: wins where two languages fit equally well.
    """
    words = _words(text)
    blocks = Counter(block for word in words if (block := _block(word)) in BLOCKS)
    if blocks:
        block, count = blocks.most_common(1)[0]
        if count >= INDIC_SHARE * len(words):
            return _of_script(BLOCKS[block], [word for word in words if _block(word) == block], expected)
    return _of_latin([word for word in words if _block(word) < 0x250], expected)


def _of_script(candidates: Sequence[str], words: list[str], expected: str | None) -> Detected:
    if candidates == ("bn",) and any(not ASSAMESE.isdisjoint(word) for word in words):
        return Detected("as", CLEAR)
    hits = {language: sum(_is_of(language, word) for word in words) for language in candidates}
    language, ahead = _best(hits, expected)
    is_shared = len(candidates) > 1
    confidence = {1: 0.3, 2: 0.5}.get(len(words), 0.65 if is_shared else CLEAR)
    confidence = min(0.95, confidence + min(0.3, 0.15 * hits[language]))
    if is_shared and not ahead:
        confidence = min(confidence, 0.45)  # the script alone does not tell
    return Detected(language, round(confidence, 2))


def _is_of(language: str, word: str) -> bool:
    own = _vocabularies()[language]
    marked = language == "mr" and not MARATHI.isdisjoint(word)
    return marked or word in own.words or (bool(own.endings) and word.endswith(tuple(own.endings)))


def _of_latin(words: list[str], expected: str | None) -> Detected | None:
    english = _count(words, _vocabularies()["en"].words)
    hits = {language: _count(words, own.romanised) for language, own in _vocabularies().items() if own.romanised}
    language, ahead = _best(hits, expected)
    romanised = hits[language]
    if romanised >= 2 and romanised >= english:
        share = romanised / len(words)
        confidence = min(0.9, 0.5 + 0.1 * romanised + (0.1 if share >= 0.5 else 0))
        if share < INDIC_SHARE:
            confidence = 0.4
        return Detected(language, round(confidence if ahead else min(confidence, 0.6), 2))
    if english >= 2:
        confidence = min(0.9, 0.4 + 0.1 * english + (0.1 if len(words) >= 4 else 0)) - 0.15 * romanised
        return Detected("en", round(max(0.1, confidence), 2))
    return None


def _best(hits: dict[str, int], expected: str | None) -> tuple[str, bool]:
    """The language with most hits, and whether it is ahead of all others."""
    language = max(hits, key=lambda one: (hits[one], one == expected))
    return language, all(hits[language] > count for one, count in hits.items() if one != language)


def _count(words: Collection[str], known: frozenset[str]) -> int:
    return sum(word in known for word in words)


# ── did they ask for one ──────────────────────────────────────────────────────────────────────────────────────────
def requested(text: str, among: Collection[str]) -> str | None:
    """The one of these languages that somebody asks to speak ("can we talk in Hindi", "हिंदी में बात करो"), or None."""
    words = _words(text)
    asked = {_names()[word] for at, word in enumerate(words) if word in _names() and not _is_refused(words, at)}
    wanted = asked & set(among)
    if len(wanted) != 1:
        return None
    if len(words) > 2 and (_count(words, _all("others")) or not (_count(words, _all("cues")) or _is_polite(words))):
        return None
    return wanted.pop()


def _is_polite(words: list[str]) -> bool:
    """As in "Hindi please"."""
    return any("please" in pair and any(word in _names() for word in pair) for pair in itertools.pairwise(words))


def _is_refused(words: list[str], at: int) -> bool:
    before = words[max(0, at - NEAR_WORDS) : at]
    for nearest, word in enumerate(reversed(before)):
        if word in _names():
            before = before[len(before) - nearest :]
            break
    after = words[at + 1 : at + 1 + NEAR_WORDS]
    native = _all("refusals") - _vocabularies()["en"].refusals
    return _count(before, _vocabularies()["en"].refusals) > 0 or _count(after, native) > 0


# ── should we follow ──────────────────────────────────────────────────────────────────────────────────────────────
class Follower:
    """The language of a conversation: that of the last clear utterance, among those that its agent speaks."""

    def __init__(self, language: str, among: Collection[str]) -> None:
        self.language = language
        self._among = {*among, language}
        self._before: Detected | None = None

    def follow(self, text: str, *, recognized: str | None = None, confidence: float | None = None) -> str:
        """The language to answer this utterance in, and to go on in.

        Args:
            recognized: the language that the recognizer heard, where it says so.
            confidence: its confidence in the words; a doubtful transcript changes nothing.
        """
        hint = self._weigh(text, recognized, confidence)
        language = self._decide(text, hint)
        self.language, self._before = language, hint
        return language

    def would_follow(self, text: str) -> str:
        """The same for an utterance that may not be complete: nothing changes."""
        return self._decide(text, self._weigh(text, None, None))

    def saw(self, text: str) -> None:
        """This was the utterance before."""
        self._before = self._weigh(text, None, None)

    def _decide(self, text: str, hint: Detected | None) -> str:
        if len(self._among) < 2:
            return self.language
        if (wish := requested(text, self._among - {self.language})) is not None:
            return wish
        if hint is None or hint.language not in self._among or hint.language == self.language:
            return self.language
        again = self._before is not None and self._before.language == hint.language and self._before.confidence >= WEAK
        is_clear = hint.confidence >= CLEAR or (hint.confidence >= WEAK and again)
        return hint.language if is_clear else self.language

    def _weigh(self, text: str, recognized: str | None, confidence: float | None) -> Detected | None:
        if confidence is not None and confidence < DOUBTFUL:
            return None
        if any(is_backchannel(text, one) or trivial_kind(text, one) in BRIEF for one in self._among):
            return None
        return self._with_recognizer(detect(text, self.language), base_language(recognized), len(_words(text)))

    def _with_recognizer(self, hint: Detected | None, recognized: str | None, words: int) -> Detected | None:
        """What a recognizer says counts where it is not just what it was told to expect."""
        if recognized is None or recognized == self.language or words < 2:
            return hint
        if hint is None or hint.confidence < WEAK:
            return Detected(recognized, 0.55 if words < 4 else 0.75)
        if hint.language == recognized:
            return replace(hint, confidence=min(1.0, hint.confidence + 0.15))
        return replace(hint, confidence=min(hint.confidence, CLEAR - 0.1))


def language_of_message(text: str, *, current: str, among: Collection[str], before: str = "") -> str:
    """The language to answer a written message in.

    Args:
        current: the language of the conversation so far.
        among: those that the agent speaks; never another one is answered.
        before: the person's message before this one: two weak hints in a row count as a clear one.
    """
    follower = Follower(current, among)
    if before:
        follower.saw(before)
    return follower.follow(text)


def written_in(text: str, current: str) -> str:
    """The language in which somebody writes, whether their agent speaks it or not; `current` where that is unclear."""
    found = detect(text, current)
    is_known = found is not None and found.confidence >= WEAK and found.language in _vocabularies()
    return found.language if found is not None and is_known else current
