"""Does the hybrid earn its keep? nDCG@10 and success@1 beside exact dense search and plain BM25, on the same chunks.

python -m bench.knowledge.ranking --work FOLDER [--task medquad_confirm] [--questions 600]
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from auricle.knowledge.evaluation.measures import ndcg, success
from auricle.knowledge.rank import Postings, Weights
from auricle.knowledge.words import STOP_WORDS, stem, words
from bench.knowledge.corpus import Task, Vectors, medquad, misheard

DEPTH = 50
Search = Callable[[str, np.ndarray], Iterable[int]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, required=True, help="folder for the model and the vectors")
    arguments.add_argument("--task", default="medquad_confirm")
    arguments.add_argument("--questions", type=int, default=600)
    chosen = arguments.parse_args()
    vectors = Vectors(chosen.work)
    task = medquad(chosen.task, vectors, count=chosen.questions)
    print(
        f"{chosen.task}: {len(set(task.owner))} documents, {len(task.bodies)} chunks, {len(task.questions)} questions"
    )
    for name, change in (("as written", str), ("misheard (imitated)", misheard)):
        questions = [change(question) for question in task.questions]
        asked = vectors.of(questions)
        print(f"\n{name:28} nDCG@10  s@1   s@10")
        results = {}
        for system, search in systems(task).items():
            ranked = [documents(task, search(q, v)) for q, v in zip(questions, asked, strict=True)]
            results[system] = [ndcg(found, gains) for found, gains in zip(ranked, task.gains, strict=True)]
            first, ten = (
                np.mean([success(found, gains, k) for found, gains in zip(ranked, task.gains, strict=True)])
                for k in (1, 10)
            )
            print(f"{system:28} {np.mean(results[system]):.3f}   {first:.3f}  {ten:.3f}")
        print("hybrid - dense (95 % interval, paired bootstrap):", interval(results["hybrid"], results["dense, exact"]))


def systems(task: Task) -> dict[str, Search]:
    index = task.index()
    plain = Weights(k1=1.2, b=0.75)
    tokens = [content(f"{title}. {body}") for title, body in zip(task.titles, task.bodies, strict=True)]
    bm25 = Postings.build(tokens, lambda word: [stem(word)], plain)
    return {
        "hybrid": lambda q, v: [one.index for one in index.rank(q, v, DEPTH)],
        "dense, exact": lambda q, v: np.argsort(-(task.vectors @ v), kind="stable")[:DEPTH],
        "BM25, stemmed words": lambda q, v: np.argsort(-bm25.scores(map(stem, content(q))), kind="stable")[:DEPTH],
        "hybrid without vectors": lambda q, v: [one.index for one in index.rank(q, None, DEPTH)],
    }


def content(text: str) -> list[str]:
    return [word for word in words(text) if word not in STOP_WORDS]


def documents(task: Task, chunks: Iterable[int]) -> list[int]:
    """The documents of a list of chunks, each once, the first ten."""
    return list(dict.fromkeys(int(task.owner[chunk]) for chunk in chunks))[:10]


def interval(ours: Sequence[float], theirs: Sequence[float], rounds: int = 2_000) -> str:
    difference = np.array(ours, float) - np.array(theirs, float)
    rng = np.random.default_rng(1)
    means = [difference[rng.integers(0, len(difference), len(difference))].mean() for _ in range(rounds)]
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{difference.mean():+.3f} [{low:+.3f}, {high:+.3f}]"


if __name__ == "__main__":
    main()
