"""The recognizer of the providers' process, over a WebSocket of its own for each turn. Never shipped.

Audio goes up as binary frames, `end` as text says that the speech is over; transcripts come down as JSON.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from auricle.providers.account import Account
from auricle.providers.ports import EndOfSpeech, ProviderFailed, Transcript, Usage
from auricle.providers.vendor import Vendor


class Hear:
    def __init__(self, account: Account) -> None:
        assert account.url
        self._url = account.url.replace("http", "ws", 1) + "/stt"

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        try:
            async with connect(f"{self._url}?rate={rate_hz}", compression=None, ping_interval=None) as socket:
                sending = asyncio.create_task(send(socket, audio))
                try:
                    async for raw in socket:
                        told = orjson.loads(raw)
                        if "audio_s" in told:
                            yield Usage(audio_s=told["audio_s"])
                            break
                        yield Transcript(told["text"], is_final=told["is_final"], language=language)
                finally:
                    sending.cancel()
                    await asyncio.gather(sending, return_exceptions=True)
        except (OSError, ConnectionClosed, InvalidHandshake) as error:
            raise ProviderFailed("The recognizer's connection failed.") from error


async def send(socket: ClientConnection, audio: AsyncIterator[bytes | EndOfSpeech]) -> None:
    async for piece in audio:
        await socket.send("end" if isinstance(piece, EndOfSpeech) else piece)
    await socket.send("close")


VENDOR = Vendor("socket_stt", stt=Hear, needs_key=False)
