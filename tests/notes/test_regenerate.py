"""One section written anew: the others stay, what somebody wrote is not lost unasked, overtaken is refused."""

import asyncio

import pytest

from auricle.ai.local import LocalAI
from auricle.ai.port import Draft, Evidence, Statement
from auricle.consent.decide import ConsentNeeded, Deciding, decide
from auricle.consent.models import Decision, Kind
from auricle.errors import Unavailable
from auricle.notes.approve import NotADraft, StaleVersion, approve, overrule
from auricle.notes.edit import Wanted
from auricle.notes.regenerate import SectionEdited, regenerate_section
from auricle.notes.versions import history
from auricle.notes.writing.again import UnknownPart
from tests.notes.conftest import kept


class Otherwise(LocalAI):
    """Writes as ever, until it is told to put a sentence of its own into the plan."""

    plan = ""
    judged_anew = 0
    away = False

    async def write(self, utterances, entities, template="soap"):
        draft = await super().write(utterances, entities, template)
        if not self.plan:
            return draft
        said = utterances[-1]
        quote = Evidence(utterance_id=said.id, start=0, end=len(said.text), quote=said.text)
        added = Statement(section="plan", text=self.plan, kind="plan", evidence=[quote])
        return Draft(statements=[*draft.statements, added])

    async def judge(self, draft, utterances, entities):
        if self.away:
            raise Unavailable
        self.judged_anew += sum(s.verdict is None for s in draft.statements)
        return await super().judge(draft, utterances, entities)


@pytest.fixture
async def clinic(make_clinic):
    return await make_clinic(ai=Otherwise())


async def regenerate(clinic, note_id, version, part="plan", **options):
    await regenerate_section(clinic.means, clinic.clinician, note_id, part, version=version, **options)
    return await clinic.read(note_id)


async def test_a_section_is_written_anew_and_only_that_is_judged(clinic):
    before = await clinic.read(await clinic.drafted())
    ai = clinic.means.ai
    ai.plan, ai.judged_anew = "Continue metformin 500 mg twice a day.", 0
    after = await regenerate(clinic, before.id, 1)
    added = after.statements[-1]
    assert (added.text, added.section, added.edited) == (ai.plan, "plan", False) and added.evidence
    assert [s.model_dump() for s in after.statements[:-1]] == [s.model_dump() for s in before.statements]
    assert ai.judged_anew == 1 and after.version == 2
    assert (after.method, after.model) == (before.method, None)
    async with clinic.transaction() as db:
        found = await history(db, before.id)
    assert found.intact and [v.reason for v in found.versions] == ["generated", "regenerated"]


async def test_what_comes_out_as_it_was_stays_itself_and_makes_no_version(clinic):
    note = await clinic.read(await clinic.drafted())
    again = await regenerate(clinic, note.id, 1, "subjective")
    assert again.version == 1 and [s.id for s in again.statements] == [s.id for s in note.statements]
    await clinic.edit(note.id, 1, kept(note)[1:])
    restored = await regenerate(clinic, note.id, 2, "subjective")
    assert [s.text for s in restored.statements] == [s.text for s in note.statements]
    assert [s.id for s in restored.statements[1:]] == [s.id for s in note.statements[1:]]
    assert restored.version == 3


async def test_what_somebody_wrote_is_given_up_only_when_that_is_said(clinic):
    note = await clinic.with_contradiction()
    with pytest.raises(SectionEdited) as refused:
        await regenerate(clinic, note.id, 2, "subjective")
    changed = next(s for s in note.statements if "850" in s.text)
    assert refused.value.context["statements"] == str(changed.id)
    assert (await clinic.read(note.id)).version == 2
    after = await regenerate(clinic, note.id, 2, "subjective", replace_edited=True)
    assert not any("850" in s.text or s.edited for s in after.statements)
    assert any("500 mg" in s.text for s in after.statements) and after.ai_approved


async def test_marks_in_other_sections_are_kept(clinic):
    note = await clinic.with_unsupported()
    objected = next(s for s in note.statements if s.verdict == "unsupported")
    async with clinic.transaction() as db:
        await overrule(db, clinic.means.keyring, note.id, objected.id, "Heard by me.", version=note.version)
    clinic.means.ai.plan = "Continue metformin."
    after = await regenerate(clinic, note.id, 2)
    assert next(s for s in after.statements if s.id == objected.id).overrule_reason == "Heard by me."


async def test_a_stale_version_a_signed_note_and_a_patient_who_no_longer_agrees_are_refused(clinic):
    note = await clinic.read(await clinic.drafted())
    clinic.means.ai.plan = "Continue metformin."
    with pytest.raises(StaleVersion):
        await regenerate(clinic, note.id, 2)
    with pytest.raises(UnknownPart):
        await regenerate(clinic, note.id, 1, "poem")
    async with clinic.transaction() as db:
        await decide(db, clinic.patient_id, Deciding(Kind.AI_USE, Decision.WITHDRAWN, how="paper"))
    with pytest.raises(ConsentNeeded):
        await regenerate(clinic, note.id, 1)
    async with clinic.transaction() as db:
        await decide(db, clinic.patient_id, Deciding(Kind.AI_USE, Decision.GRANTED, how="paper"))
        await approve(db, clinic.means.keyring, note.id, version=1)
    with pytest.raises(NotADraft):
        await regenerate(clinic, note.id, 2)
    assert (await clinic.read(note.id)).version == 2


async def test_an_ai_that_fails_in_the_middle_leaves_the_note_as_it_was(clinic):
    note = await clinic.with_contradiction()
    ai = clinic.means.ai
    ai.plan, ai.away = "Continue metformin.", True
    for attempt in (
        regenerate(clinic, note.id, 2),
        clinic.edit(note.id, 2, [*kept(note), Wanted("plan", "Rest.", "plan")]),
    ):
        with pytest.raises(Unavailable):
            await attempt
    after = await clinic.read(note.id)
    assert after.model_dump() == note.model_dump()
    async with clinic.transaction() as db:
        assert (await history(db, note.id)).intact
    ai.away = False
    assert (await regenerate(clinic, note.id, 2)).version == 3


async def test_of_a_regeneration_an_edit_and_a_signature_at_once_one_is_done_and_the_others_are_refused(clinic):
    note = await clinic.read(await clinic.drafted())
    clinic.means.ai.plan = "Continue metformin."

    async def sign():
        async with clinic.transaction() as db:
            await approve(db, clinic.means.keyring, note.id, version=1)

    results = await asyncio.gather(
        regenerate(clinic, note.id, 1),
        clinic.edit(note.id, 1, [*kept(note), Wanted("plan", "Hearing test next week.", "plan")]),
        regenerate(clinic, note.id, 1),
        sign(),
        return_exceptions=True,
    )
    refused = [one for one in results if isinstance(one, BaseException)]
    assert len(refused) == 3 and all(isinstance(one, StaleVersion | NotADraft) for one in refused), results
    async with clinic.transaction() as db:
        found = await history(db, note.id)
    assert found.intact and len(found.versions) == 2
