"""The turns of a live session as a state machine, and sound brought to its rate."""

from typing import Any

import numpy as np
import pytest

from auricle.providers.dialects.openai_realtime import MOST_TURNS, Turns
from auricle.providers.dialects.resample import Resampler
from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderGarbled, ProviderRefused, Transcript

SAID = "conversation.item.input_audio_transcription."


def delta(item: str, text: str) -> dict[str, Any]:
    return {"type": f"{SAID}delta", "item_id": item, "delta": text}


def completed(item: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": f"{SAID}completed", "item_id": item, "transcript": text, **more}


def committed(item: str) -> dict[str, Any]:
    return {"type": "input_audio_buffer.committed", "item_id": item}


def begun(*lengths_s: float) -> Turns:
    """Turns of these lengths, all committed."""
    turns = Turns("hi")
    for length_s in lengths_s:
        turns.sent(length_s)
        turns.commit()
    return turns


def texts(found: list[Transcript]) -> list[tuple[str, bool]]:
    return [(t.text, t.is_final) for t in found]


def test_finals_come_in_the_order_of_the_turns_whatever_the_order_of_the_completions() -> None:
    turns = begun(1.0, 2.0)
    assert turns.event(committed("a")) == turns.event(committed("b")) == []
    assert turns.event(completed("b", "second ")) == []
    first, second = turns.event(completed("a", "first", languages=[{"code": "en"}]))
    assert first == Transcript("first", True, 0.0, 1.0, "en")
    assert second == Transcript("second", True, 1.0, 3.0, "hi")


def test_words_before_the_commit_are_interims_that_grow() -> None:
    turns = Turns("en")
    turns.sent(0.5)
    assert texts(turns.event(delta("a", "my"))) == [("my", False)]
    assert texts(turns.event(delta("a", " ear"))) == [("my ear", False)]
    turns.commit()
    turns.event(committed("a"))
    assert texts(turns.event(delta("a", " hurts"))) == [("my ear hurts", False)]
    assert texts(turns.event(completed("a", "My ear hurts."))) == [("My ear hurts.", True)]


def test_words_of_the_next_turn_wait_until_this_one_is_final() -> None:
    turns = begun(1.0)
    turns.event(committed("a"))
    assert turns.event(delta("b", "and")) == []
    assert texts(turns.event(completed("a", "yes"))) == [("yes", True)]
    assert texts(turns.event(delta("b", " then"))) == [("and then", False)]


def test_a_server_that_does_not_tell_what_it_committed_is_understood() -> None:
    turns = begun(1.0, 1.0)
    assert texts(turns.event(completed("a", "one"))) == [("one", True)]
    assert texts(turns.event(completed("b", "two"))) == [("two", True)]
    assert turns.event(completed("c", "nobody asked")) == []


def test_what_a_model_makes_of_silence_is_no_word_of_the_speaker() -> None:
    turns = begun(0.0)
    turns.event(committed("a"))
    assert turns.event(delta("a", "Thank you")) == []
    assert texts(turns.event(completed("a", "Thank you for watching"))) == [("", True)]


def test_a_short_turn_is_filled_up_with_silence_and_a_long_one_is_not() -> None:
    turns = Turns("en")
    assert turns.commit() == pytest.approx(0.1)
    turns.sent(0.03)
    assert turns.commit() == pytest.approx(0.07)
    turns.sent(0.4)
    assert turns.commit() == 0.0


def test_it_is_over_when_the_audio_has_ended_and_every_turn_is_answered() -> None:
    turns = begun(1.0)
    turns.is_ended = True
    assert not turns.is_over
    turns.event(completed("a", "yes"))
    assert turns.is_over and turns.usage.audio_s == 1.0


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ({"type": "error", "error": {"type": "invalid_request_error", "code": None}}, ProviderRefused),
        ({"type": "error", "error": {"type": "server_error", "code": "session_expired"}}, ProviderFailed),
        ({"type": f"{SAID}failed", "item_id": "a", "error": {"code": "rate_limit_exceeded"}}, ProviderBusy),
        ({"type": f"{SAID}failed", "item_id": "a", "error": {"code": "insufficient_quota"}}, ProviderRefused),
        ({"type": f"{SAID}completed", "item_id": "a"}, ProviderGarbled),
        ({"type": f"{SAID}completed", "item_id": "a", "transcript": 7}, ProviderGarbled),
        ({"item_id": "a"}, ProviderGarbled),
        ([], ProviderGarbled),
        (delta("a", "x" * 30_000), ProviderGarbled),
    ],
)
def test_each_failure_in_a_session_has_its_type(event: Any, kind: type) -> None:
    with pytest.raises(ProviderFailed) as caught:
        begun(1.0).event(event)
    assert type(caught.value) is kind


def test_what_nobody_answers_is_bounded() -> None:
    turns = begun(*[1.0] * MOST_TURNS)
    with pytest.raises(ProviderFailed):
        turns.commit()
    for number in range(10 * MOST_TURNS):
        turns.event(delta(f"item {number}", "x"))
    assert len(turns._texts) <= MOST_TURNS


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_resampling_keeps_a_tone_and_does_not_care_how_it_is_cut(rate_hz: int) -> None:
    at = np.arange(rate_hz) / rate_hz
    tone = (8_000 * np.sin(2 * np.pi * 1_000 * at)).astype("<i2").tobytes()
    whole = Resampler(rate_hz, 24_000)(tone)
    pieces = Resampler(rate_hz, 24_000)
    assert b"".join(pieces(tone[i : i + 333]) for i in range(0, len(tone), 333)) == whole
    made = np.frombuffer(whole, "<i2").astype(float)
    assert len(made) == pytest.approx(24_000, abs=24)
    expected = 8_000 * np.sin(2 * np.pi * 1_000 * np.arange(len(made)) / 24_000)
    assert np.abs(made - expected)[24:-24].max() < 200


def test_what_the_lower_rate_can_not_carry_is_taken_out() -> None:
    at = np.arange(48_000) / 48_000
    too_high = (8_000 * np.sin(2 * np.pi * 18_000 * at)).astype("<i2").tobytes()
    made = np.frombuffer(Resampler(48_000, 24_000)(too_high), "<i2").astype(float)
    assert np.abs(made[100:-100]).max() < 800


def test_the_same_rate_passes_as_it_is() -> None:
    assert Resampler(24_000, 24_000)(b"\1\2\3") == b"\1\2\3"
