"""Saaras over its two sockets: the newer one with words while the patient speaks, the older one with finals only.

Both are told by us where speech ends. The newer one answers each such end; the older one finds speech by its own means
too, and says nothing to a flush when it has found none.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import orjson

from auricle.providers.account import Account
from auricle.providers.dialects.live_audio import OVERDUE, Ends, beside
from auricle.providers.ports import (
    EndOfSpeech,
    ProviderGarbled,
    ProviderRefused,
    SpeechToText,
    Transcript,
    Usage,
    anonymous,
)
from auricle.providers.socket import ProviderSocket
from auricle.providers.vendors.sarvam_speech import code_of, failed

RATES_HZ = (8_000, 16_000)
MODES = ("transcribe", "translate", "verbatim", "translit", "codemix")
FINALS_ONLY = ("saaras:v3",)  # models of the older socket; all others are asked on the newer one
WITH_KEYTERMS = ("saaras:v4",)
MOST_TERMS, MOST_TERM_CHARACTERS, MOST_TERMS_BYTES = 50, 64, 4_000  # the last is ours: they travel in the URL
BREATH_S = 0.1  # of silence, sent where speech is said to end that had no sound
SILENT_S = 1.0  # a flush that is not answered so long found no speech


class Hear:
    """`SpeechToText` by the socket that the model is served on."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        name = self._account.model("stt", model)
        wire = self._account.options.get("stt_socket", "finals" if name in FINALS_ONLY else "live")
        by: SpeechToText = (HearFinals if wire == "finals" else HearLive)(self._account)
        return by.transcribe(audio, rate_hz=rate_hz, language=language, model=name, keyterms=keyterms)


class _Socket:
    """What the two have in common."""

    path: ClassVar[str]

    def __init__(self, account: Account) -> None:
        self._account = account

    def _params(self, rate_hz: int, model: str | None, keyterms: Sequence[str]) -> dict[str, str]:
        if rate_hz not in RATES_HZ:
            raise ProviderRefused("Sarvam takes 8 or 16 kHz.", rate_hz=rate_hz)
        name = self._account.model("stt", model)
        params = {"model": name, "mode": self._mode, "sample_rate": str(rate_hz)}
        if name in WITH_KEYTERMS and (terms := fitting(keyterms)):
            params["keyterms"] = orjson.dumps(terms).decode()
        return params

    @property
    def _mode(self) -> str:
        mode = self._account.options.get("mode", MODES[0])
        if mode not in MODES:
            raise ProviderRefused("Sarvam has no such mode.", mode=mode)
        return mode

    def _language(self, language: str) -> str:
        return "en" if self._mode == "translate" else language


class HearLive(_Socket):
    """The newer socket: each utterance is begun and ended by us, and answered by one final."""

    path = "/speech-to-text-realtime/ws"

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        params = self._params(rate_hz, model, keyterms) | {
            "language_code": code_of(language, odia="or-IN"),
            "endpointing": "manual",
            "encoding": "linear16",
            "stream_type": self._account.options.get("stream_type", "fast"),
            "return_timestamps": "true",
        }
        ends, spoken, billed_s = Ends(), self._language(language), None
        async with (
            self._account.socket(self.path, params=params) as socket,
            beside(socket, _live(socket, audio, rate_hz, ends)),
        ):
            async for told in ends.messages(socket):
                match told:
                    case {"event": "transcript.partial", "text": str(text)} if text:
                        yield Transcript(text, is_final=False, language=spoken)
                    case {"event": "transcript.final", "text": str(text)}:
                        if ends.answered():
                            yield Transcript(text, True, _seconds(told, "start_s"), _seconds(told, "end_s"), spoken)
                    case {"event": "error", "is_fatal": is_fatal}:
                        if is_fatal:
                            raise failed(told)
                    case {"event": "session.end"}:
                        billed_s = _seconds(told, "audio_duration_s")
                        break
                    case {"event": str()}:
                        pass
                    case _:
                        raise ProviderGarbled("The provider sent something that it does not specify.")
        yield Usage(audio_s=billed_s)


