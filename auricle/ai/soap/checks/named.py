"""What is named must be named in the source: medicines, tests and examinations, departments, people."""

import re
from collections.abc import Iterator

from auricle.ai.entities.lexicon import lexicon
from auricle.ai.port import Check, Entity
from auricle.ai.soap.checks import vocabulary
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.meaning import Part, Unit
from auricle.ai.soap.checks.vocabulary import stem
from auricle.ai.tokens import MASK, Token, tokens, words

_EXAMINER = re.compile(
    r"\b(?:on (?:your|the) [\w ]{0,30}exam"
    r"|i (?:do n't |don't |do )?(?:appreciate|see|hear|feel)|physical exam)",
    re.I,
)
_EXAMINED = frozenset({"lab", "vital", "procedure"})
_FINDINGS = frozenset({"symptom", "problem", "hearing", "device"})
_MEDICINE_ENDINGS = tuple(
    words(
        "pril sartan olol statin mycin cillin profen azole prazole dipine gliptin gliflozin tidine cycline floxacin "
        "oxetine triptan setron thiazide semide parin xaban gatran glitazone solone caine azepam zolam oxicam "
        "coxib fenac"
    )
)
_TITLED = re.compile(r"\b(?:Dr|Doctor|Mr|Mrs|Ms|Prof|Professor|Nurse|Shri|Smt)\.?\s+([A-Z][\w'-]+)")
_FINE = frozenset({"fine", "okay", "ok", "tolerates", "tolerate", "tolerated", "problem", "issues"})
_ALLERGY_WORDS = frozenset(
    words("allergic allergy allergies rash hives anaphylaxis reaction swelling itching breathing एलर्जी")
)


def placeholder(it: Compared) -> Iterator[Check]:
    """A mask in the note must be one of the source; a name that was never said stands for a lost one."""
    everywhere = {m for u in it.sources.values() for m in MASK.findall(u.text)}
    cited = set(MASK.findall(it.cited_text))
    for mask in sorted(set(MASK.findall(it.statement.text))):
        if mask not in everywhere:
            yield Check(name="placeholder", verdict="conflict", detail=f"{mask} is not in the source.")
        elif mask not in cited:
            yield Check(name="placeholder", verdict="unsure", detail=f"{mask} is not in the cited words.")
    said = {t.word for t in tokens(it.cited_text)}
    for titled in _TITLED.finditer(it.statement.text):
        if titled[1].lower() not in said:
            yield Check(name="placeholder", verdict="conflict", detail=f"{titled[0]} is not in the cited words.")


def drug(it: Compared) -> Iterator[Check]:
    stated = {e.name: e.text for e in it.stated_entities if e.kind in {"drug", "allergy"} and e.name != "any"}
    for name, text in stated.items():
        if name in it.cited_names or all(stem(t.word) in it.cited_words for t in tokens(text)):
            yield Check(name="drug", verdict="pass", detail=text)
        else:
            yield Check(name="drug", verdict="conflict", detail=f"{text} is not in the cited words.")
    yield from _unlisted_drug(it)
    yield from _tolerated(it)


def _unlisted_drug(it: Compared) -> Iterator[Check]:
    """A word where a medicine stands, or that ends like one, in no list and not said."""
    stream = tokens(it.statement.text)
    known = {i for m in lexicon().mentions(stream) for i in range(m.first, m.last + 1)}
    for index, token in enumerate(stream):
        unknown = index not in known and token.word.isalpha() and len(token.word) > 5
        if unknown and token.word.endswith(_MEDICINE_ENDINGS) and stem(token.word) not in it.cited_words:
            yield Check(name="drug", verdict="conflict", detail=f"{token.text} is not in the cited words.")


def _tolerated(it: Compared) -> Iterator[Check]:
    """ "Penicillin gives me a rash, sulfa is fine": no allergy to sulfa, and none tolerated of penicillin."""
    for entity in it.stated_entities:
        if entity.kind != "allergy" or entity.negated:
            continue
        near = list(_beside(it, entity))
        if near and all(said & _FINE and not said & _ALLERGY_WORDS for said in near):
            yield Check(name="drug", verdict="conflict", detail=f"The source tells of no allergy to {entity.text}.")


def _beside(it: Compared, entity: Entity) -> Iterator[set[str]]:
    """The words right after each place where the source names it, up to the next medicine."""
    for cited in it.cited:
        mentions = list(lexicon().mentions(cited.part.stream))
        for at, mention in enumerate(mentions):
            if mention.term.name == entity.name:
                following = [m.first for m in mentions[at + 1 :] if m.term.kind == "drug"]
                end = min([mention.last + 6, *following])
                yield {t.word for t in cited.part.stream[mention.last + 1 : end]}


def exam(it: Compared) -> Iterator[Check]:
    """A test, or a finding of an examination, needs words of it, and not only the patient's."""
    objective = it.statement.section == "objective"
    stated = vocabulary.examined().hits(tokens(it.statement.text))
    speakers = {it.sources[e.utterance_id].speaker for e in it.valid}
    examiner = _EXAMINER.search(it.cited_text)  # said by "the patient": the speakers were mistaken
    if objective and stated and speakers and speakers <= {"patient", "assistant"} and not examiner:
        yield Check(name="exam", verdict="conflict", detail="Nobody examined the patient in the cited words.")
    for part in it.stated:
        for unit in part.content:
            named = unit.kind in _EXAMINED or vocabulary.examined().hits(tokens(unit.text))
            if named and not it.holds(unit):
                yield Check(name="exam", verdict="conflict", detail=f"“{unit.text}” is not in the cited words.")


def finding(it: Compared) -> Iterator[Check]:
    """A symptom or illness that is named needs words of it, wherever the rest of the statement comes from."""
    for part in it.stated:
        for unit in part.content:
            if unit.kind in _FINDINGS and not it.holds(unit) and not _is_name(part, unit):
                yield Check(name="support", verdict="conflict", detail=f"“{unit.text}” is not in the cited words.")


def _is_name(part: Part, unit: Unit) -> bool:
    """ "Logan Walker" uses no walker."""
    before = part.stream[unit.first - 1].text if unit.first else ""
    return unit.text[:1].isupper() and before[:1].isupper()


def department(it: Compared) -> Iterator[Check]:
    """Another department, another part of the body, another day of the week than the source names."""
    said = {t.word for t in tokens(it.cited_text)}
    for name in ("departments", "body_parts", "weekdays"):
        listed = vocabulary.single_words(name)
        others = said & listed
        for token in tokens(it.statement.text):
            if token.word in listed and others and not _named(it, token, listed):
                yield Check(name="number" if name == "weekdays" else "support", verdict="conflict",
                            detail=f"“{token.text}”, but the source says {sorted(others)[0]}.")  # fmt: skip


def _named(it: Compared, token: Token, listed: frozenset[str]) -> bool:
    return (
        token.word in it.cited_keys
        or stem(token.word) in it.cited_words
        or any(token.word in name.split() for name in it.cited_names)
    )
