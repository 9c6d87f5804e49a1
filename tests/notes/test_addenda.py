"""What is added to a signed note: judged, masked, signed at once, and the signed words untouched."""

import asyncio

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import ProgrammingError

from auricle.errors import Forbidden, NotFound
from auricle.notes.addenda import Added, NotSigned, add_addendum
from auricle.notes.approve import ContradictedStatements, NotADraft, StaleVersion, approve
from auricle.notes.edit import Span, UnknownSpan, Wanted
from auricle.notes.models import NoteAddendum
from auricle.notes.versions import history, read_version
from tests.builders import make_member, make_organization
from tests.notes.conftest import kept


@pytest.fixture
async def signed(clinic):
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=1)
    return await clinic.read(note_id)


def added(text, section="plan", reason=None, evidence=()):
    return Added(Wanted(section, text, "fact", None, list(evidence)), reason)


async def add(clinic, note_id, version, *what, actor=None):
    await add_addendum(clinic.means, actor or clinic.clinician, note_id, version=version, added=what)


async def test_an_addendum_is_the_next_version_by_its_author_and_the_signed_words_stay(clinic, signed, database):
    colleague = await make_member(database, clinic.clinician.organization_id)
    await add(clinic, signed.id, 2, added("Audiogram shows a loss at 4 kHz.", "objective"), actor=colleague)
    note = await clinic.read(signed.id)
    assert [s.model_dump() for s in note.statements] == [s.model_dump() for s in signed.statements]
    (one,) = note.addenda
    assert (one.created_by, one.version, one.author) == (colleague.member_id, 3, "Meera Iyer")
    assert [(s.text, s.verdict, s.seen_by) for s in one.statements] == [
        ("Audiogram shows a loss at 4 kHz.", "unsupported", colleague.member_id)
    ]
    assert note.status == "approved" and note.approved_by == clinic.clinician.member_id
    assert note.signed_by == "Meera Iyer"
    assert note.approved_at == signed.approved_at and note.amended_at is not None
    async with clinic.transaction() as db:
        found = await history(db, note.id)
        _, then = await read_version(db, clinic.means.keyring, note.id, 2)
        _, now = await read_version(db, clinic.means.keyring, note.id, 3)
    assert found.intact and [v.reason for v in found.versions] == ["generated", "approved", "addendum"]
    assert now.statements[: len(then.statements)] == then.statements
    assert now.statements[-1].addendum_id == one.id


async def test_identifiers_in_an_addendum_are_masked_by_the_notes_own_masks(clinic, signed):
    await add(clinic, signed.id, 2, added("Asha Rao was told by phone, +91 98765 43210."))
    text = (await clinic.read(signed.id)).addenda[0].statements[0].text
    assert text.startswith("[PERSON_1] was told") and "98765" not in text
    revealed = (await clinic.read(signed.id, reveal=True)).addenda[0].statements[0].text
    assert revealed == "Asha Rao was told by phone, +91 98765 43210."


async def test_what_was_said_otherwise_needs_a_reason_and_nothing_is_stored_without(clinic, signed):
    place = next(e for s in signed.statements for e in s.evidence if "metformin" in e.quote)
    spans = [Span(place.message_id, place.start, place.end)]
    wrong = added("Takes metformin 850 mg twice a day.", "subjective", evidence=spans)
    with pytest.raises(ContradictedStatements) as refused:
        await add(clinic, signed.id, 2, added("Told to rest."), wrong)
    assert refused.value.context["positions"] == "2"
    assert (await clinic.read(signed.id)).version == 2
    await add(clinic, signed.id, 2, Added(wrong.wanted, "Raised today by telephone."))
    one = (await clinic.read(signed.id)).addenda[0].statements[0]
    assert (one.verdict, one.overrule_reason) == ("contradicted", "Raised today by telephone.")


async def test_only_a_signed_note_at_the_version_that_was_read_takes_an_addendum(clinic, signed, database):
    draft = await clinic.request()
    for note_id, version, error in ((draft, 0, NotSigned), (signed.id, 1, StaleVersion), (signed.id, 3, StaleVersion)):
        with pytest.raises(error):
            await add(clinic, note_id, version, added("More."))
    with pytest.raises(UnknownSpan):
        await add(clinic, signed.id, 2, added("More.", evidence=[Span(signed.id, 0, 4)]))
    with pytest.raises(NotADraft):
        await clinic.edit(signed.id, 2, kept(signed))
    with pytest.raises(Forbidden):
        await add(clinic, signed.id, 2, added("More."), actor=clinic.system)
    stranger = await make_member(database, await make_organization(database), "org_admin")
    with pytest.raises(NotFound):
        await add(clinic, signed.id, 2, added("More."), actor=stranger)
    assert (await clinic.read(signed.id)).version == 2


async def test_of_two_addenda_to_the_same_version_one_is_refused(clinic, signed):
    results = await asyncio.gather(
        *(add(clinic, signed.id, 2, added(text)) for text in ("One.", "Two.")), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "StaleVersion"]
    await add(clinic, signed.id, 3, added("Three."))
    note = await clinic.read(signed.id)
    assert [a.version for a in note.addenda] == [3, 4] and len(note.statements) == len(signed.statements)


async def test_an_addendum_can_be_neither_changed_nor_taken_away(clinic, signed):
    await add(clinic, signed.id, 2, added("Told to rest."))
    for attempt in (
        update(NoteAddendum).where(NoteAddendum.note_id == signed.id).values(version=9),
        delete(NoteAddendum).where(NoteAddendum.note_id == signed.id),
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with clinic.transaction() as db:
                await db.execute(attempt)


async def test_a_missing_finding_that_is_added_is_missing_no_more(clinic):
    note = await clinic.read(await clinic.drafted())
    without = [w for w in kept(note) if "metformin" not in w.text]
    await clinic.edit(note.id, 1, without)
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note.id, version=2)
    signed = await clinic.read(note.id)
    assert any("metformin" in one.text for one in signed.missing)
    await add(clinic, note.id, 3, added("Takes metformin 500 mg twice a day.", "subjective"))
    after = await clinic.read(note.id)
    assert not any("metformin" in one.text for one in after.missing) and after.completeness > signed.completeness
