"""Two runs beside each other: what changed in between, and which questions got better and worse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.errors import Conflict
from auricle.knowledge.evaluation.keep import as_expected
from auricle.knowledge.evaluation.models import EvaluationResult, EvaluationRun, RunStatus, Verdict
from auricle.knowledge.evaluation.rows import Question
from auricle.knowledge.evaluation.totals import BETTER

Change = Literal["worse", "better", "removed", "added"]
ORDER: Sequence[Change] = ("worse", "better", "removed", "added")
SEVERITY: Mapping[Verdict, int] = {verdict: number for number, verdict in enumerate(Verdict)}
NOWHERE = 10**6  # the rank of what was not found


class NotComparable(Conflict):
    """Only runs that are done can be compared."""

    code = "evaluation.not_comparable"


@dataclass(frozen=True, slots=True)
class Changed:
    """A question that came out otherwise, or is in one of the sets only. Asked alike with other expectations is two."""

    change: Change
    before: EvaluationResult | None
    after: EvaluationResult | None

    @property
    def shown(self) -> EvaluationResult:
        """As it is now, or was last."""
        one = self.after or self.before
        assert one is not None
        return one

    @property
    def id(self) -> UUID:
        return self.shown.id


@dataclass(frozen=True, slots=True)
class Compared:
    """What is not as before, the worse first, each kind in the order of the set."""

    changed: Sequence[Changed]
    same: int

    @property
    def counts(self) -> dict[str, int]:
        return {"same": self.same, **{kind: sum(one.change == kind for one in self.changed) for kind in ORDER}}


async def compared(db: AsyncSession, before: EvaluationRun, after: EvaluationRun) -> Compared:
    """Raises `NotComparable`."""
    if {before.status, after.status} != {RunStatus.DONE}:
        raise NotComparable
    earlier, later = [
        (await db.scalars(select(EvaluationResult).where(EvaluationResult.run_id == run.id))).all()
        for run in (before, after)
    ]
    return compare(earlier, later)


def compare(before: Iterable[EvaluationResult], after: Iterable[EvaluationResult]) -> Compared:
    """Compare what came of the same questions. Pure."""
    earlier, later = _by_identity(before), _by_identity(after)
    found = [Changed("removed", one, None) for key, one in earlier.items() if key not in later]
    same = 0
    for key, one in later.items():
        was = earlier.get(key)
        if was is None:
            found.append(Changed("added", None, one))
        elif (now := _badness(one)) != (then := _badness(was)):
            found.append(Changed("worse" if now > then else "better", was, one))
        else:
            same += 1
    return Compared(sorted(found, key=lambda one: (ORDER.index(one.change), one.shown.position)), same)


def _by_identity(results: Iterable[EvaluationResult]) -> dict[tuple[object, ...], EvaluationResult]:
    return {Question(one.question, one.language, tuple(as_expected(one.expected))).identity: one for one in results}


def _badness(one: EvaluationResult) -> tuple[int, int]:
    """The verdict first; of the same verdict, where the expected document stands."""
    assert one.verdict is not None
    return SEVERITY[one.verdict], one.rank or NOWHERE


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, float | None]:
    """After minus before of each measure; None where one of the runs has none."""
    told: dict[str, float | None] = {}
    for name in BETTER:
        was, now = before.get(name), after.get(name)
        told[name] = None if was is None or now is None else round(now - was, 4)
    return told


def worse_beyond(difference: Mapping[str, float | None], margin: float) -> list[str]:
    """The measures that got worse by more than a margin."""
    return [
        name
        for name, more_is_better in BETTER.items()
        if (change := difference.get(name)) is not None and (-change if more_is_better else change) > margin + 1e-9
    ]


def changed_state(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The names of what was otherwise when the runs were made."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
