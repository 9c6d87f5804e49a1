"""What the words around a mention add to it: an instruction, a heading of a letter, a lay word that is an illness.

"Take ibuprofen", said by a clinician, is a plan; under "Past history:" everything is past; "sugar hai" is diabetes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from auricle.ai.entities.lexicon import Mention, Term
from auricle.ai.tokens import Token, words

Action = Literal["start", "continue", "stop", "increase", "decrease"]
Heading = Literal["family", "past", "planned"]
ORDERED = frozenset({"drug", "procedure", "device", "lab", "hearing"})
_ACTION_WORDS: dict[Action, str] = {
    "start": "start take use apply give put instil instill add try restart resume begin prescribe lijiye लीजिए",
    "continue": "continue keep",
    "stop": "stop avoid discontinue hold",
    "increase": "increase double",
    "decrease": "decrease reduce taper",
}
ACTIONS = {word: action for action, spoken in _ACTION_WORDS.items() for word in words(spoken)}
_ORDERS = frozenset(words("repeat check get book order send wear advise switch change"))
_SUBJECTS = frozenset(
    words("i you patient he she they it who patients people to do did does don't not never ever still also always "
          "currently can't cannot would had my your the a any last on off")
)  # fmt: skip
_REACH_WORDS = 24
_AFTER = re.compile(
    r"\b(?:advised|recommended|planned|is due|in (?:\w{1,20} ){1,2}(?:days|weeks|months|years)"
    r"|lijiye|lena hai|khaiye|karte hain|karenge|karwaiye|karwa li\w+|dijiye)\b"
    r"|लीजिए|लेना है|खाइए|डालिए|दीजिए|करवाइए|कराइए|करेंगे|करते हैं",
    re.IGNORECASE,
)
_HEADING = re.compile(r"\s*(?:[\w/&]+[ ]){0,4}[\w/&]+\s*:", re.UNICODE)
_HEADINGS: tuple[tuple[Heading, re.Pattern[str]], ...] = (
    ("family", re.compile(r"\s*(?:family\s+(?:medical\s+)?history|f/?h)\s*:", re.IGNORECASE)),
    ("past", re.compile(r"\s*(?:past|previous|p\.?m\.?h|psh)\b[^:\n]{0,40}:", re.IGNORECASE)),
    (
        "planned",
        re.compile(r"\s*(?:(?:treatment )?plan|advi[cs]ed?|recommendations?|follow[ -]?up)\s*:", re.IGNORECASE),
    ),
)


def action_on(stream: Sequence[Token], first: int) -> Action | Literal["order"] | None:
    """What an order does with the thing named at this word ("stop the …", "get an …"); None where nobody orders it."""
    for at in range(first - 1, max(-1, first - _REACH_WORDS), -1):
        word = stream[at].word
        if (word in ACTIONS or word in _ORDERS) and (at == 0 or stream[at - 1].word not in _SUBJECTS):
            return ACTIONS.get(word, "order")
    return None


def ordered_after(text: str) -> bool:
    """ "… hearing aid trial advised": the order stands behind."""
    return _AFTER.search(text) is not None


@dataclass(slots=True)
class Headings:
    """Follows the headings of a letter from clause to clause."""

    now: Heading | None = None
    _stays: bool = False  # the heading stood alone: it rules until the next one

    def read(self, clause: str, *, begins: bool) -> Heading | None:
        """The heading that rules this clause; `begins` where a new paragraph does."""
        if begins and not self._stays:
            self.now = None
        if heading := _HEADING.match(clause):
            self.now = next((kind for kind, named in _HEADINGS if named.match(clause)), None)
            self._stays = not clause[heading.end() :].strip()
        return self.now


_LAY = {"sugar": Term("problem", "diabetes"), "bp": Term("problem", "hypertension"),
        "शुगर": Term("problem", "diabetes"), "बीपी": Term("problem", "hypertension"),
        "pressure": Term("problem", "hypertension"), "thyroid": Term("problem", "hypothyroidism"),
        "cholesterol": Term("problem", "hyperlipidemia")}  # fmt: skip
_LAY_BEFORE = frozenset(words("for have has had got having without ya या or aur और no")) | {"i've"}
_LAY_AFTER = frozenset(words("hai hain tha thi nahi nahin ya patient problem है हैं था नहीं या की bimari"))
_COUNTED = re.compile(r"\d|hundred|level|check|reading|sau\b")


def is_counted(text: str) -> bool:
    """A number makes "sugar" and "pressure" a measurement."""
    return _COUNTED.search(text) is not None


def lay_illness(stream: Sequence[Token], at: int) -> Mention | None:
    """ "sugar hai", "i have bp", "tablets for pressure": the illness that a lay word means."""
    term = _LAY.get(stream[at].word)
    if term is None:
        return None
    before = stream[at - 1].word if at else ""
    after = stream[at + 1].word if at + 1 < len(stream) else ""
    told = after in _LAY_AFTER or (before in _LAY_BEFORE and stream[at].word != "thyroid" and not _goes_on(after))
    return Mention(term, at, at) if told else None


_ENDING = frozenset({"", *words("and or since for i but too also now aur ya so he she")})


def _goes_on(after: str) -> bool:
    """ "for sugar free", "for pressure ulcers": the word belongs to the next."""
    return after not in {
        "",
        "and",
        "or",
        "since",
        "for",
        "i",
        "but",
        "too",
        "also",
        "now",
        "aur",
        "ya",
        "so",
        "he",
        "she",
    }
