"""The small pure parts: codecs, sentences, trivial words, turns, playback, admission."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.providers.ports import Audio, ProviderGarbled
from auricle.settings import Voice
from auricle.voice.admission import WINDOW_TICKS, Admission, Busy, LagMeter
from auricle.voice.backchannel import is_backchannel
from auricle.voice.codec import (
    NotWav,
    OddAudio,
    alaw_from_pcm16,
    mulaw_from_pcm16,
    pcm16_from_alaw,
    pcm16_from_mulaw,
    pcm16_from_wav,
    wav_from_pcm16,
)
from auricle.voice.playback import Frame, Mark, Playback, Wait
from auricle.voice.resample import SentenceResampler
from auricle.voice.sentences import SentenceCutter
from auricle.voice.trivial import canned_reply, trivial_kind
from auricle.voice.turn import Interrupted, NothingSaid, Paused, Resumed, SpeechStopped, TurnEnded, TurnMachine

ALL_CODES = bytes(range(256))


@pytest.mark.parametrize(
    ("decode", "encode", "largest"),
    [(pcm16_from_mulaw, mulaw_from_pcm16, 32_124), (pcm16_from_alaw, alaw_from_pcm16, 32_256)],
)
def test_every_telephone_code_survives_the_way_there_and_back(decode, encode, largest):
    levels = decode(ALL_CODES)
    assert np.abs(np.frombuffer(levels, "<i2").astype(int)).max() == largest
    assert decode(encode(levels)) == levels
    with pytest.raises(OddAudio):
        encode(b"\0\0\0")


def test_known_codes_of_g711():
    assert np.frombuffer(pcm16_from_mulaw(b"\xff\x00\x80"), "<i2").tolist() == [0, -32_124, 32_124]
    assert np.frombuffer(pcm16_from_alaw(b"\xd5\x55\xaa"), "<i2").tolist() == [8, -8, 32_256]


@given(st.binary(max_size=200))
def test_wav_brings_samples_back_or_refuses(data):
    even = data[: len(data) // 2 * 2]
    assert pcm16_from_wav(wav_from_pcm16(even, 8_000)) == (even, 8_000)
    with pytest.raises(NotWav):
        pcm16_from_wav(data)


@pytest.mark.parametrize("source_hz", [8_000, 16_000, 22_050, 24_000])
def test_resampling_a_sentence_keeps_its_length_however_it_is_cut(source_hz):
    pcm = np.sin(np.arange(source_hz) / 9).astype("<i2").tobytes()
    resampler = SentenceResampler(16_000)
    out = b"".join(resampler.feed(Audio(pcm[at : at + 1_001], source_hz)) for at in range(0, len(pcm), 1_001))
    assert abs(len(out + resampler.finish()) // 2 - 16_000) <= 2
    with pytest.raises(ProviderGarbled):
        resampler.feed(Audio(pcm, source_hz + 1))


def cut(text: str, step: int) -> list[str]:
    cutter = SentenceCutter()
    pieces = [s for at in range(0, len(text), step) for s in cutter.feed(text[at : at + step])]
    return pieces + cutter.finish()


@pytest.mark.parametrize("step", [1, 3, 1_000])
@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Yes. It is open! Is it? Good.", ["Yes.", "It is open!", "Is it?", "Good."]),
        ("Dr. Rao gives 2.5 mg, not 25. Ask her.", ["Dr. Rao gives 2.5 mg,", "not 25.", "Ask her."]),
        ("हाँ। क्लिनिक खुला है॥ और?", ["हाँ।", "क्लिनिक खुला है॥", "और?"]),
        ("When you have time today, come in. Bye, now.", ["When you have time today,", "come in.", "Bye, now."]),
        ("Tips for 1,000 ears\nThanks", ["Tips for 1,000 ears", "Thanks"]),
        ("It costs 10.", ["It costs 10."]),
        ("... ?! \n", []),
    ],
)
def test_sentences_are_cut_where_they_end_however_they_arrive(text, sentences, step):
    assert cut(text, step) == sentences


def test_a_sentence_is_given_with_its_last_character():
    assert SentenceCutter().feed("It is open.") == ["It is open."]
    assert SentenceCutter().feed("Take 2.") == []
    assert SentenceCutter().feed("See example.org now.") == ["See example.org now."]


@given(st.text(max_size=2_000), st.integers(1, 50))
def test_cutting_loses_no_word_character_and_is_bounded(text, step):
    pieces = cut(text, step)
    assert [c for c in text if c.isalnum()] == [c for piece in pieces for c in piece if c.isalnum()]
    assert all(len(piece) <= 400 for piece in pieces)


def test_trivial_words_are_known_by_language():
    assert trivial_kind("ok, thank you!", "en") == "thanks"
    assert trivial_kind("Yes.", "en") == trivial_kind("हाँ", "hi-IN") == trivial_kind("theek hai", "hi") == "agree"
    assert trivial_kind("thank you but my ear hurts", "en") is None and trivial_kind("", "en") is None
    assert canned_reply("yes", "en", after_question=False) is None
    assert canned_reply("thanks", "en", after_question=True) is None
    assert "स्वागत" in (canned_reply("शुक्रिया", "hi", after_question=False) or "")


def test_backchannels_are_listening_sounds_only():
    assert is_backchannel("Hmm, yes", "en") and is_backchannel("जी हाँ अच्छा", "hi") and is_backchannel("haan ji", "hi")
    for text, language in (
        ("stop", "en"),
        ("रुको", "hi"),
        ("yes but", "en"),
        ("", "en"),
        ("no", "en"),
        ("ok " * 9, "en"),
    ):
        assert not is_backchannel(text, language)


def drive(machine: TurnMachine, pattern: str, at_s: float = 0.0, *, active: bool = False) -> tuple[list[object], float]:
    """One character a frame of 32 ms: `x` speech, anything else quiet."""
    signals: list[object] = []
    for c in pattern:
        at_s += 0.032
        signals += machine.hear(0.9 if c == "x" else 0.1, at_s, agent_active=active)
    return signals, at_s


def kinds(signals: list[object]) -> list[str]:
    return [type(s).__name__ for s in signals]


def test_a_turn_starts_after_200_ms_stops_after_200_and_ends_with_the_final():
    machine = TurnMachine(Voice(), 0.032, "en")
    assert kinds(drive(machine, "xxxxx")[0]) == []
    machine.drop()
    assert kinds(drive(machine, "xxxxxx")[0]) == ["SpeechStarted"]
    signals, _ = drive(machine, "xxxx......", 0.192)
    assert kinds(signals) == ["SpeechStopped"] and signals[0].at_s == pytest.approx(0.32)
    assert machine.transcript("hello", is_final=False) == []
    [ended] = machine.transcript("hello there", is_final=True)
    assert isinstance(ended, TurnEnded) and (ended.text, ended.started_s) == ("hello there", pytest.approx(0.0))


def test_a_dip_in_the_first_syllable_delays_the_start_by_two_frames_only():
    machine = TurnMachine(Voice(), 0.032, "en")
    assert kinds(drive(machine, "xxx.xxxx")[0]) == ["SpeechStarted"]


def test_speech_that_goes_on_before_the_final_came_is_one_turn():
    machine = TurnMachine(Voice(), 0.032, "en")
    _, at_s = drive(machine, "xxxxxxxx......")
    _, at_s = drive(machine, "xxxxxxxx", at_s)
    assert machine.transcript("my ear", is_final=True) == []
    signals, _ = drive(machine, "......", at_s)
    assert kinds(signals) == ["SpeechStopped"]
    [ended] = machine.transcript("hurts", is_final=True)
    assert ended.text == "my ear hurts"


def test_the_recognizers_own_end_of_turn_ends_it_earlier():
    machine = TurnMachine(Voice(), 0.032, "en")
    drive(machine, "xxxxxxxx")
    assert kinds(machine.transcript("yes please", is_final=True, end_of_turn=True)) == ["TurnEnded"]


def test_an_interruption_is_confirmed_by_a_word_and_by_nothing_less():
    machine = TurnMachine(Voice(), 0.032, "en")
    assert kinds(drive(machine, "xxxxx", active=True)[0]) == ["SpeechStarted", "Paused"]
    assert machine.transcript("hmm", is_final=False) == []
    assert machine.transcript("hmm wait", is_final=False) == [Interrupted()]
    assert machine.transcript("hmm wait a", is_final=False) == []


def test_a_short_sound_without_a_transcript_resumes_after_a_second():
    machine = TurnMachine(Voice(), 0.032, "en")
    signals, at_s = drive(machine, "xxxxxxx......", active=True)
    assert [type(s) for s in signals[1:]] == [Paused, SpeechStopped]
    signals, _ = drive(machine, "." * 40, at_s, active=True)
    assert signals == [Resumed()]
    assert [type(s) for s in machine.transcript("okay", is_final=True)] == [NothingSaid]


def test_a_turn_model_can_hold_a_turn_but_not_for_ever():
    machine = TurnMachine(Voice(), 0.032, "en")
    _, at_s = drive(machine, "xxxxxxxx......")
    machine.hold()
    assert machine.transcript("my number is", is_final=True) == []
    signals, _ = drive(machine, "." * 60, at_s)
    assert kinds(signals) == ["TurnEnded"]


@given(st.text(alphabet="x.fFiehd", max_size=300), st.booleans())
def test_no_order_of_events_breaks_the_machine_or_leaves_it_paused(events, active):
    machine, at_s, paused = TurnMachine(Voice(), 0.032, "en"), 0.0, False
    signals: list[object] = []
    for c in events:
        if c in "x.":
            at_s += 0.032
            signals = list(machine.hear(0.9 if c == "x" else 0.1, at_s, agent_active=active))
        elif c in "fFie":
            signals = list(machine.transcript({"f": "", "F": "stop it", "i": "hmm", "e": "ok"}[c], is_final=c != "i", end_of_turn=c == "e"))  # fmt: skip  # noqa: E501
        else:
            machine.hold() if c == "h" else signals.extend(machine.stop_speech())
        for s in signals:
            paused = isinstance(s, Paused) or (paused and not isinstance(s, Resumed | Interrupted))
        signals = []
    rest, _ = drive(machine, "." * 12, at_s, active=active)
    for s in [*rest, *machine.final_overdue()]:
        paused = isinstance(s, Paused) or (paused and not isinstance(s, Resumed | Interrupted))
    assert not paused


RATE = 1_000  # samples a second: milliseconds


def filled(*sentences: tuple[str, int], echoing: bool = False) -> Playback:
    playback = Playback(Voice(), RATE, "p", echoing=echoing)
    for text, length in sentences:
        playback.begin_sentence(text)
        playback.add(b"\1\0" * length)
    playback.end_sentence()
    return playback


def run_until(playback: Playback, now: float, end: float) -> tuple[int, list[str]]:
    sent, marks = 0, []
    while now < end:
        match playback.next(now):
            case Frame(pcm):
                sent += len(pcm) // 2
            case Mark(name):
                marks.append(name)
            case Wait(seconds):
                now += seconds if seconds is not None else end
    return sent, marks


def test_audio_is_sent_a_lead_ahead_and_no_further():
    playback = filled(("one two three", 2_000))
    sent, _ = run_until(playback, 10.0, 10.0001)
    assert sent == 240
    sent, marks = run_until(playback, 10.0001, 13.0)
    assert sent == 1_760 and marks == ["p.1"] and playback.is_finished(13.0)


def test_pausing_goes_back_to_what_was_heard_and_resuming_sends_exactly_the_rest():
    playback = filled(("one two three four", 2_000))
    sent, _ = run_until(playback, 0.0, 1.0)
    assert playback.pause(1.0) and playback.next(1.0) == Wait(None) and not playback.pause(1.1)
    assert playback.heard_text(5.0) == "one two"
    playback.resume(5.0)
    again, marks = run_until(playback, 5.0, 9.0)
    assert again == 1_000 and marks and sent > 1_000
    assert playback.heard_text(9.0) == "one two three four"


def test_marks_bound_what_the_clock_believes():
    playback = filled(("one two.", 500), ("three four.", 500), echoing=True)
    _, marks = run_until(playback, 0.0, 0.9)
    assert playback.heard_text(0.9) == "one two."  # the client says no more than that yet
    assert playback.played(marks[0]) and playback.heard_text(0.9) == "one two. three"
    assert not playback.played(marks[0]) and not playback.played("somebody else's")
    playback.stop(0.9)
    assert not playback.played("p.2") and playback.next(2.0) == Wait(None)


def test_a_filler_counts_for_nothing_that_was_said():
    playback = Playback(Voice(), RATE, "p")
    playback.begin_sentence("real words")
    playback.insert_filler(b"\0\0" * 300)
    playback.add(b"\0\0" * 500)
    playback.insert_filler(b"\0\0" * 300)  # too late: it sounds already
    playback.end_sentence()
    sent = run_until(playback, 0.0, 0.25)[0]
    assert playback.heard_text(0.25) == ""
    assert sent + run_until(playback, 0.25, 3.0)[0] == 800
    assert playback.heard_text(3.0) == "real words"


def test_calls_beyond_the_rated_load_or_on_a_late_loop_are_refused():
    meter = LagMeter()
    admission = Admission(2, Voice().max_lag_s, lambda: meter.lag_s)
    with admission.call(), admission.call():
        with pytest.raises(Busy) as busy, admission.call():
            pass
        assert busy.value.status == 503 and busy.value.context["reason"] == "calls"
    assert admission.calls == 0
    meter.note(0.5)
    admission.check()  # one hiccup is none
    meter.note(0.5)
    with pytest.raises(Busy):
        admission.check()
    for _ in range(WINDOW_TICKS):
        meter.note(0.0)
    admission.check()
