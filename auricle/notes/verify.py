"""Check every version of every note against its chain, and the chains against the audit; name the first fault.

A chain alone does not tell that its end was cut off, or a whole note taken away. The audit does: each version's hash
is in it since the version was made, and the audit is sealed and signed.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.db.session import Database
from auricle.errors import Misconfigured
from auricle.identity.models import Organization
from auricle.notes.models import Note, NoteVersion
from auricle.notes.versions import link
from auricle.settings import Settings

BATCH = 200  # versions that are read at once: each holds a whole note

ON_RECORD = text("""
    select e.entity_id, cast(e.new ->> 'note_id' as uuid) as note_id, cast(e.new ->> 'number' as integer) as number
    from audit_entry e left join note_version v on v.id = e.entity_id
    where e.entity = 'note_version' and e.action = 'insert'
      and (v.id is null or e.new ->> 'hash' is distinct from v.hash::text)
    order by e.id limit 1
""")

OFF_RECORD = text("""
    select v.note_id, v.number from note_version v
    where not exists (
        select from audit_entry e
        where e.entity_id = v.id and e.entity = 'note_version' and e.action = 'insert' offset 0
    ) order by v.id limit 1
""")

Kind = Literal["version altered", "version missing", "versions end early", "version not on record"]


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Kind
    note_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Report:
    organization_id: UUID
    notes: int
    versions: int
    fault: Fault | None

    def sentence(self) -> str:
        """The result for a person."""
        if self.fault is not None:
            one = self.fault
            return f"organization {self.organization_id}: BAD: note {one.note_id}, version {one.number}: {one.kind}"
        return f"organization {self.organization_id}: {self.versions} versions of {self.notes} notes intact"


async def report(settings: Settings, say: Callable[[str], None]) -> int:
    """Verify and print; 1 at the first bad version of any organization."""
    if settings.database_url is None:
        raise Misconfigured("AURICLE_DATABASE_URL is not set.")
    database = Database(settings.database_url.get_secret_value(), pool_size=2)
    try:
        found = [one async for one in verify_all(database)]
    finally:
        await database.close()
    for one in found:
        say(one.sentence())
    return 1 if any(one.fault for one in found) else 0


async def verify_all(database: Database) -> AsyncIterator[Report]:
    async with database.transaction(Actor.nobody()) as db:
        organizations = (await db.scalars(select(Organization.id).order_by(Organization.id))).all()
    for organization_id in organizations:
        async with database.transaction(Actor.system(organization_id, "notes.verify")) as db:
            yield await verify(db, organization_id)


async def verify(db: AsyncSession, organization_id: UUID) -> Report:
    """The notes of this transaction's organization."""
    notes, versions, fault = await follow(db)
    if fault is None and (row := (await db.execute(ON_RECORD)).first()) is not None:
        fault = Fault("version missing", row.note_id, row.number)
    if fault is None and (row := (await db.execute(OFF_RECORD)).first()) is not None:
        fault = Fault("version not on record", row.note_id, row.number)
    return Report(organization_id, notes, versions, fault)


async def follow(db: AsyncSession) -> tuple[int, int, Fault | None]:
    """Recompute every chain, note by note: how many notes and versions there are, and the first that is wrong."""
    heads = {row.id: row.version for row in await db.execute(select(Note.id, Note.version).where(Note.version > 0))}
    found: dict[UUID, int] = {}
    count, before = 0, b""
    async for version in every(db):
        expected = found.get(version.note_id, 0) + 1
        if version.number != expected:
            return len(found), count, Fault("version missing", version.note_id, expected)
        previous = before if expected > 1 else None
        told = link(version.note_id, version.number, version.reason, version.created_by, previous, version.body)
        if told != version.hash or version.previous_hash != previous:
            return len(found), count, Fault("version altered", version.note_id, version.number)
        found[version.note_id], before, count = version.number, version.hash, count + 1
    for note_id in heads.keys() | found.keys():
        if heads.get(note_id) != found.get(note_id):
            return len(found), count, Fault("versions end early", note_id, found.get(note_id, 0) + 1)
    return len(found), count, None


async def every(db: AsyncSession) -> AsyncIterator[NoteVersion]:
    """All versions, by note and number, a batch at a time."""
    place = (UUID(int=0), 0)
    order = tuple_(NoteVersion.note_id, NoteVersion.number)
    while True:
        behind = order > tuple_(literal(place[0]), literal(place[1]))
        rows = (await db.scalars(select(NoteVersion).where(behind).order_by(order).limit(BATCH))).all()
        for row in rows:
            yield row
            db.expunge(row)
        if len(rows) < BATCH:
            return
        place = (rows[-1].note_id, rows[-1].number)
