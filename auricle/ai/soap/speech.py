"""What is said around a fact and is no part of it: fillers, stutters, openings, tails, broken ends."""

import re

from auricle.ai.entities.measures import SPANS, find_measures
from auricle.ai.hindi_numbers import HINDI, HINDI_SCALES
from auricle.ai.numbers import SCALES, TENS, UNITS
from auricle.ai.tokens import words

_NEGATION = r"do|does|did|is|are|was|were|have|has|had|could|would|should|ca|wo|ai"
_SPLIT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), whole)
    for pattern, whole in (
        (rf"\b({_NEGATION}) n't\b", r"\1n't"),
        (r"\b(?:gon na|gonna)\b", "going to"),
        (r"\b(?:wan na|wanna)\b", "want to"),
        (r"\b(?:got ta|gotta)\b", "got to"),
        (r"\b(\w+) ('(?:s|m|re|ve|ll|d)\b)", r"\1\2"),
    )
)
_FILLERS = re.compile(
    r"(?<![\w'])(?:hey ?,? dragon|um+|uh+|er+|ah|hmm+|mm-hmm|uh-huh|you know(?! (?:if|what|how|that|when|where"
    r"|why|who)\b)"
    r"|you know what(?=\s*,)|i mean|kind of like|kinda|kind of|sort of|basically|gosh|like ,"
    r"|(?<=,) like(?= ,))(?![\w'-])\s*,?\s*",
    re.I,
)
# "no", "right", "well" carry facts ("no fever", "right ear", "well controlled"): only with a comma or before "i".
_LEADING = re.compile(
    r"^(?:(?:yeah|yes|yep|okay|ok|alright|all right|so|and|but|or|oh|sure|then|also|hey dragon|actually|hi|mm"
    r"|hello|i guess|because)(?:\s*,\s*|\s+)|(?:perfect|great|good)\s*,\s*"
    r"|(?:no|right|well|now|like)(?:\s*,\s*|\s+(?=i\b|i'))+"
    r"|well\s+(?=only\b|just\b|some\b|a\b|maybe\b))+",
    re.I,
)
_GREETING = re.compile(
    r"^(?:(?:good (?:morning|afternoon|evening)|hi|hello|namaste)[\s,]+(?:doctor[\s,]+)?)?"
    r"(?:my name is (?:\[PERSON_\d+\]\s*)+[\s,]*(?:and\s+)?)?",
    re.I,
)
_TRAILING_YES = re.compile(r"(?<=\w)[\s,]+(?:yes|yeah|yep)$", re.I)  # "cough yes"
_TAIL = re.compile(
    r"(?:[\s,]+(?:okay|ok|alright|all right|you know|doc|doctor|does that make sense|though|and all that|or anything"
    r"|and stuff(?: like that)?))+$",
    re.I,
)
_BROKEN_END = re.compile(
    r"(?:[\s,]+(?:(?:i am|we are|they are|i'm|we're) going|and|but|or|so|now|(?:is|think|know|sure|see|say|said"
    r"|and|so) that|if|because|to|with|of|the|a|an|my|your"
    r"|which|who|when i|when|where i|i|it was|which is|is|was|are|that i|and i (?:feel|just|think|feel like)|and i"
    r"|if you|like|then|just|go ahead|from|for|about|at|it is|there is|as|than|by))+$",
    re.I,
)
_NUMBER_WORDS = "|".join(sorted({*UNITS, *TENS, *SCALES, *HINDI, *HINDI_SCALES}, key=lambda w: (-len(w), w)))
_STUTTER = re.compile(
    rf"\b(?!(?:{_NUMBER_WORDS}|\d+)\b)([\w']+(?: [\w']+){{0,3}})(?:\s*,?\s+\1\b)+",
    re.I,
)
_REPEATED_HALF = re.compile(r"\b(?!t-tube)([a-z]{1,4})-\s?(?=\1)", re.I)  # "i-i think", "y-you", "we- we"
_CUT_OFF = re.compile(r"(?<!\S)[a-z']{1,12}-(?=\s|,|$)\s*,?\s*", re.I)  # "ex- exerting"
_DOUBLED_MARK = re.compile(r",(?:\s*,)+")
_SPACED_MARK = re.compile(r"\s+([,.;:?!%])(?!\d)")
_OUT_OF = re.compile(rf"\b({_NUMBER_WORDS}|\d+) out of ({_NUMBER_WORDS}|\d+)\b", re.I)
_YEARS_OLD = re.compile(
    r"\b(\d+)[\s-]+years?[\s-]+old(?=,?\s+(?:[\w-]+\s+){0,3}?(?:male|female|man|woman|boy|girl|gentleman|lady"
    r"|patient)\b)",
    re.I,
)
_FIGURE_FROM = 10  # smaller numbers are written as figures only with a unit


