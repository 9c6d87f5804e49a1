"""What every store of chunks does, whatever it is built on."""

import numpy as np
import pytest

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.errors import AuricleError
from auricle.knowledge.models import KnowledgeDocument
from auricle.knowledge.only import Only
from auricle.knowledge.store import INSTALLED
from tests.knowledge.contract.conftest import OTHER, cut, direction

TEXTS = ("Zinc air batteries last one week.", "Ringing is worse in silence.", "No cotton in the ear canal.")


async def texts_of(shelf, embedder=INSTALLED):
    return [chunk.text for chunk in (await shelf.loaded(embedder)).chunks]


async def found(shelf, query="", vector=None, depth=10, embedder=INSTALLED, only=None):
    async with shelf.transaction() as db:
        return await shelf.store.candidates(db, embedder, query, vector, depth, only)


async def test_what_is_put_is_read_back_as_it_was(shelf):
    document_id = await shelf.shelve(*TEXTS)
    async with shelf.transaction() as db:
        assert await shelf.store.chunks(db, document_id, INSTALLED) == cut(*TEXTS)
    loaded = await shelf.loaded()
    assert [chunk.text for chunk in loaded.chunks] == list(TEXTS)
    first = loaded.chunks[0]
    assert (first.document_id, first.title, first.page, first.section) == (document_id, "Ears", 1, "Section")
    assert (first.start, first.end, first.collection, first.language) == (0, len(TEXTS[0]), "general", "en")
    assert np.allclose(loaded.vectors, np.stack([direction(number) for number in range(3)]), atol=1e-6)


async def test_putting_a_position_again_changes_nothing(shelf):
    document_id = await shelf.shelve(*TEXTS)
    before = await shelf.loaded()
    await shelf.put(document_id, ["Something else."] * 3, [direction(9)] * 3)
    after = await shelf.loaded()
    assert list(after.chunks) == list(before.chunks)
    assert np.array_equal(after.vectors, before.vectors)


async def test_a_document_that_is_not_live_is_found_by_nobody(shelf):
    document_id = await shelf.document()
    await shelf.put(document_id, TEXTS, [direction(n) for n in range(3)])
    async with shelf.transaction() as db:
        assert len(await shelf.store.chunks(db, document_id, INSTALLED)) == 3
    assert await texts_of(shelf) == []
    assert list((await found(shelf, "zinc batteries", direction(0))).chunks) == []
    await shelf.go_live(document_id, 3)
    assert len((await found(shelf, "zinc batteries", direction(0))).chunks) == 3


async def test_deleting_a_document_removes_all_of_its_chunks_of_every_embedder_and_no_other(shelf):
    gone, kept = await shelf.shelve(*TEXTS), await shelf.shelve("Kept.")
    await shelf.put(gone, TEXTS[:2], [direction(0, dimension=8)] * 2, OTHER)
    async with shelf.transaction() as db:
        assert await shelf.store.delete(db, gone) == 5
        assert await shelf.store.delete(db, gone) == 0
    async with shelf.transaction() as db:
        assert await shelf.store.chunks(db, gone, INSTALLED) == []
        assert await shelf.store.chunks(db, gone, OTHER) == []
        assert await shelf.store.counts(db, INSTALLED) == {kept: 1}
    assert await texts_of(shelf) == ["Kept."]


async def test_vectors_of_two_embedders_lie_beside_one_another_and_never_mix(shelf):
    document_id = await shelf.shelve(*TEXTS)
    await shelf.put(document_id, TEXTS[:2], [direction(n, dimension=8) for n in range(2)], OTHER)
    async with shelf.transaction() as db:
        assert await shelf.store.counts(db, INSTALLED) == {document_id: 3}
        assert await shelf.store.counts(db, OTHER) == {document_id: 2}
    near = await found(shelf, "ringing silence", direction(1, dimension=8), embedder=OTHER)
    assert near.vectors.shape == (2, 8)
    assert (await found(shelf, "ringing silence", direction(1))).vectors.shape == (3, 384)
    async with shelf.transaction() as db:
        assert await shelf.store.delete_all_by(db, INSTALLED) == 3
    assert await texts_of(shelf) == []
    assert await texts_of(shelf, OTHER) == list(TEXTS[:2])


