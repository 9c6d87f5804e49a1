"""The extractive draft on ACI-Bench beside its floors and what others published: ROUGE, drugs, what is unsupported."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean

from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.entities.measures import find_measures
from auricle.ai.port import Entity, Section, Statement, Utterance
from auricle.ai.soap.checks.compared import quoted
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from auricle.ai.tokens import tokens
from bench.clinical.corpora import Visit, aci_bench
from bench.clinical.reference import by_section
from bench.clinical.rouge import rouge_lsum, rouge_n

HEADINGS: dict[Section, str] = {
    "subjective": "SUBJECTIVE", "objective": "OBJECTIVE", "assessment": "ASSESSMENT", "plan": "PLAN",
}  # fmt: skip
PUBLISHED = (  # Yim et al. 2023, table 6, test1: not run here
    ("published: transcript", 32.8, 12.5, 30.6),
    ("published: BART, by division", 51.6, 24.1, 45.9),
    ("published: ChatGPT", 47.4, 19.0, 42.5),
    ("published: GPT-4", 51.8, 22.6, 46.0),
)


@dataclass(frozen=True)
class Drafted:
    visit: Visit
    text: str
    statements: Sequence[Statement] = ()
    entities: Sequence[Entity] = ()


def transcript(visit: Visit) -> Drafted:
    return Drafted(visit, "\n".join(u.text for u in visit.utterances))


def longest_turn(visit: Visit) -> Drafted:
    return Drafted(visit, max((u.text for u in visit.utterances if u.speaker == "clinician"), key=len))


def lead(visit: Visit) -> Drafted:
    return Drafted(visit, " ".join(transcript(visit).text.split()[:400]))


def ours(visit: Visit) -> Drafted:
    entities = find_entities(visit.utterances)
    statements = write_extractive(visit.utterances, entities).statements
    return Drafted(visit, "\n".join(s.text for s in statements), statements, entities)


def headed(visit: Visit) -> Drafted:
    """As it is printed: under the headings of those sections that have something."""
    drafted = ours(visit)
    lines: list[str] = []
    for section, heading in HEADINGS.items():
        own = [s.text for s in drafted.statements if s.section == section]
        lines += [heading, *own] if own else []
    return Drafted(visit, "\n".join(lines), drafted.statements, drafted.entities)


def drugs(text: str) -> set[str]:
    return {m.term.name for m in lexicon().mentions(tokens(text)) if m.term.kind == "drug"}


def numbers(text: str) -> set[str]:
    return {m.number.plain for m in find_measures(text)}


def rouge(reference: str, text: str) -> tuple[float, float, float]:
    return rouge_n(reference, text, 1), rouge_n(reference, text, 2), rouge_lsum(reference, text)


def row(name: str, drafter: Callable[[Visit], Drafted], visits: Sequence[Visit]) -> str:
    wrong_drugs = wrong_numbers = true_positive = stated = expected = 0
    started = time.process_time()
    drafts = [drafter(visit) for visit in visits]
    cpu_ms = 1000 * (time.process_time() - started) / len(visits)
    scores = [rouge(d.visit.note, d.text) for d in drafts]
    for draft in drafts:
        own, source, reference = (drugs(t) for t in (draft.text, transcript(draft.visit).text, draft.visit.note))
        wrong_drugs += len(own - source)
        wrong_numbers += len(numbers(draft.text) - numbers(transcript(draft.visit).text))
        true_positive += len(own & reference)
        stated += len(own)
        expected += len(reference)
    f1 = 2 * true_positive / (stated + expected) if stated + expected else 0.0
    length = mean(len(d.text.split()) for d in drafts)
    return f"{name:34}{figures(scores)}  {length:6.0f}  {f1:7.3f}  {wrong_drugs:6}  {wrong_numbers:8}  {cpu_ms:7.1f}"


def figures(scores: Sequence[tuple[float, float, float]]) -> str:
    return "  ".join(f"{100 * mean(column):5.1f}" for column in zip(*scores, strict=True))


def sections(visits: Sequence[Visit]) -> None:
    """Each section of ours against the same of the reference: where the losses are."""
    drafts = [ours(visit) for visit in visits]
    print(f"{'by section':34}{'R-1':>5}  {'R-2':>5}  {'Lsum':>5}  {'words':>6}  reference")
    for section in HEADINGS:
        pairs = [(by_section(d.visit.note)[section], _own(d, section)) for d in drafts]
        told = [(reference, text) for reference, text in pairs if reference]
        lengths = [mean(len(text.split()) for text in side) for side in zip(*told, strict=True)]
        print(f"  {section:32}{figures([rouge(*pair) for pair in told])}  {lengths[1]:6.0f}  {lengths[0]:9.0f}")


def _own(drafted: Drafted, section: Section) -> str:
    return "\n".join(s.text for s in drafted.statements if s.section == section)


def judged(visits: Sequence[Visit]) -> None:
    verdicts: Counter[str] = Counter()
    completeness, evidenced, statements = [], 0, 0
    for visit in visits:
        draft = write_extractive(visit.utterances, entities := find_entities(visit.utterances))
        told = judge(draft, visit.utterances, entities)
        sources: dict[str, Utterance] = {u.id: u for u in visit.utterances}
        completeness.append(told.completeness)
        verdicts.update(str(s.verdict) for s in told.statements)
        statements += len(told.statements)
        evidenced += sum(bool(s.evidence) and all(quoted(e, sources) for e in s.evidence) for s in told.statements)
    print(f"judge on our own drafts: {dict(verdicts)}; completeness {mean(completeness):.3f}")
    print(f"statements whose evidence stands verbatim where it is cited: {evidenced} of {statements}\n")


def run(split: str = "test1") -> None:
    visits = list(aci_bench(split))
    print(f"ACI-Bench {split}, {len(visits)} visits; ! = not in the dialogue, whole corpus")
    measures = f"{'R-1':>5}  {'R-2':>5}  {'Lsum':>5}  {'words':>6}  {'drug F1':>7}  {'drugs!':>6}  {'numbers!':>8}"
    print(f"{'draft':34}{measures}  {'CPU ms':>7}")
    for name, drafter in (
        ("transcript (floor)", transcript),
        ("longest clinician's turn (floor)", longest_turn),
        ("lead 400 words (floor)", lead),
        ("extractive draft, statements", ours),
        ("extractive draft, with headings", headed),
    ):
        print(row(name, drafter, visits))
    for name, *published in PUBLISHED if split == "test1" else ():
        print(f"{name:34}{'  '.join(f'{value:5.1f}' for value in published)}")
    sections(visits)
    judged(visits)
