"""One running installation with one clinic, for what consent opens and closes."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
import pytest_asyncio

from auricle.actor import Actor
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Settings
from tests import builders
from tests.conftest import Template
from tests.running_service import Service, served, settings_for, worked


@pytest.fixture(scope="package")
def installed(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    yield settings_for(template.copy(), tmp_path_factory.mktemp("consent"))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def service(installed: Settings) -> AsyncIterator[Service]:
    assert installed.database_url is not None
    database = Database(installed.database_url.get_secret_value())
    with served(installed), worked(installed):
        yield Service(installed, database, Keyring(bytes(range(32))))
        await database.close()


@dataclass
class Clinic:
    service: Service
    organization_id: UUID
    people: dict[str, Actor]
    headers: dict[str, dict[str, str]]

    async def patient(self, *, agrees: bool = False, said: object = None) -> "Case":
        """A patient with a sign-in of their own and a consultation."""
        person, headers = await self.service.member(self.organization_id, "patient")
        patient = await builders.make_patient(
            self.service.database,
            self.service.keyring,
            self.people["org_admin"],
            account_id=person.account_id,
            **({} if agrees else {"agrees_to": ()}),
        )
        given = {} if said is None else {"said": said}
        consultation, session = await builders.make_consultation(
            self.service.database, self.service.keyring, self.people["clinician"], patient.id, **given
        )
        return Case(self, patient.id, consultation.id, session.id, headers)


@dataclass
class Case:
    clinic: Clinic
    patient_id: UUID
    consultation_id: UUID
    session_id: UUID
    headers: dict[str, str]

    async def decides(self, decision: str, kind: str = "ai_use") -> None:
        async with self.clinic.service.client(self.headers) as http:
            answer = await http.post(
                f"/api/v1/patients/{self.patient_id}/consents", json={"kind": kind, "decision": decision}
            )
            assert answer.status_code == 201, answer.text

    async def says(self, text: str) -> object:
        async with self.clinic.service.client(self.headers) as http:
            return await http.post(
                "/api/v1/conversation/message", json={"session_id": str(self.session_id), "text": text}
            )


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def clinic(service: Service) -> Clinic:
    organization_id = await builders.make_organization(service.database)
    people, headers = {}, {}
    for role in ("org_admin", "clinician", "staff"):
        people[role], headers[role] = await service.member(organization_id, role)
    return Clinic(service, organization_id, people, headers)
