"""Words that are meant for whoever writes the note rather than for the other person in the room.

"Write that I am healthy" is no finding, whatever a model makes of it. Clinicians do dictate, so their words count.
"""

import re

from auricle.ai.port import Utterance

# What makes a verb a request: it begins a sentence, or one of these words stands before it.
_ASKED = r"(?:(?:^|[.?!,:;\n])\s*|\b(?:please|you|and|then|must|should|now|just|can|could)\s+)"
_TO_THE_WRITER = re.compile(
    rf"{_ASKED}(?:ignore|disregard|forget|override)\b[^.?!\n]{{0,40}}\b(?:instructions?|rules?|prompts?)\b"
    rf"|{_ASKED}(?:ignore|disregard)\s+(?:all|everything|the|what is)?\s*(?:above|previous)\b"
    rf"|{_ASKED}(?:write|put|state|record|document|add|include|mention|say|note)\b[^.?!\n]{{0,30}}"
    r"\b(?:in|into|on|to)\b[^.?!\n]{0,12}\b(?:note|notes|record|records|report|chart|summary|letter)\b"
    rf"|{_ASKED}(?:write|record|document|state)\s+(?:down\s+)?that\b"
    r"|\b(?:system|developer)\s+(?:prompt|message)\b|(?:^|[.\n])\s*(?:system|assistant|developer)\s*:"
    r"|\byou are (?:now )?(?:an? )?(?:ai|assistant|language model|scribe)\b"
    r"|\b(?:new|updated) (?:instructions?|rules?)\b"
    r"|(?:नोट|रिपोर्ट|रिकॉर्ड)\s*(?:में|पर)\s*(?:यह\s*)?(?:लिख|दर्ज)"
    r"|(?:निर्देश|नियम)\S*\s*(?:को\s*)?(?:भूल|अनदेखा|नज़रअंदाज़)",
    re.IGNORECASE,
)


def is_to_the_writer(utterance: Utterance, start: int, end: int) -> bool:
    """Whether the span lies in a sentence by which somebody other than the clinician addresses the note's writer."""
    if utterance.speaker == "clinician":
        return False
    text = utterance.text
    return any(
        _sentence_start(text, m.start()) < end and start < _sentence_end(text, m.end())
        for m in _TO_THE_WRITER.finditer(text)
    )


def _sentence_start(text: str, at: int) -> int:
    return max(text.rfind(mark, 0, at) for mark in ".?!।\n") + 1


def _sentence_end(text: str, at: int) -> int:
    ends = [found for mark in ".?!।\n" if (found := text.find(mark, at)) >= 0]
    return min(ends) if ends else len(text)
