"""A text read as what it means word by word: under which names, denied or not, and of whom.

It shares the vocabulary with the finder of entities and nothing else, so that the judge does not repeat its mistakes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.entities.measures import find_measures
from auricle.ai.hindi_numbers import HINDI
from auricle.ai.numbers import TENS, UNITS
from auricle.ai.soap.checks import vocabulary
from auricle.ai.soap.checks.vocabulary import stem, template_words
from auricle.ai.tokens import Token, clauses, tokens, words

NO = frozenset(
    words(
        "no not never none nothing neither nor nope nah without nil denies denied deny denying n't don't doesn't "
        "didn't haven't hasn't hadn't isn't aren't wasn't weren't won't can't cannot dont didnt havent doesnt "
        "nobody absent nahi nahin na नहीं नही ना"
    )
)
NO_AFTER = frozenset(words("nahi nahin नहीं नही"))
_NO_BEFORE = NO - NO_AFTER - {"na", "ना"}
_SPARED = (("no", "longer"), ("not", "only"), ("not", "just"), ("no", "doubt"), ("not", "sure"), ("no", "problem"),
           ("nothing", "more"), ("no", "matter"), ("none", "of"), ("no", "sorry"), ("no", "actually"))  # fmt: skip
_ENDS_DENIAL = frozenset(
    words(
        "but except only just yes yeah however although though reports reported apart because besides which until "
        "unless despite endorses positive than lekin magar लेकिन मगर"
    )
)
_STARTS_CLAUSE = frozenset(words("i i'm i've i'd he she they she's he's there we we'll we're"))
_MAYBE_OBJECTS = frozenset(words("you you're you've it it's that's patient"))
_BEFORE_SUBJECT = frozenset(words("and so but because then since when if while where as okay yeah though really"))
_FILLERS = frozenset(words("um uh like er ah oh well you know"))
_THINKS = frozenset(words("think believe feel suppose know says said thinks states that"))
_HINDI_VERBS = frozenset({"है", "हैं", "hai", "hain", "था", "थी"})
_FIRST_PERSON = frozenset(
    words("you your you're you've i i'm i've i'd me my मैं मुझे मेरा मेरी मेरे mujhe mera meri mere main patient patient's")
)
_REPORTS = frozenset(
    words(
        "says said say mentioned mentions asked hears heard thinks noticed notices told complains tells reports "
        "states wants brought sees"
    )
)
_JOINS = frozenset(words("and or but then while whereas aur और plus with"))
_THEY = frozenset(words("they them their they're they've themselves"))
_NUMBERS = frozenset({*UNITS, *TENS, *HINDI}) - {"one", "एक", "o", "oh"}
_SEEN = frozenset(words("identified seen noted present appreciated found detected observed palpable visible affected"))
_OWNERS = frozenset(words("my your his her"))
_PREPOSITIONS = frozenset(
    words("in of on to with from at under over for around near by about like into through off down")
)
_HE_OR_SHE = frozenset(words("he she he's she's his her they"))
_IS = frozenset(words("is was were are be been also all came back both"))
_BARE_NO = frozenset({"no", "nope", "nah"})
_LABEL = re.compile(r"[\w/ ,-]{2,40}:\s")
REACH = 12  # words of a denial


@dataclass(frozen=True, slots=True)
class Unit:
    """A word or phrase that means something, under every name it goes by."""

    keys: frozenset[str]
    words: tuple[frozenset[str], ...]  # the same for each of its words alone
    first: int  # token indexes in its clause
    last: int
    text: str
    kind: str  # of the lexicon's term; "" where it has none
    denied: bool
    turned: bool  # denies what it is made of ("afebrile")
    denier: int  # index of the word that denies it; -1 without
    person: str  # "patient", or a relative


@dataclass(frozen=True)
class Part:
    """One clause, read."""

    text: str
    stream: tuple[Token, ...]
    units: tuple[Unit, ...]
    asked: bool

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(key for unit in self.units for key in unit.keys)

    @cached_property
    def content(self) -> tuple[Unit, ...]:
        """Its units without those of a label in front ("Musculoskeletal: …"), where anything follows it."""
        label = _LABEL.match(self.text)
        after = tuple(u for u in self.units if label and self.stream[u.first].start >= label.end())
        return after or self.units

    @cached_property
    def segments(self) -> list[tuple[int, int]]:
        """Token ranges between commas, semicolons, "and", "but"."""
        if not self.stream:
            return []
        cuts = [0]
        for index, token in enumerate(self.stream[1:], start=1):
            gap = self.text[self.stream[index - 1].end : token.start]
            if token.word in _JOINS or any(mark in gap for mark in ",;:/"):
                cuts.append(index)
        return list(zip(cuts, [*cuts[1:], len(self.stream)], strict=True))


def read(text: str, *, note: bool = False) -> list[Part]:
    """The clauses of a text. In a note "they" is the patient."""
    parts: list[Part] = []
    person = "patient"
    for clause in clauses(text):
        stream = tuple(tokens(clause.text))
        goes_on = not note and bool(stream) and stream[0].word in _HE_OR_SHE  # "my mom was healthy. She died old."
        persons = _persons(stream, note, person if goes_on else "patient")
        person = persons[-1] if persons else person
        parts.append(Part(clause.text, stream, tuple(_units(clause.text, stream, persons)), clause.asked))
    return parts


def _units(text: str, stream: Sequence[Token], persons: Sequence[str]) -> Iterator[Unit]:
    """What means something, in order; numbers are compared by themselves."""
    measured = [(m.start, m.end) for m in find_measures(text)]
    terms = {m.first: m for m in lexicon().mentions(stream)}
    denied = denied_words(text, stream)
    at = 0
    while at < len(stream):
        token, term = stream[at], terms.get(at)
        hits = list(vocabulary.same().at(stream, at))
        last = max([at, *(h.last for h in hits), *([term.last] if term else [])])
        whole = {h.name for h in hits if h.last == last}
        if term is not None and term.last == last:
            whole.add(term.term.name)
        counted = any(s <= token.start < e for s, e in measured)
        if counted or (last == at and not whole and token.word in template_words()):
            at += 1
            continue
        singly = tuple(_word_keys(stream, index) for index in range(at, last + 1))
        hidden = vocabulary.denied_by_itself(token.word)
        yield Unit(
            keys=frozenset(
                whole | (singly[0] if last == at else set()) | ({hidden, stem(hidden)} if hidden else set())
            ),
            words=singly,
            first=at,
            last=last,
            text=text[token.start : stream[last].end],
            kind=term.term.kind if term is not None and term.last == last else "",
            denied=(at in denied) is not bool(hidden),
            turned=bool(hidden),
            denier=denied.get(at, -1),
            person=persons[at],
        )
        at = last + 1


def _word_keys(stream: Sequence[Token], index: int) -> frozenset[str]:
    one = stream[index : index + 1]
    names = {h.name for h in vocabulary.same().at(one, 0)} | {h.name for h in vocabulary.relatives().at(one, 0)}
    return frozenset({stem(one[0].word), *names})


def is_denier(stream: Sequence[Token], index: int) -> bool:
    word = stream[index].word
    following = stream[index + 1].word if index + 1 < len(stream) else ""
    denies = word in _NO_BEFORE or (word.endswith("n't") and len(word) > 3) or (word == "negative" and following != "")
    corrected = word == "no" and (following.isdecimal() or following in _NUMBERS)  # "four hundred, no, five hundred"
    return denies and not corrected and (word, following) not in _SPARED


def denied_words(text: str, stream: Sequence[Token]) -> dict[int, int]:
    """Words under a denial, by index, with the denying word's: a list after it wholly, up to a new subject."""
    under: dict[int, int] = {}
    since: int | None = None
    backward = _backward(stream)
    for index in range(len(stream)):
        if index in backward:
            for at in _before(text, stream, index):
                under[at] = index
            since = None
            continue
        if is_denier(stream, index):
            since = index
            continue
        if _ends_denial(stream, index, since):
            since = None
        if since is not None and index - since <= REACH:
            under[index] = since
    return under


