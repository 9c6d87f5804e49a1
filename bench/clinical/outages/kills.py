"""Notes are asked for; then the AI service, a worker and PostgreSQL are killed in the middle. Each is drafted once."""

import contextlib
import os
import signal
import time
from collections.abc import Sequence

import httpx2
import psycopg

from auricle.db.postmaster import free_port
from bench.clinical.outages.installation import Installation, installed

AWAY_S = 8.0  # that the AI service and PostgreSQL are gone
WHOLE_S = 240.0
WORKERS = ("worker 1", "worker 2")
TOLD = "select count(*) from live_event where subject ->> 'note_id' = any(%s) and kind = "
JOBS = "select count(*) from procrastinate_jobs where args ->> 'note_id' = any(%s) and status in "
VERSIONS = "select count(*) from note_version where note_id = any(%s) and number "
COUNTS = {
    "drafted": "select count(*) from soap_note where id = any(%s) and status = 'draft'",
    "version 1": VERSIONS + "= 1",
    "other versions": VERSIONS + "> 1",
    "statements twice": "select count(*) from (select 1 from note_statement where note_id = any(%s)"
    " group by note_id, position having count(*) > 1) as twice",
    "`note.ready` told": TOLD + "'note.ready'",
    "`note.failed` told": TOLD + "'note.failed'",
    "usage records": "select count(*) from usage_record where note_id = any(%s)",
    "jobs left": JOBS + "('todo', 'doing')",
}


def run(count: int = 50, turns: int = 300) -> bool:
    """Print what happened and was counted; whether every note was drafted exactly once."""
    port = free_port()
    with installed(f"http://127.0.0.1:{port}") as installation:
        installation.start_ai("ai", port)
        installation.start("api", "serve")
        for worker in WORKERS:
            installation.start(worker, "worker", "--concurrency", "2")
        installation.await_answer(f"{installation.url}/ready", "api")
        installation.await_clinic()
        consultations = installation.consultations(count, turns)
        installation.began = time.time()
        with installation.client() as http:
            notes = [asked_for(http, str(one)) for one in consultations]
        installation.note(f"{count} notes of {turns} turns are asked for")
        play(installation, notes, port)
        finished = drafted(installation, notes) == count
        counted = {what: counted_by(installation, query, notes) for what, query in COUNTS.items()}
        print(f"{count} notes; the AI service, a worker and PostgreSQL are killed in the middle (seconds, what)")
        tell(installation, counted, count)
    return finished and counted == expected(count)


def expected(count: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, 0) | dict.fromkeys(("drafted", "version 1", "`note.ready` told"), count)


def play(installation: Installation, notes: Sequence[str], port: int) -> None:
    count = len(notes)
    await_drafted(installation, notes, count // 5)
    installation.kill("ai")
    time.sleep(AWAY_S)
    installation.note(f"{drafted(installation, notes)} are drafted; the AI service is started again")
    installation.start_ai("ai", port)
    await_drafted(installation, notes, 2 * count // 5)
    installation.kill("worker 1")
    installation.start("worker 1", "worker", "--concurrency", "2")
    await_drafted(installation, notes, 3 * count // 5)
    kill_postgres(installation)
    time.sleep(AWAY_S)
    installation.database.restart()
    installation.note("PostgreSQL is started again")
    await_drafted(installation, notes, count)


def kill_postgres(installation: Installation) -> None:
    os.kill(installation.database.pid, signal.SIGKILL)
    while installation.database.is_alive():
        time.sleep(0.01)
    installation.note("PostgreSQL is killed (-9)")


def asked_for(http: httpx2.Client, consultation_id: str) -> str:
    answer = http.post("/api/v1/soap/generate", json={"consultation_id": consultation_id})
    note_id: str = answer.raise_for_status().json()["id"]
    return note_id


def counted_by(installation: Installation, query: str, notes: Sequence[str]) -> int:
    cast = query if "->>" in query else query.replace("any(%s)", "any(%s::uuid[])")
    return int(installation.asked(cast, list(notes))[0][0])


def drafted(installation: Installation, notes: Sequence[str]) -> int:
    return counted_by(installation, COUNTS["drafted"], notes)


def await_drafted(installation: Installation, notes: Sequence[str], wanted: int) -> None:
    deadline, now = time.monotonic() + WHOLE_S, 0
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError):
            now = drafted(installation, notes)
        if now >= wanted:
            installation.note(f"{now} are drafted")
            return
        time.sleep(0.05)
    installation.note(f"only {now} of {wanted} are drafted after {WHOLE_S:.0f} s")


def tell(installation: Installation, counted: dict[str, int], count: int) -> None:
    for at, what in sorted([*installation.happened, *installation.breakers()]):
        print(f"  {at:7.1f}  {what}")
    for what, number in counted.items():
        print(f"  {number:7}  {what}" + ("" if number == expected(count)[what] else "   ← WRONG"))
