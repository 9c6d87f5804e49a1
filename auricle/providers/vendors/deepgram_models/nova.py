"""Nova hears over `/v1/listen`. Where we say that speech has ended, it is asked to finalize what it has.

Its finals come in pieces, one whenever it is sure: those of an utterance are gathered, and the one that says
`from_finalize` closes them. Deepgram promises no answer where next to nothing is left to finalize; then there is none
to wait for.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from auricle.providers.account import Account
from auricle.providers.dialects.live_audio import OVERDUE, Ends, beside
from auricle.providers.ports import EndOfSpeech, ProviderGarbled, Transcript, Usage, anonymous
from auricle.providers.socket import ProviderSocket
from auricle.providers.vendors.deepgram_models.terms import (
    TOGETHER,
    base,
    failure_of,
    known_to,
    unknown_language,
    within_limits,
)

KEEP_ALIVE_S = 4.0  # after ten seconds without a message a stream is closed
LITTLE_S = 0.2  # so much unfinalized sound may be too little for an answer
PATIENCE_S = 0.4  # and so long one is awaited all the same
NOTHING_S = 0.005

PASSED_ON = ("smart_format", "numerals", "endpointing")


class Nova:
    """Speech to text by Nova-3, Nova-3 Medical and Nova-2."""

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
        named = self._account.model("stt", model)
        terms = within_limits(keyterms)
        params = self._params(named, language, rate_hz, anonymous(terms))
        whole = terms if named.startswith("nova-3") and len(anonymous(terms)) < len(terms) else []
        ends = Ends()
        hearing = Hearing(language, ends)
        async with (
            self._account.socket("/v1/listen", params=params) as socket,
            beside(socket, _tell(socket, audio, rate_hz, hearing, whole if self._takes_terms_later() else [])),
            beside(socket, _stay(socket)),
            aclosing(ends.messages(socket)) as messages,
        ):
            async for message in messages:
                for transcript in hearing.hear(message):
                    yield transcript
                if hearing.duration_s is not None:
                    break
        yield Usage(audio_s=hearing.duration_s)

    def _takes_terms_later(self) -> bool:
        """Deepgram's own regions take terms with the handshake only (their changelog of 2026-10-02)."""
        host = urlsplit(self._account.url or "").hostname or ""
        return not (host.endswith(".deepgram.com") and host != "api.deepgram.com")

    def _params(self, model: str, language: str, rate_hz: int, terms: Sequence[str]) -> dict[str, Any]:
        options = self._account.options
        params: dict[str, Any] = {
            "model": model,
            "language": language_of(model, language, mixes=options.get("mixed_languages") == "true"),
            "encoding": "linear16",
            "sample_rate": rate_hz,
            "channels": 1,
            "interim_results": "true",
            "punctuate": "true",
            "endpointing": "false",  # our own voice activity says where speech ends
            "mip_opt_out": options.get("mip_opt_out", "true"),
            **{name: options[name] for name in PASSED_ON if name in options},
        }
        if terms and model.startswith("nova-3"):
            params["keyterm"] = terms
        elif words := [t for t in terms if t.isalnum() and model.startswith("nova-2")]:
            params["keywords"] = words  # single words only
        return params


def language_of(model: str, language: str, *, mixes: bool) -> str:
    """The language as Deepgram wants it for a model. Raises `ProviderRefused` where the model does not know it."""
    code, known = base(language), known_to(model)
    if known is not None and code not in known:
        raise unknown_language(language, model)
    is_medical = model.startswith("nova-3-medical")  # English alone, or ten at once
    several = model.startswith("nova-3") and (mixes or (is_medical and code != "en"))
    return "multi" if several and code in TOGETHER else code


async def _tell(
    socket: ProviderSocket,
    audio: AsyncIterator[bytes | EndOfSpeech],
    rate_hz: int,
    hearing: "Hearing",
    terms: Sequence[str],
) -> None:
    if terms:  # in place of those of the URL, in which no name of a patient may stand
        await socket.send_json({"type": "Configure", "keyterms": list(terms)})
    async for piece in audio:
        if isinstance(piece, EndOfSpeech):
            if hearing.end():
                await socket.send_json({"type": "Finalize"})
        elif piece:  # an empty message would end the stream
            await socket.send(piece)
            hearing.sent_s += len(piece) / 2 / rate_hz
    await socket.send_json({"type": "CloseStream"})


async def _stay(socket: ProviderSocket) -> None:
    while True:
        await asyncio.sleep(KEEP_ALIVE_S)
        await socket.send_json({"type": "KeepAlive"})


class Hearing:
    """What was heard of a stream so far. Messages in, transcripts out."""

    def __init__(self, language: str, ends: Ends) -> None:
        self.sent_s = 0.0
        self.duration_s: float | None = None  # as Deepgram counts it, once it has said goodbye
        self._language, self._ends = language, ends
        self._final_until_s = 0.0
        self._pieces: list[Transcript] = []  # finals of the utterance under way
        self._interim = ""

    def end(self) -> bool:
        """Speech has ended here. True where there is something to finalize."""
        self._ends.told(self.sent_s)
        self._expect()
        return self.sent_s - self._final_until_s > NOTHING_S

    def hear(self, message: Any) -> Iterator[Transcript]:
        if message is OVERDUE:
            yield self._final()
            return
        try:
            kind = message["type"]
            if kind == "Results":
                yield from self._results(message)
            elif kind == "Metadata":
                self.duration_s = float(message["duration"])
                while self._ends:  # closed before they were answered
                    yield self._final()
        except (KeyError, TypeError, IndexError, AttributeError, ValueError):
            raise ProviderGarbled("The provider's message does not have the form of a result.") from None
        if kind == "Error":
            raise failure_of(message)

    def _results(self, message: dict[str, Any]) -> Iterator[Transcript]:
        said = message["channel"]["alternatives"][0]
        text = str(said["transcript"]).strip()
        start_s, until_s = float(message["start"]), float(message["start"]) + float(message["duration"])
        self._interim = text
        if message.get("is_final"):
            self._interim, self._final_until_s = "", max(self._final_until_s, until_s)
            if text:
                spoken = (said.get("languages") or [self._language])[0]
                self._pieces.append(Transcript(text, True, start_s, until_s, spoken, float(said["confidence"])))
            if self._ends and message.get("from_finalize"):
                yield self._final()
                return
            self._expect()
            if not self._ends and self._pieces and message.get("speech_final"):
                yield self._final(end_of_turn=True)
                return
        if text:
            yield self._so_far(is_final=False)

    def _expect(self) -> None:
        if self._ends:
            left_s = self._ends.at_s[0] - self._final_until_s
            self._ends.within(0.0 if left_s <= NOTHING_S else PATIENCE_S if left_s <= LITTLE_S else None)

    def _final(self, *, end_of_turn: bool = False) -> Transcript:
        said = self._so_far(is_final=True, end_of_turn=end_of_turn)
        self._pieces, self._interim = [], ""
        if self._ends.answered():
            self._expect()
        return said

    def _so_far(self, *, is_final: bool, end_of_turn: bool = False) -> Transcript:
        pieces = self._pieces
        text = " ".join([*(p.text for p in pieces), *([self._interim] if self._interim else [])])
        if not pieces:
            return Transcript(text, is_final, language=self._language, end_of_turn=end_of_turn)
        sure = min(p.confidence or 0.0 for p in pieces)
        return Transcript(text, is_final, pieces[0].start_s, pieces[-1].end_s, pieces[0].language, sure, end_of_turn)
