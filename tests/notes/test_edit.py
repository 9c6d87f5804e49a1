"""Editing a draft: judged anew where changed, masked again, kept as versions that chain."""

from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from auricle.ai.local import LocalAI
from auricle.errors import NotFound
from auricle.notes.approve import NotADraft, StaleVersion, UnknownStatements, approve, overrule
from auricle.notes.edit import Span, UnknownSpan, Wanted, discard, edit_note
from auricle.notes.models import NoteStatus, NoteVersion
from auricle.notes.versions import history, is_intact, read_version
from tests.builders import make_member, make_organization
from tests.notes.conftest import kept


async def test_a_changed_dose_is_judged_anew_and_found_contradicted(clinic):
    note = await clinic.with_contradiction()
    changed = next(s for s in note.statements if "850 mg" in s.text)
    assert (changed.verdict, changed.edited) == ("contradicted", True)
    assert {c.name for c in changed.checks if c.verdict == "conflict"} >= {"number"}
    assert note.version == 2 and note.ai_approved is False
    assert all(not s.edited and s.verdict == "supported" for s in note.statements if s.id != changed.id)


async def test_what_people_said_about_a_verdict_is_gone_only_where_the_statement_changed(clinic):
    note = await clinic.with_unsupported()
    objected = next(s for s in note.statements if s.verdict == "unsupported")
    async with clinic.transaction() as db:
        await overrule(db, clinic.means.keyring, note.id, objected.id, "Heard by me.", version=note.version)
    await clinic.edit(note.id, 2, [*kept(note), Wanted("plan", "Hearing test next week.", "plan")])
    untouched = next(s for s in (await clinic.read(note.id)).statements if s.id == objected.id)
    assert untouched.overrule_reason == "Heard by me."
    again = [
        Wanted(w.section, "Heart sounds are loud.", w.kind, w.id) if w.id == objected.id else w
        for w in kept(await clinic.read(note.id))
    ]
    await clinic.edit(note.id, 3, again)
    changed = next(s for s in (await clinic.read(note.id)).statements if s.id == objected.id)
    assert (changed.overruled_by, changed.overrule_reason, changed.verdict) == (None, None, "unsupported")


async def test_a_statement_that_another_now_denies_is_contradicted_and_no_longer_when_the_denial_goes(make_clinic):
    clinic = await make_clinic((("assistant", "What is it?"), ("patient", "I have a fever. I take aspirin 75 mg.")))
    drafted = await clinic.read(await clinic.drafted())
    place = next(e for s in drafted.statements for e in s.evidence if "fever" in e.quote)
    span = Span(place.message_id, place.start, place.end)
    await clinic.edit(drafted.id, 1, [Wanted("subjective", "Reports fever.", evidence=[span])])
    note = await clinic.read(drafted.id)
    (fever,) = note.statements
    assert fever.verdict == "supported"

    async def edited(version, *more):
        await clinic.edit(note.id, version, [*kept(note), *more])
        after = await clinic.read(note.id)
        return next(s for s in after.statements if s.id == fever.id), after

    one, after = await edited(2, Wanted("subjective", "Denies fever."))
    assert (one.verdict, one.text) == ("contradicted", fever.text) and not after.ai_approved
    async with clinic.transaction() as db:
        await overrule(db, clinic.means.keyring, note.id, one.id, "Both were said.", version=after.version)
    one, after = await edited(3, Wanted("subjective", "Denies fever."), Wanted("plan", "Rest.", "plan"))
    assert (one.verdict, one.overrule_reason) == ("contradicted", "Both were said."), "the same objection, answered"
    one, after = await edited(4)
    assert (one.verdict, one.overrule_reason, one.checks) == ("supported", None, fever.checks) and after.ai_approved


