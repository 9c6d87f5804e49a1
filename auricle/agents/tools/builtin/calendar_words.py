"""A time as it is said. Languages without names here get figures, which every voice can read."""

from collections.abc import Mapping, Sequence
from datetime import datetime

DAYS: Mapping[str, Sequence[str]] = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "hi": ("सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"),
    "mr": ("सोमवार", "मंगळवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार", "रविवार"),
}
MONTHS: Mapping[str, Sequence[str]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "hi": ("जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"),
    "mr": ("जानेवारी", "फेब्रुवारी", "मार्च", "एप्रिल", "मे", "जून", "जुलै", "ऑगस्ट", "सप्टेंबर", "ऑक्टोबर", "नोव्हेंबर", "डिसेंबर"),
}  # fmt: skip


def spoken_time(at: datetime, language: str) -> str:
    """ "Tuesday 24 November, 10:30", or "24/11/2026, 10:30" where we have no names of days."""
    language = language.split("-")[0].lower()
    clock = f"{at.hour}:{at.minute:02}"
    if language not in DAYS:
        return f"{at.day}/{at.month}/{at.year}, {clock}"
    return f"{DAYS[language][at.weekday()]} {at.day} {MONTHS[language][at.month - 1]}, {clock}"
