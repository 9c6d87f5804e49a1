"""The contract of the load bench: what the simulated providers take and say. A server's own part is what it adds.

No server can answer sooner than `IDEAL_S` after the end of speech: 200 ms until its silence is certain, 200 ms to the
model's first token, 20 ms for each further token of the first sentence, 100 ms to the first sound of the voice.
"""

import math
import struct

RATE_HZ = 16_000  # of the callers
FRAME_S = 0.020
FRAME_BYTES = int(RATE_HZ * FRAME_S) * 2
PHASES = 8  # 20 ms frames and the 32 ms windows of the voice-activity network fall together every 160 ms

START_S = 0.200  # speech that starts a turn
STOP_S = 0.200  # silence that ends one
FINAL_AFTER_S = 0.100  # the recognizer knows all words so long after the end of speech, on the clock of the audio
INTERIM_EVERY_S = 0.500
FIRST_TOKEN_S = 0.200
TOKEN_S = 0.020
FIRST_SOUND_S = 0.100
VOICE_RATE_HZ = 24_000  # so that servers must resample
VOICE_PIECE_S = 0.100
VOICE_SPEED = 10.0  # times faster than it is played
WORD_S = 0.300  # of speech a word

WORDS_A = "hello doctor my left ear has been ringing all day long"
WORDS_B = "please wait a moment when may I come in again"
HEARD = tuple(WORDS_A.split()) + ("since", "the", "morning", "of", "yesterday")
HEARD_WORDS_PER_S = 3.0

REPLY = (
    "Thank you, I have written that down now. "
    "Please tell me which ear it is and how long it rings. "
    "I will pass it on to your doctor."
)
TOKENS = tuple(f"{word} " for word in REPLY.split())
FIRST_SENTENCE_TOKENS = next(i for i, token in enumerate(TOKENS, 1) if token.rstrip().endswith("."))
REPLY_S = WORD_S * len(TOKENS)
IDEAL_S = STOP_S + FIRST_TOKEN_S + TOKEN_S * (FIRST_SENTENCE_TOKENS - 1) + FIRST_SOUND_S


def tone(rate_hz: int, seconds: float) -> bytes:
    """A 440 Hz tone, whole periods in 100 ms."""
    return b"".join(
        struct.pack("<h", int(8000 * math.sin(2 * math.pi * 440 * i / rate_hz))) for i in range(int(rate_hz * seconds))
    )
