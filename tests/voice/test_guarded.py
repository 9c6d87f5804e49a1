"""What an answer claims is seen although it is spoken in pieces."""

import pytest

from auricle.providers.ports import TextDelta
from auricle.safety.claims import check_claim, guard
from auricle.voice.guarded import Guarded
from auricle.voice.ports import Turn
from auricle.voice.sentences import SentenceCutter
from auricle.voice.vad import SharedVad
from tests.voice.stage import PHRASE_A, Providers, call, speech
from tests.voice.virtual_time import in_virtual_time

NO_DOSE = guard("Take 500 mg.", "en")
NO_DIAGNOSIS = guard("You have pneumonia.", "en")


def spoken(answer: str, language: str = "en") -> list[str]:
    """The pieces of a streamed answer that are spoken."""
    cutter, guarded = SentenceCutter(), Guarded(guard)
    pieces = [piece for word in answer.split(" ") for piece in cutter.feed(f"{word} ")] + cutter.finish()
    return [said for piece in pieces if (said := guarded.piece(piece, language))]


@pytest.mark.parametrize(
    ("answer", "pieces"),
    [
        (
            "For your pain you can take ibuprofen, 400 mg, three times a day. Goodbye.",
            ["For your pain you can take ibuprofen,", NO_DOSE, "Goodbye."],
        ),
        ("You should take paracetamol for this, 500 mg.", ["You should take paracetamol for this,", NO_DOSE]),
        ("Please take this for five days: two tablets of it.", ["Please take this for five days:", NO_DOSE]),
        ("You can take 400 mg of it, three times a day. Rest.", [NO_DOSE, "Rest."]),
        ("I looked at what you told me, you have pneumonia.", ["I looked at what you told me,", NO_DIAGNOSIS]),
        ("As your doctor has prescribed it, take 400 mg.", ["As your doctor has prescribed it,", "take 400 mg."]),
        ("So that is metformin then, 500 mg, at night.", ["So that is metformin then,", "500 mg, at night."]),
        ("Do you take ibuprofen every day, 400 mg of it?", ["Do you take ibuprofen every day,", "400 mg of it?"]),
        ("We are open from nine, on Monday. Come at 10.", ["We are open from nine,", "on Monday.", "Come at 10."]),
    ],
)
def test_a_clause_is_judged_with_what_was_said_of_its_sentence_before_it(answer: str, pieces: list[str]) -> None:
    assert spoken(answer) == pieces


def test_what_is_replaced_says_nothing_that_is_and_a_sentence_without_end_is_bounded() -> None:
    guarded = Guarded(guard)
    for _ in range(50):
        assert guarded.piece("and so it goes on and on and on,", "en") == "and so it goes on and on and on,"
    assert guarded.piece("you can take 400 mg", "en") == NO_DOSE and not check_claim(NO_DOSE, "en").claim
    assert [guarded.piece(one, "en") for one in ("of ibuprofen,", "twice.", "Goodbye.")] == ["", "", "Goodbye."]
    assert guarded.piece("You can take 400 mg,", "en") == NO_DOSE
    assert guarded.piece("Shall I book ten o'clock?", "en") == "Shall I book ten o'clock?"


def test_a_dose_in_two_pieces_is_neither_shown_nor_spoken_nor_kept(vad: SharedVad) -> None:
    async def answer(_: Turn):  # type: ignore[no-untyped-def]
        for part in ("For your pain you can ", "take ibuprofen, ", "400 mg, ", "three times a day."):
            yield TextDelta(part)

    async def scenario() -> None:
        providers = Providers(llm_fault=answer, guard=guard)
        c = call(vad, providers)
        await c.line.hush(0.6)
        await c.line.say(speech(PHRASE_A))
        await c.line.until("metrics")
        await c.end()
        told = [*c.line.details("delta"), *c.line.details("reply"), *(text for _, text in providers.spoken)]
        assert any(NO_DOSE in text for text in told) and not any("400" in text for text in told)
        assert NO_DOSE in providers.records[0].answer_text and "400" not in providers.records[0].answer_text

    in_virtual_time(scenario())
