"""English verbs as far as a note needs them: the third person singular, and contractions written out."""

import re

from auricle.ai.tokens import words

_UNCHANGED = frozenset(
    words(
        "can can't cannot could couldn't will won't would wouldn't should shouldn't might may must had hadn't was "
        "wasn't did didn't never took went got felt said told woke fell came saw thought broke hurt tried ate "
        "drank slept ran gave found lost kept left made knew began became heard used put quit cut let hit spent "
        "met read set sat stood brought bought caught taught wore understood forgot grew held meant paid sold "
        "sent threw wrote drove chose drew spoke shook not is has does to the a an and or but in on at of for "
        "with if that this it my your no who when where what how"
    )
)
ADVERBS = frozenset(
    words(
        "just also really always usually still currently sometimes only actually mostly often basically probably "
        "definitely already even ever finally generally normally recently rarely typically never occasionally "
        "certainly both then kind clearly slightly maybe pretty"
    )
)
_IRREGULAR = {"have": "has", "haven't": "has not", "do": "does", "don't": "does not", "am": "is", "are": "is",
              "aren't": "is not", "go": "goes", "were": "was", "weren't": "was not", "be": "be"}  # fmt: skip
_EMPHATIC = re.compile(
    r"\b(do|does) (?:definitely |really |still |also |just )?"
    r"(look|have|see|hear|appreciate|feel|notice|note|show|seem|appear|think|need|want|sound|get|take|know|find)\b",
    re.I,
)
_CONTRACTED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), written)
    for pattern, written in (
        (r"\bcan't\b", "cannot"),
        (r"\bwon't\b", "will not"),
        (r"\bain't\b", "is not"),
        (r"(?<=[a-z])n't\b", " not"),
        (r"\blet's\b", "let us"),
        (r"\b(i)'m\b", r"\1 am"),
        (r"\b(it|that|there|he|she|what|here|everything|this)'s (?=been\b|had\b|got\b|gone\b|gotten\b)", r"\1 has "),
        (r"\b(it|that|there|he|she|what|here|everything|this)'s\b", r"\1 is"),
        (r"\b(we|you|they|there)'re\b", r"\1 are"),
        (r"\b(i|we|you|they)'ve\b", r"\1 have"),
        (r"\b(i|we|you|they|he|she|it|that)'ll\b", r"\1 will"),
        (r"\b(i|we|you|they|he|she|it)'d (?=been\b|had\b)", r"\1 had "),
        (r"\b(i|we|you|they|he|she|it)'d\b", r"\1 would"),
    )
)


def written_out(text: str) -> str:
    """ "It's", "don't", "we'll" as a note has them."""
    for pattern, written in _CONTRACTED:
        text = pattern.sub(written, text)
    return text


def without_emphasis(text: str) -> str:
    """ "You do have some fluid" → "you have some fluid"."""
    return _EMPHATIC.sub(lambda m: m[2] if m[1].lower() == "do" else singular(m[2]), text)


def singular(verb: str) -> str:
    """The third person singular of an English verb; past forms, modals and what is no verb stay."""
    lower = verb.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    past = lower.endswith("ed") and not lower.endswith("eed")
    if past or lower in _UNCHANGED or lower.endswith(("n't", "ly", "ing")) or not (lower.isalpha() and lower.isascii()):
        return verb
    if lower.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if lower.endswith("y") and lower[-2:-1] not in set("aeiou"):
        return verb[:-1] + "ies"
    return verb + "s"
