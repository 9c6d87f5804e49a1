"""What the judge lists as missing when something is taken out of a note, and what it lists though it is there."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml

from auricle.ai.entities.find import find_entities
from auricle.ai.port import Draft, Entity, Missing, Statement
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from bench.clinical.corpora import Visit
from bench.clinical.judging.aligned import visits
from bench.safety.recall import Share

_PUT_IN = yaml.safe_load((Path(__file__).parent / "put_in.yaml").read_text("utf-8"))
_DRUGS = {name for group in _PUT_IN["classes"] for name in group}
_MOST = 3  # of a kind that are taken out of one note
# What stands in a statement, found by plain words: nothing here is the judge's.
THINGS = {
    "drug": re.compile(rf"\b(?:{'|'.join(sorted(_DRUGS))})\b", re.I),
    "allergy": re.compile(r"\ballerg(?:ic|y) to (\w+)", re.I),
    "red flag": re.compile(r"\b(?:chest pain|short(?:ness)? of breath|passed out|fainted|seizures?|stroke)\b", re.I),
    "follow-up": re.compile(
        r"\b(?:follow[ -]up|come back|see (?:you|patient)(?: back| again)?)\b.{0,40}?\b(?:\d+|one|two|three|six|a) "
        r"(?:day|week|month|year)s?\b",
        re.I,
    ),
}


def run(half: str, *, show: bool) -> None:
    """Figures on our own drafts of the visits of one half."""
    listed, dropped, false, told = Counter[str](), Counter[str](), 0, 0
    for visit in visits(half):
        entities = find_entities(visit.utterances)
        note = list(write_extractive(visit.utterances, entities).statements)
        missing = _missing(note, visit, entities)
        text = " ".join(s.text for s in note).casefold()
        told += len(missing)
        false += sum(_words(m) in text for m in missing)
        for thing, pattern in THINGS.items():
            for said in sorted({m[0].casefold() for s in note for m in pattern.finditer(s.text)})[:_MOST]:
                rest = [s for s in note if not _names(thing, said).search(s.text)]
                found = any(_tells(m, thing, said) for m in _missing(rest, visit, entities))
                dropped[thing] += 1
                listed[thing] += found
                if show and not found:
                    print(f"! not listed: {thing} {said} of {visit.id}")
    print(f"completeness, half {half}: listed when every statement with it is taken out [95 %]")
    for thing in THINGS:
        print(f"  {thing:24}{Share(listed[thing], dropped[thing])}")
    print(f"  {'listed though its words are in the note':42}{Share(false, told)}\n")


def _missing(note: Sequence[Statement], visit: Visit, entities: Sequence[Entity]) -> Sequence[Missing]:
    judged = [s.model_copy(update={"verdict": "supported"}) for s in note]  # only what is missing is asked for
    return judge(Draft(statements=judged), visit.utterances, entities).missing


def _names(thing: str, said: str) -> re.Pattern[str]:
    """It under every name: a brand of the medicine, "short of breath" of "shortness of breath"."""
    if thing == "drug":
        generic = _PUT_IN["brands"].get(said, said)
        return re.compile("|".join([generic, *(b for b, g in _PUT_IN["brands"].items() if g == generic)]), re.I)
    return re.compile(re.escape(said.split()[-1] if thing != "follow-up" else said), re.I)


def _words(missing: Missing) -> str:
    return " ".join(missing.evidence.quote.casefold().split())


def _tells(missing: Missing, thing: str, said: str) -> bool:
    if thing == "follow-up":
        return missing.kind == "follow_up"
    return any(word in _words(missing) for word in said.split()[-1:]) or said.split()[0] in _words(missing)
