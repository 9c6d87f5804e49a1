"""Utterances cut into clauses: statements, yes/no questions, open questions. Works without any punctuation."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from auricle.ai.entities.assertion import asks, find_cues
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Utterance
from auricle.ai.tokens import Clause, Token, clauses, tokens, words

ASKING = frozenset({"clinician", "assistant"})
_JOINING = frozenset({"and", "but", "so", "because", "then", "also"})
_SUBJECTS = frozenset(
    words(
        "i i'm i've i'd i'll my it it's we we're we'll you you're you've your he she they there there's "
        "that's this then let's the"
    )
)
_OPENING = frozenset(words("how what where when why which who"))  # "how | is your diabetes" is one question
_LONG_PIECE = 16  # words of a clause that may be cut at a conjunction
_LONGEST_PIECE = 120  # words; keeps the work linear in the text, whatever the text
_MIN_PIECE = 5
_MOST_CUTS = 24  # of a kind in one clause
_DENIAL_REACH = 5  # words of "no …" on one side of a "but"
_BEFORE_NO = frozenset(words("well uh um oh i i've have had got there is there's with"))
_PUNCTUATED = re.compile(r"[.?!।](?:\s|$)")
_ASKS_WHO = r"(?:i|we|you|it|this|that|there|they|the|my|your|a|any|anything|someone|somebody)"
_PATIENT_ASKS = re.compile(
    r"(?:(?:and|so|but|okay|ok|oh|well|um|uh|also|then|hello|hi|please|sorry|excuse me|doctor|thank you|thanks)[\s,]+)*"
    r"(?:(?:how(?:\s+\w+)?|(?:what|when|where|which|why|who)(?:\s+(?:time|else|about|exactly|kind of|sort of|next"
    r"|days?|hours?|documents?|tests?))?)\s+(?:should|do|does|can|could|is|are|will|would|did|must|may)\b"
    rf"|(?:can|could|should|will|would|does|is|are|may|shall|must|did|am)\s+{_ASKS_WHO}\b"
    r"|do (?:i|we|you|they|people|my)\b|(?:can|could|would|will) you\b|tell me\b|(?:what|how) about\b"
    r"|i (?:wanted|want|would like) to (?:ask|know)\b|(?:क्या|kya)\b)",
    re.I,
)
_TELLS = re.compile(
    r"(?:what|when|where|how|why)\s+(?:i|it|my|we|they|he|she)\b|which (?:is|are|was|did|does)\b", re.I
)  # "when it is cold", "which is fine"
_PATIENT_ASKS_NEXT = re.compile(
    r"(?:what|how|when|where|which|why)\s+(?:should|can|do|must|could)\s+(?:i|we|you)\b"
    r"|(?:should|can|could|may)\s+i\s+(?:take|eat|drink|drive|book|get|use|still|stop|come|have|go)\b"
    r"|do i (?:need|have to)\b|can you (?:tell|help|please)\b|is (?:it|this|that) (?:normal|serious|bad|dangerous)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One clause as a question or a statement, with its tokens."""

    clause: Clause
    stream: tuple[Token, ...]
    asked: str | None  # "polar", "wh" or None


def cut_pieces(utterance: Utterance) -> Iterator[Piece]:
    stream = tokens(utterance.text)
    starts = [t.start for t in stream]
    for clause in clauses(utterance.text):
        inside = tuple(stream[bisect_left(starts, clause.start) : bisect_left(starts, clause.end)])
        if utterance.speaker == "document" and len(inside) <= _LONGEST_PIECE:
            yield Piece(clause, inside, "polar" if clause.asked else None)
            continue
        cuts = [0, *_places(utterance, inside), len(inside)]
        for first, last in zip(cuts, cuts[1:], strict=False):
            if part := inside[first:last]:
                piece = Clause(utterance.text[part[0].start : part[-1].end], part[0].start, part[-1].end, clause.asked)
                asked = asks(part, clause.asked and last == len(inside))
                yield Piece(piece, part, None if _is_written_statement(utterance, clause) else asked)


def _is_written_statement(utterance: Utterance, clause: Clause) -> bool:
    """The assistant punctuates: its "Any pain should be told." asks nothing."""
    return utterance.speaker == "assistant" and not clause.asked and _PUNCTUATED.search(utterance.text) is not None


def _places(utterance: Utterance, inside: Sequence[Token]) -> list[int]:
    """Where to cut a clause."""
    forced = range(_LONGEST_PIECE, len(inside), _LONGEST_PIECE)
    own: list[int] = []
    if utterance.speaker in ASKING:
        own = _question_starts(inside)
    elif utterance.speaker == "patient":
        own = [*_denial_places(inside)[:_MOST_CUTS], *_patient_question_places(utterance.text, inside)[:_MOST_CUTS]]
    return sorted({*own, *_breath_places(inside), *forced})


def _question_starts(stream: Sequence[Token]) -> list[int]:
    """Where a question begins inside an unpunctuated turn ("okay any fever or chills do you smoke")."""
    starts = [
        cue.start
        for cue in find_cues(stream, "question", "start")
        if cue.start >= 3
        and stream[cue.start - 1].word not in _OPENING
        and (cue.end - cue.start > 1 or stream[cue.start].word == "any")
    ]
    return [i for n, i in enumerate(starts) if n == 0 or i - starts[n - 1] > 2]


def _breath_places(stream: Sequence[Token]) -> list[int]:
    """Where a long unpunctuated turn goes on to its next thought ("… and i …", "… but my …")."""
    places: list[int] = []
    for index in range(_MIN_PIECE, len(stream) - _MIN_PIECE + 1):
        joined = stream[index].word in _JOINING and stream[index + 1].word in _SUBJECTS
        if len(stream) > _LONG_PIECE and joined and index - (places[-1] if places else 0) >= _MIN_PIECE:
            places.append(index)
    return places


def _denial_places(stream: Sequence[Token]) -> list[int]:
    """The "but" between a denial and what is told: "no nausea but i vomited", "a cough but no fever"."""
    return [
        index
        for index in range(1, len(stream) - 1)
        if stream[index].word == "but"
        and (
            _denies(stream[max(0, index - _DENIAL_REACH) : index])
            or _denies(stream[index + 1 : index + 1 + _DENIAL_REACH])
        )
    ]


def _denies(part: Sequence[Token]) -> bool:
    """ "no fever", "i have no fever", and nothing more before it."""
    at = next((i for i, token in enumerate(part) if token.word not in _BEFORE_NO), len(part))
    if len(part) < at + 2 or part[at].word != "no":
        return False
    return any(m.first <= at + 2 for m in lexicon().mentions(part[at + 1 :]))


def _patient_question_places(text: str, stream: Sequence[Token]) -> list[int]:
    return [i for i in range(3, len(stream) - 1) if _PATIENT_ASKS_NEXT.match(text, stream[i].start)]


def is_patients_question(piece: Piece) -> bool:
    """Does the patient ask here, rather than tell?"""
    text = piece.clause.text
    if piece.clause.asked and piece.asked == "polar":
        return True
    asked = _PATIENT_ASKS.match(text)
    return asked is not None and not _TELLS.match(text)
