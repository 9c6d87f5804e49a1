"""The AI service takes connections and never answers: how long everything else takes then, beside when it works.

Notes are asked for and drafts are edited all the time in both states, and in a third, quiet, none are; what is measured
are routes that need no AI.
"""

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from statistics import quantiles
from uuid import UUID

import httpx2

from auricle.db.postmaster import free_port
from bench.clinical.outages.balancer import Balancer, balancing
from bench.clinical.outages.installation import Installation, installed
from bench.clinical.outages.kills import asked_for, await_drafted

RATE, PHASE_S, SETTLE_S = 10.0, 12.0, 3.0
WITHIN = 1.2
STATES = ("works", "silent", "quiet")


def run(rounds: int = 3) -> bool:
    """Print latencies in the three states, which take turns, and the ratio of their 99th percentiles."""
    port = free_port()
    with balancing([port]) as balancer, installed(balancer.url) as installation:
        installation.start_ai("ai", port)
        installation.start("api", "serve")
        installation.start("worker 1", "worker", "--concurrency", "4")
        installation.await_answer(f"{installation.url}/ready", "api")
        installation.await_clinic()
        consultations = installation.consultations(60 * rounds, 60)
        with installation.client() as http:
            drafted = [asked_for(http, str(one)) for one in consultations[:2]]
            await_drafted(installation, drafted, 2)
            headers = dict(http.headers)
        took, answers = asyncio.run(measured(installation, balancer, headers, consultations[2:], drafted, rounds))
        return tell(took, answers, installation)


async def measured(
    installation: Installation,
    balancer: Balancer,
    headers: dict[str, str],
    consultations: Sequence[UUID],
    drafted: Sequence[str],
    rounds: int,
) -> tuple[dict[str, list[float]], dict[str, list[str]]]:
    took: dict[str, list[float]] = {state: [] for state in STATES}
    answers: dict[str, list[str]] = {state: [] for state in STATES}
    waiting = iter(consultations)
    async with httpx2.AsyncClient(base_url=installation.url, headers=headers, timeout=60, trust_env=False) as http:
        for state in STATES * rounds:
            balancer.go_silent(state == "silent")
            asking = asyncio.create_task(keep_asking(http, waiting, drafted[0], answers[state], state != "quiet"))
            await asyncio.sleep(SETTLE_S)
            took[state] += await paced(http, str(consultations[0]), drafted[1])
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    return took, answers


async def paced(http: httpx2.AsyncClient, consultation_id: str, note_id: str) -> list[float]:
    """Milliseconds from when each request was due: one that is late because another was slow counts as slow."""
    paths = itertools.cycle(
        (
            "/api/v1/patients?limit=20",
            f"/api/v1/consultations/{consultation_id}/transcript",
            "/api/v1/soap/notes",
            f"/api/v1/soap/notes/{note_id}",
        )
    )
    took: list[float] = []

    async def one(path: str, due: float) -> None:
        (await http.get(path)).raise_for_status()
        took.append(1000 * (time.perf_counter() - due))

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(RATE * PHASE_S)):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(one(next(paths), due))
    return took


async def keep_asking(
    http: httpx2.AsyncClient, waiting: Iterator[UUID], note_id: str, answers: list[str], is_wanted: bool
) -> None:
    """A note a second, and an edit a second whether or not the one before was answered."""
    if not is_wanted:
        return

    async def edit() -> None:
        note = (await http.get(f"/api/v1/soap/notes/{note_id}")).raise_for_status().json()
        statements = [{k: s[k] for k in ("id", "section", "text", "kind")} for s in note["statements"]]
        statements[0]["text"] += " Again."
        body = {"version": note["version"], "statements": statements[:5]}
        answer = await http.put(f"/api/v1/soap/notes/{note_id}", json=body)
        answers.append("edited" if answer.status_code == 200 else answer.json()["error_code"])

    async with asyncio.TaskGroup() as tasks:
        while True:
            tasks.create_task(edit())
            await http.post("/api/v1/soap/generate", json={"consultation_id": str(next(waiting))})
            await asyncio.sleep(1.0)


def tell(took: dict[str, list[float]], answers: dict[str, list[str]], installation: Installation) -> bool:
    print("routes that need no AI, milliseconds, while the AI service works, is silent, or is not asked")
    p99 = {}
    for state, times in took.items():
        cuts = quantiles(times, n=100)
        p99[state] = cuts[98]
        said = ", ".join(f"{answers[state].count(a)} {a}" for a in sorted(set(answers[state])))
        print(f"  {state:7} n {len(times)}  p50 {cuts[49]:.1f}  p95 {cuts[94]:.1f}  p99 {cuts[98]:.1f}   edits: {said}")
    ratio, quiet = p99["silent"] / p99["works"], p99["silent"] / p99["quiet"]
    print(f"  p99 silent / works: {ratio:.2f} (wanted: at most {WITHIN}); silent / quiet: {quiet:.2f}")
    for at, what in installation.breakers():
        print(f"  {at:7.1f}  {what}")
    return ratio <= WITHIN
