"""Does it know what it does not know? Questions on what is in the base, misheard ones, and on diseases that are not.

    python -m bench.knowledge.knowing --work FOLDER [--documents 2000] [--questions 600]

Positives are questions whose document is in the base, not answers judged right. The thresholds in `known.py` were
chosen on this very set, so the figures are optimistic; diseases under a synonym make the absent ones an upper estimate.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from auricle.knowledge.known import Evidence, Verdict, judge
from bench.knowledge.corpus import Task, Vectors, absent_diseases, medquad, misheard

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


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, required=True, help="folder for the model and the vectors")
    arguments.add_argument("--documents", type=int, default=2_000)
    arguments.add_argument("--questions", type=int, default=600)
    chosen = arguments.parse_args()
    vectors = Vectors(chosen.work)
    task = medquad("medquad", vectors, count=chosen.questions, documents=chosen.documents)
    sets = {
        "in the base": task.questions,
        "misheard": [misheard(question) for question in task.questions],
        "absent disease": absent_diseases(),
        "off topic": ELSEWHERE,
    }
    verdicts = {name: judged(task, questions, vectors) for name, questions in sets.items()}
    for name, found in verdicts.items():
        levels = Counter(verdict.level for verdict in found)
        shares = "  ".join(f"{level} {levels[level] / len(found):.3f}" for level in ("answer", "confirm", "unknown"))
        quantiles = np.percentile([verdict.support for verdict in found], [5, 50, 95]).round(2)
        print(f"{name:16} {len(found):5}  {shares}  support 5/50/95 %: {quantiles}")
    for positive in ("in the base", "misheard"):
        for negative in ("absent disease", "off topic"):
            print(f"AUROC {positive} / {negative}: {auroc(verdicts[positive], verdicts[negative]):.3f}")


def judged(task: Task, questions: Sequence[str], vectors: Vectors) -> list[Verdict]:
    index = task.index()
    found = []
    meant = [index.spelling.meant(question) for question in questions]
    for question, known, vector in zip(questions, meant, vectors.of(meant), strict=True):
        ranked = index.rank(known, vector, 5)
        best = [
            Evidence(f"{task.titles[one.index]} {task.bodies[one.index]}", one.dense, [task.titles[one.index]])
            for one in ranked
        ]
        found.append(judge(question, best, index.terms, len(index)))
    return found


def auroc(positive: Sequence[Verdict], negative: Sequence[Verdict]) -> float:
    above = np.array([one.support for one in positive])[:, None] - np.array([one.support for one in negative])[None, :]
    return float((above > 0).mean() + (above == 0).mean() / 2)


if __name__ == "__main__":
    main()
