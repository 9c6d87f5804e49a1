"""Names, places and organizations told by the words around them ("my name is …", "i live in …", "मेरा नाम … है")."""

import re
from collections.abc import Iterator

from auricle.ai.privacy.spans import Span
from auricle.ai.privacy.vocabulary import cities, common_words, plain_script
from auricle.ai.tokens import LETTER, MASK, words

# Bounded, and only at a word's beginning: a text of one endless word must not cost a square of its length.
_NAME = rf"(?<!{LETTER})(?:{LETTER})(?:{LETTER}|[.'’-](?={LETTER})){{0,40}}"
_NAMES = rf"{_NAME}(?:[ \t]+{_NAME}){{0,3}}"
# Rank of certainty: after a strong cue every word up to a common word is a name; after a weak one it must also be
# capitalised, or no word that we know.
STRONG = (
    rf"\bmy (?:full |first |last |sur)?name(?: is|'s|’s)\s+({_NAMES})",
    rf"\b(?:the |her |his |your )?(?:full |first |last |sur)?name(?:'s|’s| is)\s+({_NAMES})",
    rf"\b(?:this is|i am|i'm|it's|hi|hello|dear|see|saw|with|by|and|for)?\s*\b(?:mr|mrs|ms|miss|dr"
    rf"|doctor|shri|smt|prof)\b\.?\s+({_NAMES})",
    rf"\b(?:patient(?:'s)?|customer|client|caller)\s+name\s*[:\-]\s*({_NAMES})",
    rf"\b(?:name(?: of (?:the )?patient)?|next of kin|emergency contact|insurance holder|guardian"
    rf"|referred by|attending|physician|dictated by|signed)\s*:\s*({_NAMES})",
    rf"\bcall me\s+({_NAMES})",
    rf"\b(?:spelled|spelt)\s+({_NAMES})",
    rf"(?:मेरा|मेरी|उनका|उसका|आपका|रोगी का|मरीज़ का|मरीज का|पूरा)\s*नाम\s*[:\-]?\s*({_NAMES})",
    rf"\bनाम\s*:\s*({_NAMES})",
    rf"(?:श्रीमती|श्री|डॉ\.?|डॉक्टर)\s+({_NAMES})",
    rf"नमस्ते,?\s+({_NAMES})",
    rf"({_NAME})\s+जी(?=[\s,।?]|$)",
    rf"मैं\s+({_NAME}(?:\s+{_NAME})?)\s+बोल",
)
WEAK = (
    rf"\bthis is\s+({_NAMES})\s+(?:speaking|here|calling)",
    rf"\b(?:hi|hello|hey|good morning|good afternoon|good evening|thank you|thanks|bye|dear|welcome"
    rf"|okay|alright)\s*,?\s+({_NAME}(?:[ \t]+{_NAME})?)",
    rf"\b(?:my|his|her)\s+(?:wife|husband|son|daughter|brother|sister|friend|neighbou?r|mother|father"
    rf"|partner|cousin|aunt|uncle|nephew|niece|boss)\s*,?\s+({_NAME}(?:[ \t]+{_NAME})?)",
    rf"\b(?:referring|referred|refer)\s+(?:you\s+)?(?:to\s+)?({_NAME}(?:[ \t]+{_NAME})?)",
    rf"\b(?:i am|i'm|this is|it's|it is)\s+({_NAME}(?:[ \t]+{_NAME}){{0,2}})(?=\s*(?:,|\.|$|and\b|from\b))",
    rf"^(?:yes|so|okay|and|well)?,?\s*({_NAME}),? (?:is|presents) (?:a|an)\b",
    rf"\b({_NAME}(?:[ \t]+{_NAME})?),? (?:is )?(?:a|an) \d{{1,3}}[\s-]year",
)
_PLACE = (
    rf"\b(?:i |we |they |he |she )?(?:live|lives|living|moved|reside|resides|stay|staying|born"
    rf"|settled)\s+(?:in|to|at|near)\s+({_NAMES})",
    rf"\b(?:i am|i'm|we are|from|comes)\s+from\s+({_NAMES})",
    rf"\bमैं\s+({_NAME})\s+(?:में|से)\b",
)
_ADDRESS = re.compile(
    rf"\b(?:(?:flat|house|plot|door|h\.?\s?no\.?|no\.?|apt\.?"
    rf"|apartment)\s*(?:no\.?\s*)?)?\d{{1,5}}[A-Za-z]?(?:/\d{{1,4}})?,?\s+(?:{_NAME}[\s,]+){{1,4}}"
    rf"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|nagar|marg|colony"
    rf"|layout|sector|chowk|circle|salai|vihar|enclave|way|plaza|terrace|place)\b\.?"
    rf"(?:,?\s+(?:apt|suite|unit"
    rf"|#)\.?\s*\w+)?(?:,\s*{_NAME}(?:\s+{_NAME})?){{0,3}}(?:[,\s-]+(?:[A-Z]{{2}}\s+)?\d{{5,6}}(?:-\d{{4}})?)?",
    re.IGNORECASE)  # fmt: skip
