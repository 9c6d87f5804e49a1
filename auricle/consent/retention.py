# ruff: noqa: S608 - the statements are put together from constants of this file
"""How long each class of data is kept, and the daily job that erases what is due.

A class says how due things are found, and how a batch of them is erased; both run for one organization. Things of a
patient on legal hold are never due. The job goes batch by batch, a short transaction each: stopped anywhere, the next
run goes on, for what is erased is no longer due.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import TextClause, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.audit.reads import record
from auricle.consent.models import RetentionRule
from auricle.db.session import Database, actor_of
from auricle.documents.remove import delete_documents
from auricle.errors import Conflict, Invalid, NotFound
from auricle.identity.models import Organization
from auricle.jobs.schedule import periodic
from auricle.recording.remove import delete_recordings

BATCH = 200
MOST_BATCHES = 500  # of one class and organization in one run; the rest is due tomorrow

# A hold on a record stands for those merged into it as well.
NOT_HELD = (
    "not exists (select from legal_hold h join patient p on p.id = {patient} "
    "where h.patient_id in (p.id, p.merged_into) and h.released_at is null)"
)


class UnknownClass(NotFound):
    """There is no such class of data."""

    code = "retention.unknown_class"


class TooShort(Invalid):
    """This class must be kept longer."""

    code = "retention.too_short"


class KeptForEver(Conflict):
    """This class is never erased by time."""

    code = "retention.fixed"


@dataclass(frozen=True, slots=True)
class DataClass:
    """A kind of data with its time. Without `due` it is kept: by law, or because something else ends it."""

    name: str
    what: str
    default_days: int | None
    minimum_days: int = 1
    due: TextClause | None = None
    erase: Callable[[AsyncSession, Sequence[UUID]], Awaitable[int]] | None = None


OF_MESSAGES = "where consultation_id in (select consultation_id from message where id = any (:ids))"
ERASE_DERIVED = (
    text(f"delete from consultation_memory {OF_MESSAGES}"),
    text(f"delete from observation {OF_MESSAGES}"),
    text(f"update replay set result = null where recording_id in (select id from recording {OF_MESSAGES})"),
    text(f"update tool_call set body = '', result = null {OF_MESSAGES} and length(body) > 0"),
)


async def erase_messages(db: AsyncSession, ids: Sequence[UUID]) -> int:
    """Blank what was said. Rows stay, for notes and usage point at them; the audit holds digests of the text only.

    What was made of it goes with it: the summary, what tools were asked and told, what an agent noted.
    """
    for statement in ERASE_DERIVED:
        await db.execute(statement, {"ids": list(ids)})
    erased = await db.execute(
        text("update message set text = '', heard = null, citations = '[]' where id = any (:ids)"), {"ids": list(ids)}
    )
    return erased.rowcount  # type: ignore[attr-defined, no-any-return]


async def erase_notes(db: AsyncSession, ids: Sequence[UUID]) -> int:
    return await db.scalar(text("select erase_notes(:ids)"), {"ids": list(ids)}) or 0


CLASSES: Mapping[str, DataClass] = {
    one.name: one
    for one in (
        DataClass(
            "transcripts",
            "what was said, after its consultation ended",
            default_days=3 * 365,
            due=text(
                "select m.id from message m join consultation c on c.id = m.consultation_id "
                "where length(m.text) > 0 and c.status = 'ended' and c.ended_at < :before "
                f"and {NOT_HELD.format(patient='c.patient_id')} order by m.id limit :limit"
            ),
            erase=erase_messages,
        ),
        DataClass(
            "recordings",
            "the sound of conversations, after they were recorded",
            default_days=90,
            due=text(
                "select r.id from recording r join consultation c on c.id = r.consultation_id "
                "where r.status = 'complete' and r.ended_at < :before "
                f"and {NOT_HELD.format(patient='c.patient_id')} order by r.id limit :limit"
            ),
            erase=delete_recordings,
        ),
        DataClass(
            "documents",
            "files of patients with their text, after they were added",
            default_days=10 * 365,
            minimum_days=365,
            due=text(
                "select d.id from document d where d.status <> 'deleted' and d.created_at < :before "
                f"and {NOT_HELD.format(patient='d.patient_id')} order by d.id limit :limit"
            ),
            erase=delete_documents,
        ),
        DataClass(
            "notes",
            "SOAP notes with their versions, after their last change",
            default_days=10 * 365,
            minimum_days=365,
            due=text(
                "select n.id from soap_note n where n.status in ('draft', 'approved', 'failed') "
                "and greatest(n.created_at, n.approved_at, (select max(v.created_at) from note_version v "
                f"where v.note_id = n.id)) < :before and {NOT_HELD.format(patient='n.patient_id')} "
                "order by n.id limit :limit"
            ),
            erase=erase_notes,
        ),
        DataClass(
            "deleted_notes",
            "notes that were discarded, with their versions",
            default_days=90,
            due=text(
                "select n.id from soap_note n where n.status = 'deleted' and n.version > 0 and n.deleted_at < :before "
                f"and {NOT_HELD.format(patient='n.patient_id')} order by n.id limit :limit"
            ),
            erase=erase_notes,
        ),
        DataClass(
            "audit",
            "the audit: at least a year by law; taking a part away would break its chain",
            default_days=None,
            minimum_days=365,
        ),
        DataClass("consents", "decisions on consent, as long as anybody may ask for them", default_days=None),
    )
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A class as an organization keeps it; `days` None: for ever."""

    data_class: DataClass
    days: int | None


