"""To which documents a search is limited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from auricle.knowledge.models import KnowledgeDocument
from auricle.knowledge.store import StoredChunk


@dataclass(frozen=True, slots=True)
class Only:
    """Documents of a collection, a language, a specialty; live since then, live until then. None: any."""

    collection: str | None = None
    language: str | None = None
    specialty: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, chunk: StoredChunk) -> bool:
        """Whether a chunk of a live document is wanted."""
        return (
            self.collection in (None, chunk.collection)
            and self.language in (None, chunk.language)
            and self.specialty in (None, chunk.specialty)
            and (self.since is None or (chunk.live_at is not None and chunk.live_at >= self.since))
            and (self.until is None or (chunk.live_at is not None and chunk.live_at <= self.until))
        )

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """The same for PostgreSQL."""
        document: Any = KnowledgeDocument
        wanted = {"collection": self.collection, "language": self.language, "specialty": self.specialty}
        found = [getattr(document, name) == value for name, value in wanted.items() if value is not None]
        if self.since is not None:
            found.append(document.live_at >= self.since)
        if self.until is not None:
            found.append(document.live_at <= self.until)
        return found


ALL = Only()
