"""Hearing care's own findings: audiograms, tympanograms, speech scores, reflexes, tinnitus matches, devices."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

from auricle.ai.entities.assertion import Side, find_cues
from auricle.ai.entities.audiogram import NO_RESPONSE, Audiogram, air_bone_gap, audiograms, mean_of, tables
from auricle.ai.entities.measures import find_measures
from auricle.ai.numbers import plain
from auricle.ai.port import Entity, Utterance
from auricle.ai.tokens import Token, tokens

_NEAR_WORDS = 5
_FAR_CHARS = 400  # a side named further away belongs to something else
_TYMPANOGRAM = re.compile(r"\btype\s+(a\s?s|a\s?d|b|c\s?[12]?|a)\b(?!\s+of)", re.IGNORECASE)
_TYMPANIC = re.compile(r"\btymp|immittance|impedance|middle ear", re.IGNORECASE)
_TYMPANIC_NUMBERS = (
    ("pressure", "daPa", re.compile(r"\bpressure\b\D{0,25}$", re.IGNORECASE)),
    ("compliance", "ml", re.compile(r"\b(?:compliance|admittance)\b\D{0,25}$", re.IGNORECASE)),
    ("volume", "ml", re.compile(r"\b(?:ear canal volume|canal volume|volume|vea|ecv)\b\D{0,20}$", re.IGNORECASE)),
)
_SCORES = (
    ("speech reception threshold", "dB", re.compile(
        r"\b(?:srt|speech (?:reception|recognition) threshold)s?\b", re.IGNORECASE)),
    ("word recognition score", "%", re.compile(
        r"\b(?:wrs|sds|(?:word recognition|speech discrimination)(?: scores?)?|speech scores?)\b", re.IGNORECASE)),
    ("pure tone average", "dB", re.compile(r"\b(?:pta|pure[- ]tone averages?)\b", re.IGNORECASE)),
)  # fmt: skip
_MINUS = re.compile(r"(?:minus\s*|[-\u2212]\s?)$", re.IGNORECASE)
_AFTER_SCORE = 60  # characters in which its numbers stand
_REFLEX = re.compile(
    r"\b(?:acoustic|stapedial) reflex(?:es)?\b[\w\s,]{0,40}?\b(present|absent|elevated|normal|not elicited)\b",
    re.IGNORECASE,
)
_MATCHED = re.compile(r"\b(?:match\w*|pitch|loudness)\b", re.IGNORECASE)
MAKERS = frozenset({"phonak", "oticon", "signia", "widex", "resound", "starkey", "unitron", "cochlear", "med-el",
                    "advanced bionics", "bernafon", "siemens", "rexton", "audicus", "philips"})  # fmt: skip
STYLES = {"bte": "behind the ear", "ric": "receiver in canal", "itc": "in the canal", "cic": "completely in canal",
          "ite": "in the ear", "iic": "invisible in canal", "rite": "receiver in canal",
          "behind the ear": "behind the ear", "receiver in canal": "receiver in canal", "in the canal": "in the canal",
          "receiver in the canal": "receiver in canal", "receiver in the ear": "receiver in canal",
          "completely in canal": "completely in canal", "completely in the canal": "completely in canal",
          "in the ear": "in the ear", "invisible in canal": "invisible in canal",
          "body worn": "body worn", "open fit": "open fit"}  # fmt: skip
_STYLE = re.compile(r"\b(" + "|".join(sorted(map(re.escape, STYLES), key=len, reverse=True)) + r")\b", re.IGNORECASE)
_MODEL = re.compile(r"\s+((?:[A-Z][\w+-]*|[A-Z]?\d{1,3}[A-Z]*)(?:\s+(?:[A-Z][\w+-]*|[A-Z]?\d{1,3}[A-Z]*)){0,2})")


def side_near(stream: Sequence[Token], start: int, end: int) -> Side | None:
    """The side named last before this place, else first behind it within a few words; offsets in the utterance."""
    starts = [t.start for t in stream]
    stream = stream[bisect_left(starts, start - _FAR_CHARS) : bisect_left(starts, end + _FAR_CHARS)]
    named: list[tuple[int, int, Side]] = []
    for side in ("left", "right", "both"):
        named += [(stream[c.start].start, c.start, side) for c in find_cues(stream, side)]
    inside = [s for at, _, s in sorted(named) if start <= at < end]
    if inside:
        return inside[0]
    last = max((i for i, t in enumerate(stream) if t.start < end), default=0)
    behind = [s for at, i, s in sorted(named) if at >= end and i - last <= 2]
    before = [s for at, _, s in sorted(named) if at < start]
    return before[-1] if before else (behind[0] if behind else None)


def measured_hearing(utterance: Utterance) -> list[Entity]:
    """The audiograms of an utterance; with its numbers as attributes, its words as the value."""
    text, stream = utterance.text, tokens(utterance.text)
    in_table = tables(text) if utterance.speaker == "document" else []
    found = [_audiogram(utterance, a, side_near(tokens(head), 0, len(head))) for a, head in in_table]
    rows = [(a.start, a.end) for a, _ in in_table]
    for series in audiograms(text):
        if not any(start < series.end and series.start < end for start, end in rows):
            found.append(_audiogram(utterance, series, side_near(stream, series.start, series.end)))
    return _with_gaps(found)


def _audiogram(utterance: Utterance, series: Audiogram, side: Side | None) -> Entity:
    said = " ".join(utterance.text[series.start : series.end].split())
    attributes = {str(hz): NO_RESPONSE if db is None else str(db) for hz, db in sorted(series.levels.items())}
    attributes["conduction"] = series.conduction
    if series.conduction == "air" and (mean := mean_of(series.levels)):
        attributes |= {"pta": plain_db(mean.db), "pta_rule": mean.rule, "degree": mean.degree, "scale": mean.scale}
    return Entity(kind="hearing", text=utterance.text[series.start : series.end], name="audiogram",
                  utterance_id=utterance.id, start=series.start, end=series.end, side=side, value=said,
                  attributes=attributes)  # fmt: skip


def _with_gaps(found: Sequence[Entity]) -> list[Entity]:
    """Where an ear has both, the air-bone gap stands with its air conduction."""
    bones = {e.side: levels_of(e) for e in found if e.attributes["conduction"] == "bone"}
    told = []
    for entity in found:
        gap = air_bone_gap(levels_of(entity), bones[entity.side]) if entity.side in bones else None
        if gap and entity.attributes["conduction"] == "air":
            more = {"air_bone_gap": plain_db(gap[0]), "air_bone_gap_rule": gap[1]}
            entity = entity.model_copy(update={"attributes": {**entity.attributes, **more}})
        told.append(entity)
    return told


def levels_of(entity: Entity) -> dict[int, int | None]:
    """An audiogram's thresholds, as a table prints them: Hz → dB HL; None where there was no response."""
    return {
        int(name): None if value == NO_RESPONSE else int(value)
        for name, value in entity.attributes.items()
        if name.isdigit()
    }


