"""One installation whose files lie in a bucket (moto's S3 server), and people of two clinics in it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from auricle.actor import Actor
from auricle.consent.models import Kind
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.patients.models import Patient
from auricle.settings import ObjectStore
from auricle.storage.s3 import S3Objects
from tests import builders
from tests.conftest import Template
from tests.running_service import MASTER, Service, served, settings_for, worked
from tests.uploads.papers import pdf_of

LETTER = pdf_of(["Referral letter. The patient takes metformin 500 mg twice a day.", "She is allergic to penicillin."])


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(template: Template, bucket: ObjectStore, tmp_path_factory: Any) -> AsyncIterator[Service]:
    settings = settings_for(template.copy(), tmp_path_factory.mktemp("documents"), objects=bucket)
    assert settings.database_url is not None
    database = Database(settings.database_url.get_secret_value())
    with served(settings), worked(settings):
        yield Service(settings, database, Keyring(MASTER))
        await database.close()


@dataclass
class Desk:
    """A clinic, its people's sign-ins, and what they do with documents."""

    service: Service
    organization_id: UUID
    people: dict[str, Actor]
    headers: dict[str, dict[str, str]]

    def client(self, role: str = "clinician") -> httpx2.AsyncClient:
        return self.service.client(self.headers[role])

    async def patient(self, *agrees_to: Kind, **given: Any) -> Patient:
        return await builders.make_patient(
            self.service.database, self.service.keyring, self.people["org_admin"], agrees_to=agrees_to, **given
        )

    async def send(
        self,
        patient_id: UUID | None,
        name: str = "letter.pdf",
        data: bytes = LETTER,
        role: str = "clinician",
        **form: str,
    ) -> httpx2.Response:
        whose = {"patient_id": str(patient_id)} if patient_id else {}
        async with self.client(role) as http:
            return await http.post("/api/v1/documents/upload", files={"file": (name, data)}, data={**whose, **form})

    async def kept(
        self, patient_id: UUID, name: str = "letter.pdf", data: bytes = LETTER, **form: str
    ) -> dict[str, Any]:
        """A document that was sent, and read or refused."""
        sent = await self.send(patient_id, name, data, **form)
        assert sent.status_code == 202, sent.text
        return await self.read(sent.json()["id"])

    async def read(self, document_id: str) -> dict[str, Any]:
        async with self.client() as http:
            for _ in range(1_200):
                document = (await http.get(f"/api/v1/documents/{document_id}")).raise_for_status().json()
                if document["status"] in ("done", "failed"):
                    return document  # type: ignore[no-any-return]
                await asyncio.sleep(0.05)
        raise AssertionError(document)

    async def get(self, path: str, role: str = "clinician", **params: Any) -> httpx2.Response:
        async with self.client(role) as http:
            return await http.get(f"/api/v1/documents{path}", params=params)

    async def stored(self, document_id: str) -> bytes:
        """The file as it lies in the bucket."""
        return await S3Objects(self.service.settings.objects).get(self.organization_id, f"documents/{document_id}")

    async def audited(self, document_id: str) -> list[tuple[str, dict[str, Any] | None]]:
        """What the audit tells of a document, oldest first, but for the changes of its row."""
        async with self.client("org_admin") as http:
            entries = await http.get("/api/v1/audit/entries", params={"entity_id": document_id, "limit": 200})
        told = reversed(entries.raise_for_status().json()["items"])
        return [(one["action"], one["new"]) for one in told if one["action"] not in ("insert", "update")]


async def open_desk(service: Service) -> Desk:
    organization_id = await builders.make_organization(service.database)
    people, headers = {}, {}
    for role in ("org_admin", "clinician", "staff", "patient"):
        people[role], headers[role] = await service.member(organization_id, role)
    return Desk(service, organization_id, people, headers)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def desk(service: Service) -> Desk:
    return await open_desk(service)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def other_desk(service: Service) -> Desk:
    return await open_desk(service)


@pytest.fixture
async def asha(desk: Desk) -> Patient:
    return await desk.patient(Kind.AI_USE)
