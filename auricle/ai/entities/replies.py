"""What a reply says about each thing that a yes/no question asked.

"Any pain, fever or dizziness?" – "no": all three are denied. "No fever": only fever. "No, just the dizziness": pain and
fever are denied, dizziness is told by the patient. "I don't know": nothing is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from auricle.ai.entities.assertion import Answer, find_cues, negated_words
from auricle.ai.entities.lexicon import cue_phrases, lexicon
from auricle.ai.tokens import Token, phrase_at

FINDINGS = frozenset({"symptom", "problem", "hearing", "procedure", "device", "drug"})
_BARE = frozenset(
    {"no", "nope", "nah", "none", "nothing", "neither", "yes", "yeah", "yep", "yup", "haan", "nahi", "nahin"}
)
_DETERMINED = frozenset({"more", "other", "such", "real", "significant", "any", "problems", "with"})
_SUBJECT_REACH = {"i": 4, "i've": 4, "it": 2, "there": 2, "we": 3}  # words until its negation
_SHORT = 6  # words of a reply that a Hindi "nahi" at its end denies


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, thing by thing. `named` holds what it names of the things asked: name → is it denied."""

    whole: Answer = "unclear"  # about things that it does not name
    named: Mapping[str, bool] = field(default_factory=dict)
    drugs: frozenset[str] = frozenset()  # which of the asked things are drugs
    denied_as: frozenset[str] = frozenset()  # names by which it denies an asked thing ("no pain" of "ear pain")
    lead_end: int = 0  # where its bare "yes" or "no" ends in the text

    def denies(self, name: str) -> bool | None:
        """True: denied; False: affirmed; None: not told."""
        if name in self.named:
            return self.named[name]
        if self.whole == "unclear":
            return None
        said_no = self.whole == "no"
        # "no fever", asked about four things, is silent on the rest; "no, only fever" is not
        rivals = [denied for other, denied in self.named.items() if (other in self.drugs) is (name in self.drugs)]
        return None if any(denied is said_no for denied in rivals) else said_no

    @property
    def tells(self) -> bool:
        return self.whole != "unclear" or bool(self.named)


@dataclass(frozen=True, slots=True)
class _Lead:
    says: Answer
    bare: bool  # "no", "yes": says it by itself, whatever follows
    end: int  # token index after it


def read_reply(asked: frozenset[str], pieces: Sequence[Sequence[Token]], drugs: frozenset[str] = frozenset()) -> Reply:
    """Read the reply, as the words of its clauses, to a question about `asked`: findings, some of them drugs."""
    first = next((stream for stream in pieces if stream), ())
    lead = _lead(first)
    named: dict[str, bool] = {}
    denied_as: set[str] = set()
    others = False
    mentions = list(_mentions(pieces))
    exact = asked.intersection(name for name, _ in mentions)
    for name, denied in mentions:
        matches = [name] if name in asked else _related(asked - exact, name, denied)
        others = others or not matches
        for match in matches:
            named[match] = denied and named.get(match, True)
            if denied:
                denied_as.add(name)
    about_others = others and not named and not lead.bare  # "i have a headache" does not answer "any fever?"
    return Reply(
        whole="unclear" if about_others else lead.says,
        named=named,
        drugs=drugs & asked,
        denied_as=frozenset(denied_as),
        lead_end=first[lead.end - 1].end if lead.bare and lead.end else 0,
    )


def answers_barely(pieces: Sequence[Sequence[Token]]) -> bool:
    """Does the reply begin with a "yes" or "no" that stands by itself?"""
    return _lead(next((stream for stream in pieces if stream), ())).bare


def _mentions(pieces: Iterable[Sequence[Token]]) -> Iterable[tuple[str, bool]]:
    for stream in pieces:
        denied = negated_words(stream)
        for mention in lexicon().mentions(stream):
            if mention.term.kind in FINDINGS:
                yield mention.term.name, mention.first in denied


def _related(asked: frozenset[str], name: str, denied: bool) -> list[str]:
    """The asked things that a named one is the general or, where it affirms them, the special word of."""
    words = set(name.split())
    general = [a for a in asked if words < set(a.split())]
    special = [a for a in asked if words > set(a.split())] if not denied else []
    return general + special


def _lead(stream: Sequence[Token]) -> _Lead:
    """What the first words say: a bare yes or no, or the beginning of a sentence ("i have never …")."""
    start = _after_fillers(stream)
    rest = stream[start:]
    if not rest or find_cues(rest[:8], "answers", "unsure"):
        return _Lead("unclear", False, 0)
    if _denies_in_sentence(rest):
        return _Lead("no", False, 0)
    readings: tuple[Answer, ...] = ("no", "yes")
    for says in readings:
        length = max((len(p) for p in cue_phrases("answers", says) if phrase_at(rest, 0, p)), default=0)
        if length and not _is_determiner(rest, length):
            return _Lead(says, rest[0].word in _BARE, start + length)
        if length:
            return _Lead("unclear", False, 0)
    if len(rest) <= _SHORT and rest[-1].word in {"नहीं", "नही", "nahi", "nahin"}:
        return _Lead("no", False, 0)
    return _Lead("unclear", False, 0)


def _denies_in_sentence(rest: Sequence[Token]) -> bool:
    """ "i have really never had one", "it doesn't"; but not "i don't think it's too bad"."""
    reach = _SUBJECT_REACH.get(rest[0].word)
    denials = find_cues(rest[: reach + 1], "negation", "before") if reach else []
    if not denials:
        return False
    following = [t.word for t in rest[denials[0].end : denials[0].end + 2]]
    return following[:1] != ["think"] or following == ["think", "so"]


def _after_fillers(stream: Sequence[Token]) -> int:
    fillers = {p[0] for p in cue_phrases("answers", "filler") if len(p) == 1}
    return next((i for i, token in enumerate(stream) if token.word not in fillers), len(stream))


def _is_determiner(rest: Sequence[Token], length: int) -> bool:
    """ "no fever": the "no" belongs to the fever."""
    if length != 1 or rest[0].word != "no":
        return False
    at = 1
    while at < len(rest) and rest[at].word in _DETERMINED:
        at += 1
    return any(m.first == at for m in lexicon().mentions(rest[: at + 4]))
