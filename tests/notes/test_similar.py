"""Approved notes, searched: by whom, of whom, and what is left of them afterwards."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from auricle.actor import Actor
from auricle.ai.local import LocalAI
from auricle.audit.models import AuditEntry
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.knowledge.pgvector import PgVector
from auricle.knowledge.search import Knowledge
from auricle.knowledge.snapshot import Snapshots
from auricle.notes.approve import approve
from auricle.notes.models import NotePassage
from auricle.notes.passages import embed_all_later, embed_missing, embed_note
from auricle.notes.similar import NotEmbedded, NotesAnswer, ask, similar
from auricle.patients.erase import erase_patient
from auricle.providers.ports import LanguageRequest, TextDelta
from auricle.providers.vendors.offline.embedding import OfflineEmbedder
from auricle.providers.vendors.offline.language import OfflineLanguageModel
from tests.notes.conftest import Clinic, MakeClinic
from tests.running_service import MODELS

SECOND = (
    ("assistant", "What brings you here?"),
    ("patient", "My left ear has been ringing for a month, since a loud concert."),
    ("patient", "I take ibuprofen 400 mg."),
)
KNEE = (
    ("assistant", "What brings you here?"),
    ("patient", "My right knee is swollen and hurts when I walk."),
)


@dataclass(frozen=True)
class Means:
    database: Database
    keyring: Keyring
    ai: LocalAI
    knowledge: Knowledge
    worker_url: str = ""


@pytest.fixture(scope="module")
def embedder() -> OfflineEmbedder:
    return OfflineEmbedder(MODELS)


@pytest.fixture
def means(database: Database, keyring: Keyring, embedder: OfflineEmbedder) -> Means:
    async def embed(texts: Any, *, task: Any, organization_id: UUID | None, by: Any = None) -> Any:
        return (await embedder.embed(texts, task=task)).vectors

    store = PgVector()
    return Means(database, keyring, LocalAI(), Knowledge(database, store, Snapshots(database, store), embed))


async def signed(clinic: Clinic, means: Means) -> UUID:
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        await approve(db, means.keyring, note_id, version=1)
    await embed_note(means, clinic.system, note_id)
    return note_id


async def another(clinic: Clinic, make_clinic: MakeClinic, said: Any) -> Clinic:
    """Another patient of the same clinic."""
    from tests.builders import make_consultation, make_patient

    patient = await make_patient(clinic.means.database, clinic.means.keyring, clinic.clinician)
    consultation, _ = await make_consultation(
        clinic.means.database, clinic.means.keyring, clinic.clinician, patient.id, said
    )
    return Clinic(clinic.means, clinic.clinician, patient.id, consultation)


async def generate(request: LanguageRequest) -> AsyncGenerator[object, None]:
    async with aclosing(OfflineLanguageModel().generate(request)) as events:
        async for event in events:
            yield event


async def answered(means: Means, actor: Actor, question: str, patient_id: UUID | None = None) -> NotesAnswer:
    pieces = ask(means, actor, question, generate, patient_id=patient_id, language="en", k=5)
    whole = [piece async for piece in pieces]
    assert "".join(p.text for p in whole if isinstance(p, TextDelta)) == whole[-1].text
    assert isinstance(whole[-1], NotesAnswer)
    return whole[-1]


async def passages(clinic: Clinic) -> int:
    async with clinic.transaction() as db:
        return await db.scalar(select(func.count()).select_from(NotePassage)) or 0


async def test_a_question_is_answered_from_a_signed_note_with_its_statement_quoted(
    clinic: Clinic, means: Means
) -> None:
    note_id = await signed(clinic, means)
    found = await answered(means, clinic.clinician, "Which dose of metformin is taken?")
    assert found.level == "answer"
    assert "metformin 500 mg" in found.text
    cited = found.citations[0]
    assert (cited.note_id, cited.patient_id) == (note_id, clinic.patient_id)
    note = await clinic.read(note_id)
    assert cited.quote in next(s.text for s in note.statements if s.id == cited.statement_id)


async def test_what_no_note_says_is_not_answered(clinic: Clinic, means: Means) -> None:
    await signed(clinic, means)
    found = await answered(means, clinic.clinician, "Was the appendix removed?")
    assert found.level != "answer"
    assert not found.citations


async def test_a_draft_is_never_found(clinic: Clinic, means: Means) -> None:
    note_id = await clinic.drafted()
    await embed_note(means, clinic.system, note_id)
    assert await passages(clinic) == 0
    assert (await answered(means, clinic.clinician, "Which dose of metformin is taken?")).level == "unknown"


async def test_another_clinic_finds_nothing(clinic: Clinic, means: Means, make_clinic: MakeClinic) -> None:
    await signed(clinic, means)
    other = await make_clinic(KNEE)
    assert (await answered(means, other.clinician, "Which dose of metformin is taken?")).level == "unknown"
    assert await passages(other) == 0


async def test_a_question_on_one_patient_sees_no_other(clinic: Clinic, means: Means, make_clinic: MakeClinic) -> None:
    await signed(clinic, means)
    second = await another(clinic, make_clinic, KNEE)
    await signed(second, means)
    question = "Which dose of metformin is taken?"
    assert (await answered(means, clinic.clinician, question, clinic.patient_id)).level == "answer"
    assert (await answered(means, clinic.clinician, question, second.patient_id)).level != "answer"


async def test_notes_like_one_come_nearest_first_and_none_below_the_likeness_asked_for(
    clinic: Clinic, means: Means, make_clinic: MakeClinic
) -> None:
    note_id = await signed(clinic, means)
    ear = await signed(await another(clinic, make_clinic, SECOND), means)
    knee = await signed(await another(clinic, make_clinic, KNEE), means)
    async with clinic.transaction() as db:
        all_ = await similar(means, db, note_id, at_least=0.0)
        assert [one.note_id for one in all_] == [ear, knee]
        assert all_[0].similarity > all_[1].similarity
        between = (all_[0].similarity + all_[1].similarity) / 2
        assert [one.note_id for one in await similar(means, db, note_id, at_least=between)] == [ear]


async def test_a_note_without_vectors_has_no_like(clinic: Clinic, means: Means) -> None:
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        with pytest.raises(NotEmbedded):
            await similar(means, db, note_id)


async def test_every_note_that_is_shown_is_an_entry_of_the_audit(clinic: Clinic, means: Means) -> None:
    note_id = await signed(clinic, means)
    await answered(means, clinic.clinician, "Which dose of metformin is taken?")
    async with clinic.transaction() as db:
        reads = select(AuditEntry.new).where(
            AuditEntry.entity == "soap_note", AuditEntry.entity_id == note_id, AuditEntry.action == "read"
        )
        assert {"found_by": "question"} in (await db.scalars(reads)).all()


async def test_a_patient_who_withdraws_from_ai_is_found_no_more(clinic: Clinic, means: Means) -> None:
    await signed(clinic, means)
    async with clinic.transaction() as db:
        await decide(db, clinic.patient_id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="spoken"))
    assert (await answered(means, clinic.clinician, "Which dose of metformin is taken?")).level == "unknown"


async def test_without_consent_nothing_is_embedded(clinic: Clinic, means: Means) -> None:
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        await approve(db, means.keyring, note_id, version=1)
        await decide(db, clinic.patient_id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="spoken"))
    await embed_note(means, clinic.system, note_id)
    assert await passages(clinic) == 0


async def test_an_erased_patient_leaves_no_vector(clinic: Clinic, means: Means) -> None:
    await signed(clinic, means)
    assert await passages(clinic) > 0
    async with clinic.transaction(clinic.system) as db:
        await erase_patient(db, means.keyring, clinic.patient_id, "patient_request")
    assert await passages(clinic) == 0


async def test_embedding_twice_at_once_stores_each_statement_once(clinic: Clinic, means: Means) -> None:
    note_id = await signed(clinic, means)
    once = await passages(clinic)
    async with clinic.transaction() as db:
        await db.execute(text("delete from note_passage"))
    await asyncio.gather(*(embed_note(means, clinic.system, note_id) for _ in range(3)))
    assert await passages(clinic) == once


async def test_what_lacks_vectors_is_queued_and_what_has_them_is_not(clinic: Clinic, means: Means) -> None:
    note_id = await signed(clinic, means)
    async with clinic.transaction() as db:
        await embed_all_later(db, [note_id])  # anew
    assert await passages(clinic) == 0
    await embed_missing(means, clinic.system)
    await embed_note(means, clinic.system, note_id)
    assert await passages(clinic) > 0


async def test_the_question_and_the_answer_are_masked(clinic: Clinic, means: Means) -> None:
    await signed(clinic, means)
    found = await answered(means, clinic.clinician, "Whose left ear is ringing?")
    assert "Asha" not in found.text
    assert all("Asha" not in cited.quote for cited in found.citations)