async def rules(db: AsyncSession) -> Sequence[Kept]:
    """Every class, by the organization's rule or by default."""
    own = {row.data_class: row.days for row in await db.scalars(select(RetentionRule))}
    return [Kept(one, own.get(name, one.default_days)) for name, one in CLASSES.items()]


async def set_rule(db: AsyncSession, name: str, days: int | None) -> Kept:
    """Keep a class for so many days, or (None) for ever."""
    one = CLASSES.get(name)
    if one is None:
        raise UnknownClass
    if one.due is None:
        raise KeptForEver
    if days is not None and days < one.minimum_days:
        raise TooShort(minimum_days=one.minimum_days)
    row = await db.scalar(select(RetentionRule).where(RetentionRule.data_class == name).with_for_update())
    if row is None:
        row = RetentionRule(data_class=name)
        db.add(row)
    row.days, row.updated_by, row.updated_at = days, actor_of(db).member_id, datetime.now(UTC)
    await db.flush()
    return Kept(one, days)


async def due(db: AsyncSession, kept: Kept, *, now: datetime, limit: int) -> Sequence[UUID]:
    """What of a class is due, oldest first: the dry run, and what the job takes."""
    if kept.data_class.due is None or kept.days is None:
        return []
    before = now - timedelta(days=kept.days)
    return (await db.scalars(kept.data_class.due, {"before": before, "limit": limit})).all()


async def erase_due(
    database: Database, actor: Actor, *, now: datetime, batch: int = BATCH, batches: int = MOST_BATCHES
) -> Mapping[str, int]:
    """Erase what is due in one organization; how much of each class."""
    async with database.transaction(actor) as db:
        wanted = await rules(db)
    erased: dict[str, int] = {}
    for kept in wanted:
        for _ in range(batches):
            async with database.transaction(actor) as db:
                count = await erase_batch(db, kept, now, batch)
            if not count:
                break
            erased[kept.data_class.name] = erased.get(kept.data_class.name, 0) + count
    return erased


async def erase_batch(db: AsyncSession, kept: Kept, now: datetime, batch: int) -> int:
    ids = await due(db, kept, now=now, limit=batch)
    if not ids or kept.data_class.erase is None:
        return 0
    count = await kept.data_class.erase(db, ids)
    await record(db, "retention", kept.data_class.name, None, erased=count, days=kept.days)
    return count


@periodic("consent.retention", "41 2 * * *", timeout_s=4 * 3600)
async def erase_everywhere(assembly: Assembly, actor: Actor) -> None:
    async with assembly.database.transaction(actor) as db:
        organizations = (await db.scalars(select(Organization.id).order_by(Organization.id))).all()
    for organization_id in organizations:
        await erase_due(assembly.database, Actor.system(organization_id, "retention"), now=datetime.now(UTC))