_ADDRESS_FIELD = re.compile(r"\b(?:address|residence)\s*(?:is|:)\s*([^\n;]{6,120}?)(?=\s{2,}|\n|;|$)", re.IGNORECASE)
_ORGANIZATION = re.compile(
    rf"\b((?:{_NAME}\.?[ \t]+(?:&[ \t]+)?){{1,6}})(hospitals?|(?:poly)?clinic|medical (?:cent(?:er|re)|college)"
    r"|nursing home|health ?care|(?:health|hearing|speech|eye|ear|dental|heart|cancer|diagnostic) cent(?:er|re)"
    r"|diagnostics|pharmacy|laboratories|insurance)\b",
    re.IGNORECASE,
)
# Words of what a house does, between its name and its kind ("Siliguri General Hospital", "Pall ENT & Hearing Centre").
_TRADE = frozenset(
    words(
        "general care city civil district memorial children's childrens women's womens ent ear eye dental heart "
        "hearing speech audiology speciality specialty multispeciality community university medical health and"
    )
)
_STRONG = tuple(re.compile(p, re.IGNORECASE) for p in STRONG)
_WEAK = tuple(re.compile(p, re.IGNORECASE | re.MULTILINE) for p in WEAK)
_PLACES = tuple(re.compile(p, re.IGNORECASE) for p in _PLACE)
_WORD = re.compile(_NAME)
# In writing a title tells that the word behind it is a name, whatever word it is ("Dr. Page").
_TITLED = re.compile(
    r"\b(?:Drs?|Mr|Mrs|Ms|Prof|Shri|Smt)\.?[ \t]+([A-Z][a-z'’-]{1,30}|[A-Z]['’][A-Z][a-z]{1,30})(?![\w'’])"
)


def cued(text: str) -> Iterator[Span]:
    """Names, places, addresses and organizations that the words around them announce."""
    for pattern in _STRONG:
        for match in pattern.finditer(text):
            yield from _leading(text, match.start(1), match.end(1), "PERSON", weak=False)
    for match in _TITLED.finditer(text):
        yield Span(match.start(1), match.end(1), "PERSON", 5)
    for pattern in _WEAK:
        for match in pattern.finditer(text):
            yield from _leading(text, match.start(1), match.end(1), "PERSON", weak=True)
    for pattern in _PLACES:
        for match in pattern.finditer(text):
            yield from _leading(text, match.start(1), match.end(1), "LOCATION", weak=False)
    for match in _ADDRESS.finditer(text):
        yield Span(match.start(), match.end(), "ADDRESS", 4)
    for match in _ADDRESS_FIELD.finditer(text):
        yield Span(match.start(1), match.end(1), "ADDRESS", 4)
    yield from _organizations(text)
    yield from _cities(text)


def _leading(text: str, start: int, end: int, kind: str, *, weak: bool) -> Iterator[Span]:
    """The words from `start` up to the first that is no name."""
    last = start
    for word in _WORD.finditer(text, start, end):
        if not _may_be_name(word[0], weak=weak) or MASK.match(text, word.start() - 1):
            break
        last = word.end()
    if last > start:
        yield Span(start, last, kind, 5)


def _may_be_name(word: str, *, weak: bool) -> bool:
    known = word.lower() in common_words()
    if weak:
        return not known and (len(word) > 2)
    return not known and (len(word) > 1)


def _organizations(text: str) -> Iterator[Span]:
    for match in _ORGANIZATION.finditer(text):
        start: int | None = None
        for word in reversed(list(_WORD.finditer(text, match.start(1), match.end(1)))):
            if start is None and word[0].lower() in _TRADE:
                continue
            if word[0].lower() in common_words():
                break
            start = word.start()
        if start is not None:
            yield Span(start, match.end(), "ORGANIZATION", 4)


def _cities(text: str) -> Iterator[Span]:
    listed = cities()
    found = list(_WORD.finditer(text))
    for index, word in enumerate(found):
        pair = f"{word[0]} {found[index + 1][0]}" if index + 1 < len(found) else ""
        if plain_script(pair) in listed and text[word.end() : found[index + 1].start()] == " ":
            yield Span(word.start(), found[index + 1].end(), "LOCATION", 5)
        elif plain_script(word[0]) in listed:
            yield Span(word.start(), word.end(), "LOCATION", 5)
