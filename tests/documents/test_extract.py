"""The job that reads a document: run twice, interrupted, without its file, and in the way of what happens meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import pytest

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.documents.content import LONGEST_PARAGRAPH, text_of_file
from auricle.documents.extract import begin, extract_document, extracted, finish, gave_up
from auricle.documents.models import Document, DocumentStatus
from auricle.documents.receive import About, again, receive
from auricle.documents.remove import delete_document
from auricle.errors import NotFound
from auricle.patients.erase import erase_patient
from auricle.storage.objects import LocalObjects, Objects, ObjectsUnavailable
from auricle.storage.s3 import S3Objects
from auricle.uploads.parse.parsed import Parsed, Section
from auricle.uploads.receive import held
from tests.bucket import at
from tests.builders import make_member, make_organization, make_patient
from tests.documents.conftest import LETTER
from tests.running_service import free_port


@dataclass(frozen=True)
class Filing:
    """What the job needs of an assembly, and a patient to file for. No worker runs."""

    database: Database
    keyring: Keyring
    objects: Objects
    actor: Actor
    patient_id: UUID

    @property
    def system(self) -> Actor:
        return Actor.system(self.actor.organization_id)

    async def receive(self, name: str = "letter.pdf", data: bytes = LETTER) -> UUID:
        with held(name, data) as incoming:
            return (await receive(self, self.actor, incoming, About(self.patient_id))).document.id

    async def document(self, document_id: UUID) -> Document:
        async with self.database.transaction(self.system) as db:
            return await db.get_one(Document, document_id)


@pytest.fixture
async def filing(database, keyring, tmp_path) -> Filing:
    actor = await make_member(database, await make_organization(database))
    patient = await make_patient(database, keyring, actor)
    return Filing(database, keyring, LocalObjects(tmp_path), actor, patient.id)


def away(filing: Filing) -> Any:
    return replace(filing, objects=S3Objects(at(f"http://127.0.0.1:{free_port()}")))


async def test_while_the_store_is_away_nothing_is_taken_in(filing):
    with pytest.raises(ObjectsUnavailable):
        await away(filing).receive()
    document_id = await filing.receive()
    assert (await filing.document(document_id)).status is DocumentStatus.PENDING


class Interrupted(LocalObjects):
    """A folder in which something happens while a file is being stored."""

    def __init__(self, folder: Path, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__(folder)
        self._meanwhile = meanwhile

    async def put_file(self, organization_id: UUID, key: str, file: BinaryIO) -> None:
        await super().put_file(organization_id, key, file)
        await self._meanwhile()


async def test_a_patient_who_is_erased_while_a_file_comes_gets_no_document(filing, tmp_path):
    async def erase() -> None:
        async with filing.database.transaction(filing.system) as db:
            await erase_patient(db, filing.keyring, filing.patient_id, "patient_request")

    with pytest.raises(NotFound):
        await replace(filing, objects=Interrupted(tmp_path / "new", erase)).receive()
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file()] == []


async def test_the_same_file_that_came_first_by_another_way_is_the_one_document(filing, tmp_path):
    first: list[UUID] = []

    async def come_first() -> None:
        first.append(await filing.receive())

    document_id = await replace(filing, objects=Interrupted(tmp_path / "new", come_first)).receive()
    assert [document_id] == first
    assert [path for path in (tmp_path / "new").rglob("*") if path.is_file()] == []


async def test_while_the_store_is_away_the_job_is_tried_again_and_then_says_why_it_was_given_up(filing):
    document_id = await filing.receive()
    with pytest.raises(ObjectsUnavailable):
        await extract_document(away(filing), filing.system, document_id)
    waiting = await filing.document(document_id)
    assert (waiting.status, waiting.trouble_code) == (DocumentStatus.PROCESSING, "object.unavailable")
    await gave_up(filing, filing.system, document_id)
    failed = await filing.document(document_id)
    assert (failed.status, failed.failure_code) == (DocumentStatus.FAILED, "object.unavailable")
    async with filing.database.transaction(filing.actor) as db:
        await again(db, await db.get_one(Document, document_id))
    await extract_document(filing, filing.system, document_id)
    assert (await filing.document(document_id)).status is DocumentStatus.DONE


async def test_a_job_that_runs_twice_at_once_reads_a_document_once(filing):
    document_id = await filing.receive()
    await asyncio.gather(*(extract_document(filing, filing.system, document_id) for _ in range(2)))
    done = await filing.document(document_id)
    await extract_document(filing, filing.system, document_id)
    await gave_up(filing, filing.system, document_id)
    assert (await filing.document(document_id)).processed_at == done.processed_at
    assert (done.status, done.paragraph_count) == (DocumentStatus.DONE, 2)


async def test_a_file_that_is_gone_is_said_to_be(filing):
    document_id = await filing.receive()
    await filing.objects.delete(filing.actor.organization_id, f"documents/{document_id}")
    await extract_document(filing, filing.system, document_id)
    assert (await filing.document(document_id)).failure_code == "object.missing"


async def test_a_document_that_is_deleted_while_it_is_read_stays_deleted(filing):
    document_id = await filing.receive()
    work = await begin(filing, filing.system, document_id)
    assert work is not None
    read = await extracted(filing, work)
    async with filing.database.transaction(filing.actor) as db:
        await delete_document(db, document_id)
    await finish(filing, filing.system, document_id, read)
    assert (await filing.document(document_id)).status is DocumentStatus.DELETED
    assert await begin(filing, filing.system, document_id) is None


def test_every_paragraph_is_where_its_span_says_and_none_is_too_long():
    text = "Title\n\n  An indented line.  \n" + "A sentence of many. " * 1_000 + "\n" + "x" * 10_000 + "\nEnd"
    told = text_of_file(Parsed(text, pages=(0, 40), sections=(Section("Title", 0, 5),)))
    pieces = [text[span.start : span.end] for span in told.spans]
    assert pieces[:2] == ["Title", "An indented line."] and pieces[-1] == "End"
    assert max(map(len, pieces)) <= LONGEST_PARAGRAPH
    assert all(piece == piece.strip() and piece for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert (told.spans[0].page, told.spans[-1].page, told.spans[-1].section) == (1, 2, "Title")