async def test_the_ai_is_asked_only_about_what_changed(make_clinic):
    class Counting(LocalAI):
        masked, unjudged = (), ()

        async def mask(self, utterances, known):
            self.masked = [u.text for u in utterances]
            return await super().mask(utterances, known)

        async def judge(self, draft, utterances, entities):
            self.unjudged = [s.text for s in draft.statements if s.verdict is None]
            return await super().judge(draft, utterances, entities)

    ai = Counting()
    clinic = await make_clinic(ai=ai)
    note = await clinic.read(await clinic.drafted())
    assert len(ai.unjudged) == len(note.statements) > 1
    await clinic.edit(note.id, 1, kept(note, metformin_says="Takes metformin 850 mg twice a day."))
    assert ai.masked == ai.unjudged == ["Takes metformin 850 mg twice a day."]
    await clinic.edit(note.id, 2, list(reversed(kept(await clinic.read(note.id)))))
    assert ai.unjudged == [], "what was only moved is not judged again"


async def test_statements_can_be_removed_and_moved(clinic):
    note = await clinic.read(await clinic.drafted())
    first, *rest = kept(note)
    await clinic.edit(note.id, 1, list(reversed(rest)))
    after = await clinic.read(note.id)
    assert [s.id for s in after.statements] == [w.id for w in reversed(rest)]
    assert first.id not in {s.id for s in after.statements}
    assert not any(s.edited for s in after.statements)


async def test_giving_back_what_was_read_masked_or_revealed_changes_nothing(clinic):
    note_id = await clinic.drafted()
    for reveal in (False, True):
        await clinic.edit(note_id, 1, kept(await clinic.read(note_id, reveal=reveal)))
    assert (await clinic.read(note_id)).version == 1


async def test_identifiers_typed_by_a_clinician_are_masked_like_those_that_were_said(clinic):
    note = await clinic.read(await clinic.drafted())
    await clinic.edit(
        note.id, 1, [*kept(note), Wanted("plan", "Asha Rao calls +91 98450 12345, or asha@example.org.", "plan")]
    )
    masked = (await clinic.read(note.id)).statements[-1].text
    revealed = (await clinic.read(note.id, reveal=True)).statements[-1].text
    assert "Asha" not in masked and "98450" not in masked and "example.org" not in masked
    assert revealed == "Asha Rao calls +91 98450 12345, or asha@example.org."
    before = {m for m in masked.replace(",", " ").split() if m.startswith("[PERSON")}
    assert before == {"[PERSON_1]"}, "the patient has one mask throughout the note"


async def test_new_evidence_is_quoted_from_the_source_and_a_place_that_is_not_there_is_refused(clinic):
    note = await clinic.read(await clinic.drafted())
    place = next(e for s in note.statements for e in s.evidence if "metformin" in e.quote)
    wanted = Wanted(
        "plan", "Continue metformin 500 mg.", "plan", evidence=[Span(place.message_id, place.start, place.end)]
    )
    await clinic.edit(note.id, 1, [*kept(note), wanted])
    added = (await clinic.read(note.id)).statements[-1]
    assert [e.quote for e in added.evidence] == [place.quote]
    for span in (Span(uuid4(), 0, 3), Span(place.message_id, 0, 100_000), Span(place.message_id, 5, 5)):
        with pytest.raises(UnknownSpan):
            await clinic.edit(note.id, 2, [Wanted("plan", "More.", "plan", evidence=[span])])


async def test_an_overtaken_edit_is_refused_even_when_it_is_overtaken_while_the_judge_works(make_clinic):
    class Slow(LocalAI):
        """Lets somebody else edit while it judges."""

        meanwhile = None

        async def judge(self, draft, utterances, entities):
            if self.meanwhile is not None:
                other, self.meanwhile = self.meanwhile, None
                await other()
            return await super().judge(draft, utterances, entities)

    ai = Slow()
    clinic = await make_clinic(ai=ai)
    note = await clinic.read(await clinic.drafted())

    async def other():
        await clinic.edit(note.id, 1, kept(note)[1:])

    ai.meanwhile = other
    with pytest.raises(StaleVersion):
        await clinic.edit(note.id, 1, kept(note)[:1])
    after = await clinic.read(note.id)
    assert [s.id for s in after.statements] == [w.id for w in kept(note)[1:]] and after.version == 2


