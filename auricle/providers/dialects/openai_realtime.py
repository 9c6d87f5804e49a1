"""OpenAI's realtime transcription session: words come while the speaker speaks, a final for each turn we commit.

The models made for it have no turn detection: our VAD says where a turn ends. Completions of several turns may come in
any order; `Turns`, a state machine without I/O, puts them back into that of the turns.
"""

import base64
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from auricle.providers.account import Account
from auricle.providers.dialects.live_audio import beside
from auricle.providers.dialects.openai_audio import MOST_TERMS, Ears
from auricle.providers.dialects.openai_chat import failure_in_stream
from auricle.providers.dialects.resample import Resampler
from auricle.providers.ports import EndOfSpeech, ProviderFailed, ProviderGarbled, Transcript, Usage
from auricle.providers.socket import ProviderSocket

RATE_HZ = 24_000  # the only one that a session takes as PCM
LEAST_TURN_S = 0.1  # committing less is an error; the rest is filled with silence
MOST_TURNS = 64  # that nobody has answered, and items heard of that are none of ours
MOST_CHARACTERS = 20_000  # of one turn

_SAID = "conversation.item.input_audio_transcription."


@dataclass(slots=True)
class _Turn:
    start_s: float
    end_s: float
    is_silent: bool  # nothing was heard in it: what a model makes of silence is no word of the speaker
    item: str | None = None
    final: str | None = None
    language: str | None = None


class Turns:
    """The turns that were committed and not yet answered, and what was heard of the one that goes on."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._waiting: deque[_Turn] = deque()
        self._texts: dict[str, str] = {}  # item → its words so far
        self._start_s = self._sent_s = 0.0
        self.is_ended = False  # there will be no more audio

    @property
    def is_over(self) -> bool:
        return self.is_ended and not self._waiting

    @property
    def usage(self) -> Usage:
        return Usage(audio_s=self._sent_s)

    def sent(self, seconds: float) -> None:
        self._sent_s += seconds

    def commit(self) -> float:
        """A turn ends here. How many seconds of silence are to be added before the vendor is told."""
        length_s = self._sent_s - self._start_s
        if len(self._waiting) >= MOST_TURNS:
            raise ProviderFailed("The provider answers no turn.")
        self._waiting.append(_Turn(self._start_s, self._sent_s, is_silent=length_s == 0.0))
        self._start_s = self._sent_s
        return max(0.0, LEAST_TURN_S - length_s)

    def event(self, event: Mapping[str, Any]) -> list[Transcript]:
        """What an event of the session says. Raises for those that tell of a failure."""
        try:
            kind = event["type"]
            if kind == f"{_SAID}delta":
                return self._interim(event["item_id"], event.get("delta") or "")
            if kind == f"{_SAID}completed":
                return self._completed(event["item_id"], event["transcript"].strip(), event.get("languages"))
            if kind == "input_audio_buffer.committed":
                self._committed(event["item_id"])
            if kind in ("error", f"{_SAID}failed"):
                raise failure_in_stream(event.get("error"))
            return []
        except (AttributeError, KeyError, TypeError):
            raise ProviderGarbled("The event does not have the form of a realtime session.") from None

    def _interim(self, item: str, delta: str) -> list[Transcript]:
        if item not in self._texts and len(self._texts) >= MOST_TURNS:
            self._texts.pop(next(iter(self._texts)))
        text = self._texts[item] = self._texts.get(item, "") + delta
        if len(text) > MOST_CHARACTERS:
            raise ProviderGarbled("The words of one turn are too many.", limit=MOST_CHARACTERS)
        turn = self._waiting[0] if self._waiting else _Turn(self._start_s, self._sent_s, is_silent=False)
        if turn.item not in (None, item) or turn.is_silent or not text.strip():
            return []  # the words of a later turn wait until this one is final
        return [Transcript(text.strip(), False, turn.start_s, turn.end_s, self._language)]

    def _committed(self, item: str) -> None:
        turn = next((t for t in self._waiting if t.item is None), None)
        if turn is not None:
            turn.item = item

    def _completed(self, item: str, text: str, languages: Any) -> list[Transcript]:
        self._texts.pop(item, None)
        turn = next((t for t in self._waiting if t.item == item), None)
        if turn is None:  # a server that does not tell what it has committed
            turn = next((t for t in self._waiting if t.item is None), None)
        if turn is None:
            return []
        turn.item, turn.final = item, "" if turn.is_silent else text
        turn.language = languages[0]["code"] if languages else self._language
        finals = []
        while self._waiting and self._waiting[0].final is not None:
            done = self._waiting.popleft()
            finals.append(Transcript(done.final or "", True, done.start_s, done.end_s, done.language))
        return finals


class LiveTranscriber:
    """Speech to text over one socket as long as the audio lasts."""

    def __init__(self, account: Account, ears: Callable[[str], Ears]) -> None:
        """`ears` gives those of a model by its name."""
        self._account, self._ears = account, ears

    async def transcribe(
        self,
        audio: AsyncIterator[bytes | EndOfSpeech],
        *,
        rate_hz: int,
        language: str,
        model: str | None,
        keyterms: Sequence[str] = (),
    ) -> AsyncGenerator[Transcript | Usage, None]:
        name = self._account.model("stt", model)
        transcription: dict[str, Any] = {"model": name, "language": language[:2]}
        if keyterms and self._ears(name).has_keywords:
            transcription["keywords"] = list(keyterms[:MOST_TERMS])
        turns = Turns(language)
        async with (
            self._account.socket("/realtime", params={"intent": "transcription"}) as socket,
            beside(socket, _tell(socket, audio, turns, rate_hz, transcription)),
            aclosing(socket.json()) as events,
        ):
            async for event in events:
                for transcript in turns.event(event):
                    yield transcript
                if turns.is_over:
                    break
            if not turns.is_over:
                raise ProviderFailed("The provider stopped listening.")
        yield turns.usage


async def _tell(
    socket: ProviderSocket,
    audio: AsyncIterator[bytes | EndOfSpeech],
    turns: Turns,
    rate_hz: int,
    transcription: Mapping[str, Any],
) -> None:
    """Set up the session, then send the audio and where its turns end."""
    heard = {
        "format": {"type": "audio/pcm", "rate": RATE_HZ},
        "transcription": dict(transcription),
        "turn_detection": None,
    }
    await socket.send_json(
        {"type": "session.update", "session": {"type": "transcription", "audio": {"input": heard}}},
    )
    resample = Resampler(rate_hz, RATE_HZ)
    async for piece in audio:
        if not isinstance(piece, EndOfSpeech):
            turns.sent(len(piece) / 2 / rate_hz)
            await _append(socket, resample(piece))
            continue
        silence_s = turns.commit()
        # One frame more than what lacks: the resampler still holds a few samples.
        await _append(socket, bytes(int((silence_s + 0.01) * RATE_HZ) * 2) if silence_s else b"")
        await socket.send_json({"type": "input_audio_buffer.commit"})
    turns.is_ended = True
    if turns.is_over:
        await socket.finish()


async def _append(socket: ProviderSocket, pcm: bytes) -> None:
    if pcm:
        await socket.send_json({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})
