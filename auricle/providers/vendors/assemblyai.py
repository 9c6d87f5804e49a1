"""AssemblyAI hears over `/v3/ws`. Where we say that speech has ended, it is told to end the turn under way.

It is billed by how long the socket is open, and that is what its usage says (`audio_s`). Other regions: set the URL.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing, suppress
from typing import Any

import orjson

from auricle.providers.account import Account
from auricle.providers.dialects.live_audio import OVERDUE, Ends, beside
from auricle.providers.ports import (
    Capability,
    EndOfSpeech,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    Transcript,
    Usage,
    anonymous,
)
from auricle.providers.socket import ProviderSocket
from auricle.providers.vendor import Vendor


def _codes(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Their documentation of 2026-10. A model that is not named here may know any.
SIX = _codes("en es de fr pt it")
NINETEEN = SIX | _codes("tr nl sv no da fi hi vi ar he ja ur zh")
WHISPERED = NINETEEN | _codes(
    "af am as az ba be bg bn bo br bs ca cs cy el et eu fa fo gl gu ha haw hr ht hu hy id is jw ka kk km kn ko la lb "
    "ln lo lt lv mg mi mk ml mn mr ms mt my ne nn oc pa pl ps ro ru sa sd si sk sl sn so sq sr su sw ta te tg th tk tl "
    "tt uk uz yi yo"
)
LANGUAGES: Mapping[str, frozenset[str]] = {
    "universal-streaming-english": frozenset({"en"}),
    "universal-streaming-multilingual": SIX,
    "u3-rt-pro": SIX,
    "universal-3-5-pro": NINETEEN,
    "universal-3-6": NINETEEN,
    "universal-3-6-pro": NINETEEN,
    "whisper-rt": WHISPERED,
}
PASSED_ON = {
    "domain": "medical-v1: drugs, procedures and the like are heard better, at a price of its own",
    "mode": "max_accuracy, balanced or min_latency",
    "min_turn_silence": "milliseconds after which it asks itself whether the turn is over",
    "max_turn_silence": "milliseconds after which the turn is over whatever it thinks",
    "end_of_turn_confidence_threshold": "how sure universal-streaming must be that a turn is over, 0 to 1",
    "vad_threshold": "how loud speech has to be against noise, 0 to 1",
}

SHORTEST_S, LONGEST_S = 0.05, 1.0  # of one message with sound
MOST_TERMS, MOST_CHARACTERS = 100, 50
IDLE_S = 60  # a socket that we forgot costs no more than this

WORDLESS_S = 3.0  # a sound up to this long may hold no words; one that is longer is answered, or they are out of order
PATIENCE_S = 0.8  # how long an answer to such a sound is awaited all the same
FORMATTING_S = 0.5  # how long the punctuation of words that are final already
GOODBYE_S = 0.2
NOTHING_S = 0.005

REFUSED = frozenset({1008, 3006, 3007, 4000, 4001, 4002, 4003, 4100, 4101})
BUSY = frozenset({1013, 3009, 4029, 4102})


class Listen:
    """Speech to text by AssemblyAI's streaming models."""

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
        terms = [term for term in keyterms if len(term) <= MOST_CHARACTERS][:MOST_TERMS] if takes_terms(named) else []
        plain = anonymous(terms)
        params = self._params(named, language, rate_hz, plain)
        ends = Ends()
        hearing = Hearing(language, ends, formats="format_turns" in params)
        async with (
            self._account.socket("/v3/ws", params=params) as socket,
            beside(socket, _tell(socket, audio, rate_hz, hearing, ends, terms if len(plain) < len(terms) else [])),
            aclosing(ends.messages(socket)) as messages,
        ):
            opened_at = time.monotonic()
            try:
                async for message in messages:
                    for transcript in hearing.hear(message):
                        yield transcript
                    if hearing.billed_s is not None:
                        break
            finally:
                open_s = time.monotonic() - opened_at
                if hearing.billed_s is None:
                    await _hang_up(socket)
        yield Usage(audio_s=open_s if hearing.billed_s is None else hearing.billed_s)

    def _params(self, model: str, language: str, rate_hz: int, terms: Sequence[str]) -> dict[str, Any]:
        code, known = language.partition("-")[0].lower(), LANGUAGES.get(model)
        if known is not None and code not in known:
            raise ProviderRefused("This model does not know this language.", language=language, model=model)
        options = self._account.options
        params: dict[str, Any] = {
            "speech_model": model,
            "sample_rate": rate_hz,
            "encoding": "pcm_s16le",
            "inactivity_timeout": IDLE_S,
            **{name: options[name] for name in PASSED_ON if name in options},
        }
        if model.startswith("universal-streaming"):
            params["format_turns"] = "true"  # the others always do
        elif model != "whisper-rt":
            params["language_codes"] = orjson.dumps([code]).decode()
        if known != frozenset({"en"}):
            params["language_detection"] = "true"
        if terms:
            params["keyterms_prompt"] = orjson.dumps(terms).decode()
        return params


def takes_terms(model: str) -> bool:
    return model != "whisper-rt"


async def _tell(
    socket: ProviderSocket,
    audio: AsyncIterator[bytes | EndOfSpeech],
    rate_hz: int,
    hearing: "Hearing",
    ends: Ends,
    terms: Sequence[str],
) -> None:
    if terms:  # in place of those of the URL, in which no name of a patient may stand
        await socket.send_json({"type": "UpdateConfiguration", "keyterms_prompt": list(terms)})
    shortest, longest = (int(seconds * rate_hz) * 2 for seconds in (SHORTEST_S, LONGEST_S))
    rest = b""
    async for piece in audio:
        is_end = isinstance(piece, EndOfSpeech)
        rest += b"" if isinstance(piece, EndOfSpeech) else piece
        if is_end and rest:
            rest = rest.ljust(shortest, b"\0")
        while len(rest) >= shortest:
            size = longest if len(rest) - longest >= shortest else min(len(rest), longest - shortest)
            await socket.send(rest[:size])
            hearing.sent_s += size / 2 / rate_hz
            rest = rest[size:]
        if is_end:
            if hearing.end():
                await socket.send_json({"type": "ForceEndpoint"})
            await ends.settled()  # what is said next belongs to the next turn
    await socket.send_json({"type": "Terminate"})


