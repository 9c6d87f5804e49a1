"""The difference between two versions, as statements and as words; by plain data, and by two versions of a note."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auricle.errors import NotFound
from auricle.notes.approve import approve
from auricle.notes.compare import MOST_PAIRS, compare, words_between
from auricle.notes.content import FrozenNote, FrozenStatement, StatementBody
from auricle.notes.edit import Wanted
from auricle.notes.versions import compare_versions
from tests.notes.conftest import kept

ONE, TWO, THREE, FOUR = (UUID(int=n) for n in range(1, 5))


def note(*statements):
    """Statements as (id, text) or (id, text, section, verdict)."""
    told = [(*one, "plan", "supported")[:4] if len(one) == 2 else one for one in statements]
    return FrozenNote(
        template="soap",
        method="extractive draft",
        model=None,
        completeness=0.5,
        ai_approved=True,
        approved_by=None,
        missing=(),
        statements=tuple(
            FrozenStatement(
                id=id, section=section, kind="fact", verdict=verdict, edited=False, body=StatementBody(text=text)
            )
            for id, text, section, verdict in told
        ),
    )


def fates(difference):
    return [(one.id, one.fate, one.moved) for one in difference.statements]


def test_statements_are_told_as_added_removed_changed_or_as_they_were():
    found = compare(
        note((ONE, "Rest."), (TWO, "Takes metformin 500 mg."), (THREE, "Return.")),
        note((ONE, "Rest."), (TWO, "Takes metformin 850 mg."), (FOUR, "Hearing test.")),
    )
    assert fates(found) == [
        (ONE, "unchanged", False),
        (TWO, "changed", False),
        (THREE, "removed", False),
        (FOUR, "added", False),
    ]
    assert [(p.how, p.text) for p in found.statements[1].words] == [
        ("same", "Takes metformin"),
        ("removed", " 500"),
        ("added", " 850"),
        ("same", " mg."),
    ]


def test_what_was_moved_is_the_fewest_that_explain_the_order_and_another_section_is_another_place():
    before = note((ONE, "a"), (TWO, "b"), (THREE, "c"), (FOUR, "d"))
    assert [m for _, _, m in fates(compare(before, note((FOUR, "d"), (ONE, "a"), (TWO, "b"), (THREE, "c"))))] == [
        True,
        False,
        False,
        False,
    ]
    other = compare(note((ONE, "a")), note((ONE, "a", "objective", "unsupported")))
    assert (other.statements[0].fate, other.statements[0].moved, other.statements[0].verdict_changed) == (
        "unchanged",
        True,
        True,
    )


words = st.lists(st.sampled_from(["a", "b", "c", "dose", "500", " ", "\n", "ä"]), max_size=30).map(" ".join)


@given(words, words)
def test_the_pieces_give_both_texts_back_letter_by_letter(was, now):
    pieces, _ = words_between(was, now)
    assert "".join(p.text for p in pieces if p.how != "added") == was
    assert "".join(p.text for p in pieces if p.how != "removed") == now


@given(st.lists(st.integers(1, 9), unique=True), st.lists(st.integers(1, 9), unique=True))
def test_every_statement_of_either_version_is_told_once_and_the_unmoved_keep_their_order(was, now):
    before, after = (note(*((UUID(int=n), str(n)) for n in side)) for side in (was, now))
    found = compare(before, after).statements
    assert sorted(one.id.int for one in found) == sorted({*was, *now})
    assert [one.id.int for one in found if one.now is not None] == now
    still = [one.id.int for one in found if one.was and one.now and not one.moved]
    assert still == sorted(still, key=was.index)


def test_the_work_of_comparing_is_bounded():
    long = " ".join(["a", "b"] * 1_500)
    pieces, room = words_between(long, long + " c", MOST_PAIRS)
    assert [p.how for p in pieces] == ["removed", "added"] and room == 0


async def test_what_the_ai_wrote_is_compared_with_what_was_signed(clinic):
    drafted = await clinic.read(await clinic.drafted())
    first, *rest = kept(drafted)
    await clinic.edit(drafted.id, 1, [*rest, Wanted("plan", "Rest.", "plan")])
    edited = await clinic.read(drafted.id)
    async with clinic.transaction() as db:
        with pytest.raises(NotFound):
            await compare_versions(db, clinic.means.keyring, drafted.id, "draft", "signed")
        await approve(db, clinic.means.keyring, drafted.id, version=2, seen={edited.statements[-1].id})
        _, later, found = await compare_versions(db, clinic.means.keyring, drafted.id, "draft", "signed")
        for unknown in ((1, 9), (9, 1)):
            with pytest.raises(NotFound):
                await compare_versions(db, clinic.means.keyring, drafted.id, *unknown)
        with pytest.raises(NotFound):
            await compare_versions(db, clinic.means.keyring, uuid4(), 1, 2)
    by_fate = {fate: [one.id for one in found.statements if one.fate == fate] for fate in ("removed", "added")}
    assert by_fate == {"removed": [first.id], "added": [edited.statements[-1].id]} and later.number == 3
