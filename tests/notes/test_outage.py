"""While the clinical AI is away: notes wait, edits change nothing, and nothing is written twice."""

import time
from contextlib import contextmanager

import psycopg
import pytest

from auricle.ai.local import LocalAI
from auricle.ai.port import AIUnavailable
from auricle.ai.remote import RemoteAI
from auricle.notes import wait
from auricle.notes.edit import Wanted
from auricle.notes.generate import begin, generate
from auricle.notes.models import Note, NoteStatus, NoteVersion
from tests.ai_service.running import serving, settings_for
from tests.notes.test_generate import events, state, stored


class Leaving(LocalAI):
    """The clinical AI of this process, which can be told to be away."""

    is_away = False

    async def judge(self, draft, utterances, entities):
        if self.is_away:
            raise AIUnavailable(retry_after_s=1.0)
        return await super().judge(draft, utterances, entities)


@contextmanager
def away(clinic):
    clinic.means.ai.is_away = True
    yield
    clinic.means.ai.is_away = False


def jobs(urls, note_id) -> list[tuple[str, int, float]]:
    """Waiting jobs of a note: status, attempts, seconds until it begins."""
    query = """select status::text, attempts, coalesce(extract(epoch from scheduled_at - now()), 0)::float
        from procrastinate_jobs where args ->> 'note_id' = %s order by id"""
    with psycopg.connect(urls.worker) as worker:
        return worker.execute(query, (str(note_id),)).fetchall()


@pytest.fixture
async def clinic(make_clinic):
    return await make_clinic(ai=Leaving())


async def test_a_note_waits_for_the_ai_without_failing_and_is_written_once_when_it_is_back(clinic, urls):
    note_id = await clinic.request()
    with away(clinic):
        for waits in range(3):
            await generate(clinic.means, clinic.system, note_id, int(time.time()), waits)
            waiting = await state(clinic, note_id)
            assert (waiting.status, waiting.failure_code) == (NoteStatus.QUEUED, "ai.unavailable")
    first, second = jobs(urls, note_id)
    assert first[2] <= 0 < second[2] <= 60, "one job waits beside the one that was queued first, however often it ran"
    await generate(clinic.means, clinic.system, note_id, int(time.time()), 3)
    written = await state(clinic, note_id)
    assert (written.status, written.failure_code) == (NoteStatus.DRAFT, None)
    assert await stored(clinic, NoteVersion, note_id) == 1 and await events(clinic, "note.ready") == 1
    await generate(clinic.means, clinic.system, note_id, int(time.time()), 1)
    assert await stored(clinic, NoteVersion, note_id) == 1


async def test_asking_for_a_note_that_waits_gives_that_note(clinic):
    note_id = await clinic.request()
    with away(clinic):
        await generate(clinic.means, clinic.system, note_id)
    assert await clinic.request() == note_id


async def test_after_a_day_it_has_failed_says_why_and_can_be_asked_for_again(clinic):
    note_id = await clinic.request()
    yesterday = int(time.time()) - wait.LONGEST_WAIT_S - 1
    with away(clinic):
        await generate(clinic.means, clinic.system, note_id, yesterday, 1_500)
    failed = await state(clinic, note_id)
    assert (failed.status, failed.failure_code) == (NoteStatus.FAILED, "ai.unavailable")
    assert await events(clinic, "note.failed") == 1
    assert await clinic.request() == note_id
    await generate(clinic.means, clinic.system, note_id)
    assert (await state(clinic, note_id)).status is NoteStatus.DRAFT


async def test_a_note_that_was_finished_meanwhile_is_left_alone(clinic):
    note_id = await clinic.request()
    await begin(clinic.means, clinic.system, note_id)
    await generate(clinic.means, clinic.system, note_id)
    await wait.wait_out(clinic.means, clinic.system, note_id, AIUnavailable())
    assert (await state(clinic, note_id)).status is NoteStatus.DRAFT


async def test_an_edit_while_the_ai_is_away_is_refused_and_changes_nothing(clinic):
    note_id = await clinic.drafted()
    before = await clinic.read(note_id)
    with away(clinic), pytest.raises(AIUnavailable) as refused:
        await clinic.edit(note_id, 1, [Wanted("plan", "Repeat the audiogram.")])
    assert (refused.value.status, refused.value.code) == (503, "ai.unavailable")
    assert await clinic.read(note_id) == before
    await clinic.edit(note_id, 1, [Wanted("plan", "Repeat the audiogram.")])


def test_pauses_grow_to_a_minute_and_heed_what_the_ai_said():
    pauses = [wait.pause_s(waits, AIUnavailable()) for waits in range(0, 1_000, 7)]
    assert pauses[0] < 3 and all(48 <= pause <= 72 for pause in pauses[2:])
    assert wait.pause_s(0, AIUnavailable(retry_after_s=20)) == 20
    assert wait.pause_s(0, AIUnavailable(retry_after_s=9_999)) <= 72


async def test_notes_asked_for_while_the_service_is_down_are_written_when_another_takes_its_place(make_clinic):
    settings = settings_for()
    with serving(settings) as service:
        ai = RemoteAI(service.asking(attempts=2))
        clinics = [await make_clinic(ai=ai) for _ in range(4)]
        notes = [await clinic.request() for clinic in clinics]
        await generate(clinics[0].means, clinics[0].system, notes[0])
    for clinic, note_id in zip(clinics, notes, strict=True):
        await generate(clinic.means, clinic.system, note_id)
    assert ai.state() == "open"
    statuses = [(await state(clinic, note_id)).status for clinic, note_id in zip(clinics, notes, strict=True)]
    assert statuses == [NoteStatus.DRAFT, *[NoteStatus.QUEUED] * 3]
    with serving(settings):
        for place in ai._places:
            place.breaker.open_until = 0.0  # its pause is over
        for clinic, note_id in zip(clinics, notes, strict=True):
            await generate(clinic.means, clinic.system, note_id)
    for clinic, note_id in zip(clinics, notes, strict=True):
        assert (await state(clinic, note_id)).status is NoteStatus.DRAFT
        assert await stored(clinic, NoteVersion, note_id) == 1
    assert ai.state() == "ok"
    await ai.aclose()


async def test_a_waiting_note_tells_nobody_that_it_failed(clinic):
    note_id = await clinic.request()
    with away(clinic):
        await generate(clinic.means, clinic.system, note_id)
    assert await events(clinic, "note.failed") == 0
    async with clinic.transaction() as db:
        assert (await db.get_one(Note, note_id)).version == 0
