"""The first thing a caller hears: who is speaking, and what becomes of what they say. Nobody listens meanwhile."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID

from auricle.assembly import Assembly
from auricle.consultations.answer import Talk, call_for
from auricle.providers.ports import Audio, ProviderFailed
from auricle.voice.ports import Channel, End, Incoming, Played
from auricle.voice.resample import SentenceResampler

MARK = "notice"
MOST_KEPT = 32  # notices of ten seconds and 8 kHz are 160 kB each
LONGEST_S = 60.0
SPEAK_S = 15.0  # to make the speech, before anything is heard
ECHO_S = 1.0  # longer than it lasts, for a carrier that does not tell when it was played


class Notices:
    """Speech of notices, made once and kept: the same words are said at the beginning of every call on a line."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, bytes] = OrderedDict()

    async def spoken(self, assembly: Assembly, talk: Talk, text: str, rate_hz: int) -> bytes:
        """PCM16 of these words at the wire's rate. Raises `ProviderFailed`."""
        place = key_of(talk.agent.version_id, talk.language, text, rate_hz)
        if (pcm := self._kept.get(place)) is None:
            async with asyncio.timeout(SPEAK_S):
                pcm = await speech(assembly, talk, text, rate_hz)
            self._kept[place] = pcm
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(place)
        return pcm


def key_of(version_id: UUID, language: str, text: str, rate_hz: int) -> bytes:
    return hashlib.sha256(f"{version_id}\0{language}\0{rate_hz}\0{text}".encode()).digest()


async def speech(assembly: Assembly, talk: Talk, text: str, rate_hz: int) -> bytes:
    resampler, pcm = SentenceResampler(rate_hz), bytearray()
    call = call_for(assembly, talk, "tts", talk.language)
    async with aclosing(assembly.router.speak(call, text)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Audio):
                pcm += resampler.feed(piece)
            if len(pcm) > LONGEST_S * rate_hz * 2:
                raise ProviderFailed("A notice does not end.", capability="tts")
    pcm += resampler.finish()
    if not pcm:
        raise ProviderFailed("A notice has no sound.", capability="tts")
    return bytes(pcm)


async def heard_out(channel: Channel, incoming: AsyncIterator[Incoming], pcm: bytes, lead_s: float) -> bool:
    """Play a notice. Whether it was heard to its end; what is said or pressed meanwhile is dropped unheard."""
    loop = asyncio.get_running_loop()
    began, length_s = loop.time(), len(pcm) / 2 / channel.rate_hz
    sending = asyncio.create_task(play(channel, pcm, lead_s))
    playing = asyncio.create_task(until_played(incoming))
    try:
        async with asyncio.timeout_at(began + length_s + ECHO_S + lead_s):
            done, _ = await asyncio.wait({sending, playing}, return_when=asyncio.FIRST_COMPLETED)
            if sending in done:
                await sending
            return await playing
    except TimeoutError:
        return sending.done()
    finally:
        for task in (sending, playing):
            task.cancel()
        await asyncio.gather(sending, playing, return_exceptions=True)


async def play(channel: Channel, pcm: bytes, lead_s: float) -> None:
    """Send at the pace of the ear, a little ahead, and a mark at the end."""
    loop = asyncio.get_running_loop()
    began, size = loop.time(), round(channel.frame_s * channel.rate_hz) * 2
    for start in range(0, len(pcm), size):
        due = began + start / 2 / channel.rate_hz - lead_s
        if (wait_s := due - loop.time()) > 0:
            await asyncio.sleep(wait_s)
        await channel.send_audio(pcm[start : start + size])
    await channel.send_mark(MARK)


async def until_played(incoming: AsyncIterator[Incoming]) -> bool:
    """Whether the mark came back. False where the caller was gone before."""
    async for item in incoming:
        if isinstance(item, End):
            break
        if isinstance(item, Played) and item.mark == MARK:
            return True
    return False
