"""Our ranking and the peers' in one run, on the same chunks and the same vectors: `python -m bench.knowledge.peers`.

The peers (Chroma and an ensemble through LangChain, LlamaIndex, Haystack, txtai) are run by the shared bench's own
scripts (AURICLE_SHARED_RAG_BENCH, else ../shared/bench/rag beside this repository), each in an environment of its own
below the cache folder. What they are given of a chunk is what we embed: its title, a full stop, its text.

    python -m bench.knowledge.peers [--tasks medquad_confirm,noisy,liveqa_med,pubmedqa,xling_hi] [--peers langchain,…]

Every system's first ten documents are scored alike; a difference to the best peer comes with its 95 % interval from a
paired bootstrap. `noisy` is medquad_confirm with imitated recognition errors.
"""

import argparse
import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from auricle.knowledge.evaluation.measures import ndcg, success
from auricle.knowledge.rank import fits_dense
from bench.knowledge.corpus import Task, Vectors, graded, hindi, medquad, misheard
from bench.knowledge.ranking import documents, interval

ROOT = Path(__file__).parents[2]
DEPTH = 50
PEERS: Mapping[str, tuple[str, ...]] = {
    "langchain": ("langchain-core", "langchain-community", "langchain-chroma", "langchain-classic", "rank_bm25"),
    "llamaindex": ("llama-index-core",),
    "haystack": ("haystack-ai",),
    "txtai": ("txtai",),
}
QUIET = {"ANONYMIZED_TELEMETRY": "False", "HAYSTACK_TELEMETRY_ENABLED": "False", "DO_NOT_TRACK": "1"}


@dataclass(frozen=True, slots=True)
class Run:
    """One system's first ten documents for each question, and what it took."""

    system: str
    found: Sequence[Sequence[int]]
    p50_ms: float | None = None
    p95_ms: float | None = None


def shared() -> Path:
    return Path(os.environ.get("AURICLE_SHARED_RAG_BENCH", ROOT.parent / "shared" / "bench" / "rag"))


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "auricle-bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--tasks", default="medquad_confirm,noisy,liveqa_med,pubmedqa,xling_hi")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--cache", type=Path, default=cache(), help="environments, the model, vectors")
    given = parser.parse_args()
    if not (shared() / "peers").is_dir():
        sys.exit(f"The shared bench is not at {shared()}; set AURICLE_SHARED_RAG_BENCH.")
    vectors = Vectors(given.cache / "knowledge")
    for name in given.tasks.split(","):
        task = TASKS[name](vectors)
        asked = vectors.of(task.questions)
        print(f"\n{name}: {len(set(task.owner.tolist()))} documents, {len(task.bodies)} chunks, "
              f"{len(task.questions)} questions")  # fmt: skip
        runs = [ours(task, vectors), dense(task, asked)]
        for peer in filter(None, given.peers.split(",")):
            runs += ran(given.cache, peer, task, asked)
        show(task, runs)


TASKS: Mapping[str, Callable[[Vectors], Task]] = {
    "medquad_confirm": lambda vectors: medquad("medquad_confirm", vectors, count=600),
    "noisy": lambda vectors: noisy(medquad("medquad_confirm", vectors, count=600)),
    "liveqa_med": lambda vectors: graded("liveqa_med", vectors),
    "pubmedqa": lambda vectors: graded("pubmedqa", vectors),
    "xling_hi": hindi,
}


def noisy(task: Task) -> Task:
    return replace(task, questions=[misheard(question) for question in task.questions])


def ours(task: Task, vectors: Vectors) -> Run:
    """As `knowledge/search.py` does it: misspelt words replaced, then one vector for what was meant."""
    index = task.index()
    meant = [index.spelling.meant(question) for question in task.questions]
    found = []
    for question, vector in zip(meant, vectors.of(meant), strict=True):
        known = vector if fits_dense(question, multilingual=False) else None
        found.append(documents(task, [one.index for one in index.rank(question, known, DEPTH)]))
    return Run("auricle", found)


def dense(task: Task, asked: np.ndarray) -> Run:
    best = [np.argsort(-(task.vectors @ vector), kind="stable")[:DEPTH] for vector in asked]
    return Run("exact dense", [documents(task, chunks) for chunks in best])


def ran(folder: Path, peer: str, task: Task, asked: np.ndarray) -> list[Run]:
    """The runs of one peer's script, each of its systems one. A peer that fails is said, and left out."""
    work = folder / "knowledge"
    texts = [f"{title}. {body}" if title else body for title, body in zip(task.titles, task.bodies, strict=True)]
    chunks = [[str(owner), text] for owner, text in zip(task.owner.tolist(), texts, strict=True)]
    names = [str(number) for number in range(len(task.questions))]
    (work / "task.json").write_text(
        json.dumps({"chunks": chunks, "queries": dict(zip(names, task.questions, strict=True))})
    )
    np.savez(work / "vectors_of_task.npz", C=task.vectors, Q=asked)
    script, out = shared() / "peers" / f"peer_{peer}.py", work / f"{peer}.json"
    done = subprocess.run(
        [python_of(folder, peer), script, work / "task.json", work / "vectors_of_task.npz", out],
        env={**os.environ, **QUIET, "OMP_NUM_THREADS": "1", "RAGBENCH_MAXQ": str(len(names))},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"{peer} failed: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return []
    runs = []
    for system, told in json.loads(out.read_text()).items():
        found = [[int(document) for document in told["run"][name]] for name in names]
        runs.append(Run(system, found, told["p50_ms"], told["p95_ms"]))
    return runs


def python_of(folder: Path, peer: str) -> Path:
    """The interpreter of a peer's environment, made at first use."""
    home = folder / f"rag-{peer}"
    python = home / "bin" / "python"
    if not (home / "made").is_file():
        print(f"installing {peer} below {home} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy", *PEERS[peer]], check=True)
        (home / "made").touch()
    return python


def show(task: Task, runs: Sequence[Run]) -> None:
    """A table, best nDCG first, and our lead over the best of the others."""
    measures: Mapping[str, Callable[[Sequence[int], Mapping[int, int]], float]] = {
        "nDCG@10": ndcg,
        "s@1": lambda found, gains: success(found, gains, 1),
        "s@10": lambda found, gains: success(found, gains, 10),
    }
    scored = {
        what: {run.system: [measure(f, g) for f, g in zip(run.found, task.gains, strict=True)] for run in runs}
        for what, measure in measures.items()
    }
    print(f"| system | {' | '.join(scored)} | search ms p50/p95 |\n| --- | --- | --- | --- | --- |")
    for run in sorted(runs, key=lambda run: -np.mean(scored["nDCG@10"][run.system])):
        means = " | ".join(f"{np.mean(by[run.system]):.3f}" for by in scored.values())
        print(f"| {run.system} | {means} | {'–' if run.p50_ms is None else f'{run.p50_ms}/{run.p95_ms}'} |")
    for what, by in scored.items():
        best = max((run.system for run in runs[1:]), key=lambda system: float(np.mean(by[system])))
        print(f"ours minus the best of the others ({best}) in {what}: {interval(by['auricle'], by[best])}")


if __name__ == "__main__":
    main()
