"""What the audit costs a writer: none, the trigger, and the trigger with the chain sealed beside it.

`python bench/audit/overhead.py [transactions]` runs the three in turns, several rounds, on one server, and prints each
as a share of the rate without: the ratio is what counts, the seconds belong to the machine.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
from sqlalchemy import text

from auricle.actor import Actor
from auricle.audit.heads import Heads
from auricle.audit.seal import seal_forever
from auricle.db.base import new_id
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.session import Database
from auricle.identity.models import Organization

WRITERS, ROUNDS, ORGANIZATIONS = 8, 5, 20

INSERT = text("insert into patient (id, identity) values (:id, decode(repeat('5a', 400), 'hex'))")
UPDATE = text("update patient set identity = decode(repeat('a5', 400), 'hex') where id = :id")


async def write(database: Database, organizations: list[Actor], transactions: int) -> float:
    """Patients made and changed, one transaction each, by several writers; transactions a second."""

    async def writer(number: int) -> None:
        for step in range(transactions // WRITERS // 2):
            actor, patient_id = organizations[(number + step) % len(organizations)], new_id()
            for statement in (INSERT, UPDATE):
                async with database.transaction(actor) as db:
                    await db.execute(statement, {"id": patient_id})

    started = time.perf_counter()
    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    return transactions / (time.perf_counter() - started)


@asynccontextmanager
async def sealing(database: Database, heads: Heads):  # type: ignore[no-untyped-def]
    stop = asyncio.Event()
    task = asyncio.create_task(seal_forever(database, heads, stop))
    yield
    stop.set()
    await task


async def measure(database: Database, owner_url: str, folder: Path, transactions: int) -> None:
    organizations = []
    for number in range(ORGANIZATIONS):
        one = Organization(
            id=new_id(), name=f"Bench {number}", slug=f"bench-{number}", email=f"bench-{number}@example.org"
        )
        async with database.transaction(Actor.nobody()) as db:
            db.add(one)
        organizations.append(Actor.system(one.id))

    def trigger(state: str) -> None:
        with psycopg.connect(owner_url) as owner:
            owner.execute(f"alter table patient {state} trigger audit")

    async def without() -> float:
        trigger("disable")
        rate = await write(database, organizations, transactions)
        trigger("enable")
        return rate

    async def with_trigger() -> float:
        return await write(database, organizations, transactions)

    async def with_chain() -> float:
        async with sealing(database, Heads(folder / "heads.jsonl", bytes(32))):
            return await write(database, organizations, transactions)

    runs: dict[str, Callable[[], Awaitable[float]]] = {
        "none": without,
        "trigger": with_trigger,
        "trigger and chain": with_chain,
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    await write(database, organizations, transactions // 4)  # warm
    for number in range(ROUNDS):
        order = list(runs) if number % 2 else list(reversed(runs))
        for name in order:
            rates[name].append(await runs[name]())
    for name, measured in rates.items():
        shares = [one / none for one, none in zip(measured, rates["none"], strict=True)]
        print(f"{name:18} {statistics.median(measured):7,.0f} tx/s   {statistics.median(shares):.2f} of none"
              f"   ({min(shares):.2f}–{max(shares):.2f})")  # fmt: skip


def main() -> None:
    transactions = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with running(folder / "database") as server:
            migrate(server.urls.owner)

            async def run() -> None:
                database = Database(server.urls.app)
                await measure(database, server.urls.owner, folder, transactions)
                await database.close()

            asyncio.run(run())


if __name__ == "__main__":
    main()
