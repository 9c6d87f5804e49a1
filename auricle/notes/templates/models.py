"""An organization's own note templates with their versions, and how its notes are written."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from auricle.db.base import Base, Tenant


class NoteTemplate(Tenant, Base):
    """A template of an organization. One with the key of a shipped template takes its place there.

    `published` is the number of the version that new notes are written by; with none the template is not offered.
    """

    __tablename__ = "note_template"
    key: Mapped[str]
    published: Mapped[int | None]
    deleted_at: Mapped[datetime | None]


class NoteTemplateVersion(Tenant, Base):
    """One template as it was saved, never changed after. `body` is a `Template`."""

    __tablename__ = "note_template_version"
    template_id: Mapped[UUID]
    number: Mapped[int]
    body: Mapped[dict[str, Any]]
    created_by: Mapped[UUID | None]


class NoteSetting(Tenant, Base):
    """How an organization's notes are written and judged; one row, absent until something is set."""

    __tablename__ = "note_setting"
    writer: Mapped[str] = mapped_column(default="extractive")  # extractive | model
    provider: Mapped[str | None]  # None: the organization's own order of language models
    model: Mapped[str | None]
    judges: Mapped[bool] = mapped_column(default=False)  # a model gives verdicts besides the typed checks
    looks_for_missing: Mapped[bool] = mapped_column(default=False)
    style: Mapped[str] = mapped_column(default="")
    phrases: Mapped[list[Any]] = mapped_column(default=list)
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
