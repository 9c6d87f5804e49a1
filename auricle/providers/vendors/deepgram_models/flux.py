"""Flux hears over `/v2/listen` and finds the ends of turns itself. Where we say that speech has ended, it is told so.

It takes that as the end of the turn under way, judged by the sound that it has transcribed by then, and ignores it
where no turn has begun. So it is told only once it has caught up; where it has and no turn has begun, nothing was said.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from auricle.providers.account import Account
from auricle.providers.dialects.live_audio import OVERDUE, Ends, beside
from auricle.providers.ports import EndOfSpeech, ProviderGarbled, Transcript, Usage, anonymous
from auricle.providers.socket import ProviderSocket
from auricle.providers.vendors.deepgram_models.terms import (
    base,
    failure_of,
    known_to,
    unknown_language,
    within_limits,
)

CAUGHT_UP_S = 0.6  # it transcribes in steps of about 0.25 s
PATIENCE_S = 0.5  # for a turn to begin in the last sound
NOTHING_S = 0.005

PASSED_ON = ("eot_threshold", "eager_eot_threshold", "eot_timeout_ms", "numerals")
FORCE = {"type": "ForceEndTurn"}


class Flux:
    """Speech to text by Flux, in English or in ten languages."""

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
        terms = within_limits(keyterms)
        params = self._params(self._account.model("stt", model), language, rate_hz, anonymous(terms))
        whole = terms if len(anonymous(terms)) < len(terms) else []
        ends = Ends()
        hearing = Hearing(language, ends)
        async with (
            self._account.socket("/v2/listen", params=params) as socket,
            beside(socket, _tell(socket, audio, rate_hz, hearing, ends, whole)),
            aclosing(ends.messages(socket)) as messages,
        ):
            async for message in messages:
                for transcript in hearing.hear(message):
                    yield transcript
                if hearing.is_to_be_told():
                    await socket.send_json(FORCE)
        yield Usage(audio_s=hearing.sent_s)  # it says no total of its own

    def _params(self, model: str, language: str, rate_hz: int, terms: Sequence[str]) -> dict[str, Any]:
        options, code = self._account.options, base(language)
        params: dict[str, Any] = {
            "model": model,
            "encoding": "linear16",
            "sample_rate": rate_hz,
            "mip_opt_out": options.get("mip_opt_out", "true"),
            **{name: options[name] for name in PASSED_ON if name in options},
        }
        known = known_to(model)
        if known is not None and code not in known:
            raise unknown_language(language, model)
        if model.endswith("-multi") and options.get("mixed_languages") != "true":
            params["language_hint"] = code
        if terms:
            params["keyterm"] = list(terms)
        return params


async def _tell(
    socket: ProviderSocket,
    audio: AsyncIterator[bytes | EndOfSpeech],
    rate_hz: int,
    hearing: "Hearing",
    ends: Ends,
    terms: Sequence[str],
) -> None:
    if terms:  # in place of those of the URL, in which no name of a patient may stand
        await socket.send_json({"type": "Configure", "keyterms": list(terms)})
    async for piece in audio:
        if isinstance(piece, EndOfSpeech):
            hearing.end()
            if hearing.is_to_be_told():
                await socket.send_json(FORCE)
            await ends.settled()  # what is said next belongs to the next turn; and closing would end none
        elif piece:
            await socket.send(piece)
            hearing.sent_s += len(piece) / 2 / rate_hz
    await socket.send_json({"type": "CloseStream"})


class Hearing:
    """What was heard of a stream so far. Messages in, transcripts out."""

    def __init__(self, language: str, ends: Ends) -> None:
        self.sent_s = 0.0
        self._language, self._ends = language, ends
        self._is_connected = False
        self._heard_until_s = 0.0
        self._answered_until_s = 0.0
        self._in_turn = False
        self._was_told = False  # of the oldest end
        self._shown = ""

    def end(self) -> None:
        """Speech has ended here."""
        self._ends.told(self.sent_s)
        self._expect()

    def is_to_be_told(self) -> bool:
        """Whether Flux is to be told of an end now: once, and again where a turn began only afterwards."""
        if self._was_told or not self._ends or self._is_empty() or not self._has_caught_up():
            return False
        self._was_told = True
        return True

    def hear(self, message: Any) -> Iterator[Transcript]:
        if message is OVERDUE:
            yield self._final(Transcript("", True, language=self._language))
            return
        try:
            kind = message["type"]
            self._is_connected = True
            if kind == "TurnInfo":
                yield from self._turn(message)
        except (KeyError, TypeError, IndexError, AttributeError, ValueError):
            raise ProviderGarbled("The provider's message does not have the form of a result.") from None
        if kind == "Error":
            raise failure_of(message)
        self._expect()

    def _turn(self, info: dict[str, Any]) -> Iterator[Transcript]:
        event, text = info["event"], str(info["transcript"]).strip()
        self._heard_until_s = max(self._heard_until_s, float(info["audio_window_end"]))
        if event == "EndOfTurn":
            is_own = info.get("trigger", "manual" if self._was_told else "model") != "manual"
            yield self._final(self._transcript(info, text, is_final=True, end_of_turn=is_own))
            return
        if not self._in_turn and (event == "StartOfTurn" or text):
            self._in_turn, self._was_told = True, False
        if text and text != self._shown:
            self._shown = text
            yield self._transcript(info, text, is_final=False)

    def _transcript(self, info: dict[str, Any], text: str, *, is_final: bool, end_of_turn: bool = False) -> Transcript:
        words = info["words"]
        start_s = words[0].get("start") if words else None
        sure = sum(float(w["confidence"]) for w in words) / len(words) if words else None
        language = (info.get("languages") or [self._language])[0]
        return Transcript(text, is_final, start_s, float(info["audio_window_end"]), language, sure, end_of_turn)

    def _final(self, said: Transcript) -> Transcript:
        self._in_turn, self._was_told, self._shown = False, False, ""
        if self._ends:
            self._answered_until_s = self._ends.at_s[0]
        if self._ends.answered():
            self._expect()
        return said

    def _is_empty(self) -> bool:
        """No sound came between this end and the one before."""
        return self._ends.at_s[0] - self._answered_until_s <= NOTHING_S

    def _has_caught_up(self) -> bool:
        return self._ends.at_s[0] - self._heard_until_s <= CAUGHT_UP_S

    def _expect(self) -> None:
        """Where no turn has begun, none is ended, and no answer comes."""
        if not self._ends or not self._is_connected:
            return
        if self._in_turn or not self._has_caught_up():
            self._ends.within(None)
        else:
            self._ends.within(0.0 if self._is_empty() else PATIENCE_S)