async def _live(socket: ProviderSocket, audio: AsyncIterator[bytes | EndOfSpeech], rate_hz: int, ends: Ends) -> None:
    sent, is_speaking = 0, False

    async def send(pcm: bytes) -> None:
        nonlocal sent, is_speaking
        if not is_speaking:
            is_speaking = True
            await socket.send_json({"event": "speech_start"})
        sent += len(pcm)
        await socket.send_json({"event": "audio_input", "audio": b64encode(pcm).decode()})

    async for piece in audio:
        if not isinstance(piece, EndOfSpeech):
            await send(piece)
            continue
        if not is_speaking:
            await send(bytes(int(BREATH_S * rate_hz) * 2))
        is_speaking = False
        ends.told(sent / 2 / rate_hz)
        await socket.send_json({"event": "speech_end"})
    await socket.send_json({"event": "end"})


class HearFinals(_Socket):
    """The older socket: it cuts speech by its own means, a flush gives what is not yet given.

    One utterance at a time: after a flush nothing is sent until it is answered, or known to be silence.
    """

    path = "/speech-to-text/ws"

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        params = self._params(rate_hz, model, keyterms) | {
            "language-code": code_of(language),
            "input_audio_codec": "pcm_s16le",
            "vad_signals": "true",
            "flush_signal": "true",
        }
        heard = _Heard(self._language(language))
        async with (
            self._account.socket(self.path, params=params) as socket,
            beside(socket, self._tell(socket, audio, rate_hz, heard)),
        ):
            async for told in heard.ends.messages(socket):
                match told:
                    case {"type": "data", "data": {"transcript": str(text)}}:
                        yield heard.words(text)
                    case {"type": "events", "data": {"signal_type": "START_SPEECH"}}:
                        heard.begins()
                    case {"type": "events"}:
                        pass
                    case {"type": "error", "data": {**error}}:
                        raise failed(error)
                    case _ if told is OVERDUE:
                        yield heard.silence()
                    case _:
                        raise ProviderGarbled("The provider sent something that it does not specify.")
        yield Usage()

    async def _tell(
        self, socket: ProviderSocket, audio: AsyncIterator[bytes | EndOfSpeech], rate_hz: int, heard: "_Heard"
    ) -> None:
        sent = 0
        async for piece in audio:
            if isinstance(piece, EndOfSpeech):
                heard.ends.told(sent / 2 / rate_hz)
                await socket.send_json({"type": "flush"})
                await heard.answer()
                continue
            sent += len(piece)
            sound = {"data": b64encode(piece).decode(), "sample_rate": rate_hz, "encoding": "audio/wav"}
            await socket.send_json({"audio": sound})
        await socket.finish()


class _Heard:
    """What the older socket has said of the utterance under way."""

    def __init__(self, language: str) -> None:
        self.ends = Ends()
        self._language = language
        self._text = ""
        self._is_speaking = False  # it found speech and has not said what was said
        self._answered = asyncio.Event()

    def begins(self) -> None:
        self._is_speaking = True
        self.ends.within(None)

    async def answer(self) -> None:
        """Wait for the final: what is said next must not be taken for its answer."""
        self._answered.clear()
        if self.ends and not self._is_speaking:
            self.ends.within(SILENT_S)
        if self.ends:
            await self._answered.wait()

    def words(self, text: str) -> Transcript:
        self._is_speaking = False
        self._text = f"{self._text} {text}".strip()
        return self._final() if self.ends else Transcript(self._text, is_final=False, language=self._language)

    def silence(self) -> Transcript:
        """Nothing comes: what was said before is all."""
        return self._final()

    def _final(self) -> Transcript:
        end_s = self.ends.at_s[0]
        self.ends.answered()
        self._answered.set()
        text, self._text = self._text, ""
        return Transcript(text, is_final=True, end_s=end_s, language=self._language)


def fitting(keyterms: Sequence[str]) -> list[str]:
    """As many as the vendor takes, the first first. They stand in the URL, so no name of a patient is among them."""
    found: list[str] = []
    left = MOST_TERMS_BYTES
    for term in anonymous(keyterms):
        term = term.strip()
        left -= len(quote(term)) + 6
        if len(found) == MOST_TERMS or left < 0:
            break
        if 0 < len(term) <= MOST_TERM_CHARACTERS:
            found.append(term)
    return found


def _seconds(told: dict[str, Any], name: str) -> float | None:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
