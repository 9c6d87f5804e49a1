"""What the review of notes looks like from outside: the queue, marks, addenda, differences."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from auricle.ai.port import Section, Verdict
from auricle.notes.addenda import Added
from auricle.notes.compare import Difference
from auricle.notes.edit import Span, Wanted
from auricle.notes.models import NoteStatus
from auricle.notes.schemas import Body, Reason, SpanIn, Text, VersionRow
from auricle.notes.templates.shape import TEXT, Key
from auricle.notes.writing.again import LONGEST_WISH

Read = Annotated[int | None, Field(ge=1, description="The version you read; or say it in `If-Match`.")]


class Queued(BaseModel):
    """A note that waits, without anything clinical."""

    id: UUID
    consultation_id: UUID | None
    document_id: UUID | None
    patient_id: UUID
    template: str
    status: NoteStatus
    failure_code: str | None
    version: int
    method: str | None
    model: str | None
    ai_approved: bool | None
    completeness: float | None
    missing_count: int | None = Field(description="Findings of the source that it does not carry.")
    statements: int
    flagged: int = Field(description="Objections of the judge that nobody has overruled.")
    contradicted: int = Field(description="Of these: what was said speaks against it.")
    unseen: int = Field(description="Of these: without support, and you have not looked at it.")
    clinician_id: UUID | None = Field(description="Who held the consultation.")
    assigned_to: UUID | None
    assigned_at: datetime | None
    turn: Literal["mine", "unassigned", "others"]
    waiting_s: float
    created_at: datetime


class Drafts(BaseModel):
    mine: int
    unassigned: int
    others: int


class QueueCounts(BaseModel):
    """How many notes are in each state short of a signature."""

    queued: int
    generating: int
    failed: int
    drafts: Drafts
    oldest_draft_at: datetime | None


class SeenIn(Body):
    version: Read = None


class Seen(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    verdict: Verdict
    seen_by: UUID
    seen_at: datetime


class Assignee(Body):
    member_id: UUID | None = Field(description="Who is to sign it; null for nobody in particular.")
    take_over: bool = Field(False, description="Also when a colleague has it.")


class RegenerateIn(Body):
    version: Read = None
    wish: Annotated[str, Field(max_length=LONGEST_WISH, pattern=TEXT)] = Field(
        "", description="What a model should do otherwise, as `shorter`."
    )
    replace_edited: bool = Field(False, description="Give up what somebody wrote into this section.")


class AddedIn(Body):
    section: Section
    text: Text
    kind: Literal["fact", "inferred", "plan"] = "fact"
    part: Key | None = None
    evidence: list[SpanIn] = Field(default_factory=list, max_length=20)
    reason: Reason | None = Field(None, description="Why it stands, where what was said speaks against it.")

    def added(self) -> Added:
        spans = [Span(s.message_id, s.start, s.end) for s in self.evidence]
        return Added(Wanted(self.section, self.text, self.kind, None, spans, self.part), self.reason)


class AddendumIn(Body):
    version: Read = None
    statements: list[AddedIn] = Field(min_length=1, max_length=50)


class DifferenceOut(Difference):
    """What changed from version `was` to version `now`."""

    was: VersionRow
    now: VersionRow