def _backward(stream: Sequence[Token]) -> frozenset[int]:
    """Denials of what stands before them: "बुखार नहीं", "invasion not identified"."""
    return frozenset(
        index
        for index, token in enumerate(stream)
        if token.word in NO_AFTER
        or (token.word == "not" and index and stream[index + 1 : index + 2] and stream[index + 1].word in _SEEN)
        or (token.word == "negative" and index and stream[index - 1].word in _IS)
    )


def _before(text: str, stream: Sequence[Token], denier: int) -> Iterator[int]:
    """The few words before it, up to a mark, a verb, or "but"."""
    for at in range(denier - 1, max(-1, denier - 5), -1):
        marked = any(mark in text[stream[at].end : stream[at + 1].start] for mark in ",;")
        if marked or stream[at].word in _HINDI_VERBS | _ENDS_DENIAL:
            return
        yield at


def _ends_denial(stream: Sequence[Token], index: int, since: int | None) -> bool:
    word, following = stream[index].word, stream[index + 1].word if index + 1 < len(stream) else ""
    at = index - 1
    while at > 0 and stream[at].word in _FILLERS:
        at -= 1
    before, first = stream[at].word if at >= 0 else "", at == since
    if word in _ENDS_DENIAL or (word == "so" and not first):
        return True
    if word in _OWNERS:
        return before in _BARE_NO if first else before not in _PREPOSITIONS
    if word in _MAYBE_OBJECTS:
        return following != "know" and (before in _BEFORE_SUBJECT or (first and before in _BARE_NO))
    goes_on = before in _THINKS or (first and before not in _BARE_NO)
    return word in _STARTS_CLAUSE and not goes_on


def _persons(stream: Sequence[Token], note: bool, current: str) -> list[str]:
    """Of whom each word speaks: the nearest person named before it; who only reports is not meant."""
    names = {hit.first: hit.name for hit in vocabulary.relatives().hits(stream)}
    told = []
    for index, token in enumerate(stream):
        if (token.word in _FIRST_PERSON or (note and token.word in _THEY)) and index + 1 not in names:
            current = "patient"
        elif index in names:
            reports = any(t.word in _REPORTS for t in stream[index + 1 : index + 5])
            current = "patient" if reports else names[index]
        told.append(current)
    return told


def persons_in(parts: Sequence[Part]) -> list[frozenset[str]]:
    """Each relative who is named, under every name ("child": son and daughter)."""
    found: list[frozenset[str]] = []
    for part in parts:
        by_place: dict[int, set[str]] = {}
        for hit in vocabulary.relatives().hits(part.stream):
            by_place.setdefault(hit.first, set()).add(hit.name)
        found += [frozenset(names) for names in by_place.values()]
    return found
