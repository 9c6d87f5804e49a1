"""An organization's own tools, and the record of every call of any tool."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class OrganizationTool(Tenant, Base):
    """A tool behind an address of the organization's: one HTTP request, or an MCP server with several tools.

    `headers` is sealed under the organization's key. `listed` is what the MCP server offered when it was last asked: a
    conversation uses that, so that a server can't slip in other tools, or other words, under way.
    """

    __tablename__ = "tool"
    kind: Mapped[str]
    name: Mapped[str]
    description: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    method: Mapped[str] = mapped_column(default="POST")
    url: Mapped[str | None]
    command: Mapped[str | None]
    sends: Mapped[str] = mapped_column(default="json")
    sends_patient: Mapped[bool] = mapped_column(default=False)
    headers: Mapped[bytes | None]
    timeout_s: Mapped[float] = mapped_column(default=6.0)
    effect: Mapped[str] = mapped_column(default="write")
    question: Mapped[dict[str, Any]] = mapped_column(default=dict)
    listed: Mapped[list[Any]] = mapped_column(default=list)
    listed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class ToolCallRow(Tenant, Base):
    """One call. `body` seals the arguments and the question asked, `result` what came of it, under the patient's key.

    `pending` waits for the patient's word; `running` has begun; `late` is done, but its answer was interrupted and the
    model does not know yet.
    """

    __tablename__ = "tool_call"
    consultation_id: Mapped[UUID]
    session_id: Mapped[UUID]
    turn_id: Mapped[UUID]
    name: Mapped[str]
    status: Mapped[str]
    body: Mapped[bytes]
    result: Mapped[bytes | None]
    confirmed_turn_id: Mapped[UUID | None]
    ms: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
