"""What the agent says to a red flag, in the patient's language, before and whatever a model would say."""

from dataclasses import dataclass

from auricle.safety.redflags import RedFlag, Watch, default_watch

EMERGENCY_NUMBER = "112"  # an ambulance in India and Europe
HELPLINE = "14416"  # Tele-MANAS, where people in a mental-health crisis are heard in India
SETTLED_WORDS = 2  # in verb-final languages the "not" follows: an interim counts once so many words came after it


@dataclass(frozen=True, slots=True)
class EmergencyScript:
    """What to say, and why. `start`/`end` are where in the searched text the red flag stands."""

    category: str
    urgency: str  # "emergency": an ambulance; "crisis": a helpline and a person; "urgent": a clinic today
    text: str
    language: str
    start: int
    end: int
    is_settled: bool  # nothing that is still to come in this sentence is likely to deny it


def emergency(
    text: str, language: str, *, number: str = EMERGENCY_NUMBER, helpline: str = HELPLINE, watch: Watch | None = None
) -> EmergencyScript | None:
    """The script for the gravest red flag in the text, or None.

    Args:
        number: where an ambulance is called.
        helpline: where people in a mental-health crisis are heard.
    """
    watch = watch or default_watch()
    flag = watch.search(text)
    return script_for(flag, text, language, number=number, helpline=helpline, watch=watch) if flag else None


def script_for(flag: RedFlag, text: str, language: str, *, number: str, helpline: str, watch: Watch) -> EmergencyScript:
    scripts = watch.scripts(language)
    words = scripts.get(flag.category) or scripts[flag.urgency]
    said = words.format(number=_digit_by_digit(number), helpline=_digit_by_digit(helpline))
    settled = len(text[flag.end :].split()) >= SETTLED_WORDS
    return EmergencyScript(flag.category, flag.urgency, " ".join(said.split()), language, flag.start, flag.end, settled)


def _digit_by_digit(number: str) -> str:
    return " ".join("".join(number.split()))
