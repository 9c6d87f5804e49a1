"""Which words of a chunk answer to those of a question: spans to mark, for whoever looks at what was found."""

import re

from auricle.knowledge.known import ALIKE, PREFIX
from auricle.knowledge.words import STOP_WORDS, likeness, stem, words

# Words as `words` finds them, with the joiners that it drops: here offsets count.
WRITTEN = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0900-\u0963\u0966-\u0df3\u200c\u200d])+")
SHORTEST_ALIKE = 4


def highlights(text: str, question: str) -> list[tuple[int, int]]:
    """Spans of a text whose words the question names: the same word, another form of it, or its likely spelling."""
    named = {word for word in words(question) if word not in STOP_WORDS}
    stems = {stem(word) for word in named}
    seen: dict[str, bool] = {}
    spans = []
    for match in WRITTEN.finditer(text):
        written = match.group()
        if written not in seen:
            seen[written] = any(_is_named(word, named, stems) for word in words(written))
        if seen[written]:
            spans.append(match.span())
    return spans


def _is_named(word: str, named: set[str], stems: set[str]) -> bool:
    if word in STOP_WORDS:
        return False
    return word in named or stem(word) in stems or any(_is_form(word, one) for one in named)


def _is_form(word: str, named: str) -> bool:
    if len(named) >= PREFIX and word.startswith(named):
        return True
    is_comparable = min(len(word), len(named)) >= SHORTEST_ALIKE and abs(len(word) - len(named)) <= 2
    return is_comparable and likeness(word, named) >= ALIKE
