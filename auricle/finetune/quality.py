"""How good drafts are, by who wrote them and week: what the judge said, and what clinicians still had to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MOST_ROWS = 2_000

# Weeks begin on Monday, in UTC, and are those in which a draft was asked for. What addenda say was never drafted.
QUALITY = text("""
    with drafted as (
        select id, date_trunc('week', created_at at time zone 'UTC')::date as week, method, model, status,
               completeness, ai_approved
        from soap_note
        where status in ('draft', 'approved') and method is not null and created_at >= :since
    ), told as (
        select s.note_id, count(*) as statements,
               count(*) filter (where s.verdict = 'supported') as supported,
               count(*) filter (where s.verdict = 'inferred') as inferred,
               count(*) filter (where s.verdict = 'contradicted') as contradicted,
               count(*) filter (where s.verdict = 'unsupported') as unsupported,
               count(*) filter (where s.edited) as edited,
               count(*) filter (where s.overruled_by is not null) as overruled
        from note_statement s join drafted d on d.id = s.note_id
        where s.addendum_id is null
        group by s.note_id
    ), changed as (
        select v.note_id, count(*) as times
        from note_version v join drafted d on d.id = v.note_id
        where v.reason in ('edited', 'regenerated')
        group by v.note_id
    )
    select d.week, d.method, d.model, count(*) as drafts,
           count(*) filter (where d.ai_approved) as passed,
           avg(d.completeness) as completeness,
           coalesce(sum(t.statements), 0)::bigint as statements,
           coalesce(sum(t.supported), 0)::bigint as supported,
           coalesce(sum(t.inferred), 0)::bigint as inferred,
           coalesce(sum(t.contradicted), 0)::bigint as contradicted,
           coalesce(sum(t.unsupported), 0)::bigint as unsupported,
           coalesce(sum(t.edited), 0)::bigint as edited,
           coalesce(sum(t.overruled), 0)::bigint as overruled,
           count(*) filter (where d.status = 'approved') as approved,
           count(*) filter (where d.status = 'approved' and c.times is null) as approved_unchanged,
           coalesce(sum(c.times), 0)::bigint as changes
    from drafted d left join told t on t.note_id = d.id left join changed c on c.note_id = d.id
    group by d.week, d.method, d.model
    order by d.week desc, d.method, d.model nulls first
    limit :most
""")


@dataclass(frozen=True, slots=True)
class Quality:
    """One week of one writer. Counts as they stand now; `completeness` is the mean, None where nothing was judged."""

    week: date
    method: str
    model: str | None
    drafts: int
    passed: int  # the judge found nothing contradicted or unsupported
    completeness: float | None
    statements: int
    supported: int
    inferred: int
    contradicted: int
    unsupported: int
    edited: int  # statements that a clinician worded otherwise
    overruled: int
    approved: int
    approved_unchanged: int
    changes: int  # versions between draft and signature


async def quality(db: AsyncSession, *, weeks: int) -> Sequence[Quality]:
    """The last weeks, the present one included, newest first."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    since = today - timedelta(days=today.weekday(), weeks=weeks - 1)
    rows = await db.execute(QUALITY, {"since": since, "most": MOST_ROWS})
    return [Quality(**row) for row in rows.mappings()]