def plain_db(db: float) -> str:
    return f"{db:g}"


def tested_hearing(utterance: Utterance, text: str, base: int, stream: Sequence[Token]) -> Iterator[Entity]:
    """Tympanograms, speech scores and reflexes of one clause, which begins at `base`."""
    for score in _scores(text):
        yield _of(utterance, base, stream, *score)
    for reflex in _REFLEX.finditer(text):
        yield _of(utterance, base, stream, "acoustic reflex", reflex.start(), reflex.end(), reflex[1].lower(), {})
    if _TYMPANOGRAM.search(text) and _speaks_of_tympanometry(utterance.text):
        yield from _tympanograms(utterance, text, base, stream)


@lru_cache(maxsize=64)
def _speaks_of_tympanometry(text: str) -> bool:
    return _TYMPANIC.search(text) is not None


def _of(
    utterance: Utterance, base: int, stream: Sequence[Token], name: str, start: int, end: int, value: str | None,
    attributes: dict[str, str],
) -> Entity:  # fmt: skip
    from_, to = base + start, base + end
    return Entity(kind="hearing", text=utterance.text[from_:to], name=name, utterance_id=utterance.id, start=from_,
                  end=to, value=value, side=_closest_side(stream, from_, to), attributes=attributes)  # fmt: skip


