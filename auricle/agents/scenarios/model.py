"""Test scenarios: what a patient says, turn by turn, and what the agent is expected to do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints
from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.agents.config import Language, Part
from auricle.db.base import Base, Tenant

Phrase = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Phrases = Annotated[Sequence[Phrase], Field(max_length=20)]


class ToolExpected(Part):
    """A call of a tool; `arguments` are those that matter, others may be there."""

    name: Annotated[str, StringConstraints(max_length=100)]
    arguments: Mapping[str, Any] = {}


class Expected(Part):
    """What one answer must be. Words are compared without case; nothing said means: any answer will do."""

    says_any: Phrases = ()
    says_all: Phrases = ()
    must_not_say: Phrases = ()
    calls: Annotated[Sequence[ToolExpected], Field(max_length=8)] = ()
    calls_no_tool: bool = False
    red_flag: str | None = Field(None, max_length=60, description="The category that is caught.")
    hands_over: bool | None = None
    ends_call: bool | None = None
    cites: str | None = Field(None, max_length=300, description="Title, or a part of it, of a document it rests on.")
    max_sentences: int | None = Field(None, ge=1, le=50)


class ScenarioTurn(Part):
    patient: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    expect: Expected = Expected()


class Scenario(Part):
    """`tools`: what tools answer in it, by name; none is really called but the search in the knowledge."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    language: Language = "en"
    turns: Annotated[Sequence[ScenarioTurn], Field(min_length=1, max_length=20)]
    tools: Mapping[Annotated[str, StringConstraints(max_length=100)], Any] = Field({}, max_length=20)


class AgentScenario(Tenant, Base):
    """A scenario of an agent. `body` is a `Scenario`."""

    __tablename__ = "agent_scenario"
    agent_id: Mapped[UUID]
    name: Mapped[str]
    language: Mapped[str]
    body: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


RunStatus = Literal["queued", "running", "passed", "failed", "broken"]


class ScenarioRun(Tenant, Base):
    """All scenarios of an agent, run against one version. `results` is a list of `ScenarioResult`."""

    __tablename__ = "agent_scenario_run"
    agent_id: Mapped[UUID]
    agent_version_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default="queued")
    results: Mapped[list[Any]] = mapped_column(default=list)
    requested_by: Mapped[UUID | None]
    finished_at: Mapped[datetime | None]


class Check(Part):
    """One expectation and what came of it."""

    expectation: str
    wanted: Any
    passed: bool


class TurnResult(Part):
    patient: str
    answer: str
    calls: Sequence[Mapping[str, Any]]
    checks: Sequence[Check]


class ScenarioResult(Part):
    name: str
    passed: bool
    error_code: str | None = None
    turns: Sequence[TurnResult] = ()
