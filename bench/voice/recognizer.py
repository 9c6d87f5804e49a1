"""The simulated recognizer, without I/O: knows the words of the speech by its length, on the clock of the audio."""

import numpy as np

from bench.voice.delays import FINAL_AFTER_S, HEARD, HEARD_WORDS_PER_S, INTERIM_EVERY_S

LOUD = 300
STEP_S = 0.020


class Recognizer:
    def __init__(self, rate_hz: int) -> None:
        self._step = int(rate_hz * STEP_S)
        self._rate_hz = rate_hz
        self.heard_s = 0.0
        self._begin()

    def _begin(self) -> None:
        self._speech_s = self._quiet_s = 0.0
        self._next_interim_s, self.is_complete = INTERIM_EVERY_S, False

    def interim(self, pcm: bytes) -> str | None:
        """Take audio; the words so far where it is time to tell them."""
        samples = np.frombuffer(pcm, "<i2")
        self.heard_s += len(samples) / self._rate_hz
        for at in range(0, len(samples), self._step):
            if samples[at : at + self._step].max() > LOUD:
                gap_s = self._quiet_s if self._speech_s else 0.0
                self._speech_s, self._quiet_s = self._speech_s + gap_s + STEP_S, 0.0
                self.is_complete = False
            else:
                self._quiet_s += STEP_S
        if self._speech_s >= self._next_interim_s:
            self._next_interim_s = self._speech_s + INTERIM_EVERY_S
            return self._words()
        if self._quiet_s >= FINAL_AFTER_S and self._speech_s and not self.is_complete:
            self.is_complete = True
            return self._words()
        return None

    def final(self) -> str:
        """The words of the utterance, which is over."""
        words = self._words()
        self._begin()
        return words

    def _words(self) -> str:
        return " ".join(HEARD[: max(1, round(self._speech_s * HEARD_WORDS_PER_S))]) if self._speech_s else ""
