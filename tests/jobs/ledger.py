"""Tasks that leave a mark in a file, and a worker process that runs them and can be killed.

`python ledger.py <worker url> <file>` prints `ready` and works until it is told to stop.
"""

import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from auricle.actor import Actor
from auricle.errors import Invalid, Unavailable
from auricle.jobs.app import task
from auricle.jobs.worker import run_worker


@dataclass
class Book:
    """As much of an assembly as these tasks need."""

    worker_url: str
    path: Path

    def write(self, *words: object) -> None:
        with self.path.open("a") as file:
            file.write(" ".join(map(str, words)) + "\n")

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []

    async def wait_for(self, *starts: str, timeout_s: float = 20.0) -> list[str]:
        async with asyncio.timeout(timeout_s):
            while not all(any(line.startswith(start) for line in self.lines()) for start in starts):
                await asyncio.sleep(0.05)
        return self.lines()


async def gave_up(book: Book, actor: Actor, **ids: object) -> None:
    book.write("gave-up", actor.organization_id, ids.get("word"))


@task("tests.write")
async def write(book: Book, actor: Actor, word: str, thing_id: UUID | None = None) -> None:
    book.write("done", word, actor.organization_id, actor.kind, type(thing_id).__name__)


@task("tests.slow", retries=1)
async def slow(book: Book, actor: Actor, word: str) -> None:
    """Slow in the first attempt, so that its worker can be killed in the middle; quick in the next."""
    if f"began {word}" not in book.lines():
        book.write("began", word)
        await asyncio.sleep(60)
    book.write("done", word)


@task("tests.refused", retries=5, on_failed=gave_up)
async def refused(book: Book, actor: Actor, word: str) -> None:
    book.write("tried", word)
    raise Invalid("never again")


@task("tests.flaky", retries=1, on_failed=gave_up)
async def flaky(book: Book, actor: Actor, word: str) -> None:
    book.write("tried", word)
    raise Unavailable("not now")


@task("tests.endless", retries=0, timeout_s=0.2, on_failed=gave_up)
async def endless(book: Book, actor: Actor, word: str) -> None:
    await asyncio.sleep(60)


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print("ready", flush=True)
    await run_worker(Book(sys.argv[1], Path(sys.argv[2])), stop)


if __name__ == "__main__":
    asyncio.run(main())