def clean(text: str) -> str:
    """Speech without its fillers and stutters; spacing as written text has it."""
    for pattern, joined in _SPLIT:
        text = pattern.sub(joined, text)
    text = _REPEATED_HALF.sub("", text)
    text = _GREETING.sub("", " ".join(text.replace("...", " ").replace("…", " ").split()))
    text = _LEADING.sub("", _FILLERS.sub("", text).strip(" ,."))
    text = _CUT_OFF.sub("", text)
    text = _STUTTER.sub(r"\1", _LEADING.sub("", _FILLERS.sub("", text).strip(" ,.")))
    return _TRAILING_YES.sub(
        "", _DOUBLED_MARK.sub(",", _SPACED_MARK.sub(r"\1", " ".join(text.split()))).strip(" ,.?!-")
    )


def whole(text: str) -> str:
    """Without a tail ("…, okay?") and without an end that leads nowhere ("… and if")."""
    while (shorter := _BROKEN_END.sub("", _TAIL.sub("", text)).rstrip(" ,.-")) != text:
        text = shorter
    return text


def figures(text: str) -> str:
    """ "Eighty milligrams" → "80 mg", "two out of six" → "2/6"; spans of time below ten stay words."""
    text = _OUT_OF.sub(lambda m: f"{_figure(m[1])}/{_figure(m[2])}", text)
    for measure in reversed(find_measures(text)):
        spoken = measure.number.spoken
        if measure.unit is None or measure.unit in SPANS:
            if spoken and measure.number.value >= _FIGURE_FROM:
                text = f"{text[: measure.number.start]}{measure.number.plain}{text[measure.number.end :]}"
        elif spoken or measure.unit not in text[measure.number.end : measure.end]:
            text = f"{text[: measure.start]}{measure.value}{text[measure.end :]}"
    return _YEARS_OLD.sub(r"\1-year-old", text)


def lowered(text: str) -> str:
    """ "Having pain" as it goes on after "Reports"; a name or an abbreviation keeps its capital."""
    return text[:1].lower() + text[1:] if text[:1].isupper() and _GOES_ON.match(text) else text


_GOES_ON = re.compile(r"(?!I\b)[A-Z](?:[a-z]*\b)(?![A-Z]) (?![A-Z])")


def _figure(word: str) -> str:
    return str(UNITS.get(word.lower(), TENS.get(word.lower(), word)))


_CAPITALS = re.compile(
    r"\b(?:mri|ct|ekg|ecg|copd|gerd|cbc|bmi|afib|hiv|uti|cad|chf|ent|er|a1c|iv|i|x-ray|x-rays|nsaids?|ibs|pcp"
    r"|cpap|tsh|psa|dvt)\b"
)


_WRITTEN = {"afib": "AFib", "x-ray": "x-ray", "x-rays": "x-rays", "nsaid": "NSAID", "nsaids": "NSAIDs", "a1c": "A1c"}


def sentence(text: str) -> str:
    """With its capitals and full stop."""
    text = _CAPITALS.sub(lambda m: _WRITTEN.get(m[0], m[0].upper()), text.strip(" ,.;"))
    return f"{text[:1].upper()}{text[1:]}." if text else ""


_NO_CONTENT = frozenset(
    words(
        "i you he she it they we the a an this that these those my your his her their our me him them us is am "
        "are was were be been being have has had do does did not no yes and or but so if when as of to in on at "
        "for from by with about all any some what which who how where there here then than will would can could "
        "should may might just also really very too know think thank thanks please okay ok right sure good great "
        "well going go get got see say said like let want try patient patient's reports report dr doctor mm hmm "
        "oh um uh anything something everything thing things way kind lot bit little now plan again up out back "
        "one actually much bye goodbye hello morning evening afternoon welcome"
    )
)
_LEADS_NOWHERE = re.compile(
    r"(?:to|with|of|for|at|by|from|on|in|or|than|which|because|until|where)\b(?! (?:exam|auscultation|palpation"
    r"|inspection))",
    re.I,
)
_SHORT = 7  # words; longer ones may begin with a preposition


def tells(text: str, named: bool) -> bool:
    """Does a rewritten clause stand by itself? `named`: it names something clinical."""
    said = [w.strip(",.;:").lower() for w in text.split()]
    content = sum(w not in _NO_CONTENT for w in said)
    if len(said) < _SHORT and _LEADS_NOWHERE.match(text):
        return False
    return content >= (1 if named else 2)


_TANGLED = re.compile(
    r"\b(?:do|did|does|is|are|was|has|have|feels?|the|a|an|of) (?:they|he|she|I)\b(?! (?:is|are|was"
    r"|were|has|have|had|does|do"
    r"|did|will|would|can|could|should|may|might|\w+(?:s|ed)|felt|went|got|took|could|never|also|just|then|not)\b)"
    r"|\b(?:they|he|she|it) (?:they|he|she|it)\b|\bthe (?:and|but|so)\b|[,;] (?:it|the|a|my|and|but)$",
    re.I,
)


def is_tangled(text: str) -> bool:
    """A sentence begun twice, which no rewriting makes whole: better quoted."""
    return _TANGLED.search(text) is not None
