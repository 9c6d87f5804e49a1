"""What retrieval adds to a turn while calls are running: `python -m bench.knowledge.in_calls`.

    python -m bench.knowledge.in_calls [--levels 1,10] [--seconds 40] [--chunks 6000]

The calls are those of `bench.voice` on the browser's wire, through the whole product. The sample clinic's knowledge is
MedQuAD's beside its own: so many chunks, with vectors of the product's model. The server notes how long each turn
waited for its passages, from the question to the verdict: embedding, ranking, judging, and whatever else the loop and
the threads had to do meanwhile. A turn prepares its answer before it is over, so what the caller waits is less.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.embedded import Server
from auricle.db.session import Database
from auricle.knowledge.chunk import Chunk
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.store import INSTALLED
from auricle.sample.seed import LOGINS, PASSWORD, SLUG
from bench.knowledge.corpus import Vectors, medquad
from bench.knowledge.peers import cache
from bench.voice import speech
from bench.voice.figures import figures
from bench.voice.processes import product
from bench.voice.run import WARM_UP_S, called, say

WIRE = "browser"
SETTLED_S = 5.0  # until the server has read the new knowledge anew


def main() -> None:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the processes below are ended too
    os.sched_setaffinity(0, {given.client_core})
    with tempfile.TemporaryDirectory(prefix="auricle-in-calls-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root PostgreSQL runs as another account
        utterances, times = folder / "speech", folder / "retrievals.txt"
        utterances.mkdir()
        speech.make(utterances)
        with product(folder, given, {"AURICLE_VOICE__MAX_CALLS": "1000"}, "--retrievals", str(times)) as running:
            url, pid, database = running
            taught = asyncio.run(teach(database, given))
            say(f"{taught} chunks beside the clinic's own")
            plan = {
                "url": url, "wire": WIRE, "speech": str(utterances), "core": given.client_core, "server_pid": pid,
                "database_pid": database.pid, "login": LOGINS["patient"], "admin": LOGINS["org admin"],
                "password": PASSWORD,
            }  # fmt: skip
            called(plan, 1, WARM_UP_S)
            print("calls  turns  retrieval ms p50 / p95 / most   v2v ms p50/p95  failed  others' cores")
            for calls in map(int, given.levels.split(",")):
                before = len(waits(times))
                row = figures("auricle", called(plan, calls, given.seconds), None, 0)
                taken = 1_000 * np.array(waits(times)[before:])
                p50, p95 = np.percentile(taken, (50, 95))
                print(
                    f"{calls:5} {len(taken):6} {p50:12.1f} / {p95:.1f} / {taken.max():.1f} {row['v2v_ms']!s:>20} "
                    f"{row['failed']:7} {row['others_cores']:8}",
                    flush=True,
                )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--levels", default="1,10", help="numbers of calls, ascending")
    parser.add_argument("--seconds", type=float, default=40.0, help="measured time of a level")
    parser.add_argument("--chunks", type=int, default=6_000)
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--log", default=os.devnull, help="where the server's log goes")
    parser.add_argument("--cache", type=Path, default=cache(), help="the model and vectors")
    parser.set_defaults(providers="inside")
    return parser.parse_args()


async def teach(server: Server, given: argparse.Namespace) -> int:
    """Put MedQuAD's documents into the sample clinic as if they had been uploaded; how many chunks that were."""
    task = medquad("medquad", Vectors(given.cache / "knowledge"), count=1, documents=given.chunks // 3)
    with psycopg.connect(make_conninfo(server.admin_url, dbname="auricle")) as admin:
        found = admin.execute("select id from organization where slug = %s", (SLUG,)).fetchone()
    assert found is not None
    database, store, taught = Database(server.urls.app), PgVector(), 0
    actor = Actor.system(UUID(str(found[0])), "bench")
    for number in range(len(set(task.owner.tolist()))):
        own = np.flatnonzero(task.owner == number)
        if taught + len(own) > given.chunks:
            break
        chunks = [
            Chunk(place, task.bodies[at], 0, len(task.bodies[at]), None, "") for place, at in enumerate(own.tolist())
        ]
        async with database.transaction(actor) as db:
            document = KnowledgeDocument(
                id=new_id(), title=task.titles[own[0]], file_name=f"{number}.txt", media_type="text/plain",
                content_hash=f"{number:064x}", byte_size=1, status=DocumentStatus.LIVE, percent=100,
                chunk_count=len(chunks), embedder=INSTALLED.name,
            )  # fmt: skip
            db.add(document)
            await db.flush()
            await store.put(db, document.id, document.title, chunks, task.vectors[own], INSTALLED)
        taught += len(own)
    await database.close()
    await asyncio.sleep(SETTLED_S)
    return taught


def waits(times: Path) -> list[float]:
    return [float(line) for line in times.read_text().splitlines()] if times.exists() else []


if __name__ == "__main__":
    main()
