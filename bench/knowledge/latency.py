"""How long a question takes, embedding included: snapshot search in process, CPU and wall, p50 and p95.

python -m bench.knowledge.latency --work FOLDER [--chunks 6000]
"""

import argparse
import asyncio
import time
from pathlib import Path

import numpy as np

from auricle.knowledge.known import Evidence, judge
from auricle.providers.vendors.offline.embedding import OfflineEmbedder
from bench.knowledge.corpus import Vectors, medquad, misheard


async def measure(work: Path, chunks: int) -> None:
    task = medquad("medquad", Vectors(work), count=300, documents=chunks // 3)  # about three chunks each
    began, cpu = time.perf_counter(), time.process_time()
    index = task.index()
    built, used_s = time.perf_counter() - began, time.process_time() - cpu
    print(f"index of {len(index)} chunks built in {built:.2f} s ({used_s:.2f} s CPU)")
    embedder = OfflineEmbedder(work)
    await embedder.warm()
    steps: dict[str, list[tuple[float, float]]] = {"spell": [], "embed": [], "rank": [], "judge": [], "all": []}
    for question in [*task.questions, *map(misheard, task.questions)]:
        marks = [(time.perf_counter(), time.process_time())]
        meant = index.spelling.meant(question)
        marks.append((time.perf_counter(), time.process_time()))
        vector = (await embedder.embed([meant], task="query")).vectors[0]
        marks.append((time.perf_counter(), time.process_time()))
        ranked = index.rank(meant, vector, 5)
        marks.append((time.perf_counter(), time.process_time()))
        best = [
            Evidence(f"{task.titles[one.index]} {task.bodies[one.index]}", one.dense, [task.titles[one.index]])
            for one in ranked
        ]
        judge(question, best, index.terms, len(index))
        marks.append((time.perf_counter(), time.process_time()))
        stretches = [*zip(marks, marks[1:], strict=False), (marks[0], marks[-1])]
        for step, (before, after) in zip(steps, stretches, strict=True):
            steps[step].append((after[0] - before[0], after[1] - before[1]))
    print("ms            wall p50   p95    CPU p50   p95")
    for step, taken in steps.items():
        wall, used = np.percentile(np.array(taken) * 1_000, [50, 95], axis=0).T
        print(f"{step:12} {wall[0]:9.2f} {wall[1]:6.2f} {used[0]:9.2f} {used[1]:6.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, required=True, help="folder for the model and the vectors")
    arguments.add_argument("--chunks", type=int, default=6_000)
    chosen = arguments.parse_args()
    asyncio.run(measure(chosen.work, chosen.chunks))


if __name__ == "__main__":
    main()
