"""The checks on things that must not change on the way from the source into a note."""

import re
from collections.abc import Iterator, Sequence

from auricle.ai.entities.assertion import find_cues
from auricle.ai.entities.corrections import Correction, corrections, standing_measures
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.entities.measures import Measure, find_measures
from auricle.ai.numbers import plain
from auricle.ai.port import Check, Entity
from auricle.ai.soap.checks.answers import allergies, answers
from auricle.ai.soap.checks.compared import TEMPLATE_WORDS, Compared, polarity, quoted, stem
from auricle.ai.tokens import MASK, tokens

_EXAM = re.compile(
    r"\b(?:on exam(?:ination)?|auscultat\w+|palpation|lungs? (?:are |is )?clear|clear to|regular rate"
    r"|rhythm|murmurs?|gallops?|rubs?|tenderness|tympanic membranes?|otoscop\w+|"
    r"bowel sounds|range of motion|oriented|edema|erythema|well[\s-]appearing|no acute distress"
    r"|cranial nerves?|pupils|reflexes|normocephalic|supple|tympanogram|audiogram|"
    r"physical exam\w*|vital signs?)\b", re.I)  # fmt: skip
_SUPPORTED_SHARE, _UNSURE_SHARE = 0.6, 0.4


def quote(it: Compared) -> Iterator[Check]:
    if not it.statement.evidence:
        yield Check(name="quote", verdict="conflict", detail="No evidence is cited.")
    for evidence in it.statement.evidence:
        if not quoted(evidence, it.sources):
            yield Check(
                name="quote", verdict="conflict", detail="A quote does not stand in the source where it is cited."
            )


def placeholder(it: Compared) -> Iterator[Check]:
    """A mask in the note must be one of the source; one from outside the cited spans is suspicious."""
    everywhere = {m for u in it.sources.values() for m in MASK.findall(u.text)}
    cited = set(MASK.findall(it.cited_text))
    for mask in sorted(set(MASK.findall(it.statement.text))):
        if mask not in everywhere:
            yield Check(name="placeholder", verdict="conflict", detail=f"{mask} is not in the source.")
        elif mask not in cited:
            yield Check(name="placeholder", verdict="unsure", detail=f"{mask} is not in the cited words.")


def drug(it: Compared) -> Iterator[Check]:
    stated = {e.name: e.text for e in it.stated_entities if e.kind in {"drug", "allergy"} and e.name != "any"}
    for name, text in stated.items():
        if name in it.cited_names or all(stem(t.word) in it.cited_words for t in tokens(text)):
            yield Check(name="drug", verdict="pass", detail=text)
        else:
            yield Check(name="drug", verdict="conflict", detail=f"{text} is not in the cited words.")


def number(it: Compared) -> Iterator[Check]:
    """Every number with its unit is in the cited words, and is not one that the speaker took back."""
    taken_back = corrections(it.cited_text)
    cited = standing_measures(it.cited_text)
    for measure in find_measures(it.statement.text):
        same = [m for m in cited if m.number.value == measure.number.value]
        wrong = next((c for c in taken_back if c.wrong.number.value == measure.number.value), None)
        if any(_unit_fits(measure, m) for m in same):
            yield _number_that_stands(measure, taken_back)
        elif wrong is not None:
            detail = f"{measure.value} was corrected to {wrong.right.value}."
            yield Check(name="number", verdict="conflict", detail=detail)
        elif same:
            yield Check(
                name="number", verdict="conflict", detail=f"{measure.value}, but the source has {same[0].value}."
            )
        elif measure.unit is None and measure.number.value < 10 and plain(measure.number.value) in _digits_in_words(it):
            yield Check(name="number", verdict="pass", detail=measure.value)
        else:
            yield Check(name="number", verdict="conflict", detail=f"{measure.value} is not in the cited words.")
    yield from _frequency(it)


def _number_that_stands(measure: Measure, taken_back: Sequence[Correction]) -> Check:
    corrected = next((c for c in taken_back if c.right.number.value == measure.number.value), None)
    if corrected is None:
        return Check(name="number", verdict="pass", detail=measure.value)
    detail = f"{measure.value}: the speaker first said {corrected.wrong.value}."
    return Check(name="number", verdict="unsure", detail=detail)


