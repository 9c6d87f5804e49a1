"""Has somebody said all they wanted? What the words tell, where no turn model listens to the sound.

Nobody ends with "and", "my" or "because", and a telephone number has ten digits. Lists in `unfinished.yaml`.
"""

import functools
import importlib.resources

import yaml

from auricle.voice.backchannel import words_of

MOST_WORDS = 3  # of one ending
FEWEST_DIGITS, WHOLE_NUMBER = 3, 10  # three digits in a row are a number being told; with ten it is told


@functools.cache
def _lists() -> tuple[frozenset[tuple[str, ...]], frozenset[str]]:
    text = (importlib.resources.files("auricle.voice") / "unfinished.yaml").read_text("utf-8")
    lists = yaml.safe_load(text)
    digits = frozenset(word for words in lists.pop("digits") for word in words)
    endings = frozenset(tuple(words_of(ending)) for words in lists.values() for ending in words)
    return endings, digits


def is_unfinished(text: str) -> bool:
    """Whether more is likely to come after these words, in any language: people mix them."""
    endings, _ = _lists()
    words = words_of(text)
    if not words or text.rstrip().endswith(("?", "!", "।", "॥", "؟")):
        return False
    if text.rstrip().endswith((",", "…", "...", "-", "–", ":")):
        return True
    return _is_number_under_way(words) or any(tuple(words[-n:]) in endings for n in range(1, MOST_WORDS + 1))


def _is_number_under_way(words: list[str]) -> bool:
    """The last words are digits, more than an age or a time has and fewer than a telephone number."""
    _, digit_words = _lists()
    count = 0
    for word in reversed(words):
        if word.isdigit():
            count += len(word)
        elif word in digit_words:
            count += 1
        else:
            break
    return FEWEST_DIGITS <= count < WHOLE_NUMBER
