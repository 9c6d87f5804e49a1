"""What an export could rest on, before one is made: who agrees, what was signed, how conversations were rated."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

# Who agrees is decided as `consent.decide.holds` does it for one patient.
MATERIAL = text("""
    with agreeing as (
        select patient_id
        from (
            select distinct on (patient_id) patient_id, decision, created_at
            from consent where kind = 'training'
            order by patient_id, position desc
        ) last
        where decision = 'granted' and created_at >= coalesce(
            (select max(created_at) from consent_text where kind = 'training' and renew), '-infinity'
        )
    ), signed as (
        select count(*) as notes, count(a.patient_id) as agreed_notes
        from soap_note n left join agreeing a on a.patient_id = n.patient_id
        where n.status = 'approved'
    ), told as (
        select score,
               count(*) filter (where by_patient) as by_patients,
               count(*) filter (where not by_patient) as by_staff
        from consultation_rating group by score
    ), lowest as (
        select consultation_id, patient_id, min(score) as score
        from consultation_rating group by consultation_id, patient_id
    ), talked as (
        select l.score, count(*) as conversations, count(a.patient_id) as agreed_conversations
        from lowest l left join agreeing a on a.patient_id = l.patient_id
        group by l.score
    )
    select (select count(*) from agreeing) as patients, notes, agreed_notes, score,
           coalesce(by_patients, 0) as by_patients, coalesce(by_staff, 0) as by_staff,
           coalesce(conversations, 0) as conversations, coalesce(agreed_conversations, 0) as agreed_conversations
    from signed cross join generate_series(1, 5) score left join told using (score) left join talked using (score)
    order by score
""")


@dataclass(frozen=True, slots=True)
class Score:
    """How often one score was given, and the conversations of which it is the lowest: that one counts."""

    score: int
    by_patients: int
    by_staff: int
    conversations: int
    agreed_conversations: int  # of patients who agree to training


@dataclass(frozen=True, slots=True)
class Material:
    patients: int  # who agree to training now
    notes: int  # signed
    agreed_notes: int
    scores: Sequence[Score]  # 1 to 5, each


async def material(db: AsyncSession) -> Material:
    rows = (await db.execute(MATERIAL)).mappings().all()
    scores = [Score(**{one.name: row[one.name] for one in fields(Score)}) for row in rows]
    return Material(rows[0]["patients"], rows[0]["notes"], rows[0]["agreed_notes"], scores)
