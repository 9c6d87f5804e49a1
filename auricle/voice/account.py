"""What became of one reply: its words and their sources, the errors, the times of its steps, and the record of all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from auricle.providers.call import Served, named_once
from auricle.providers.ports import Capability
from auricle.voice.asked import Asked
from auricle.voice.ports import Citation, TurnRecord

MAX_CITATIONS = 50


@dataclass(slots=True)
class Account:
    clock: Callable[[], float]
    audio_s: Callable[[], float]  # how much audio was received
    said: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    started_s: float | None = None  # of the agent's speech, on the clock of the audio received
    served: dict[Capability, tuple[Served, ...]] = field(default_factory=dict)
    _stamps: dict[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(self.said)

    def stamp(self, step: str) -> None:
        """Note when this step was reached for the first time."""
        self._stamps.setdefault(step, self.clock())

    def cite(self, citation: Citation) -> None:
        if len(self.citations) < MAX_CITATIONS:
            self.citations.append(citation)

    def serves(self, capability: Capability, by: Served) -> None:
        self.served[capability] = named_once(self.served.get(capability, ()), by)

    def sounds(self) -> None:
        self.stamp("first_speech")
        if self.started_s is None:
            self.started_s = self.audio_s()

    def record(self, asked: Asked, *, heard_text: str, interrupted: bool, first_sent_at: float | None) -> TurnRecord:
        turn = asked.turn
        return TurnRecord(
            turn_id=turn.turn_id, kind=asked.kind, language=turn.language, at=asked.at, user_text=turn.text,
            started_s=asked.started_s, ended_s=asked.ended_s, answer_text=self.text, heard_text=heard_text,
            reply_started_s=self.started_s, reply_ended_s=None if self.started_s is None else self.audio_s(),
            interrupted=interrupted, citations=tuple(self.citations),
            waterfall_ms=self._waterfall(asked, first_sent_at), red_flag=asked.script, errors=tuple(self.errors),
            served={"stt": asked.heard_by, **self.served} if asked.heard_by else dict(self.served),
        )  # fmt: skip

    def _waterfall(self, asked: Asked, first_sent_at: float | None) -> dict[str, float]:
        stamps = dict(self._stamps)
        if asked.stt_final_at is not None:
            stamps["stt_final"] = asked.stt_final_at
        if first_sent_at is not None:
            stamps["first_audio"] = first_sent_at
        return {step: round((at - asked.ended_at) * 1000, 1) for step, at in sorted(stamps.items(), key=_by_time)}


def unanswered(asked: Asked) -> TurnRecord:
    """The record of a turn that nobody answered."""
    nothing = Account(lambda: asked.ended_at, lambda: 0.0, errors=list(asked.errors))
    return nothing.record(asked, heard_text="", interrupted=False, first_sent_at=None)


def _by_time(stamp: tuple[str, float]) -> float:
    return stamp[1]
