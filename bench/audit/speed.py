"""How many audit entries a second are sealed and verified: `python bench/audit/speed.py [entries]`."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from auricle.actor import Actor
from auricle.audit.heads import Heads
from auricle.audit.seal import Sealer, seal
from auricle.audit.verify import verify_all
from auricle.db.base import new_id
from auricle.db.embedded import running
from auricle.db.migrate import migrate
from auricle.db.session import Database
from auricle.identity.models import Organization

FILL = """
insert into audit_entry (organization_id, action, entity, entity_id, old, new, address, user_agent)
select %s, 'update', 'patient', gen_random_uuid(), jsonb_build_object('identity', repeat('5a', 200)),
       jsonb_build_object('identity', repeat('a5', 200)), '192.0.2.1', 'Mozilla/5.0' from generate_series(1, %s)
"""


async def measure(database: Database, owner_url: str, heads: Heads, entries: int) -> None:
    organization = Organization(id=new_id(), name="Bench", slug="bench", email="bench@example.org")
    async with database.transaction(Actor.nobody()) as db:
        db.add(organization)
    with psycopg.connect(owner_url) as owner:
        owner.execute("select set_config('auricle.organization', %s, false)", (str(organization.id),))
        owner.execute(FILL, (organization.id, entries))
    started, more = time.perf_counter(), True
    while more:
        async with database.transaction(Actor.system(organization.id)) as db:
            more = (await seal(db)).more
    sealed_s = time.perf_counter() - started
    sealer = Sealer(database, heads)
    await sealer.round()
    started = time.perf_counter()
    report = await verify_all(database, heads)
    verified_s = time.perf_counter() - started
    links = report.organizations[0].links
    assert report.ok and links == entries + 1
    print(f"sealed   {links} entries in {sealed_s:.2f} s: {links / sealed_s:,.0f}/s")
    print(f"verified {links} entries in {verified_s:.2f} s: {links / verified_s:,.0f}/s")


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as folder:
        Path(folder).chmod(0o755)
        with running(Path(folder) / "database") as server:
            migrate(server.urls.owner)

            async def run() -> None:
                database = Database(server.urls.app)
                await measure(database, server.urls.owner, Heads(Path(folder) / "heads.jsonl", bytes(32)), entries)
                await database.close()

            asyncio.run(run())


if __name__ == "__main__":
    main()
