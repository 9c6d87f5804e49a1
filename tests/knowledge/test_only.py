"""A search kept to some documents, from memory and from PostgreSQL; and which words of what was found are marked."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from auricle.knowledge.highlight import highlights
from auricle.knowledge.only import Only
from auricle.knowledge.search import Knowledge, search
from auricle.knowledge.snapshot import MOST_FILTERS, Snapshots

OLD, NEW = datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
PAPERS = {
    "Old ears": {"collection": "leaflets", "language": "en", "specialty": "ent", "live": OLD},
    "New ears": {"collection": "general", "language": "en", "specialty": "ent", "live": NEW},
    "Ears of children": {"collection": "general", "language": "hi", "specialty": "paediatrics", "live": NEW},
    "Ears in general": {"collection": "general", "language": "en", "specialty": "", "live": NEW},
}


@pytest.fixture
async def taught(clinic):
    for title, how in PAPERS.items():
        labels = {name: value for name, value in how.items() if name != "live"}
        await clinic.teach(f"{title}.md", f"# {title}\n\nEars are best left alone.", title=title, **labels)
        async with clinic.database.transaction(clinic.actor) as db:
            sql = text("update knowledge_document set live_at = :live where title = :title")
            await db.execute(sql, {"live": how["live"], "title": title})
    return clinic


def in_both(clinic) -> tuple[Knowledge, Knowledge]:
    k = clinic.knowledge
    return k, Knowledge(k.database, k.store, Snapshots(k.database, k.store, max_chunks=0), k.embed)


@pytest.mark.parametrize(
    ("only", "titles"),
    [
        (Only(), set(PAPERS)),
        (Only(collection="leaflets"), {"Old ears"}),
        (Only(language="hi"), {"Ears of children"}),
        (Only(specialty="ent"), {"Old ears", "New ears"}),
        (Only(since=NEW), set(PAPERS) - {"Old ears"}),
        (Only(until=OLD), {"Old ears"}),
        (Only(since=OLD + timedelta(seconds=1), until=NEW - timedelta(seconds=1)), set()),
        (Only("general", "en", "ent", since=NEW), {"New ears"}),
        (Only(collection="' or true --"), set()),
    ],
)
async def test_only_what_is_wanted_is_found_in_memory_and_in_postgresql(taught, only, titles):
    for knowledge in in_both(taught):
        found = await search(knowledge, taught.actor, "what about ears", 50, only=only)
        assert {hit.chunk.title for hit in found.hits} == titles
        assert found.verdict.level == "unknown" or titles


async def test_limits_that_vary_without_end_fill_no_memory(taught):
    snapshot = await taught.knowledge.snapshots.of(taught.actor)
    for number in range(3 * MOST_FILTERS):
        assert len(snapshot.among(Only(collection=f"c{number}"))) == 0
    assert len(snapshot._among) <= MOST_FILTERS
    assert len(snapshot.among(Only(specialty="ent"))) == 2


@pytest.mark.parametrize(
    ("passage", "question", "marked"),
    [
        ("Zinc air batteries last a week.", "How long does a battery last?", ["batteries", "last"]),
        ("Soft sound helps in tinnitus.", "tinitus", ["tinnitus"]),
        ("A hearing test is free.", "hear", ["hearing"]),
        ("कान में रुई न डालें।", "क्या कान में रुई डाल सकते हैं?", ["कान", "रुई", "डालें"]),
        ("It is what it is.", "What is it?", []),
        ("Café open", "cafe\u0301", ["Café"]),
        ("Batteries: 🦻 batteries", "battery", ["Batteries", "batteries"]),
        ("", "battery", []),
    ],
)
def test_the_words_of_the_question_are_marked_by_exact_offsets(passage, question, marked):
    assert [passage[start:end] for start, end in highlights(passage, question)] == marked
