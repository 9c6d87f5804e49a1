"""How strict an organization wants answers, and its own weights and numbers."""

from dataclasses import replace

import pytest

from auricle.errors import Misconfigured
from auricle.knowledge.known import Thresholds
from auricle.knowledge.rank import Weights
from auricle.knowledge.search import search
from auricle.knowledge.tuning import Strictness, ThresholdsCrossed, Tuning, thresholds_of, tune, tuning, weights_of
from auricle.settings import KnowledgeSearch

BATTERIES = "# Batteries\n\nZinc air batteries last about one week. Remove the tab a minute before use."
QUESTION = "how long do zinc air batteries last in the winter season"


async def tuned(clinic, **how):
    async with clinic.database.transaction(clinic.actor) as db:
        await tune(db, clinic.actor, Tuning(**how), clinic.knowledge.thresholds)


async def level(clinic):
    return (await search(clinic.knowledge, clinic.actor, QUESTION)).verdict.level


async def test_an_organization_s_strictness_counts_for_it_alone_and_at_the_next_question(clinic, other):
    for one in (clinic, other):
        await one.teach("batteries.md", BATTERIES)
    support = (await search(clinic.knowledge, clinic.actor, QUESTION)).verdict.support
    before = await level(other)
    await tuned(clinic, strictness=Strictness.OWN, own=(("answer", support - 0.01), ("confirm", 0.01)))
    assert await level(clinic) == "answer"
    await tuned(clinic, strictness=Strictness.OWN, own=(("answer", 1.0), ("confirm", support - 0.01)))
    assert await level(clinic) == "confirm"
    await tuned(clinic, strictness=Strictness.OWN, own=(("answer", 1.0), ("confirm", 1.0)))
    assert await level(clinic) == "unknown"
    assert await level(other) == before


async def test_strict_asks_for_more_and_lenient_for_less():
    strict, normal, lenient = (Tuning(one).over(Thresholds()) for one in list(Strictness)[:3])
    assert normal == Thresholds()
    assert strict.answer > normal.answer > lenient.answer
    assert strict.confirm > normal.confirm > lenient.confirm
    assert Tuning(Strictness.STRICT).over(replace(Thresholds(), answer=0.9)).answer <= 0.95


async def test_numbers_that_cross_are_refused_and_change_nothing(clinic):
    await tuned(clinic, strictness=Strictness.STRICT, rerank=False)
    with pytest.raises(ThresholdsCrossed):
        await tuned(clinic, strictness=Strictness.OWN, own=(("answer", 0.2),))
    async with clinic.database.transaction(clinic.actor) as db:
        assert await tuning(db) == Tuning(Strictness.STRICT, rerank=False)


def test_what_the_settings_leave_out_stays_as_measured():
    assert weights_of(KnowledgeSearch()) == Weights()
    assert thresholds_of(KnowledgeSearch()) == Thresholds()
    assert weights_of(KnowledgeSearch(dense=0.5, title=0)) == replace(Weights(), dense=0.5, title=0)
    assert thresholds_of(KnowledgeSearch(answer=0.7)) == replace(Thresholds(), answer=0.7)
    with pytest.raises(Misconfigured):
        thresholds_of(KnowledgeSearch(confirm=0.9))
