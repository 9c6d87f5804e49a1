"""What a clause shows of how much it matters and where it belongs: its words, what was asked, what it names."""

from collections.abc import Sequence

from auricle.ai.port import Entity
from auricle.ai.soap.answers import Around
from auricle.ai.soap.learned.linear import words_of

_MOST_WORDS, _MOST_ASKED, _MOST_BEFORE = 80, 40, 12
_PLACES, _LENGTHS, _MOST_NAMED = 10, 9, 4


def clues(around: Around, own: Sequence[Entity], position: float) -> list[str]:
    """Names of features. `position` is the clause's place in the source, 0 to 1; `own` are its entities."""
    piece, speaker = around.piece, around.turn.utterance.speaker
    who = "clinician" if speaker == "assistant" else speaker
    place = int(position * _PLACES)
    found = [f"who={who}", f"at={place}", f"{who}at={place}", f"asked={piece.asked}"]
    found.append(f"long={min(_LENGTHS, len(piece.stream) // 4)}")
    found += words_of([t.word for t in piece.stream[:_MOST_WORDS]])
    if around.answers is not None:
        asked = [t.word for p in around.answers.pieces if p.asked for t in p.stream]
        found += words_of(asked[:_MOST_ASKED], "q:")
    if around.before is not None and around.before.pieces:
        found += [f"b:{t.word}" for t in around.before.pieces[-1].stream[-_MOST_BEFORE:]]
    if index := around.turn.pieces.index(piece) if piece in around.turn.pieces else 0:
        found += [f"p:{t.word}" for t in around.turn.pieces[index - 1].stream]
    for entity in own:
        found += [f"k={entity.kind}", f"k={entity.kind}{entity.negated}{entity.time}", f"v={entity.value is not None}"]
    found.append(f"named={min(_MOST_NAMED, len(own))}")
    return found
