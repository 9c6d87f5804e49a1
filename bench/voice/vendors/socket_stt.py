"""The recognizer of the providers' process, over a WebSocket of its own for each turn. Never shipped.

Audio goes up as binary frames, `end` as text says that the speech is over; transcripts come down as JSON.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from auricle.providers.account import Account
from auricle.providers.ports import EndOfSpeech, Transcript, Usage
from auricle.providers.socket import ProviderSocket
from auricle.providers.vendor import Vendor


class Hear:
    def __init__(self, account: Account) -> None:
        self._account = account

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        async with self._account.socket("/stt", params={"rate": rate_hz}) as socket:
            sending = asyncio.create_task(send(socket, audio))
            try:
                async for told in socket.json():
                    if "audio_s" in told:
                        yield Usage(audio_s=told["audio_s"])
                        break
                    yield Transcript(told["text"], is_final=told["is_final"], language=language)
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)


async def send(socket: ProviderSocket, audio: AsyncIterator[bytes | EndOfSpeech]) -> None:
    async for piece in audio:
        await socket.send("end" if isinstance(piece, EndOfSpeech) else piece)
    await socket.send("close")


VENDOR = Vendor("socket_stt", stt=Hear, needs_key=False)
