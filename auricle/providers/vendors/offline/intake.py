"""Guided intake: which of the agent's questions to ask next, and how to say so. What is said is in `phrases.yaml`."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from auricle.providers.ports import ChatMessage

PHRASES = Path(__file__).with_name("phrases.yaml")
ASKED_AT_MOST = 2  # a question that got no answer is asked again once, then left
READ_BACK_CHARACTERS = 120


@dataclass(frozen=True)
class Phrases:
    """What the assistant says and understands in one language."""

    language: str
    sentences: Mapping[str, str | list[str]]
    meanings: Mapping[str, re.Pattern[str]]
    topics: Sequence[tuple[re.Pattern[str], re.Pattern[str]]]  # asked about by …, told by …
    read_back: re.Pattern[str]

    def say(self, name: str, turn: int = 0, **filled: str) -> str:
        sentence = self.sentences[name]
        if not isinstance(sentence, str):
            sentence = sentence[turn % len(sentence)]
        for key, value in filled.items():
            sentence = sentence.replace(f"{{{key}}}", value)
        return sentence

    def means(self, said: str, meaning: str) -> bool:
        return self.meanings[meaning].search(plain(said)) is not None


@cache
def _all_phrases() -> dict[str, Phrases]:
    with PHRASES.open(encoding="utf-8") as file:
        languages: dict[str, dict[str, Any]] = yaml.safe_load(file)
    return {
        language: Phrases(
            language,
            own["sentences"],
            {name: re.compile("|".join(patterns)) for name, patterns in own["meanings"].items()},
            [(re.compile(topic["asked"]), re.compile(topic["told"])) for topic in own["topics"]],
            re.compile(own["read_back"]),
        )
        for language, own in languages.items()
    }


def phrases_for(language: str) -> Phrases:
    """The language's phrases, or English."""
    known = _all_phrases()
    return known.get(language.split("-")[0].lower(), known["en"])


def plain(text: str) -> str:
    """Lower case, one space between words, only what the patterns need of the punctuation."""
    text = unicodedata.normalize("NFC", text).casefold().replace("’", "'")
    return " ".join(re.sub(r"[^\w\s'?\u0900-\u0DFF]", " ", text).split())


class Intake:
    """Where the questions stand after the talk so far, whose last message is the patient's."""

    def __init__(self, questions: Sequence[str], phrases: Phrases, talk: Sequence[ChatMessage]) -> None:
        self._phrases = phrases
        spoken = [plain(m.content) for m in talk if m.role == "assistant"]
        self._turn = len(spoken)
        self._times = {question: sum(plain(question) in said for said in spoken) for question in questions}
        last = spoken[-1] if spoken else ""
        self._last_asked = next((q for q in reversed(questions) if plain(q) in last), None)
        told = " . ".join(plain(m.content) for m in talk if m.role == "user")
        self._told = {question for question in questions if self._is_told(plain(question), told)}
        self.closed = any(plain(phrases.say("closing")) in said for said in spoken)

    def step(self, said: str) -> list[str]:
        """After a statement: that it is noted, and the next question, or the end."""
        noted = self._noted(said) if said else []
        question = self._next()
        if question is not None:
            return [*noted, question]
        if not self.closed:
            return [*noted, self._phrases.say("closing")]
        return [self._phrases.say("more", self._turn)]

    def onward(self) -> list[str]:
        """After the patient's own question: the one left open, else the next."""
        left_open = self._last_asked
        if left_open is not None and left_open not in self._told and self._times[left_open] < ASKED_AT_MOST:
            return [self._phrases.say("back"), left_open]
        question = self._next()
        return [self._phrases.say("back"), question] if question is not None else []

    def _next(self) -> str | None:
        return next((q for q, times in self._times.items() if not times and q not in self._told), None)

    def _noted(self, said: str) -> list[str]:
        """Read a medicine with its dose back in the patient's own words, or say that it is noted."""
        dose = self._phrases.read_back.search(plain(said))
        if dose is not None and len(dose[1]) <= READ_BACK_CHARACTERS:
            return [self._phrases.say("noted", words=dose[1])]
        return [self._phrases.say("next", self._turn)]

    def _is_told(self, question: str, told: str) -> bool:
        topics = [telling for asking, telling in self._phrases.topics if asking.search(question)]
        return bool(topics) and all(telling.search(told) for telling in topics)
