"""Nearest neighbours within one organization of many: recall against an exact search, short lists, leaks, latency.

python -m bench.knowledge.isolation --work FOLDER [--chunks 100000] [--organizations 50] [--per-topic 40]

Sizes are Zipf's. Vectors are made up: points scattered around topics, so many chunks to a topic, and questions
scattered in the same way. With few to a topic the ten nearest are mostly chance, which is the hardest case. The
database is embedded PostgreSQL as the tests and `auricle up` have it; the organizations of 5,000 chunks and more get
their partition and index by the same call as in the product.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import psycopg
from psycopg.conninfo import make_conninfo

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.session import Database
from auricle.knowledge.pgvector import OWN_PARTITION, PgVector
from auricle.knowledge.rank import Floats
from auricle.knowledge.store import INSTALLED

K, QUESTIONS = 10, 40


@dataclass
class Tenant:
    id: UUID
    document_id: UUID
    vectors: Floats
    questions: Floats

    @property
    def actor(self) -> Actor:
        return Actor.system(self.id, "bench")


def tenants(chunks: int, organizations: int, per_topic: int) -> list[Tenant]:
    rng = np.random.default_rng(11)
    share = 1 / np.arange(1, organizations + 1)
    sizes = np.maximum(20, (chunks * share / share.sum()).astype(int))

    def around(topics: Floats, count: int) -> Floats:
        points = topics[rng.integers(len(topics), size=count)] + 0.9 * rng.normal(size=(count, topics.shape[1]))
        return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)

    made = []
    for size in sizes:
        topics = rng.normal(size=(max(1, size // per_topic), INSTALLED.dimension)).astype(np.float32)
        made.append(Tenant(new_id(), new_id(), around(topics, size), around(topics, QUESTIONS)))
    return made


def fill(admin_url: str, made: list[Tenant]) -> None:
    """As the administrator, whom row-level security does not bind."""
    with psycopg.connect(admin_url) as admin:
        for number, one in enumerate(made):
            admin.execute(
                "insert into organization (id, name, slug, email) values (%s, %s, %s, %s)",
                (one.id, f"Clinic {number}", f"clinic-{number}", f"{number}@clinic.example"),
            )
            admin.execute(
                "insert into knowledge_document (id, organization_id, title, file_name, media_type, content_hash,"
                " byte_size, status, chunk_count, live_at) values (%s, %s, 't', 'f', 'text/plain', %s, 1, 'live', %s,"
                " now())",
                (one.document_id, one.id, one.document_id.hex * 2, len(one.vectors)),
            )
            with admin.cursor().copy(
                "copy knowledge_chunk (id, organization_id, document_id, position, title, text, start_offset,"
                " end_offset, embedder, embedding) from stdin"
            ) as copy:
                for position, vector in enumerate(one.vectors):
                    text = f"Organization {number}, chunk {position}. " + "Words of a clinic. " * 20
                    written = "[" + ",".join(f"{x:.5f}" for x in vector.tolist()) + "]"
                    copy.write_row(
                        (new_id(), one.id, one.document_id, position, "t", text, 0, 9, INSTALLED.name, written)
                    )
        admin.execute("analyze knowledge_chunk")


async def measure(database: Database, made: list[Tenant]) -> None:
    store = PgVector()
    began = time.perf_counter()
    for one in made:
        async with database.transaction(one.actor) as db:
            await store.arrange(db, INSTALLED)
    print(f"partitions and indexes made in {time.perf_counter() - began:.0f} s")
    print("  chunks  path       recall@10  short  leaks   ms p50    p95   in process: recall  ms p50    p95")
    whole = {True: [], False: []}
    for number, one in enumerate(made):
        recalls, short, leaks, took, inside, own = [], 0, 0, [], [], []
        for question in one.questions:
            async with database.transaction(one.actor) as db:
                start = time.perf_counter()
                loaded = await store.candidates(db, INSTALLED, "", question, K)
                took.append(time.perf_counter() - start)
            start = time.perf_counter()
            scores = one.vectors @ question
            best = np.argpartition(-scores, K)[:K]
            inside.append(time.perf_counter() - start)
            exact = set(np.argsort(-(one.vectors.astype(np.float64) @ question))[:K].tolist())
            numbers = [chunk.text.split(". ")[0].split(", chunk ") for chunk in loaded.chunks]
            leaks += sum(int(words[0].split()[1]) != number for words in numbers)
            short += len(loaded.chunks) < K
            recalls.append(len(exact & {int(words[1]) for words in numbers}) / K)
            own.append(len(exact & set(best.tolist())) / K)
        indexed = len(one.vectors) >= OWN_PARTITION
        whole[indexed] += recalls
        if number < 6 or number % 10 == 9:
            (a, b), (c, d) = (np.percentile(np.array(t) * 1_000, [50, 95]) for t in (took, inside))
            path = "partition" if indexed else "exact"
            print(
                f"{len(one.vectors):8}  {path:9} {np.mean(recalls):10.4f} {short:6} {leaks:6} {a:8.2f} {b:6.2f}"
                f" {np.mean(own):20.4f} {c:7.2f} {d:6.2f}",
                flush=True,
            )
        elif short or leaks:
            print(f"{len(one.vectors):8}  {short} short, {leaks} leaks")
    for indexed, recalls in whole.items():
        if recalls:
            print(f"recall@10 of all {'partitioned' if indexed else 'scanned'}: {np.mean(recalls):.4f}")


async def run(url: str, made: list[Tenant]) -> None:
    database = Database(url)
    try:
        await measure(database, made)
    finally:
        await database.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, required=True, help="folder for the database; removed by nobody")
    arguments.add_argument("--chunks", type=int, default=100_000)
    arguments.add_argument("--organizations", type=int, default=50)
    arguments.add_argument("--per-topic", type=int, default=40)
    chosen = arguments.parse_args()
    made = tenants(chosen.chunks, chosen.organizations, chosen.per_topic)
    with running(chosen.work / "isolation", options={"fsync": "off", "synchronous_commit": "off"}) as server:
        migrate(server.urls.owner)
        began = time.perf_counter()
        fill(make_conninfo(server.admin_url, dbname="auricle"), made)
        print(f"{sum(len(one.vectors) for one in made)} chunks stored in {time.perf_counter() - began:.0f} s")
        asyncio.run(run(server.urls.app, made))


if __name__ == "__main__":
    main()
