"""Two voices on one clock: what goes into a recording, wherever the pieces fall."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from auricle.recording.tracks import AHEAD_S, Chunk, Tracks

RATE = 8_000


def tone(samples: int, value: int) -> bytes:
    return np.full(samples, value, np.int16).tobytes()


class Kept:
    def __init__(self, *, chunk_s: float = 1.0) -> None:
        self.chunks: list[Chunk] = []
        self.tracks = Tracks(RATE, self.chunks.append, chunk_s=chunk_s)

    def sound(self) -> np.ndarray:
        """[samples, 2], after the end."""
        self.tracks.finish()
        at = 0
        for chunk in self.chunks:
            assert chunk.start == at, "no gap and no overlap between chunks"
            at += chunk.samples
        return np.frombuffer(b"".join(chunk.pcm for chunk in self.chunks), np.int16).reshape(-1, 2)


def test_each_voice_is_on_its_own_side_at_its_own_time() -> None:
    kept = Kept()
    for number in range(200):
        kept.tracks.heard(tone(160, 100), number * 0.02)
    kept.tracks.said(tone(800, 7), 2.0)
    sound = kept.sound()
    assert len(sound) == 200 * 160
    assert (sound[:, 0] == 100).all()
    assert (sound[16_000:16_800, 1] == 7).all()
    assert not sound[:16_000, 1].any() and not sound[16_800:, 1].any()


def test_what_was_cleared_before_it_was_heard_is_not_in_the_recording() -> None:
    kept = Kept()
    for number in range(50):
        kept.tracks.heard(tone(160, 1), number * 0.02)
    kept.tracks.said(tone(1_600, 9), 1.0)
    kept.tracks.cleared(1.05)
    kept.tracks.said(tone(400, 5), 1.2)
    sound = kept.sound()
    assert (sound[8_000:8_400, 1] == 9).all()
    assert not sound[8_400:9_600, 1].any()
    assert (sound[9_600:10_000, 1] == 5).all()


def test_pieces_of_the_agent_that_follow_one_another_do_not_overlap() -> None:
    kept = Kept()
    for number in range(100):
        kept.tracks.heard(tone(160, 1), number * 0.02)
        kept.tracks.said(tone(160, number + 1), number * 0.02 - 0.003)  # a clock that trembles
    sound = kept.sound()
    said = sound[:, 1]
    assert [int(v) for v in said[::160][:100]] == list(range(1, 101))


def test_an_agent_that_speaks_to_a_muted_microphone_is_recorded_whole() -> None:
    kept = Kept()
    kept.tracks.heard(tone(160, 1), 0.0)
    for _ in range(1_000):
        kept.tracks.said(tone(320, 3), 0.02)  # 40 s, and the clock of the audio received stands still
    kept.tracks.heard(tone(160, 2), 0.02)
    sound = kept.sound()
    assert int((sound[:, 1] == 3).sum()) == 320_000
    assert int((sound[:, 0] == 2).sum()) == 160


def test_memory_is_bounded_by_chunk_and_lead() -> None:
    kept = Kept(chunk_s=2.0)
    for number in range(5_000):
        kept.tracks.heard(tone(160, 1), number * 0.02)
    assert sum(chunk.samples for chunk in kept.chunks) >= 5_000 * 160 - round((2.0 + AHEAD_S) * RATE) - 160


@given(st.integers(0, 2**32))
def test_whatever_the_order_no_sample_of_the_person_is_lost(seed: int) -> None:
    chance, kept, at = random.Random(seed), Kept(chunk_s=0.5), 0
    for number in range(chance.randrange(1, 120)):
        samples = chance.randrange(1, 3_000)
        kept.tracks.heard(tone(samples, number + 1), at / RATE)
        at += samples
        if chance.random() < 0.4:
            kept.tracks.said(tone(chance.randrange(1, 1_000), 4), at / RATE + chance.uniform(-0.1, 0.4))
        if chance.random() < 0.1:
            kept.tracks.cleared(at / RATE)
    sound = kept.sound()
    assert int((sound[:, 0] != 0).sum()) == at