def _unit_fits(stated: Measure, cited: Measure) -> bool:
    return (
        stated.unit is None
        or cited.unit is None
        or stated.unit == cited.unit
        or {stated.unit, cited.unit} <= {"tablets", "capsules"}
    )


def _digits_in_words(it: Compared) -> set[str]:
    """A bare "one" or "a" is no number by itself, yet "one tablet" or "grade 1" may be written with a digit."""
    words = {t.word for t in tokens(it.cited_text)}
    return {
        digit
        for digit, said in (("1", {"one", "once", "a", "single"}), ("2", {"twice", "both", "couple"}))
        if words & said
    }


_TIMES = (
    {"once"},
    {"twice"},
    {"thrice"},
    {"daily", "day"},
    {"weekly", "week"},
    {"monthly", "month"},
    {"nightly", "night", "bedtime"},
    {"hourly", "hours"},
)
_HOW_OFTEN = re.compile(r"\b(?:once|twice|thrice|daily|weekly|monthly|nightly|hourly)\b", re.I)


def _frequency(it: Compared) -> Iterator[Check]:
    cited = {t.word for t in tokens(it.cited_text)}
    for match in _HOW_OFTEN.finditer(it.statement.text):
        group = next(g for g in _TIMES if match[0].lower() in g)
        if not cited & group:
            yield Check(name="number", verdict="conflict", detail=f"“{match[0]}” is not in the cited words.")


def side(it: Compared) -> Iterator[Check]:
    """Left and right, each with the word that follows it where both sides are told."""
    stated, cited = _sides(it.statement.text), _sides(it.cited_text)
    for which, what in sorted(stated):
        named = {s for s, _ in cited}
        if which not in named:
            if named or which != "both":
                yield Check(name="side", verdict="conflict", detail=f"“{which}” is not in the cited words.")
            continue
        others = {s for s, w in cited if w == what}
        if what and others and which not in others:
            yield Check(
                name="side",
                verdict="conflict",
                detail=f"“{which} {what}”, but the source says {'/'.join(sorted(others))}.",
            )
        else:
            yield Check(name="side", verdict="pass", detail=which)


def _sides(text: str) -> set[tuple[str, str]]:
    stream = tokens(text)
    found: set[tuple[str, str]] = set()
    for name in ("left", "right", "both"):
        for cue in find_cues(stream, name):
            following = stream[cue.end].word if cue.end < len(stream) else ""
            before = stream[cue.start - 1].word if cue.start else ""
            if name == "right" and (following in {"now", "away", "here", "there"} or before in {"all", "that's"}):
                continue
            found.add((name, stem(following)))
    return found


def negation(it: Compared) -> Iterator[Check]:
    """Something denied must be denied in the source, and the reverse."""
    said: dict[str, set[bool]] = {}
    for entity in it.cited_entities:
        said.setdefault(entity.name, set()).add(entity.negated)
    judged: set[str] = set()
    for entity in it.stated_entities:
        if entity.name in said:
            judged |= {stem(t.word) for t in tokens(entity.text)}
            agrees = entity.negated in said[entity.name]
            verdict = "pass" if agrees else "conflict"
            detail = (
                entity.text
                if agrees
                else f"“{entity.text}” is {'denied' if entity.negated else 'affirmed'} here, not in the source."
            )
            yield Check(name="negation", verdict=verdict, detail=detail)
    if not it.stated_entities or not judged:
        yield from _negation_of_words(it)


def _negation_of_words(it: Compared) -> Iterator[Check]:
    if any("?" in e.quote for e in it.valid) or len(it.valid) > 1:
        return  # question and answer: what the words say by themselves is not what was meant
    source = polarity(it.cited_text)
    stated = polarity(it.statement.text)
    shared = [w for w in stated if w in source and w not in TEMPLATE_WORDS and len(w) > 3]
    flipped = [w for w in shared if stated[w] != source[w]]
    if shared and len(flipped) > len(shared) / 2:
        yield Check(
            name="negation",
            verdict="conflict",
            detail=f"“{flipped[0]}” is {'denied' if stated[flipped[0]] else 'affirmed'} here, not in the source.",
        )


