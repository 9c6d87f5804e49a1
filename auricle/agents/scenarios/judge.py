"""Does an answer do what was expected of it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auricle.agents.scenarios.model import Check, Expected, ToolExpected
from auricle.voice.ports import EndCall, HandOver

if TYPE_CHECKING:
    from auricle.agents.scenarios.run import Answered


def judged(expected: Expected, answered: Answered) -> list[Check]:
    """One check for each expectation that was stated."""
    return [Check(expectation=name, wanted=wanted, passed=ok) for name, wanted, ok in _checks(expected, answered)]


def _checks(expected: Expected, answered: Answered) -> Iterator[tuple[str, Any, bool]]:
    text = plain(answered.text)
    if expected.says_any:
        yield "says_any", list(expected.says_any), any(plain(one) in text for one in expected.says_any)
    for one in expected.says_all:
        yield "says_all", one, plain(one) in text
    for one in expected.must_not_say:
        yield "must_not_say", one, plain(one) not in text
    if expected.max_sentences is not None:
        yield "max_sentences", expected.max_sentences, len(answered.sentences) <= expected.max_sentences
    yield from _deeds(expected, answered)


def _deeds(expected: Expected, answered: Answered) -> Iterator[tuple[str, Any, bool]]:
    made = [(call.name, call.arguments) for call in answered.calls if call.status in ("pending", "done")]
    for wanted in expected.calls:
        yield "calls", wanted.model_dump(mode="json"), was_called(wanted, made)
    if expected.calls_no_tool:
        yield "calls_no_tool", True, not made
    if expected.red_flag is not None:
        yield "red_flag", expected.red_flag, answered.red_flag == expected.red_flag
    if expected.hands_over is not None:
        yield "hands_over", expected.hands_over, isinstance(answered.ending, HandOver) is expected.hands_over
    if expected.ends_call is not None:
        yield "ends_call", expected.ends_call, isinstance(answered.ending, EndCall) is expected.ends_call
    if expected.cites is not None:
        wanted_title = plain(expected.cites)
        yield "cites", expected.cites, any(wanted_title in plain(one.title) for one in answered.citations)


def was_called(wanted: ToolExpected, made: Sequence[tuple[str, Any]]) -> bool:
    return any(name == wanted.name and holds(arguments, wanted.arguments) for name, arguments in made)


def holds(given: Any, wanted: Any) -> bool:
    """Whether everything wanted is there; texts are compared without case."""
    if isinstance(wanted, Mapping):
        return isinstance(given, Mapping) and all(k in given and holds(given[k], v) for k, v in wanted.items())
    if isinstance(wanted, str) and isinstance(given, str):
        return plain(given) == plain(wanted)
    return bool(given == wanted)


def plain(text: str) -> str:
    return " ".join(text.casefold().split())
