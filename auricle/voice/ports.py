"""What the voice engine needs from the outside: a channel to the person, and a few callables for the work.

The engine knows no socket, no database and no vendor. A channel turns its wire into `Incoming` events and offers the
sending methods of `Channel`; `Services` closes over providers, knowledge and storage.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from auricle.errors import AuricleError
from auricle.providers.call import Served
from auricle.providers.ports import (
    Audio,
    Capability,
    ChatMessage,
    EndOfSpeech,
    TextDelta,
    Timings,
    ToolCall,
    Transcript,
    Usage,
)
from auricle.safety.respond import EmergencyScript
from auricle.voice.visemes import Viseme


# ── what comes in ─────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class AudioIn:
    """PCM16 little-endian mono at the channel's rate, any length up to two seconds."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class TextIn:
    """A typed turn inside a voice session."""

    text: str


@dataclass(frozen=True, slots=True)
class Played:
    """The client has played everything up to this mark."""

    mark: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The person pressed 'stop talking'."""


@dataclass(frozen=True, slots=True)
class Digit:
    """A key of the phone: `0`-`9`, `*`, `#` or `A`-`D`."""

    digit: str


@dataclass(frozen=True, slots=True)
class End:
    """The person is done. A channel that vanishes may also just end its iterator."""


Incoming = AudioIn | TextIn | Played | Interrupt | Digit | End


class ChannelClosed(Exception):
    """Raised by a channel's methods when the client is gone: a normal end of the session."""


# ── what goes out ─────────────────────────────────────────────────────────────────────────────────────────────────
class Channel(Protocol):
    """One live connection. Several tasks of a session send, so every method must put one whole message on the wire.

    A method may block for as long as the client is slow, within the channel's own bound; `ChannelClosed` ends
    the session as a hang-up does, anything else as a failure.
    """

    @property
    def rate_hz(self) -> int:
        """Rate of the audio in both directions: 8000 or 16000."""
        ...

    @property
    def frame_s(self) -> float:
        """Length of one piece of outgoing audio, in seconds."""
        ...

    @property
    def sound(self) -> bool:
        """Whether this client plays sound. Else no speech is made: an answer is heard once its words are sent."""
        ...

    @property
    def visemes(self) -> bool:
        """Whether this client shows a mouth that speaks."""
        ...

    async def send_audio(self, pcm: bytes, visemes: Sequence[Viseme] = ()) -> None:
        """Send PCM16 mono at `rate_hz`: one frame, shorter at a sentence's end.

        `visemes` are on the clock of this frame, reach beyond it, and are only given where the client shows a mouth.
        """
        ...

    async def send_mark(self, name: str) -> None:
        """Ask the client to answer `Played(name)` once everything sent before was played."""
        ...

    async def clear(self) -> None:
        """Have the client drop all audio that it has not played yet, and expect no more of the answer under way."""
        ...

    async def send_transcript(self, text: str, *, is_final: bool) -> None: ...

    async def send_reply(self, text: str, *, is_final: bool) -> None:
        """Send a delta of the agent's answer, or at its end (`is_final`) the whole of it."""
        ...

    async def send_metrics(self, turn_id: UUID, waterfall_ms: Mapping[str, float]) -> None: ...

    async def send_error(self, error: AuricleError) -> None: ...


class Tap(Protocol):
    """Sees the sound of a session as it passes: a recording, an onlooker. Both methods return at once and never raise.

    `at_s` is on the clock of the audio received, so both sides share one time line.
    """

    def heard(self, pcm: bytes, at_s: float) -> None:
        """PCM16 of the person at the channel's rate, as it came; `at_s` is where it begins."""
        ...

    def said(self, pcm: bytes, at_s: float) -> None:
        """PCM16 of the agent or of staff, just sent; `at_s` is when the person hears it begin."""
        ...

    def cleared(self, at_s: float) -> None:
        """What was sent but not yet heard at `at_s` will not be heard."""
        ...


# ── one turn ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Turn:
    """What the person said, and the conversation before it as they heard it."""

    turn_id: UUID
    text: str
    language: str
    kind: Literal["voice", "text"]
    history: Sequence[ChatMessage]  # assistant messages hold what was heard, not what was generated
    trivial: bool  # "ok", "yes": no retrieval needed
    confirmed: asyncio.Event  # set once the transcript is final: wait for it before a tool that has side effects


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim piece of the knowledge that the answer rests on."""

    chunk_id: str
    document_id: str
    title: str
    quote: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class EndCall:
    """The agent ends the call once its answer is played."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class HandOver:
    """The agent hands over to a human once its answer is played."""

    reason: str = ""


ReplyPiece = TextDelta | Citation | EndCall | HandOver | Served | Usage | ToolCall  # calls: of a program's own tools
HeardPiece = Transcript | Served | Usage
SpokenPiece = Audio | Timings | Served | Usage


@dataclass(frozen=True, slots=True)
class Prepared:
    """Words with their speech, rendered before any call needed them."""

    text: str
    audio: Audio


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One exchange as it happened. The same `turn_id` may be handed over twice; keep one."""

    turn_id: UUID
    kind: Literal["greeting", "voice", "text", "staff"]  # "staff": the answer is what a member of staff said
    language: str
    at: datetime  # UTC, when the person's turn ended
    user_text: str
    started_s: float | None  # of the person's speech, on the clock of the audio received
    ended_s: float | None
    answer_text: str  # all that was generated
    heard_text: str  # the part that was played, or sent to a client that plays no sound
    reply_started_s: float | None  # of the agent's speech, on the same clock
    reply_ended_s: float | None
    interrupted: bool
    citations: tuple[Citation, ...]
    waterfall_ms: Mapping[str, float]  # step → milliseconds after the end of speech
    red_flag: EmergencyScript | None
    errors: tuple[str, ...]  # codes
    served: Mapping[Capability, Sequence[Served]] = field(default_factory=dict)  # by whom, in the order they began


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session is over."""

    kind: Literal["client", "agent", "hand_over", "too_long", "failed"]
    reason: str = ""


def unguarded(sentence: str, language: str, before: str) -> str:
    return sentence


def no_filler(language: str) -> Prepared | None:
    return None


async def no_alert(turn_id: UUID, script: EmergencyScript) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Services:
    """The work of a conversation. Generators are read under `aclosing`; all may be cancelled at any await."""

    transcribe: Callable[[AsyncIterator[bytes | EndOfSpeech], int, str], AsyncGenerator[HeardPiece, None]]
    answer: Callable[[Turn], AsyncGenerator[ReplyPiece, None]]
    speak: Callable[[str, str], AsyncGenerator[SpokenPiece, None]]  # (sentence, language)
    emergency: Callable[[str, str], EmergencyScript | None]  # (text, language); quick, searched in interims too
    record: Callable[[TurnRecord], Awaitable[None]]
    apology: Callable[[str], Prepared]  # (language)
    filler: Callable[[str], Prepared | None] = no_filler
    # (piece of a sentence, language, what of the sentence came before it) → what may be said in its place
    guard: Callable[[str, str, str], str] = unguarded
    alert: Callable[[UUID, EmergencyScript], Awaitable[None]] = field(default=no_alert)  # tells staff now
