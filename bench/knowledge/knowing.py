"""Does it know what it does not know? Questions on what is in the base, misheard ones, and on diseases that are not.

    python -m bench.knowledge.knowing --work FOLDER [--documents 2000] [--questions 600]

Positives are questions whose document is in the base, not answers judged right; diseases under a synonym make the
absent ones an upper estimate. Every set is cut in two by a hash of its questions. On the one half thresholds are
tried, and those in `known.py` chosen; the other half is what they are judged by.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from auricle.knowledge.known import Evidence, Thresholds, Verdict, judge
from auricle.knowledge.rank import Index
from bench.knowledge.corpus import Task, Vectors, absent_diseases, medquad, misheard

TRIED = (0.46, 0.48, 0.5, 0.52, 0.54, 0.56, 0.58)  # support from which to answer

ELSEWHERE = """who won the football world cup
what is the capital of france
how do i change a car tyre
when was the first steam engine built
what is the best recipe for lasagne
which planet has the most moons
how tall is mount everest
who wrote war and peace
how do i reset my router
what is the population of japan
why is the sky blue
how do you play chess
when does the next train leave
what does a plumber cost
who painted the mona lisa
how far away is the moon
what is the currency of brazil
how do i learn the guitar
which team won the cricket match
what time is sunset today""".splitlines()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the best passages found for it."""

    question: str
    best: Sequence[Evidence]

    @property
    def is_for_choosing(self) -> bool:
        return hashlib.sha256(self.question.encode()).digest()[0] % 2 == 0


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, required=True, help="folder for the model and the vectors")
    arguments.add_argument("--documents", type=int, default=2_000)
    arguments.add_argument("--questions", type=int, default=600)
    chosen = arguments.parse_args()
    vectors = Vectors(chosen.work)
    task = medquad("medquad", vectors, count=chosen.questions, documents=chosen.documents)
    index = task.index()
    sets = {
        "in the base": task.questions,
        "misheard": [misheard(question) for question in task.questions],
        "absent disease": absent_diseases(),
        "off topic": ELSEWHERE,
    }
    asked = {name: found_for(task, index, questions, vectors) for name, questions in sets.items()}
    trials = {name: [one for one in every if one.is_for_choosing] for name, every in asked.items()}
    rest = {name: [one for one in every if not one.is_for_choosing] for name, every in asked.items()}
    print("the half to choose on; answered, by the support from which to answer")
    for answer in TRIED:
        verdicts = judged(index, trials, replace(Thresholds(), answer=answer))
        print(f"{answer:.2f}  " + "  ".join(f"{name} {share(found, 'answer'):.3f}" for name, found in verdicts.items()))
    print(f"\nthe other half, as the product judges: {Thresholds()}")
    verdicts = judged(index, rest, Thresholds())
    for name, found in verdicts.items():
        shares = "  ".join(f"{level} {share(found, level):.3f}" for level in ("answer", "confirm", "unknown"))
        quantiles = np.percentile([verdict.support for verdict in found], [5, 50, 95]).round(2)
        print(f"{name:16} {len(found):5}  {shares}  support 5/50/95 %: {quantiles}")
    for positive in ("in the base", "misheard"):
        for negative in ("absent disease", "off topic"):
            print(f"AUROC {positive} / {negative}: {auroc(verdicts[positive], verdicts[negative]):.3f}")


def found_for(task: Task, index: Index, questions: Sequence[str], vectors: Vectors) -> list[Asked]:
    meant = [index.spelling.meant(question) for question in questions]
    found = []
    for question, known, vector in zip(questions, meant, vectors.of(meant), strict=True):
        best = [
            Evidence(f"{task.titles[one.index]} {task.bodies[one.index]}", one.dense, [task.titles[one.index]])
            for one in index.rank(known, vector, 5)
        ]
        found.append(Asked(question, best))
    return found


def judged(index: Index, asked: Mapping[str, Sequence[Asked]], thresholds: Thresholds) -> dict[str, list[Verdict]]:
    return {
        name: [judge(one.question, one.best, index.terms, len(index), thresholds) for one in every]
        for name, every in asked.items()
    }


def share(found: Sequence[Verdict], level: str) -> float:
    return Counter(verdict.level for verdict in found)[level] / len(found)


def auroc(positive: Sequence[Verdict], negative: Sequence[Verdict]) -> float:
    above = np.array([one.support for one in positive])[:, None] - np.array([one.support for one in negative])[None, :]
    return float((above > 0).mean() + (above == 0).mean() / 2)


if __name__ == "__main__":
    main()
