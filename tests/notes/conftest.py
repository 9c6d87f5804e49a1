"""A clinic of its own for each test: a clinician, a patient, and a consultation with facts that can be told apart."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest

from auricle.actor import Actor
from auricle.ai.local import LocalAI
from auricle.ai.port import ClinicalAI
from auricle.consultations.models import Consultation
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.notes.edit import Wanted, edit_note
from auricle.notes.generate import generate, request_note
from auricle.notes.read import read_note
from auricle.notes.schemas import NoteOut
from tests.builders import make_consultation, make_member, make_organization, make_patient
from tests.notes.serving import client_of

SAID = (
    ("assistant", "Hello, I am the clinic's AI assistant. What brings you here?"),
    ("patient", "I am Asha Rao. My left ear has been ringing for two weeks."),
    ("assistant", "Any fever?"),
    ("patient", "No. I take metformin 500 mg twice a day."),
)


@dataclass(frozen=True)
class Means:
    """What the notes need of an assembly, and the worker of one."""

    database: Database
    keyring: Keyring
    ai: ClinicalAI
    worker_url: str = ""
    router: Any = None


@dataclass
class Clinic:
    means: Means
    clinician: Actor
    patient_id: UUID
    consultation: Consultation

    @property
    def system(self) -> Actor:
        return Actor.system(self.clinician.organization_id)

    def transaction(self, actor: Actor | None = None) -> Any:
        return self.means.database.transaction(actor or self.clinician)

    async def request(self) -> UUID:
        async with self.transaction() as db:
            return (await request_note(db, self.consultation.id)).id

    async def drafted(self) -> UUID:
        note_id = await self.request()
        await generate(self.means, self.system, note_id)
        return note_id

    async def read(self, note_id: UUID, *, reveal: bool = False) -> NoteOut:
        async with self.transaction() as db:
            return await read_note(db, self.means.keyring, note_id, reveal=reveal)

    async def edit(self, note_id: UUID, version: int, wanted: Sequence[Wanted]) -> None:
        await edit_note(self.means, self.clinician, note_id, version=version, wanted=wanted)

    async def with_unsupported(self) -> NoteOut:
        """A draft to which the clinician added what nobody said."""
        note_id = await self.drafted()
        note = await self.read(note_id)
        await self.edit(note_id, 1, [*kept(note), Wanted("objective", "Heart sounds are normal.")])
        return await self.read(note_id)

    async def with_contradiction(self) -> NoteOut:
        """A draft in which the clinician changed a dose."""
        note_id = await self.drafted()
        note = await self.read(note_id)
        await self.edit(note_id, 1, kept(note, metformin_says="Takes metformin 850 mg twice a day."))
        return await self.read(note_id)


def kept(note: NoteOut, *, metformin_says: str | None = None) -> list[Wanted]:
    """The statements of a note as they are, or with the one on metformin changed."""
    return [
        Wanted(s.section, metformin_says if metformin_says and "metformin" in s.text else s.text, s.kind, s.id)
        for s in note.statements
    ]


MakeClinic = Callable[..., Awaitable[Clinic]]


@pytest.fixture
def make_clinic(database, keyring, urls) -> MakeClinic:
    async def make(said: Sequence[tuple[str, str]] = SAID, ai: ClinicalAI | None = None) -> Clinic:
        clinician = await make_member(database, await make_organization(database))
        patient = await make_patient(database, keyring, clinician)
        consultation, _ = await make_consultation(database, keyring, clinician, patient.id, said)
        means = Means(database, keyring, ai or LocalAI(), urls.worker)
        return Clinic(means, clinician, patient.id, consultation)

    return make


@pytest.fixture
async def clinic(make_clinic) -> Clinic:
    return await make_clinic()


@pytest.fixture
async def client(clinic) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(clinic) as client:
        yield client
