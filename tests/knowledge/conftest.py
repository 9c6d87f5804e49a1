"""Two clinics that must never see each other's knowledge, over the real database and a folder of files."""

import hashlib
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy import text

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.knowledge.ingest import Work, ingest
from auricle.knowledge.models import DIMENSION
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.receive import Labels, receive
from auricle.knowledge.search import Knowledge
from auricle.knowledge.snapshot import Snapshots
from auricle.knowledge.words import terms
from auricle.storage.objects import LocalObjects, Objects
from auricle.uploads.receive import held
from tests import builders
from tests.running_service import Service, served, settings_for, worked


class BagOfWords:
    """An embedder whose similarity is shared words: enough to rank by, and every vector can be foretold."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    async def __call__(self, texts, *, task, organization_id, by=None):
        self.calls.append(list(texts))
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        for row, text_ in enumerate(texts):
            for term in terms(text_):
                vectors[row, int(hashlib.sha256(term.encode()).hexdigest(), 16) % DIMENSION] += 1
            vectors[row] /= np.linalg.norm(vectors[row]) or 1
        return vectors


@dataclass
class Clinic:
    actor: Actor
    knowledge: Knowledge
    objects: Objects

    @property
    def database(self) -> Database:
        return self.knowledge.database

    async def receive(self, file_name: str, data: str | bytes, **labels: str):
        data = data.encode() if isinstance(data, str) else data
        with held(file_name, data) as incoming:
            return await receive(self.database, self.objects, self.actor, incoming, Labels(**labels))

    async def ingest(self, document_id: UUID) -> None:
        await ingest(Work(self.knowledge, self.objects, self.actor, document_id))

    async def teach(self, file_name: str, data: str | bytes, **labels: str) -> UUID:
        received = await self.receive(file_name, data, **labels)
        await self.ingest(received.document.id)
        return received.document.id

    async def rows(self, sql: str, **values: object):
        async with self.database.transaction(self.actor) as db:
            return (await db.execute(text(sql), values)).all()


@pytest.fixture
async def two_clinics(database, tmp_path):
    store, objects = PgVector(), LocalObjects(tmp_path)
    knowledge = Knowledge(database, store, Snapshots(database, store), BagOfWords())
    clinics = []
    for _ in range(2):
        organization = uuid4()
        actor = Actor.system(organization, "test")
        async with database.transaction(actor) as db:
            await db.execute(
                text("insert into organization (id, name, slug, email) values (:id, :name, :slug, :email)"),
                {
                    "id": organization,
                    "name": f"Clinic {organization}",
                    "slug": f"c{organization.hex}",
                    "email": f"{organization.hex}@clinic.example",
                },
            )
        clinics.append(Clinic(actor, knowledge, objects))
    return clinics


@pytest.fixture
async def clinic(two_clinics):
    return two_clinics[0]


@pytest.fixture
async def other(two_clinics):
    return two_clinics[1]


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(template, tmp_path_factory):
    settings = settings_for(template.copy(), tmp_path_factory.mktemp("installation"))
    database = Database(settings.database_url.get_secret_value())
    with served(settings), worked(settings):
        yield Service(settings, database, Keyring(bytes(range(32))))
        await database.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def people(service):
    """Headers of an admin and a patient of one hospital, and of another hospital's admin."""
    ours, theirs = [await builders.make_organization(service.database) for _ in range(2)]
    return {
        "admin": (await service.member(ours, "org_admin"))[1],
        "patient": (await service.member(ours, "patient"))[1],
        "stranger": (await service.member(theirs, "org_admin"))[1],
    }
