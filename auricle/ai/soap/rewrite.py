"""From what was said to what a note says: fillers out, the first person into the third. Facts are never touched."""

import re
from collections.abc import Sequence

_FILLERS = re.compile(
    r"(?<![\w'])(?:hey ?,? dragon|um+|uh+|er+|ah|hmm+|mm-hmm|uh-huh|you know|i mean|kind of like|kinda|sort of"
    r"|basically|gosh|like ,)(?![\w'])\s*,?\s*",
    re.I,
)
# "no", "right", "well" carry facts ("no fever", "right ear", "well controlled"): only with a comma or before "i".
_LEADING = re.compile(
    r"^(?:(?:yeah|yes|yep|okay|ok|alright|so|and|but|or|oh|sure|then|also|hey dragon|actually|hi"
    r"|hello|i think that|i guess|because)"
    r"(?:\s*,\s*|\s+)|(?:no|right|well|now|like|all right)(?:\s*,\s*|\s+(?=i\b|i'))+"
    r"|well\s+(?=only\b|just\b|some\b|a\b|maybe\b))+",
    re.I,
)
_GREETING = re.compile(
    r"^(?:(?:good (?:morning|afternoon|evening)|hi|hello|namaste)[\s,]+(?:doctor[\s,]+)?)?"
    r"(?:my name is (?:\[PERSON_\d+\]\s*)+[\s,]*(?:and\s+)?)?",
    re.I,
)
_TRAILING_YES = re.compile(r"(?<=\w)[\s,]+(?:yes|yeah|yep)$", re.I)  # "cough yes"
_STUTTER = re.compile(r"\b(\w+(?:'\w+)?)(?:\s*,?\s+\1\b)+", re.I)
_SPACED_MARK = re.compile(r"\s+([,.;:?!])")
_SPLIT_NEGATION = re.compile(r"\b(do|does|did|is|are|was|were|have|has|had|could|would|should|ca|wo) n't\b", re.I)
_ADVERBS = frozenset(
    [
        "just",
        "also",
        "really",
        "always",
        "usually",
        "still",
        "currently",
        "sometimes",
        "only",
        "actually",
        "mostly",
        "often",
        "basically",
        "probably",
        "definitely",
    ]
)
_UNCHANGED = frozenset(
    [
        "can",
        "can't",
        "could",
        "couldn't",
        "will",
        "won't",
        "would",
        "wouldn't",
        "should",
        "shouldn't",
        "might",
        "may",
        "must",
        "had",
        "hadn't",
        "was",
        "wasn't",
        "did",
        "didn't",
        "never",
        "took",
        "went",
        "got",
        "felt",
        "said",
        "told",
        "woke",
        "fell",
        "came",
        "saw",
        "thought",
        "broke",
        "hurt",
        "tried",
        "ate",
        "drank",
        "slept",
        "ran",
        "gave",
        "found",
        "lost",
        "kept",
        "left",
        "made",
        "knew",
        "began",
        "became",
        "heard",
        "used",
        "put",
        "quit",
        "cut",
        "let",
        "hit",
        "spent",
        "met",
        "read",
        "set",
        "sat",
        "stood",
        "brought",
        "bought",
        "caught",
        "taught",
        "not",
    ]
)
_IRREGULAR = {
    "have": "has",
    "haven't": "hasn't",
    "do": "does",
    "don't": "doesn't",
    "am": "is",
    "are": "is",
    "go": "goes",
}
_PRONOUNS = {"my": "their", "me": "them", "mine": "theirs", "myself": "themselves",
             "we": "they", "our": "their", "us": "them",
             "we're": "they are", "we've": "they have"}  # fmt: skip
_CONTRACTED = {"i'm": "i am", "i've": "i have", "i'd": "i would", "i'll": "i will"}
_ASKED_BEFORE = frozenset({"do", "did", "have", "are", "to", "that", "can", "will", "would", "if", "for", "and"})
_TO_PATIENT = {"your": "the patient's", "yours": "the patient's", "yourself": "themselves",
               "you're": "patient is", "you've": "patient has",
               "my": "the clinician's"}  # fmt: skip
