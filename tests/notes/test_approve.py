"""A signature answers every objection of the judge, and freezes what was signed."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import func, select, text

from auricle.errors import Forbidden, NotFound
from auricle.notes.approve import (
    ContradictedStatements,
    NotADraft,
    NothingToOverrule,
    Signature,
    StaleVersion,
    UnknownStatements,
    UnseenStatements,
    approve,
    approve_all,
    overrule,
)
from auricle.notes.edit import Wanted
from auricle.notes.models import Note, NoteStatus
from auricle.notes.read import list_notes
from auricle.notes.versions import history
from tests.builders import make_consultation, make_member, make_organization
from tests.notes.conftest import SAID, kept


def flagged(note, verdict):
    return {s.id for s in note.statements if s.verdict == verdict}


async def sign(clinic, note_id, version, seen=()):
    async with clinic.transaction() as db:
        return await approve(db, clinic.means.keyring, note_id, version=version, seen=seen)


async def test_a_statement_without_support_cannot_be_approved_unseen(clinic):
    note = await clinic.with_unsupported()
    unsupported = flagged(note, "unsupported")
    async with clinic.transaction() as db:
        with pytest.raises(UnseenStatements) as refused:
            await approve(db, clinic.means.keyring, note.id, version=note.version, seen=set())
        assert (await db.get_one(Note, note.id)).status is NoteStatus.DRAFT
    assert refused.value.context["count"] == 1 == len(unsupported)
    assert refused.value.context["statements"] == str(*unsupported)
    signed = await sign(clinic, note.id, note.version, unsupported)
    assert signed.user_approved and signed.approved_by == clinic.clinician.member_id and not signed.ai_approved
    read = await clinic.read(note.id)
    assert {s.id for s in read.statements if s.seen_by == clinic.clinician.member_id} == unsupported


async def test_having_seen_a_contradiction_is_not_enough_a_reason_is(clinic):
    note = await clinic.with_contradiction()
    contradicted = flagged(note, "contradicted")
    assert len(contradicted) == 1
    with pytest.raises(ContradictedStatements) as refused:
        await sign(clinic, note.id, note.version, contradicted)
    assert refused.value.context["statements"] == str(*contradicted)
    async with clinic.transaction() as db:
        await overrule(
            db, clinic.means.keyring, note.id, *contradicted, "Raised to 850 mg at this visit.", version=note.version
        )
    assert (await sign(clinic, note.id, note.version)).status is NoteStatus.APPROVED
    kept = next(s for s in (await clinic.read(note.id)).statements if s.id in contradicted)
    assert kept.overrule_reason == "Raised to 850 mg at this visit."


async def test_an_objection_that_nobody_has_read_is_not_overruled(clinic):
    note = await clinic.with_contradiction()
    (contradicted,) = flagged(note, "contradicted")
    await clinic.edit(note.id, note.version, [*kept(note), Wanted("plan", "Hearing test next week.", "plan")])
    async with clinic.transaction() as db:
        with pytest.raises(StaleVersion):
            await overrule(db, clinic.means.keyring, note.id, contradicted, "As it was.", version=note.version)
    after = await clinic.read(note.id)
    assert after.version == note.version + 1
    assert {s.overrule_reason for s in after.statements} == {None}


async def test_only_what_the_judge_objects_to_can_be_overruled(clinic):
    note = await clinic.read(await clinic.drafted())
    async with clinic.transaction() as db:
        with pytest.raises(NothingToOverrule):
            await overrule(db, clinic.means.keyring, note.id, note.statements[0].id, "No reason.", version=note.version)
        with pytest.raises(NotFound):
            await overrule(db, clinic.means.keyring, note.id, uuid4(), "No such statement.", version=note.version)


async def test_statements_of_another_note_are_not_taken_for_seen(clinic):
    note_id = await clinic.drafted()
    with pytest.raises(UnknownStatements):
        await sign(clinic, note_id, 1, {uuid4()})


async def test_a_version_that_was_overtaken_cannot_be_signed(clinic):
    note = await clinic.with_unsupported()
    with pytest.raises(StaleVersion) as refused:
        await sign(clinic, note.id, 1, flagged(note, "unsupported"))
    assert refused.value.context["version"] == 2


async def test_of_two_who_sign_at_once_one_does(clinic, database):
    note_id = await clinic.drafted()
    two = [clinic.clinician, await make_member(database, clinic.clinician.organization_id)]

    async def sign(actor):
        async with clinic.transaction(actor) as db:
            await approve(db, clinic.means.keyring, note_id, version=1)

    results = await asyncio.gather(*map(sign, two), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "NotADraft"]
    async with clinic.transaction() as db:
        found = await history(db, note_id)
    assert found.intact and [v.reason for v in found.versions] == ["generated", "approved"]
    signer = two[[one is None for one in results].index(True)]
    assert (await clinic.read(note_id)).approved_by == found.versions[-1].created_by == signer.member_id


async def test_what_is_no_draft_cannot_be_signed(clinic):
    queued = await clinic.request()
    with pytest.raises(NotADraft):
        await sign(clinic, queued, 1)
    note_id = await clinic.drafted()
    await sign(clinic, note_id, 1)
    with pytest.raises(NotADraft):
        await sign(clinic, note_id, 2)


async def test_the_system_does_not_sign(clinic):
    note_id = await clinic.drafted()
    for nobody in (clinic.system, replace(clinic.clinician, kind="agent")):
        async with clinic.transaction(nobody) as db:
            with pytest.raises(Forbidden):
                await approve(db, clinic.means.keyring, note_id, version=1)


async def test_several_notes_are_signed_together_or_not_at_all(clinic, database, keyring):
    good = await clinic.drafted()
    other, _ = await make_consultation(database, keyring, clinic.clinician, clinic.patient_id, SAID)
    clinic.consultation = other
    bad = await clinic.with_unsupported()
    with pytest.raises(UnseenStatements):
        async with clinic.transaction() as db:
            await approve_all(db, keyring, [Signature(good, 1), Signature(bad.id, bad.version)])
    async with clinic.transaction() as db:
        assert {row.status for row in await list_notes(db)} == {NoteStatus.DRAFT}
    async with clinic.transaction() as db:
        seen = frozenset(flagged(bad, "unsupported"))
        signed = await approve_all(db, keyring, [Signature(good, 1), Signature(bad.id, bad.version, seen)])
    assert {n.id for n in signed} == {good, bad.id}
    async with clinic.transaction() as db:
        told = await db.scalar(select(func.count()).select_from(text("live_event where kind = 'note.approved'")))
    assert told == 2


async def test_another_organization_can_neither_sign_nor_overrule(clinic, database):
    note = await clinic.with_unsupported()
    stranger = await make_member(database, await make_organization(database), "org_admin")
    statement = next(iter(flagged(note, "unsupported")))
    async with database.transaction(stranger) as db:
        with pytest.raises(NotFound):
            await approve(db, clinic.means.keyring, note.id, version=note.version, seen={statement})
        with pytest.raises(NotFound):
            await overrule(db, clinic.means.keyring, note.id, statement, "Not theirs to say.", version=note.version)
