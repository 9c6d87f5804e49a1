"""A turn with all that is known of it before it is answered."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from auricle.providers.call import Served
from auricle.safety.respond import EmergencyScript
from auricle.voice.ports import Turn


@dataclass(frozen=True, slots=True)
class Asked:
    """Where the turn came from, and what was already decided about its answer."""

    turn: Turn
    kind: Literal["greeting", "voice", "text", "staff"]
    ended_at: float  # on the session's clock: the end of speech
    stt_final_at: float | None = None
    started_s: float | None = None
    ended_s: float | None = None
    fixed_text: str | None = None  # a greeting, a canned reply, the words of staff
    script: EmergencyScript | None = None
    failed: str | None = None  # the person could not be understood because of this
    errors: tuple[str, ...] = ()
    heard_by: tuple[Served, ...] = ()
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
