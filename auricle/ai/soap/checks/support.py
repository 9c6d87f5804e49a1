"""How much of what a statement says the cited words hold, clause by clause."""

from collections.abc import Iterator, Sequence

from auricle.ai.port import Check
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.meaning import Unit

SUPPORTED, UNSURE = 0.5, 0.34
_CLAUSE_NEEDS = 0.34  # of the units of each clause that has several


def support(it: Compared) -> Iterator[Check]:
    """Of the statement's own content, the share that the cited words hold; and no clause of it without any."""
    parts = [(part, part.content) for part in it.stated]
    units = [u for _, content in parts for u in content]
    if not units:
        return
    share = sum(map(it.holds, units)) / len(units)
    empty = next((p for p, content in parts if _unheld(it, content)), None)
    if empty is not None and len(parts) > 1:
        yield Check(name="support", verdict="conflict", detail=f"The cited words do not tell “{empty.text}”.")
    elif share >= SUPPORTED:
        yield Check(name="support", verdict="pass", detail=f"{share:.0%}")
    else:
        yield Check(name="support", verdict="unsure" if share >= UNSURE else "conflict",
                    detail=f"{share:.0%} of its words are cited.")  # fmt: skip


def _unheld(it: Compared, content: Sequence[Unit]) -> bool:
    return len(content) > 0 and sum(map(it.holds, content)) / len(content) < _CLAUSE_NEEDS
