"""Agents and their immutable versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class Agent(Tenant, Base):
    """A configured AI persona of an organization. `published` is the number of the version that serves."""

    __tablename__ = "agent"
    name: Mapped[str]
    slug: Mapped[str]
    published: Mapped[int | None]
    archived_at: Mapped[datetime | None]


class AgentVersion(Tenant, Base):
    """One configuration, never changed after it was saved."""

    __tablename__ = "agent_version"
    agent_id: Mapped[UUID]
    number: Mapped[int]
    config: Mapped[dict[str, Any]]
    created_by: Mapped[UUID | None] = mapped_column(default=None)
