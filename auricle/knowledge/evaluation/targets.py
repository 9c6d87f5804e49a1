"""Which documents of the base are meant where a question's file names them by title, file name or id."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.knowledge.evaluation.rows import Expected, plain
from auricle.knowledge.models import DocumentStatus, KnowledgeDocument

Key = str | UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question wants found. Documents of one title are one thing: to find any of them is to find it."""

    by_document: Mapping[UUID, str]  # which wanted thing a document is
    gains: Mapping[Key, int]  # grade by wanted thing; those that are not in the base too, for they should be
    missing: int  # things that no document of the base is

    def things(self, documents: Iterable[UUID]) -> list[Key]:
        """Found documents as what they are, each once: the wanted thing, or the document itself."""
        return list(dict.fromkeys(self.by_document.get(one, one) for one in documents))


class Targets:
    """The live documents of an organization by every name they go by."""

    def __init__(self, documents: Iterable[tuple[UUID, str, str, str]]) -> None:
        """Args: id, title, requested title and file name of each."""
        self._named: dict[str, set[UUID]] = {}
        for document_id, *names in documents:
            for name in {str(document_id), *(plain(name) for name in names if name)}:
                self._named.setdefault(name, set()).add(document_id)

    @classmethod
    async def of_base(cls, db: AsyncSession) -> "Targets":
        one = KnowledgeDocument
        live = select(one.id, one.title, one.requested_title, one.file_name).where(one.status == DocumentStatus.LIVE)
        return cls((await db.execute(live)).tuples())

    def wanted(self, expected: Sequence[Expected]) -> Wanted:
        """A document that is named twice, by title and by id, counts as the better graded."""
        by_document: dict[UUID, str] = {}
        gains: dict[Key, int] = {}
        missing = 0
        for one in sorted(expected, key=lambda one: -one.grade):
            name = plain(one.document)
            there = self._named.get(name, set())
            unclaimed = there - by_document.keys()
            if there and not unclaimed:
                continue
            by_document.update(dict.fromkeys(unclaimed, name))
            gains[name] = one.grade
            missing += not there
        return Wanted(by_document, gains, missing)
