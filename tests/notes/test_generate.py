"""A note is written once and whole, whatever happens to the job that writes it."""

import asyncio
from contextlib import asynccontextmanager

import psycopg
import pytest
from sqlalchemy import func, select, text

from auricle.ai.local import LocalAI
from auricle.ai.port import Known, Utterance
from auricle.consultations.models import ConsultationSession
from auricle.consultations.transcript import Said, append, read
from auricle.errors import NotFound, Unavailable
from auricle.jobs.worker import run_worker
from auricle.notes.content import open_note
from auricle.notes.edit import discard
from auricle.notes.evidence import text_of
from auricle.notes.generate import NothingSaid, UnusableAnswer, begin, compose, finish, generate, give_up, request_note
from auricle.notes.models import Note, NoteStatement, NoteStatus, NoteVersion
from auricle.notes.read import finished
from tests.builders import make_member, make_organization


class Unreliable(LocalAI):
    """The clinical AI behind a line that breaks: the first `failures` drafts never arrive."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def write(self, utterances, entities, template="soap"):
        if self.failures:
            self.failures -= 1
            raise Unavailable
        return await super().write(utterances, entities, template)


class Forgetful(LocalAI):
    """Loses one utterance while masking."""

    async def mask(self, utterances, known):
        masked = await super().mask(utterances, known)
        return masked.model_copy(update={"utterances": list(masked.utterances)[:-1]})


async def stored(clinic, kind, note_id) -> int:
    async with clinic.transaction() as db:
        return await db.scalar(select(func.count()).select_from(kind).where(kind.note_id == note_id))


async def events(clinic, kind: str) -> int:
    async with clinic.transaction() as db:
        return await db.scalar(text("select count(*) from live_event where kind = :kind"), {"kind": kind})


async def state(clinic, note_id) -> Note:
    async with clinic.transaction() as db:
        return await db.get_one(Note, note_id)


async def test_a_consultation_becomes_a_draft_whose_statements_quote_what_was_said(clinic):
    note = await clinic.read(await clinic.drafted())
    assert note.status is NoteStatus.DRAFT and note.version == 1 and note.ai_approved and not note.user_approved
    metformin = next(s for s in note.statements if "metformin 500 mg" in s.text)
    assert metformin.verdict == "supported"
    assert any("metformin 500 mg" in e.quote and e.speaker == "patient" for e in metformin.evidence)
    assert any("left" in s.text.lower() for s in note.statements)
    assert all(s.evidence for s in note.statements)
    assert {e.name for e in note.context_data} >= {"metformin"}


async def test_requesting_a_note_queues_exactly_one_job_with_it(clinic, urls):
    first, second = await clinic.request(), await clinic.request()
    assert first == second
    with psycopg.connect(urls.worker) as worker:
        jobs = worker.execute(
            "select count(*) from procrastinate_jobs where args ->> 'note_id' = %s", (str(first),)
        ).fetchone()
    assert jobs == (1,)


async def test_a_request_that_is_rolled_back_leaves_neither_note_nor_job(clinic, urls):
    with pytest.raises(RuntimeError):
        async with clinic.transaction() as db:
            note = await request_note(db, clinic.consultation.id)
            raise RuntimeError
    with psycopg.connect(urls.worker) as worker:
        query = "select count(*) from procrastinate_jobs where args ->> 'note_id' = %s"
        assert worker.execute(query, (str(note.id),)).fetchone() == (0,)
    with pytest.raises(NotFound):
        await clinic.read(note.id)


async def test_a_consultation_without_a_word_is_refused(make_clinic):
    clinic = await make_clinic(said=())
    with pytest.raises(NothingSaid):
        await clinic.request()


async def test_running_the_job_twice_yields_one_draft(clinic):
    note_id = await clinic.drafted()
    statements = await stored(clinic, NoteStatement, note_id)
    await generate(clinic.means, clinic.system, note_id)
    assert await stored(clinic, NoteStatement, note_id) == statements
    assert await stored(clinic, NoteVersion, note_id) == 1
    assert await events(clinic, "note.ready") == 1


async def test_two_runs_at_the_same_time_yield_one_draft(clinic):
    note_id = await clinic.request()
    await asyncio.gather(*(generate(clinic.means, clinic.system, note_id) for _ in range(3)))
    assert await stored(clinic, NoteVersion, note_id) == 1
    assert await events(clinic, "note.ready") == 1


async def test_a_job_that_died_before_its_last_transaction_is_finished_by_the_next_run(clinic):
    note_id = await clinic.request()
    source = await begin(clinic.means, clinic.system, note_id)
    await compose(clinic.means.ai, source)  # and here the worker is killed
    assert (await state(clinic, note_id)).status is NoteStatus.GENERATING
    assert await stored(clinic, NoteStatement, note_id) == 0
    await generate(clinic.means, clinic.system, note_id)
    assert (await state(clinic, note_id)).status is NoteStatus.DRAFT
    assert await stored(clinic, NoteVersion, note_id) == 1


async def test_a_run_thought_dead_that_comes_late_changes_nothing(clinic):
    note_id = await clinic.request()
    source = await begin(clinic.means, clinic.system, note_id)
    written = await compose(clinic.means.ai, source)
    await generate(clinic.means, clinic.system, note_id)
    statements = await stored(clinic, NoteStatement, note_id)
    await finish(clinic.means, clinic.system, note_id, source, written)
    assert await stored(clinic, NoteStatement, note_id) == statements
    assert await stored(clinic, NoteVersion, note_id) == 1


async def test_a_failure_is_told_and_asking_again_tries_again(make_clinic):
    clinic = await make_clinic(ai=Unreliable(failures=1))
    note_id = await clinic.request()
    with pytest.raises(Unavailable):
        await generate(clinic.means, clinic.system, note_id)
    await give_up(clinic.means, clinic.system, note_id)
    failed = await state(clinic, note_id)
    assert (failed.status, failed.failure_code) == (NoteStatus.FAILED, "unavailable")
    assert await events(clinic, "note.failed") == 1
    assert await clinic.request() == note_id
    await generate(clinic.means, clinic.system, note_id)
    again = await state(clinic, note_id)
    assert (again.status, again.failure_code) == (NoteStatus.DRAFT, None)


async def test_giving_up_late_does_not_spoil_a_finished_draft(clinic):
    note_id = await clinic.drafted()
    await give_up(clinic.means, clinic.system, note_id)
    assert (await state(clinic, note_id)).status is NoteStatus.DRAFT


async def test_a_note_discarded_while_it_was_written_stays_discarded_and_is_no_failure(clinic):
    note_id = await clinic.request()
    source = await begin(clinic.means, clinic.system, note_id)
    written = await compose(clinic.means.ai, source)
    async with clinic.transaction() as db:
        await discard(db, note_id)
    await finish(clinic.means, clinic.system, note_id, source, written)
    await generate(clinic.means, clinic.system, note_id)
    await give_up(clinic.means, clinic.system, note_id)
    assert (await state(clinic, note_id)).status is NoteStatus.DELETED
    assert await stored(clinic, NoteStatement, note_id) == 0


async def test_an_answer_that_lost_an_utterance_is_not_used(make_clinic):
    clinic = await make_clinic(ai=Forgetful())
    note_id = await clinic.request()
    with pytest.raises(UnusableAnswer):
        await generate(clinic.means, clinic.system, note_id)
    assert (await state(clinic, note_id)).failure_code == "note.unusable_answer"
    assert await stored(clinic, NoteStatement, note_id) == 0


async def test_a_note_is_written_from_what_was_heard_not_from_what_was_cut_off(make_clinic):
    clinic = await make_clinic(said=())
    async with clinic.transaction() as db:
        session = await db.scalar(
            select(ConsultationSession).where(ConsultationSession.consultation_id == clinic.consultation.id)
        )
        said = [
            Said("patient", "My left ear has been ringing for two weeks."),
            Said(
                "assistant",
                "Do you have a fever? You could take ibuprofen.",
                heard="Do you have a fever?",
                interrupted=True,
            ),
            Said("patient", "No fever."),
            Said("assistant", "I see, aspirin then.", heard="", interrupted=True),
        ]
        await append(db, clinic.means.keyring, clinic.consultation, session.id, said)
    note_id = await clinic.drafted()
    whole = (await clinic.read(note_id)).model_dump_json()
    assert "ibuprofen" not in whole and "aspirin" not in whole and "ringing" in whole
    async with clinic.transaction() as db:
        source = (await open_note(db, clinic.means.keyring, await db.get_one(Note, note_id))).source
    assert text_of(source, str(said[1].id)) == "Do you have a fever?"
    assert text_of(source, str(said[3].id)) is None


async def test_a_conversation_that_went_on_gets_a_new_note_beside_the_old_draft(clinic):
    note_id = await clinic.drafted()
    assert await clinic.request() == note_id
    async with clinic.transaction() as db:
        session = await db.scalar(
            select(ConsultationSession).where(ConsultationSession.consultation_id == clinic.consultation.id)
        )
        await append(db, clinic.means.keyring, clinic.consultation, session.id, [Said("patient", "I also feel dizzy.")])
    assert await clinic.request() != note_id


async def test_offsets_point_into_the_masked_and_into_the_original_text(clinic):
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        opened = await open_note(db, clinic.means.keyring, await db.get_one(Note, note_id))
    async with clinic.transaction() as db:
        transcript = await read(db, clinic.means.keyring, clinic.consultation)
    source = [Utterance(id=str(one.id), speaker=one.sender, text=one.as_heard) for one in transcript]
    said = {u.id: u.text for u in source}
    shifted = 0
    for cited in (c for s in opened.statements for c in s.body.evidence):
        assert text_of(opened.source, str(cited.message_id))[cited.start : cited.end] == cited.quote
        original = said[str(cited.message_id)][cited.original_start : cited.original_end]
        masked = await clinic.means.ai.mask(
            [u.model_copy(update={"text": original}) for u in source if u.id == str(cited.message_id)],
            Known(names=["Asha Rao"]),
        )
        assert masked.utterances[0].text == cited.quote
        shifted += cited.start != cited.original_start
    assert shifted, "no evidence lay behind a mask, so nothing was shown"


async def test_another_organization_can_neither_request_nor_run_nor_wait_for_a_note(clinic, database):
    note_id = await clinic.drafted()
    stranger = await make_member(database, await make_organization(database), "org_admin")
    async with database.transaction(stranger) as db:
        with pytest.raises(NotFound):
            await request_note(db, clinic.consultation.id)
    for attempt in (
        generate(clinic.means, stranger, note_id),
        begin(clinic.means, stranger, note_id),
        finished(database, stranger, note_id, wait_s=0),
    ):
        with pytest.raises(NotFound):
            await attempt
    await give_up(clinic.means, stranger, note_id)
    assert (await clinic.read(note_id)).status is NoteStatus.DRAFT


@asynccontextmanager
async def working(means):
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(run_worker(means, stop, grace_s=1))
        try:
            yield
        finally:
            stop.set()


async def test_the_worker_writes_the_note_while_the_client_waits(clinic):
    note_id = await clinic.request()
    async with working(clinic.means):
        note = await finished(clinic.means.database, clinic.clinician, note_id, wait_s=20)
    assert note.status is NoteStatus.DRAFT


async def test_waiting_ends_without_a_worker_when_the_time_is_over(clinic):
    note = await finished(clinic.means.database, clinic.clinician, await clinic.request(), wait_s=0.1)
    assert note.status is NoteStatus.QUEUED
