"""A live stream of audio cut where our own voice activity says, for recognizers that take whole pieces."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from auricle.providers.ports import EndOfSpeech


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an utterance on the clock of the stream; `pcm` may be empty where `is_last`."""

    pcm: bytes
    start_s: float  # of the utterance
    end_s: float
    is_last: bool  # the speaker has stopped


async def parts(audio: AsyncIterator[bytes | EndOfSpeech], rate_hz: int, most_s: float) -> AsyncGenerator[Part, None]:
    """Cut a stream of PCM16 mono at its ends of speech, and where a piece would be longer than `most_s`.

    What follows the last end of speech is not given: nobody waits for it.
    """
    most_bytes = int(most_s * rate_hz) * 2
    pcm, heard_bytes, start_bytes = bytearray(), 0, 0
    async for piece in audio:
        is_last = isinstance(piece, EndOfSpeech)
        if not isinstance(piece, EndOfSpeech):
            pcm += piece
            heard_bytes += len(piece)
            if len(pcm) < most_bytes:
                continue
        yield Part(bytes(pcm), start_bytes / 2 / rate_hz, heard_bytes / 2 / rate_hz, is_last)
        pcm.clear()
        if is_last:
            start_bytes = heard_bytes
