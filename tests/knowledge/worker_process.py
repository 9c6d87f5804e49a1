"""A worker whose embedder takes its time, to be killed: `python worker_process.py APP_URL WORKER_URL FOLDER`."""

import asyncio
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import auricle.knowledge.ingest  # noqa: F401 - declares the task
from auricle.db.session import Database
from auricle.jobs.worker import run_worker
from auricle.knowledge.models import DIMENSION
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.search import Knowledge
from auricle.knowledge.snapshot import Snapshots
from auricle.storage.objects import LocalObjects


async def slowly(texts, *, task, organization_id):
    await asyncio.sleep(0.3)
    vectors = np.ones((len(texts), DIMENSION), np.float32)
    return vectors / np.linalg.norm(vectors[0])


async def main(app_url: str, worker_url: str, folder: str) -> None:
    database, store = Database(app_url), PgVector()
    knowledge = Knowledge(database, store, Snapshots(database, store), slowly)
    assembly = SimpleNamespace(
        worker_url=worker_url, database=database, knowledge=knowledge, objects=LocalObjects(Path(folder))
    )
    await run_worker(assembly, asyncio.Event(), concurrency=2)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
