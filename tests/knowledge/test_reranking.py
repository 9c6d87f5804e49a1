"""Passages put in order by a provider; and the same answer as without one whenever it can't, or is not wanted."""

from dataclasses import replace

import numpy as np
import pytest

from auricle.knowledge.reranking import reranking
from auricle.knowledge.search import search
from auricle.knowledge.tuning import Tuning, tune
from tests.emulators.server import Fault
from tests.providers.contract.vendors import able, running

COHERE = next(case for case in able("rerank") if "cohere" in str(case))
QUESTION = "how should I clean my ears"
PAPERS = {
    "a.md": "# Ears\n\nClean ears need no cleaning; ears clean themselves, so clean no ears.",
    "b.md": "# Wax\n\nhow should I clean my ears",
    "c.md": "# Fees\n\nTo clean ears costs five hundred rupees.",
}


@pytest.fixture
async def taught(clinic):
    for name, paper in PAPERS.items():
        await clinic.teach(name, paper)
    return clinic


@pytest.fixture
async def cohere(tmp_path):
    async with running(COHERE, tmp_path) as it:
        yield it


async def order(clinic, knowledge, **how):
    found = await search(knowledge, clinic.actor, QUESTION, 3, **how)
    return [hit.chunk.title for hit in found.hits], found.verdict


async def test_a_provider_s_order_is_taken_and_the_verdict_stays_ours(taught, cohere):
    ours, verdict = await order(taught, taught.knowledge)
    knowledge = replace(taught.knowledge, rerank=reranking(cohere.router, 10))
    theirs, same = await order(taught, knowledge, rerank=True)
    assert (sorted(theirs), same) == (sorted(ours), verdict)
    sent = cohere.emulator.requests[-1]["body"]
    assert theirs[0] == "Wax" and sent["query"] == QUESTION
    assert [(one.status, one.organization_id) for one in cohere.records] == [("ok", taught.actor.organization_id)]


async def test_the_best_of_more_than_were_asked_for_is_found(taught, cohere):
    knowledge = replace(taught.knowledge, rerank=reranking(cohere.router, 10))
    found = await search(knowledge, taught.actor, QUESTION, 1, rerank=True)
    assert [hit.chunk.title for hit in found.hits] == ["Wax"]
    assert len(cohere.emulator.requests[-1]["body"]["documents"]) == 3


@pytest.mark.parametrize(
    "fault", [Fault("status", 500), Fault("status", 429), Fault("malformed"), Fault("stall_first", stall_s=5)], ids=str
)
async def test_our_own_order_stands_when_a_provider_fails_or_is_late_and_the_try_is_metered(taught, cohere, fault):
    ours = await order(taught, taught.knowledge)
    cohere.emulator.always(fault)
    within_s = 0.3 if fault.name == "stall_first" else 10
    knowledge = replace(taught.knowledge, rerank=reranking(cohere.router, within_s))
    assert await order(taught, knowledge, rerank=True) == ours
    assert cohere.records and all(one.status != "ok" for one in cohere.records)


async def test_nobody_is_asked_who_is_not_wanted(taught, cohere):
    knowledge = replace(taught.knowledge, rerank=reranking(cohere.router, 10))
    await search(knowledge, taught.actor, QUESTION, 3)
    async with taught.database.transaction(taught.actor) as db:
        await tune(db, taught.actor, Tuning(rerank=False), knowledge.thresholds)
    await search(knowledge, taught.actor, QUESTION, 3, rerank=True)
    assert cohere.emulator.requests == []


async def test_without_a_provider_nobody_is_asked(taught, tmp_path):
    without = next(case for case in able("llm") if not case.can("rerank"))
    async with running(without, tmp_path) as it:
        scores = await reranking(it.router, 1)("a", ["b"], organization_id=taught.actor.organization_id)
        assert scores is None and it.records == []


async def test_texts_of_equal_score_keep_our_order(taught):
    async def equal(question, texts, *, organization_id, patient_id=None):
        return np.zeros(len(texts), np.float32)

    ours = await order(taught, taught.knowledge)
    assert await order(taught, replace(taught.knowledge, rerank=equal), rerank=True) == ours
