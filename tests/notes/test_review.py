"""The queue of what waits for a signature, whose turn it is, and statements that were looked at."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import event

from auricle.db.keyset import BadCursor
from auricle.errors import Forbidden, NotFound
from auricle.identity.models import Member, MemberStatus
from auricle.notes.approve import NotADraft, StaleVersion, UnseenStatements, approve, overrule
from auricle.notes.edit import Wanted
from auricle.notes.generate import generate, request_note
from auricle.notes.queue import count_waiting, place_in, place_of, waiting
from auricle.notes.review import AssignedElsewhere, NotASigner, assign, see
from tests.builders import make_consultation, make_member, make_organization, make_patient
from tests.notes.conftest import SAID, kept


async def another(clinic, *, clinician=None):
    """A further consultation of the clinic, held by this clinician, with the draft that the system asked for."""
    patient = await make_patient(clinic.means.database, clinic.means.keyring, clinic.clinician)
    consultation, _ = await make_consultation(
        clinic.means.database, clinic.means.keyring, clinic.clinician, patient.id, SAID
    )
    async with clinic.transaction() as db:
        (await db.merge(consultation)).clinician_id = clinician and clinician.member_id
    async with clinic.transaction(clinic.system) as db:
        note_id = (await request_note(db, consultation.id)).id
    await generate(clinic.means, clinic.system, note_id)
    return note_id


async def queued(clinic, actor=None, **options):
    async with clinic.transaction(actor) as db:
        return await waiting(db, **options)


async def give(clinic, note_id, actor, to, **options):
    async with clinic.transaction(actor) as db:
        return await assign(db, note_id, to and to.member_id, **options)


async def test_ones_own_drafts_come_first_then_nobodys_then_the_colleagues_and_the_oldest_first(clinic, database):
    me, colleague = clinic.clinician, await make_member(database, clinic.clinician.organization_id)
    theirs = await another(clinic, clinician=colleague)
    await give(clinic, theirs, colleague, colleague)
    nobodys, second = await another(clinic), await another(clinic)
    mine = await another(clinic, clinician=me)
    given = await another(clinic, clinician=colleague)
    await give(clinic, given, colleague, me)
    asked = await clinic.drafted()
    order = [mine, given, asked, nobodys, second, theirs]
    assert [one.id for one in await queued(clinic)] == order
    assert [one.turn for one in await queued(clinic)] == ["mine", "mine", "mine", "unassigned", "unassigned", "others"]
    for whose, expected in (("mine", order[:3]), ("unassigned", order[3:5]), ("others", order[5:])):
        assert [one.id for one in await queued(clinic, whose=whose)] == expected
    assert [one.id for one in await queued(clinic, colleague, whose="mine")] == [theirs]
    paged, after = [], None
    while page := await queued(clinic, after=after, limit=2):
        paged += [one.id for one in page]
        after = place_in(place_of(page[-1]))
    assert paged == order
    async with clinic.transaction() as db:
        counts = await count_waiting(db)
    assert (counts.drafts.mine, counts.drafts.unassigned, counts.drafts.others) == (3, 2, 1)
    assert (counts.queued, counts.generating, counts.failed) == (0, 0, 0)


async def test_a_row_of_the_queue_tells_what_is_still_to_be_answered(clinic, database):
    note = await clinic.with_unsupported()
    wrong = kept(note, metformin_says="Takes metformin 850 mg twice a day.")
    await clinic.edit(note.id, 2, [*wrong, Wanted("objective", "Lungs are clear.")])

    async def row(actor=None):
        (one,) = await queued(clinic, actor)
        return (one.statements, one.flagged, one.contradicted, one.unseen)

    whole = await clinic.read(note.id)
    count = len(whole.statements)
    assert await row() == (count, 3, 1, 2)
    (one,) = await queued(clinic)
    assert one.missing_count == len(whole.missing) and one.completeness == whole.completeness
    assert one.waiting_s >= 0 and one.patient_id == clinic.patient_id
    async with clinic.transaction() as db:
        await see(db, note.id, whole.statements[-1].id, version=3)
    assert await row() == (count, 3, 1, 1)
    colleague = await make_member(database, clinic.clinician.organization_id)
    assert await row(colleague) == (count, 3, 1, 2), "what one has looked at, another has not"
    contradicted = next(s for s in whole.statements if s.verdict == "contradicted")
    async with clinic.transaction() as db:
        await overrule(db, clinic.means.keyring, note.id, contradicted.id, "Raised today.", version=whole.version)
    assert await row() == (count, 2, 0, 1)


async def test_the_queue_is_one_query_and_the_look_is_on_record(clinic):
    await clinic.drafted()
    statements: list[str] = []
    engine = clinic.means.database.engine.sync_engine

    def heard(connection, cursor, statement, *_):
        statements.append(statement)

    async with clinic.transaction() as db:
        event.listen(engine, "before_cursor_execute", heard)
        try:
            await waiting(db)
        finally:
            event.remove(engine, "before_cursor_execute", heard)
    (asked,) = [s for s in statements if "FROM" in s and "soap_note" in s]
    assert not any(word in asked for word in ("body", "masks", "context_data", ".source,"))
    assert [s for s in statements if "audit_entry" in s]


async def test_other_states_have_queues_of_their_own_and_a_signed_note_is_in_none(clinic):
    note_id = await clinic.request()
    assert [one.id for one in await queued(clinic, state="queued")] == [note_id] and not await queued(clinic)
    async with clinic.transaction() as db:
        assert (await count_waiting(db)).queued == 1
    assert await clinic.drafted() == note_id
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=1)
        counts = await count_waiting(db)
    assert counts.drafts.mine == 0 and counts.oldest_draft_at is None
    for state in ("draft", "queued", "generating", "failed"):
        assert not await queued(clinic, state=state)


async def test_another_organizations_queue_is_not_seen(clinic, database):
    note_id = await clinic.drafted()
    stranger = await make_member(database, await make_organization(database), "org_admin")
    assert await queued(clinic, stranger) == []
    async with clinic.transaction(stranger) as db:
        assert (await count_waiting(db)).drafts.unassigned == 0
        for attempt in (assign(db, note_id, stranger.member_id), see(db, note_id, uuid4(), version=1)):
            with pytest.raises(NotFound):
                await attempt
    with pytest.raises(NotFound):
        await give(clinic, note_id, clinic.clinician, stranger)


async def test_a_note_is_given_only_to_who_may_sign_it_and_taken_from_a_colleague_only_when_that_is_said(
    clinic, database
):
    me, organization_id = clinic.clinician, clinic.clinician.organization_id
    note_id = await clinic.drafted()
    colleague, staff = [await make_member(database, organization_id, role) for role in ("clinician", "staff")]
    with pytest.raises(NotASigner):
        await give(clinic, note_id, me, staff)
    assert (await give(clinic, note_id, me, colleague)).assigned_to == colleague.member_id
    with pytest.raises(AssignedElsewhere):
        await give(clinic, note_id, me, me)
    assert (await give(clinic, note_id, me, me, take_over=True)).assigned_to == me.member_id
    assert (await give(clinic, note_id, me, None)).assigned_at is None
    async with clinic.transaction(clinic.system) as db:
        (await db.get_one(Member, colleague.member_id)).status = MemberStatus.SUSPENDED
    with pytest.raises(NotASigner):
        await give(clinic, note_id, me, colleague)
    with pytest.raises(Forbidden):
        await give(clinic, note_id, clinic.system, None)
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=1)
    with pytest.raises(NotADraft):
        await give(clinic, note_id, me, me)


async def test_of_two_who_claim_a_note_at_once_one_has_it(clinic, database):
    note_id = await clinic.drafted()
    two = [clinic.clinician, await make_member(database, clinic.clinician.organization_id)]
    results = await asyncio.gather(*(give(clinic, note_id, one, one) for one in two), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["AssignedElsewhere", "Note"]


async def test_what_was_looked_at_over_time_need_not_be_named_again_but_only_by_who_looked(clinic, database):
    note = await clinic.with_unsupported()
    objected = next(s for s in note.statements if s.verdict == "unsupported")
    colleague = await make_member(database, clinic.clinician.organization_id)
    async with clinic.transaction() as db:
        first = await see(db, note.id, objected.id, version=2)
        again = await see(db, note.id, objected.id, version=2)
        assert first.seen_at == again.seen_at
    with pytest.raises(UnseenStatements):
        async with clinic.transaction(colleague) as db:
            await approve(db, clinic.means.keyring, note.id, version=2)
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note.id, version=2)
        with pytest.raises(NotADraft):
            await see(db, note.id, objected.id, version=3)


async def test_a_statement_is_marked_only_in_the_version_that_was_read_and_loses_the_mark_when_changed(clinic):
    note = await clinic.with_unsupported()
    objected = next(s for s in note.statements if s.verdict == "unsupported")
    async with clinic.transaction() as db:
        with pytest.raises(StaleVersion):
            await see(db, note.id, objected.id, version=1)
        with pytest.raises(NotFound):
            await see(db, note.id, uuid4(), version=2)
        await see(db, note.id, objected.id, version=2)
    changed = [
        Wanted(w.section, "Heart sounds are loud.", w.kind, w.id) if w.id == objected.id else w for w in kept(note)
    ]
    await clinic.edit(note.id, 2, changed)
    assert next(s for s in (await clinic.read(note.id)).statements if s.id == objected.id).seen_by is None


def test_a_cursor_that_is_none_of_ours_is_refused():
    for cursor in ("", "!!", "AAAA", "A" * 22, "_" * 23, "\x00"):
        with pytest.raises(BadCursor):
            place_in(cursor)
