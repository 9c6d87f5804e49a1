"""Drafts that an emulated model plays, good and bad: what comes of them on the whole path from answer to verdict."""

from collections import defaultdict

from bench.clinical.written import TRUE, is_caught, outcomes

OURS = {"invented quote", "unknown id", "placeholder", "injection"}  # what reading an answer has to see, every time


async def test_bad_statements_of_a_model_are_flagged_and_good_ones_keep_their_evidence() -> None:
    rows = defaultdict(list)
    for one, statement in await outcomes():
        rows[one.wrong.get(statement.text, TRUE)].append(statement)
    good = rows.pop(TRUE)
    assert all(s.evidence for s in good) and sum(map(is_caught, good)) <= 0.1 * len(good)
    assert rows.keys() >= OURS | {"drug", "dose", "side", "negation", "family", "time", "exam", "number"}
    for kind in OURS:
        assert all(map(is_caught, rows[kind])), kind
    bad = [statement for statements in rows.values() for statement in statements]
    assert sum(map(is_caught, bad)) >= 0.9 * len(bad)
