"""The extractive draft on ACI-Bench beside its floors: ROUGE, and drugs or numbers that the dialogue does not hold."""

import time
from collections.abc import Callable, Sequence
from statistics import mean

from auricle.ai.entities.find import find_entities
from auricle.ai.entities.lexicon import lexicon
from auricle.ai.entities.measures import find_measures
from auricle.ai.port import Utterance
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from auricle.ai.tokens import tokens
from bench.clinical.corpora import Visit, aci_bench
from bench.clinical.rouge import rouge_lsum, rouge_n

Drafter = Callable[[Sequence[Utterance]], str]


def transcript(utterances: Sequence[Utterance]) -> str:
    return "\n".join(u.text for u in utterances)


def lead(utterances: Sequence[Utterance]) -> str:
    return " ".join(transcript(utterances).split()[:400])


def ours(utterances: Sequence[Utterance]) -> str:
    return "\n".join(s.text for s in write_extractive(utterances, find_entities(utterances)).statements)


def drugs(text: str) -> set[str]:
    return {m.term.name for m in lexicon().mentions(tokens(text)) if m.term.kind == "drug"}


def numbers(text: str) -> set[str]:
    return {m.number.plain for m in find_measures(text)}


def score(name: str, drafter: Drafter, visits: Sequence[Visit]) -> str:
    r1, r2, rl, length = [], [], [], []
    wrong_drugs = wrong_numbers = true_positive = stated = expected = 0
    started = time.process_time()
    texts = [drafter(v.utterances) for v in visits]
    cpu_ms = 1000 * (time.process_time() - started) / len(visits)
    for visit, text in zip(visits, texts, strict=True):
        r1.append(rouge_n(visit.note, text, 1))
        r2.append(rouge_n(visit.note, text, 2))
        rl.append(rouge_lsum(visit.note, text))
        length.append(len(text.split()))
        source = transcript(visit.utterances)
        wrong_drugs += len(drugs(text) - drugs(source))
        wrong_numbers += len(numbers(text) - numbers(source))
        true_positive += len(drugs(text) & drugs(visit.note))
        stated += len(drugs(text))
        expected += len(drugs(visit.note))
    f1 = 2 * true_positive / (stated + expected) if stated + expected else 0.0
    rouge = "  ".join(f"{100 * mean(x):5.1f}" for x in (r1, r2, rl))
    return f"{name:28}{rouge}  {mean(length):6.0f}  {f1:7.3f}  {wrong_drugs:6}  {wrong_numbers:8}  {cpu_ms:7.1f}"


def run(split: str = "test1") -> None:
    visits = list(aci_bench(split))
    print(f"ACI-Bench {split}, {len(visits)} visits; unsupported = not in the dialogue, whole corpus")
    measures = f"{'R-1':>5}  {'R-2':>5}  {'Lsum':>5}  {'words':>6}  {'drug F1':>7}  {'drugs!':>6}  {'numbers!':>8}"
    print(f"{'draft':28}{measures}  {'CPU ms':>7}")
    for name, drafter in (
        ("transcript (floor)", transcript),
        ("lead 400 words (floor)", lead),
        ("extractive draft", ours),
    ):
        print(score(name, drafter, visits))
    verdicts: dict[str, int] = {}
    completeness = []
    for visit in visits:
        entities = find_entities(visit.utterances)
        judged = judge(write_extractive(visit.utterances, entities), visit.utterances, entities)
        completeness.append(judged.completeness)
        for statement in judged.statements:
            verdicts[str(statement.verdict)] = verdicts.get(str(statement.verdict), 0) + 1
    print(f"judge on our own drafts: {verdicts}; completeness {mean(completeness):.3f}\n")
