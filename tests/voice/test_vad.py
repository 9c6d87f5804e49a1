import asyncio

import numpy as np
import pytest

from auricle.errors import Misconfigured
from auricle.voice.vad import FRAME_S, RESET_S, SharedVad, VadStream
from tests.voice.stage import PHRASE_A, PHRASE_B, speech


async def probabilities(stream: VadStream, pcm: bytes) -> list[float]:
    step = stream.frame_bytes
    return [await stream.probability(pcm[at : at + step]) for at in range(0, len(pcm) - step + 1, step)]


@pytest.mark.parametrize("rate_hz", [8_000, 16_000])
async def test_a_batch_of_calls_gives_what_each_call_alone_would(vad: SharedVad, rate_hz: int) -> None:
    heard = [
        bytes(rate_hz // 100 * n) + speech(phrase, rate_hz)[: rate_hz * 2]
        for n in range(4)
        for phrase in (PHRASE_A, PHRASE_B)
    ]
    alone = [await probabilities(vad.stream(rate_hz), pcm) for pcm in heard]
    together = await asyncio.gather(*(probabilities(vad.stream(rate_hz), pcm) for pcm in heard))
    for one, batched in zip(alone, together, strict=True):
        np.testing.assert_allclose(batched, one, atol=1e-5)
    assert max(alone[0]) > 0.9


async def test_the_phone_and_the_browser_share_a_network_without_mixing(vad: SharedVad) -> None:
    phone, browser = speech(PHRASE_A, 8_000)[:16_000], speech(PHRASE_A, 16_000)[:32_000]
    alone = [await probabilities(vad.stream(r), pcm) for r, pcm in ((8_000, phone), (16_000, browser))]
    mixed = await asyncio.gather(*(probabilities(vad.stream(r), p) for r, p in ((8_000, phone), (16_000, browser))))
    for one, other in zip(alone, mixed, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)


async def test_state_starts_anew_after_two_quiet_seconds(vad: SharedVad) -> None:
    stream = vad.stream(8_000)
    await probabilities(stream, speech(PHRASE_A, 8_000))
    frames = 0
    while stream.state.any():
        assert await stream.probability(bytes(stream.frame_bytes)) < 0.5 or frames < 20
        frames += 1
        assert frames * FRAME_S < RESET_S + 1.0
    assert not any(stream.context)


async def test_a_call_cancelled_while_it_waits_harms_no_other(vad: SharedVad) -> None:
    one, other = vad.stream(8_000), vad.stream(8_000)
    frame = bytes(one.frame_bytes)
    waiting = asyncio.ensure_future(one.probability(frame))
    await asyncio.sleep(0)
    waiting.cancel()
    assert 0 <= await other.probability(frame) <= 1


async def test_wrong_frames_and_rates_are_refused(vad: SharedVad) -> None:
    with pytest.raises(ValueError, match="512"):
        await vad.stream(8_000).probability(b"\0\0")
    with pytest.raises(Misconfigured):
        vad.stream(44_100)
