"""What the ear made of one turn of the person."""

from dataclasses import dataclass

from auricle.providers.call import Served
from auricle.safety.respond import EmergencyScript


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn of the person. No text: they could not be understood."""

    text: str
    started_s: float  # on the clock of the audio
    ended_s: float
    ended_at: float  # on the session's clock
    script: EmergencyScript | None  # a red flag that was announced already
    failed: str | None  # code of what went wrong with the recognizer
    language: str | None = None  # the one that the recognizer heard, where it says so
    confidence: float | None = None  # of the recognizer in its words
    served: tuple[Served, ...] = ()  # the recognizers that heard it