async def _hang_up(socket: ProviderSocket) -> None:
    """Where we leave in the middle: a session that is not ended is billed on."""
    with suppress(ProviderFailed, TimeoutError):
        async with asyncio.timeout(GOODBYE_S):
            await socket.send_json({"type": "Terminate"})


class Hearing:
    """What was heard of a stream so far. Messages in, transcripts out."""

    def __init__(self, language: str, ends: Ends, *, formats: bool) -> None:
        """`formats`: a turn that has ended comes once more, with punctuation."""
        self.sent_s = 0.0
        self.billed_s: float | None = None  # as AssemblyAI counts it, once it has said goodbye
        self._language, self._ends, self._formats = language, ends, formats
        self._has_begun = False
        self._in_turn = False
        self._turn = 0  # those below are over
        self._answered_until_s = 0.0
        self._unformatted: Transcript | None = None

    def end(self) -> bool:
        """Speech has ended here. True where there is a turn to end."""
        self._ends.told(self.sent_s)
        self._expect()
        return self.sent_s - self._answered_until_s > NOTHING_S

    def hear(self, message: Any) -> Iterator[Transcript]:
        if message is OVERDUE:
            yield self._final(self._unformatted or Transcript("", True, language=self._language))
            return
        try:
            match message["type"]:
                case "Begin":
                    self._has_begun = True
                case "SpeechStarted":  # never without words to follow
                    self._in_turn = True
                case "Turn":
                    yield from self._take(message)
                case "Termination":
                    billed_s = message.get("session_duration_seconds")
                    self.billed_s = self.sent_s if billed_s is None else float(billed_s)
                    while self._ends:  # closed before they were answered
                        yield self._final(self._unformatted or Transcript("", True, language=self._language))
                case "Error":
                    raise failure_of(message.get("error_code"))
        except (KeyError, TypeError, AttributeError, ValueError):
            raise ProviderGarbled("The provider's message does not have the form of a turn.") from None
        self._expect()

    def _take(self, turn: dict[str, Any]) -> Iterator[Transcript]:
        order = int(turn["turn_order"])
        if order < self._turn:
            return  # punctuation that came too late
        words = turn["words"]
        if not turn["end_of_turn"]:
            said = self._transcript(turn, " ".join(str(w["text"]) for w in words))
            self._in_turn = self._in_turn or bool(said.text)
        else:
            said = self._transcript(turn, str(turn["transcript"]).strip())
            if not self._formats or turn["turn_is_formatted"] or not said.text:
                self._turn, self._in_turn = order + 1, False
                if self._ends or said.text:
                    yield self._final(said)
                return
            self._turn, self._unformatted = order, said
        if said.text:
            yield Transcript(said.text, False, said.start_s, said.end_s, said.language, said.confidence)

    def _transcript(self, turn: dict[str, Any], text: str) -> Transcript:
        words = turn["words"]
        if not words:
            return Transcript(text, True, language=self._language)
        start_s, end_s = words[0]["start"] / 1000, words[-1]["end"] / 1000
        sure = sum(float(w["confidence"]) for w in words) / len(words)
        return Transcript(text, True, start_s, end_s, turn.get("language_code") or self._language, sure)

    def _final(self, said: Transcript) -> Transcript:
        if self._unformatted is said:
            self._turn += 1
        self._in_turn, self._unformatted = False, None
        if self._ends:
            self._answered_until_s = self._ends.at_s[0]
        is_asked = self._ends.answered()
        self._expect()
        return Transcript(said.text, True, said.start_s, said.end_s, said.language, said.confidence, not is_asked)

    def _expect(self) -> None:
        """A sound without words ends no turn, and no answer comes."""
        if not self._ends:
            return
        sound_s = self._ends.at_s[0] - self._answered_until_s
        if sound_s <= NOTHING_S:
            self._ends.within(0.0)
        elif self._unformatted is not None:
            self._ends.within(FORMATTING_S)
        elif self._in_turn or not self._has_begun or sound_s > WORDLESS_S:
            self._ends.within(None)
        else:
            self._ends.within(PATIENCE_S)


def failure_of(code: Any) -> ProviderFailed:
    """The failure that an error message stands for, by its number: the rest is prose and stays behind."""
    if code in REFUSED:
        return ProviderRefused("The provider refuses our key or our request.", close_code=code)
    if code in BUSY:
        return ProviderBusy("The provider asks us to slow down.", close_code=code)
    return ProviderFailed("The provider had an error of its own.", close_code=code if isinstance(code, int) else None)


def languages_of(capability: Capability, model: str) -> frozenset[str] | None:
    return LANGUAGES.get(model)


VENDOR = Vendor(
    "assemblyai",
    url="https://streaming.assemblyai.com",
    auth="authorization: {key}",
    headers={"assemblyai-version": "2025-05-12"},
    stt=Listen,
    languages={"stt": WHISPERED},
    model_languages=languages_of,
    by_socket=frozenset({"stt"}),
    models={"stt": "universal-3-5-pro"},
    formats={"stt": ("pcm_s16le",)},
    options=PASSED_ON,
)