def _closest_side(stream: Sequence[Token], start: int, end: int) -> Side | None:
    inside = [i for i, t in enumerate(stream) if start <= t.start < end]
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    near: list[tuple[int, int, Side]] = []
    for side in ("left", "right", "both"):
        for cue in find_cues(stream, side):
            apart = first - cue.start if cue.start < first else cue.start - last
            if apart <= _NEAR_WORDS:
                near.append((max(0, apart), -cue.start, side))
    return min(near)[2] if near else None


def _scores(text: str) -> Iterator[tuple[str, int, int, str, dict[str, str]]]:
    cues = sorted((m.start(), m.end(), name, unit) for name, unit, named in _SCORES for m in named.finditer(text))
    measures = find_measures(text) if cues else []
    for at, (begin, begun, name, unit) in enumerate(cues):
        stop = min(begun + _AFTER_SCORE, cues[at + 1][0] if at + 1 < len(cues) else len(text))
        start, told = begin, 0
        for measure in measures:
            if begun <= measure.start and measure.end <= stop:
                fits = measure.unit == unit or (measure.unit is None and told == 0 and unit == "dB")
                if fits and -10 <= measure.number.value <= 120 and told < 2:
                    hl = re.match(r"\s?HL\b", text[measure.end :], re.IGNORECASE) if unit == "dB" else None
                    end = measure.end + (hl.end() if hl else 0)
                    value = f"{plain(measure.number.value)}{'%' if unit == '%' else ' dB' + (' HL' if hl else '')}"
                    yield name, start, end, value, {}
                    start, told = measure.end, told + 1
                    while start < len(text) and text[start] in " ,;HhLl":
                        start += 1


def _tympanograms(utterance: Utterance, text: str, base: int, stream: Sequence[Token]) -> Iterator[Entity]:
    marks = list(_TYMPANOGRAM.finditer(text))
    for at, mark in enumerate(marks):
        stop = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        kind = mark[1].replace(" ", "")
        kind = kind[0].upper() + kind[1:].lower()
        attributes = {"type": kind, **_tympanic_numbers(text[mark.end() : stop])}
        yield _of(
            utterance, base, stream, f"type {kind.lower()} tympanogram", mark.start(), mark.end(), None, attributes
        )


def _tympanic_numbers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for measure in find_measures(text):
        before = text[: measure.start]
        for name, unit, named in _TYMPANIC_NUMBERS:
            if name not in found and named.search(before[-50:]):
                minus = "-" if name == "pressure" and _MINUS.search(before) else ""
                found[name] = f"{minus}{plain(measure.number.value)} {unit}"
    return found


def with_match(entity: Entity, text: str) -> Entity:
    """Tinnitus that was matched: its pitch and loudness."""
    if entity.name != "tinnitus" or not _MATCHED.search(text):
        return entity
    measures = find_measures(text)
    pitch = next((m.value for m in measures if m.unit in {"Hz", "kHz"}), None)
    loudness = next((m.value for m in measures if m.unit == "dB"), None)
    more = {name: value for name, value in (("pitch", pitch), ("loudness", loudness)) if value}
    return entity.model_copy(update={"attributes": {**entity.attributes, **more}}) if more else entity


def with_make(entity: Entity, text: str, base: int) -> Entity:
    """A device's maker, model and style, where its clause (which begins at `base`) tells them."""
    attributes = dict(entity.attributes)
    if style := _STYLE.search(text):
        attributes["style"] = STYLES[style[1].lower()]
    if entity.name in MAKERS:
        attributes["maker"] = entity.name
        if model := _MODEL.match(text, entity.end - base):
            attributes["model"] = model[1]
    return entity.model_copy(update={"attributes": attributes}) if attributes else entity