_ORDER = re.compile(
    r"^(?:(?:i|we|you)(?:'m|'ll|'d| am| are| will| would)?\s+|let's\s+|let us\s+|please\s+)?"
    r"(?:(?:am |are )?(?:going|gon na|gonna)(?: to)?\s+|(?:also |just )*(?:want|like|need)\s+(?:you "
    r"|to |us )+(?:to )?|(?:do )?(?:recommend|advise|suggest)(?: that)?(?: you)?\s+"
    r"|should\s+|have to\s+|can\s+)?(?:(?:also|just)\s+)?(?:go ahead and\s+)?",
    re.I,
)


def clean(text: str) -> str:
    """Speech without its fillers and stutters; spacing as written text has it."""
    text = _SPLIT_NEGATION.sub(lambda m: m[1] + "n't", text)
    text = _GREETING.sub("", text)
    text = _LEADING.sub("", _FILLERS.sub("", text).strip())
    text = _STUTTER.sub(r"\1", _LEADING.sub("", text))
    return _TRAILING_YES.sub("", _SPACED_MARK.sub(r"\1", " ".join(text.split())).strip(" ,.-"))


def sentence(text: str) -> str:
    text = text.strip(" ,.;")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def third_person(text: str) -> str:
    """The patient's words about themselves: "i have ringing in my ear" → "Patient has ringing in their ear."."""
    said = [_CONTRACTED.get(w.lower(), w) for w in clean(text).split()]
    parts = " ".join(said).split()
    if not parts:
        return ""
    first = _first_subject(parts)
    rewritten = [_third(word) for word in parts]
    if first is None or first > 3:
        return sentence("Reports " + " ".join(rewritten))
    rewritten[first] = "patient"
    _conjugate(parts, rewritten, first + 1)
    return sentence(" ".join(rewritten))


def _first_subject(parts: Sequence[str]) -> int | None:
    return next((i for i, word in enumerate(parts) if word.lower() == "i"), None)


def _third(word: str) -> str:
    lower = word.lower().strip(",")
    if lower == "i":
        return "they" + word[1:]
    if lower == "am":
        return "are"
    return _PRONOUNS[lower] + word[len(lower) :] if lower in _PRONOUNS else word


def _conjugate(parts: Sequence[str], rewritten: list[str], at: int) -> None:
    while at < len(parts) and parts[at].lower().strip(",") in _ADVERBS:
        at += 1
    if at < len(parts):
        rewritten[at] = singular(parts[at])


def singular(verb: str) -> str:
    """The third person singular of an English verb; past forms and modals stay."""
    lower = verb.lower()
    if lower in _IRREGULAR:
        return _IRREGULAR[lower]
    if lower in _UNCHANGED or lower.endswith(("ed", "n't")) or not lower.isalpha() or not lower.isascii():
        return verb
    if lower.endswith(("s", "sh", "ch", "x", "z", "o")):
        return verb + "es"
    if lower.endswith("y") and lower[-2:-1] not in set("aeiou"):
        return verb[:-1] + "ies"
    return verb + "s"


def about_patient(text: str) -> str:
    """The clinician's words to the patient, as a note says them."""
    parts = clean(text).split()
    rewritten: list[str] = []
    for index, word in enumerate(parts):
        lower = word.lower().strip(",")
        if lower == "you":
            following = parts[index + 1].lower() if index + 1 < len(parts) else ""
            rewritten.append("patient" + word[3:])
            before = parts[index - 1].lower() if index else ""
            if following in _IRREGULAR and before not in _ASKED_BEFORE:
                parts[index + 1] = _IRREGULAR[following]
        else:
            rewritten.append(_TO_PATIENT.get(lower, word))
    return sentence(" ".join(rewritten))


def order(text: str) -> str:
    """ "i want you to start amoxicillin" → "Start amoxicillin."."""
    cleaned = clean(text)
    bare = _ORDER.sub("", cleaned, count=1)
    return about_patient(bare if len(bare.split()) >= 2 else cleaned)