async def test_a_stale_version_unknown_statements_and_signed_notes_are_refused(clinic):
    note_id = await clinic.drafted()
    note = await clinic.read(note_id)
    with pytest.raises(StaleVersion):
        await clinic.edit(note_id, 7, kept(note))
    with pytest.raises(UnknownStatements):
        await clinic.edit(note_id, 1, [Wanted("plan", "Rest.", "plan", uuid4())])
    with pytest.raises(UnknownStatements):
        await clinic.edit(note_id, 1, [kept(note)[0], kept(note)[0]])
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, note_id, version=1)
    for version in (1, 2):
        with pytest.raises(NotADraft):
            await clinic.edit(note_id, version, [])


async def test_each_change_is_a_version_and_the_chain_of_versions_holds(clinic):
    note = await clinic.with_contradiction()
    contradicted = next(s for s in note.statements if s.verdict == "contradicted")
    async with clinic.transaction() as db:
        await overrule(db, clinic.means.keyring, note.id, contradicted.id, "As raised today.", version=note.version)
        await approve(db, clinic.means.keyring, note.id, version=2)
    async with clinic.transaction() as db:
        found = await history(db, note.id)
        _, first = await read_version(db, clinic.means.keyring, note.id, 1)
        _, signed = await read_version(db, clinic.means.keyring, note.id, 3)
        with pytest.raises(NotFound):
            await read_version(db, clinic.means.keyring, note.id, 4)
    assert found.intact and [v.reason for v in found.versions] == ["generated", "edited", "approved"]
    assert any("500 mg" in s.body.text for s in first.statements)
    assert any("850 mg" in s.body.text for s in signed.statements)
    assert signed.approved_by == clinic.clinician.member_id
    assert {s.overrule_reason for s in signed.statements} == {None, "As raised today."}


async def test_a_version_cannot_be_changed_and_a_forged_one_breaks_the_chain(clinic, urls, postgres):
    note = await clinic.with_contradiction()
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with clinic.transaction() as db:
            await db.execute(update(NoteVersion).where(NoteVersion.note_id == note.id).values(reason="edited"))
    admin = f"{postgres.admin_url}"
    database_name = urls.app.split("?")[0].rsplit("/", 1)[1]
    with psycopg.connect(admin, dbname=database_name) as superuser:
        superuser.execute(
            "update note_version set body = body || '\\x00' where note_id = %s and number = 1", (str(note.id),)
        )
    async with clinic.transaction() as db:
        assert not (await history(db, note.id)).intact
        versions = (await db.scalars(select(NoteVersion).where(NoteVersion.note_id == note.id))).all()
    assert not is_intact(versions[1:]), "a history without its beginning is not whole"


async def test_a_discarded_note_is_gone_for_readers_and_a_signed_one_stays(clinic):
    note_id = await clinic.drafted()
    async with clinic.transaction() as db:
        assert (await discard(db, note_id)).status is NoteStatus.DELETED
    for attempt in (clinic.read(note_id), clinic.edit(note_id, 1, [])):
        with pytest.raises(NotFound):
            await attempt
    signed = await clinic.drafted()
    assert signed != note_id
    async with clinic.transaction() as db:
        await approve(db, clinic.means.keyring, signed, version=1)
        with pytest.raises(NotADraft):
            await discard(db, signed)


async def test_another_organization_can_neither_edit_nor_discard_nor_see_versions(clinic, database):
    note = await clinic.read(await clinic.drafted())
    stranger = await make_member(database, await make_organization(database), "org_admin")
    with pytest.raises(NotFound):
        await edit_note(clinic.means, stranger, note.id, version=1, wanted=kept(note))
    async with database.transaction(stranger) as db:
        for attempt in (
            discard(db, note.id),
            history(db, note.id),
            read_version(db, clinic.means.keyring, note.id, 1),
        ):
            with pytest.raises(NotFound):
                await attempt
