"""From letters and sounds to the shapes of a mouth, and the shapes in step with the sound they belong to."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest

from auricle.providers.ports import Audio, Timing, Timings, Usage
from auricle.providers.vendors.offline import OfflineTextToSpeech
from auricle.settings import Voice
from auricle.voice.playback import Frame, Mark, Playback, Wait
from auricle.voice.ports import Interrupt
from auricle.voice.vad import SharedVad
from auricle.voice.visemes import MAX_WORD, SHAPES, Lips, Viseme, shapes_of_sound, shapes_of_word
from tests.providers.offline.test_speech_out import HOW_ARE_YOU
from tests.voice.stage import AT_ONCE, RATE_HZ, TONE, Call, Line, Providers, call, now
from tests.voice.virtual_time import in_virtual_time


def shapes(word: str) -> str:
    return " ".join(shape for shape, _ in shapes_of_word(word))


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        ("Thing", "TH ih kk"),
        ("phone", "FF oh nn"),
        ("through", "TH RR ou"),
        ("take", "DD aa kk"),  # its e is not said
        ("voice", "FF oh ih SS"),
        ("Émile", "E PP ih nn"),
        ("बुख़ार", "PP ou kk aa RR"),
        ("नमस्ते", "nn E PP E SS DD E"),  # no vowel where a virama binds two letters
        ("राम", "RR aa PP"),  # in the north the last `a` is not said
        ("ज़रूर", "SS E RR ou RR"),  # a nukta makes ja a za
        ("फ़ोन", "FF oh nn"),
        ("ક્યાં", "kk ih aa nn"),
        ("আমার", "aa PP aa RR"),
        ("ਸਤਿ", "SS E DD ih"),
        ("ನಮಸ್ಕಾರ", "nn E PP E SS kk aa RR E"),  # in the south it is
        ("வணக்கம்", "FF E nn E kk kk E PP"),
        ("漢字", ""),
        ("привет", ""),
        ("", ""),
    ],
)
def test_letters_are_read_as_a_mouth_says_them(word: str, seen: str) -> None:
    assert shapes(word) == seen
    assert all(0 <= at < len(word) for _, at in shapes_of_word(word))


@pytest.mark.parametrize(
    ("sound", "seen"),
    [
        ("", ("sil",)),
        ("ˈaɪ", ("aa", "ih")),
        ("ˈɑːɹ", ("aa", "RR")),
        ("tʃʰ", ("CH",)),
        ("ʈʰ", ("DD",)),
        ("ɛ̃", ("E",)),
        ("h", ()),
    ],
)
def test_sounds_have_shapes_whatever_their_length_stress_or_breath(sound: str, seen: tuple[str, ...]) -> None:
    assert shapes_of_sound(sound) == seen


@pytest.mark.parametrize("language", HOW_ARE_YOU)
async def test_the_offline_voice_moves_a_mouth_in_every_language(language: str) -> None:
    events = [e async for e in OfflineTextToSpeech().speak(HOW_ARE_YOU[language], voice=None, language=language)]
    made_ms = 1_000 * sum(len(e.pcm) / 2 / e.rate_hz for e in events if isinstance(e, Audio))
    lips = Lips()
    told = [v for e in events if isinstance(e, Timings) for v in lips.take(e)] + lips.finish()
    assert [v.at_ms for v in told] == sorted({v.at_ms for v in told}) and told[-1].at_ms <= made_ms + 1
    assert {v.shape for v in told} <= set(SHAPES) and told[-1].shape == "sil"
    assert len(told) > 5 and len({v.shape for v in told}) > 4
    unknown = [t.text for e in events if isinstance(e, Timings) for t in e.told if not shapes_of_sound(t.text)]
    assert {sound.strip("ˈˌ") for sound in unknown} <= {"h", "ʲ"}


# ── one sentence ──────────────────────────────────────────────────────────────────────────────────────────────────
def letters(text: str, start_s: float = 0.0, each_s: float = 0.1) -> Timings:
    at = [start_s + each_s * n for n in range(len(text) + 1)]
    return Timings(tuple(Timing(letter, at[n], at[n + 1]) for n, letter in enumerate(text)))


def test_a_word_that_comes_in_two_pieces_is_read_whole() -> None:
    lips = Lips()
    first, second = lips.take(letters("the t")), lips.take(letters("hing ", 0.5))
    assert [v.shape for v in first] == ["TH", "E"]
    assert second[:2] == [Viseme("TH", 400), Viseme("ih", 600)]
    assert lips.finish() == [Viseme("sil", 900)]


def test_a_word_timed_as_one_shares_its_time_among_its_letters() -> None:
    told = Lips().take(Timings((Timing("map", 1.0, 1.6), Timing(" ", 1.6, 1.7))))
    assert told == [Viseme("sil", 0), Viseme("PP", 1_000), Viseme("aa", 1_200), Viseme("PP", 1_400)]


def test_a_pause_closes_the_mouth_and_a_breath_does_not() -> None:
    lips = Lips()
    told = [*lips.take(letters("mama, ")), *lips.take(letters("mama ", 0.6)), *lips.finish()]
    assert [v.at_ms for v in told if v.shape == "sil"] == [400, 1_000]
    close = Lips()
    told = [*close.take(letters("mama ")), *close.take(letters("mama ", 0.5)), *close.finish()]
    assert [v.at_ms for v in told if v.shape == "sil"] == [900]


@pytest.mark.parametrize("by", ["letters", "sounds"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -5.0, 1e12])
def test_impossible_times_move_no_mouth(by: Any, bad: float) -> None:
    lips = Lips()
    told = [*lips.take(Timings((Timing("a", bad, bad), Timing("m", bad, bad)), by)), *lips.finish()]
    assert [v for v in told if v.shape != "sil"] == []
    assert all(0 <= v.at_ms <= 60_000 for v in told)


def test_times_that_go_back_or_are_too_many_are_left_out() -> None:
    lips = Lips()
    assert [v.at_ms for v in lips.take(Timings((Timing("a", 1.0, 1.1), Timing("m", 0.2, 0.3)), "sounds"))] == [1_000]
    crowd = Timings(tuple(Timing("am"[n % 2], n / 1e4, n / 1e4) for n in range(10_000)), "sounds")
    assert len(Lips().take(crowd)) <= 101
    endless = Lips()
    told = endless.take(letters("m" * MAX_WORD + "i" * MAX_WORD + "m", each_s=0.01))
    assert [v.shape for v in told] == ["PP", "ih"]


# ── with the sound ────────────────────────────────────────────────────────────────────────────────────────────────
def steps(playback: Playback, from_s: float, until_s: float) -> list[tuple[float, str]]:
    """Play for a while; where in the sound each shape that is told belongs, in seconds from the first frame."""
    told, sent, at_s = [], 0, from_s
    while at_s < until_s:
        step = playback.next(at_s)
        if isinstance(step, Frame):
            told += [(round(sent / RATE_HZ + v.at_ms / 1_000, 3), v.shape) for v in step.visemes]
            sent += len(step.pcm) // 2
        elif isinstance(step, Wait):
            at_s += min(step.seconds or 0.02, 0.02)
        else:
            assert isinstance(step, Mark)
    return told


def spoken(length_s: float = 3.0) -> tuple[Playback, list[Viseme]]:
    """An answer of one sentence, with a shape every tenth of a second; the last lies beyond its end."""
    playback = Playback(Voice(), RATE_HZ, "p")
    visemes = [Viseme(("PP", "aa")[n % 2], n * 100) for n in range(int(length_s * 10) + 3)]
    playback.begin_sentence("…")
    playback.add(bytes(int(length_s * RATE_HZ) * 2))
    playback.shape(visemes)
    playback.end_sentence()
    return playback, visemes


def test_every_shape_is_told_once_with_its_sound_and_none_beyond_it() -> None:
    playback, visemes = spoken()
    told = steps(playback, 0.0, 4.0)
    assert told == [(v.at_ms / 1_000, v.shape) for v in visemes if v.at_ms < 3_000]


def test_after_a_pause_the_shapes_go_on_where_the_listener_was() -> None:
    playback, _ = spoken()
    before = steps(playback, 0.0, 1.0)
    assert before[-1][0] <= 1.0 + 0.24 + 1.04  # no more is told than the lead and a second
    playback.pause(1.0)
    assert steps(playback, 1.0, 3.0) == []
    playback.resume(3.0)
    again = steps(playback, 3.0, 6.0)
    assert [round(at + 1.0, 1) for at, _ in again] == [round(n / 10, 1) for n in range(10, 30)]


def test_what_is_stopped_moves_no_mouth_any_more() -> None:
    playback, visemes = spoken()
    steps(playback, 0.0, 0.5)
    playback.stop(0.5)
    playback.shape(visemes)
    assert steps(playback, 0.5, 4.0) == []


def test_shapes_that_come_late_are_told_with_the_next_sound() -> None:
    playback = Playback(Voice(), RATE_HZ, "p")
    playback.begin_sentence("…")
    playback.add(bytes(RATE_HZ * 2))
    steps(playback, 0.0, 0.1)  # some is sent
    playback.shape([Viseme("PP", 0), Viseme("aa", 80)])
    frame = playback.next(0.2)
    assert isinstance(frame, Frame) and [v.shape for v in frame.visemes] == ["PP", "aa"]
    assert frame.visemes[0].at_ms < 0


def test_a_filler_before_the_sentence_moves_its_shapes_behind_it() -> None:
    playback = Playback(Voice(), RATE_HZ, "p")
    playback.begin_sentence("…")
    playback.shape([Viseme("PP", 0), Viseme("aa", 100)])  # its first sound is still held back
    playback.insert_filler(bytes(RATE_HZ))
    playback.add(bytes(RATE_HZ))
    playback.end_sentence()
    assert steps(playback, 0.0, 2.0) == [(0.5, "PP"), (0.6, "aa")]


# ── in a conversation ─────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Timed(Providers):
    """A voice that tells when each letter sounds, a tenth of a second each."""

    async def speak(self, sentence: str, language: str) -> AsyncGenerator[Any, None]:
        for number, letter in enumerate(sentence):
            yield Audio(TONE, 24_000)
            yield Timings((Timing(letter, number / 10, number / 10 + 0.1),))
        yield Usage(characters=len(sentence))


def shown(c: Call) -> list[tuple[float, str]]:
    """When each shape is heard, as the line told it, and which."""
    return [
        (at + waits_s + v.at_ms / 1_000, v.shape)
        for at, what, told in c.line.log
        if what == "visemes"
        for waits_s, visemes in [told]
        for v in visemes
    ]


def greeted(vad: SharedVad, providers: Providers, *, visemes: bool = True) -> Call:
    return call(vad, providers, line=Line(visemes=visemes), greeting="Mama may map. Momo!", settings=AT_ONCE)


def test_shapes_rise_with_the_sound_and_stop_when_it_is_interrupted(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = greeted(vad, Timed())
        await c.line.until("audio")
        began = now()
        await asyncio.sleep(0.6)
        c.line.incoming.put_nowait(Interrupt())
        await c.line.until("clear")
        stopped = len(c.line.log)
        await c.line.hush(2.0)
        await c.end()
        told = shown(c)
        assert [at for at, _ in told] == sorted(at for at, _ in told) and len(told) >= 4
        assert [shape for _, shape in told[:4]] == ["PP", "aa", "PP", "aa"]
        assert told[0][0] == pytest.approx(began, abs=0.05)
        assert "visemes" not in [what for _, what, _ in c.line.log[stopped:]]

    in_virtual_time(scenario())


@pytest.mark.parametrize(("providers", "visemes"), [(Timed(), False), (Providers(), True)])
def test_no_shapes_where_nobody_looks_or_the_voice_tells_no_times(
    vad: SharedVad, providers: Providers, visemes: bool
) -> None:
    async def scenario() -> None:
        c = greeted(vad, providers, visemes=visemes)
        await c.line.until("mark", count=2)
        await c.end()
        assert c.line.counts["visemes"] == 0 and c.line.counts["audio"] > 10

    in_virtual_time(scenario())
