"""What waits for a signature, in the order one would take it: one query of columns, nothing unsealed."""

import base64
import binascii
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record_read
from auricle.consultations.models import Consultation
from auricle.db.keyset import BadCursor
from auricle.db.session import actor_of
from auricle.notes.content import FLAGGED
from auricle.notes.models import UNFINISHED, Note, NoteStatement, NoteStatus
from auricle.notes.review_schemas import Drafts, QueueCounts, Queued

Whose = Literal["mine", "unassigned", "others"]
State = Literal["draft", "queued", "generating", "failed"]
OPEN = (*UNFINISHED, NoteStatus.DRAFT, NoteStatus.FAILED)
NOBODY = UUID(int=0)


class Turn(IntEnum):
    """Whose turn a note is: one's own, then nobody's, then a colleague's.

    It is one's own where it was given to one. Where it was given to nobody it is that of whoever held the consultation,
    and with no such person (a document, a talk with an agent alone) of whoever asked for the note.
    """

    MINE = 0
    UNASSIGNED = 1
    OTHERS = 2


async def waiting(
    db: AsyncSession,
    *,
    state: State = "draft",
    whose: Whose | None = None,
    after: tuple[Turn, UUID] | None = None,
    limit: int = 20,
) -> Sequence[Queued]:
    """Notes that wait, one's own first, and the oldest of each kind first."""
    me = actor_of(db).member_id or NOBODY
    turn = turn_for(me)
    conditions = [Note.status == NoteStatus(state)]
    if whose is not None:
        conditions.append(turn == Turn[whose.upper()])
    if after is not None:
        conditions.append(tuple_(turn, Note.id) > tuple_(literal(int(after[0])), literal(after[1])))
    chosen = open_notes(turn).where(*conditions).order_by(turn, Note.id).limit(limit).subquery("chosen")
    counted = counts_of(chosen.c.id, me).lateral("counted")
    rows = await db.execute(
        select(chosen, counted).select_from(chosen).join(counted, true()).order_by(chosen.c.turn, chosen.c.id)
    )
    now = datetime.now(UTC)
    found = [
        Queued.model_validate({**row, "turn": Turn(row["turn"]).name.lower(), "waiting_s": seconds(now, row)})
        for row in rows.mappings()
    ]
    await record_read(db, "soap_note", None, listed=len(found), queue=state)
    return found


def open_notes(turn: ColumnElement[int]) -> Select[*tuple[Any, ...]]:
    own = [getattr(Note, name) for name in COLUMNS]
    return select(*own, Consultation.clinician_id, turn.label("turn")).outerjoin(
        Consultation, Consultation.id == Note.consultation_id
    )


COLUMNS = (
    *("id", "consultation_id", "document_id", "patient_id", "template", "status", "failure_code", "version"),
    *("method", "model", "ai_approved", "completeness", "missing_count"),
    *("assigned_to", "assigned_at", "created_at"),
)


def turn_for(member_id: UUID) -> ColumnElement[int]:
    free = Note.assigned_to.is_(None)
    asked = and_(Consultation.clinician_id.is_(None), Note.requested_by == member_id)
    mine = or_(Note.assigned_to == member_id, and_(free, or_(Consultation.clinician_id == member_id, asked)))
    return case((mine, int(Turn.MINE)), (free, int(Turn.UNASSIGNED)), else_=int(Turn.OTHERS))


def counts_of(note_id: ColumnElement[UUID], member_id: UUID) -> Select[int, int, int, int]:
    """How many statements there are, and how many this clinician must still answer for."""
    objected = and_(NoteStatement.verdict.in_(sorted(FLAGGED)), NoteStatement.overruled_by.is_(None))
    unsupported, unseen = NoteStatement.verdict == "unsupported", NoteStatement.seen_by.is_distinct_from(member_id)
    return select(
        func.count().label("statements"),
        func.count().filter(objected).label("flagged"),
        func.count().filter(objected, NoteStatement.verdict == "contradicted").label("contradicted"),
        func.count().filter(objected, unsupported, unseen).label("unseen"),
    ).where(NoteStatement.note_id == note_id)


def seconds(now: datetime, row: Any) -> float:
    waited_s: float = (now - row["created_at"]).total_seconds()
    return max(0.0, round(waited_s, 1))


async def count_waiting(db: AsyncSession) -> QueueCounts:
    """How many notes wait, by state and by whose turn they are, and since when the oldest draft does."""
    turn = turn_for(actor_of(db).member_id or NOBODY)
    open_ones = open_notes(turn).where(Note.status.in_(OPEN)).subquery("open_ones")
    rows = await db.execute(
        select(open_ones.c.status, open_ones.c.turn, func.count(), func.min(open_ones.c.created_at)).group_by(
            open_ones.c.status, open_ones.c.turn
        )
    )
    by_state, drafts, oldest = dict.fromkeys(OPEN, 0), dict.fromkeys(Turn, 0), None
    for status, whose, number, since in rows:
        by_state[status] += number
        if status is NoteStatus.DRAFT:
            drafts[Turn(whose)] = number
            oldest = since if oldest is None else min(oldest, since)
    return QueueCounts(
        **{status.value: number for status, number in by_state.items() if status is not NoteStatus.DRAFT},
        drafts=Drafts(mine=drafts[Turn.MINE], unassigned=drafts[Turn.UNASSIGNED], others=drafts[Turn.OTHERS]),
        oldest_draft_at=oldest,
    )


def place_of(last: Queued) -> str:
    """The cursor behind a note: whose turn it was, and its id."""
    packed = bytes([Turn[last.turn.upper()]]) + last.id.bytes
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def place_in(cursor: str | None) -> tuple[Turn, UUID] | None:
    if cursor is None:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return Turn(packed[0]), UUID(bytes=packed[1:])
    except (ValueError, IndexError, binascii.Error) as error:
        raise BadCursor from error
