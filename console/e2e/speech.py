"""What the fake microphone says: a moment of quiet, one sentence of the offline voice, long quiet. 48 kHz mono WAV."""

import sys
import wave

import numpy as np
import soxr

from auricle.providers.vendors.offline.espeak import Manner, espeak

RATE_HZ, QUIET_S, AFTER_S = 48_000, 12, 20

pieces: list[bytes] = []
voice = espeak()
voice.speak(
    "My left ear has been ringing since last Monday, and I hear badly on that side.",
    Manner(),
    lambda pcm, _: bool(pieces.append(pcm)) or True,
)
sound = soxr.resample(np.frombuffer(b"".join(pieces), "<i2").astype(np.float64), voice.rate_hz, RATE_HZ)
sound *= 20_000 / np.abs(sound).max()
whole = np.concatenate([np.zeros(RATE_HZ * QUIET_S), sound, np.zeros(RATE_HZ * AFTER_S)])
with wave.open(sys.argv[1], "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(RATE_HZ)
    file.writeframes(whole.astype("<i2").tobytes())