def experiencer(it: Compared) -> Iterator[Check]:
    for entity, sources in _paired(it):
        whose = {s.experiencer for s in sources}
        if entity.experiencer not in whose and not _names_person(it, entity):
            yield Check(
                name="experiencer",
                verdict="conflict",
                detail=f"“{entity.text}” is of {'/'.join(sorted(whose))} in the source, of {entity.experiencer} here.",
            )


def _names_person(it: Compared, entity: Entity) -> bool:
    """The statement repeats the family word: that we read it twice differently is our doubt, not its fault."""
    family = {t.word for t in tokens(it.statement.text)} & {w for cue in _family(it.cited_text) for w in cue}
    return bool(family) and entity.experiencer != "patient"


def _family(text: str) -> list[tuple[str, ...]]:
    stream = tokens(text)
    return [tuple(t.word for t in stream[c.start : c.end]) for c in find_cues(stream, "family")]


def time(it: Compared) -> Iterator[Check]:
    for entity, sources in _paired(it):
        times = {s.time for s in sources}
        if entity.negated and all(s.negated for s in sources):
            continue  # "ever had fever?" – "no": denied then and now
        if "family" in {entity.experiencer, *(s.experiencer for s in sources)}:
            continue  # a family history is past and present at once
        if re.search(r"\bprevious\b", it.statement.text, re.I) and times <= {"past", "current"}:
            continue
        if entity.time in times or (it.statement.kind == "plan" and "planned" in times):
            continue
        serious = entity.kind in {"drug", "procedure"} or "past" in times | {entity.time}
        yield Check(name="time", verdict="conflict" if serious and len(times) == 1 else "unsure",
                    detail=
                        f"“{entity.text}” is {'/'.join(sorted(times))} in the source, {entity.time} here.")  # fmt: skip


def _paired(it: Compared) -> Iterator[tuple[Entity, list[Entity]]]:
    for entity in it.stated_entities:
        sources = [s for s in it.cited_entities if s.name == entity.name]
        if sources:
            yield entity, sources


def exam(it: Compared) -> Iterator[Check]:
    """A finding of an examination needs words of an examination, and not only the patient's."""
    if it.statement.section != "objective":
        return
    stated = {m[0].lower() for m in _EXAM.finditer(it.statement.text)}
    speakers = {it.sources[e.utterance_id].speaker for e in it.valid}
    if stated and speakers and speakers <= {"patient", "assistant"}:
        yield Check(name="exam", verdict="conflict", detail="Nobody examined the patient in the cited words.")
    missing = [
        word
        for word in stated
        if not all(stem(t.word) in it.cited_words for t in tokens(word) if t.word not in TEMPLATE_WORDS)
    ]
    if missing:
        yield Check(name="exam", verdict="conflict", detail=f"“{missing[0]}” is not in the cited words.")


def support(it: Compared) -> Iterator[Check]:
    """How much of the statement's own content the cited words hold."""
    stream = tokens(it.statement.text)
    names = {stem(t.word): m.term.name for m in lexicon().mentions(stream) for t in stream[m.first : m.last + 1]}
    meant = it.cited_names | {e.name for e in it.cited_entities}
    numbers = {m.number.value for m in find_measures(it.cited_text)}
    measured = [(m.start, m.end) for m in find_measures(it.statement.text) if m.number.value in numbers]
    content = [
        stem(t.word)
        for t in tokens(it.statement.text)
        if t.word not in TEMPLATE_WORDS and not any(s <= t.start < e for s, e in measured)
    ]
    if not content:
        return
    held = sum(w in it.cited_words or names.get(w) in meant for w in content)
    share = held / len(content)
    if share >= _SUPPORTED_SHARE:
        yield Check(name="support", verdict="pass", detail=f"{share:.0%}")
    else:
        yield Check(
            name="support",
            verdict="unsure" if share >= _UNSURE_SHARE else "conflict",
            detail=f"{share:.0%} of its words are cited.",
        )


ALL = (quote, placeholder, drug, number, side, negation, answers, allergies, experiencer, time, exam, support)
