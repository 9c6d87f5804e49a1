"""What a replay says has changed."""

import pytest

from auricle.recording.differ import Exchange, compared
from auricle.recording.replay import BadVoiceSettings, voice_with
from auricle.settings import Voice


def turn(start_s: float, end_s: float, text: str = "my ear hurts", **given: object) -> Exchange:
    plain = {"answer": "Which ear?", "interrupted": False, "language": "en", "red_flag": None, "first_audio_ms": 300.0}
    return Exchange(start_s, end_s, text, **{**plain, **given})  # type: ignore[arg-type]


def test_a_call_that_came_out_the_same_has_no_changes() -> None:
    turns = [turn(1, 3), turn(6, 8)]
    assert compared(turns, [turn(1.1, 3.1, "My ear  HURTS"), turn(6, 8)])["changed"] == 0


def test_a_turn_cut_in_two_stands_beside_its_first_half() -> None:
    told = compared([turn(1, 5)], [turn(1, 2.5, "my ear"), turn(3, 5, "hurts")])
    assert [row["changed"] for row in told["turns"]] == [["times", "text"], ["new turn"]]
    assert (told["was"]["turns"], told["now"]["turns"]) == (1, 2)


def test_turns_that_nothing_answers_to_are_told_in_the_order_of_time() -> None:
    told = compared([turn(1, 2), turn(9, 10)], [turn(4, 5)])
    assert [row["changed"] for row in told["turns"]] == [["no turn"], ["new turn"], ["no turn"]]


def test_another_answer_language_or_red_flag_is_named() -> None:
    now = turn(1, 3, answer="Welches Ohr?", language="de", red_flag="stroke", interrupted=True)
    assert compared([turn(1, 3)], [now])["turns"][0]["changed"] == ["answer", "interrupted", "language", "red_flag"]


def test_sums_tell_how_long_the_patient_waited() -> None:
    told = compared([turn(1, 3, first_audio_ms=500.0)], [turn(1, 3, first_audio_ms=None)])
    assert (told["was"]["median_first_audio_ms"], told["now"]["median_first_audio_ms"]) == (500.0, None)


@pytest.mark.parametrize("changed", [{"max_calls": 3}, {"stop_s": 99}, {"threshold": -1}, {"nonsense": 1}])
def test_only_settings_of_turn_taking_within_their_bounds_can_be_tried(changed: dict[str, float]) -> None:
    with pytest.raises(BadVoiceSettings):
        voice_with(Voice(), changed)


def test_a_setting_that_may_be_tried_leaves_the_others_alone() -> None:
    assert voice_with(Voice(), {"stop_s": 0.6}) == Voice(stop_s=0.6)