async def test_the_stamp_changes_exactly_when_the_live_set_does(shelf):
    async def stamp():
        async with shelf.transaction() as db:
            return await shelf.store.stamp(db, INSTALLED)

    empty = await stamp()
    first = await shelf.shelve(*TEXTS)
    one = await stamp()
    assert (empty[0], one[0]) == (0, 3)
    pending = await shelf.document()
    await shelf.put(pending, TEXTS, [direction(n) for n in range(3)])
    assert await stamp() == one
    await shelf.go_live(pending, 3)
    two = await stamp()
    assert two[0] == 6
    async with shelf.transaction() as db:
        await shelf.store.delete(db, first)
        await db.delete(await db.get(KnowledgeDocument, first))
    three = await stamp()
    assert len({empty[1], one[1], two[1], three[1]}) == 4
    assert await stamp() == three


async def test_loading_is_in_the_same_order_every_time_and_bounded(shelf):
    for _ in range(3):
        await shelf.shelve(*TEXTS)
    whole, again, part = await shelf.loaded(), await shelf.loaded(), await shelf.loaded(limit=4)
    assert [c.id for c in whole.chunks] == [c.id for c in again.chunks]
    assert [c.id for c in part.chunks] == [c.id for c in whole.chunks[:4]]
    assert part.vectors.shape == (4, 384)


async def test_candidates_come_by_meaning_and_by_words(shelf):
    await shelf.shelve(*TEXTS)
    assert (await found(shelf, vector=direction(2), depth=1)).chunks[0].text == TEXTS[2]
    assert [c.text for c in (await found(shelf, "ringing at night", depth=1)).chunks] == [TEXTS[1]]
    both = await found(shelf, "ringing", direction(2), depth=1)
    assert {c.text for c in both.chunks} == {TEXTS[1], TEXTS[2]}
    assert both.vectors.shape == (2, 384)
    assert list((await found(shelf, "xylophone")).chunks) == []


async def test_candidates_keep_to_the_collection(shelf):
    await shelf.shelve("Batteries for all.")
    await shelf.shelve("Batteries for the staff.", collection="staff")
    near = await found(shelf, "batteries", direction(0), only=Only(collection="staff"))
    assert [c.text for c in near.chunks] == ["Batteries for the staff."]


async def test_another_organizations_ids_reach_nothing(shelf, theirs):
    document_id = await shelf.shelve(*TEXTS)
    own = await theirs.shelve("Theirs.")
    async with theirs.transaction() as db:
        assert await theirs.store.chunks(db, document_id, INSTALLED) == []
        assert await theirs.store.counts(db, INSTALLED) == {own: 1}
        assert await theirs.store.delete(db, document_id) == 0
        assert await theirs.store.delete_all_by(db, INSTALLED) == 1
    assert await texts_of(theirs) == []
    near = await found(theirs, "zinc batteries", direction(0))
    assert list(near.chunks) == []
    assert await texts_of(shelf) == list(TEXTS)


async def test_nothing_is_put_into_another_organizations_document(shelf, theirs):
    document_id = await shelf.shelve(*TEXTS)
    with pytest.raises(AuricleError):
        await theirs.put(document_id, ["Planted."], [direction(0)])
    assert await texts_of(shelf) == list(TEXTS)
    assert "Planted." not in await texts_of(theirs)


async def test_without_an_organization_nothing_is_found(shelf):
    await shelf.shelve(*TEXTS)
    async with shelf.database.transaction(Actor.nobody()) as db:
        for call in (
            lambda: shelf.store.load(db, INSTALLED, 10),
            lambda: shelf.store.candidates(db, INSTALLED, "zinc", direction(0), 10),
        ):
            try:
                assert list((await call()).chunks) == []
            except AuricleError:
                pass  # a store that is not the database refuses


async def test_a_document_that_does_not_exist_has_nothing(shelf):
    async with shelf.transaction() as db:
        assert await shelf.store.chunks(db, new_id(), INSTALLED) == []
        assert await shelf.store.delete(db, new_id()) == 0
