"""What a run's results come to. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from auricle.knowledge.evaluation.measures import DEPTH, percentile
from auricle.knowledge.evaluation.models import EvaluationResult, Verdict

UNANSWERED = (Verdict.UNANSWERED, Verdict.NOT_FOUND)
# What tells good from bad, each with whether more of it is better. Times do not: they differ from run to run.
BETTER: dict[str, bool] = {
    "success_at_1": True,
    "success_at_3": True,
    "success_at_5": True,
    "success_at_10": True,
    "ndcg_at_10": True,
    "mrr_at_10": True,
    "answered": True,
    "unanswered": False,
    "wrongly_answered": False,
    "rightly_refused": True,
}


@dataclass(frozen=True, slots=True)
class Totals:
    """Shares are 0 to 1, and None of nothing: of no question that has a document, or none that has none."""

    questions: int
    in_base: int  # questions that an expected document answers
    not_in_base: int  # questions that must not be answered
    missing_documents: int  # expected ones that the base does not have
    success_at_1: float | None  # of those in the base: an expected document is the first one found
    success_at_3: float | None
    success_at_5: float | None
    success_at_10: float | None
    ndcg_at_10: float | None
    mrr_at_10: float | None
    answered: float | None  # of those in the base: from an expected document
    unanswered: float | None  # of those in the base
    wrongly_answered: float | None  # of all
    rightly_refused: float | None  # of those that are not
    verdicts: dict[str, int] = field(default_factory=dict)
    wall_ms_p50: float | None = None
    wall_ms_p95: float | None = None
    cpu_ms_p50: float | None = None
    cpu_ms_p95: float | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def totals_of(results: Sequence[EvaluationResult]) -> Totals:
    there = [one for one in results if one.ndcg is not None]
    count = Counter(one.verdict for one in results)
    absent = len(results) - len(there)

    def share(held: int, of: int) -> float | None:
        return round(held / of, 4) if of else None

    def mean(values: Sequence[float]) -> float | None:
        return round(sum(values) / len(values), 4) if values else None

    def within(k: int) -> float | None:
        return share(sum(one.rank is not None and one.rank <= k for one in there), len(there))

    wall, cpu = ([getattr(one, name) for one in results] for name in ("wall_ms", "cpu_ms"))
    return Totals(
        questions=len(results),
        in_base=len(there),
        not_in_base=absent,
        missing_documents=sum(one.missing or 0 for one in results),
        success_at_1=within(1),
        success_at_3=within(3),
        success_at_5=within(5),
        success_at_10=within(DEPTH),
        ndcg_at_10=mean([one.ndcg or 0.0 for one in there]),
        mrr_at_10=mean([1 / one.rank if one.rank and one.rank <= DEPTH else 0.0 for one in there]),
        answered=share(count[Verdict.FOUND], len(there)),
        unanswered=share(sum(count[one] for one in UNANSWERED), len(there)),
        wrongly_answered=share(count[Verdict.WRONGLY_ANSWERED], len(results)),
        rightly_refused=share(count[Verdict.RIGHTLY_REFUSED], absent),
        verdicts={verdict.value: count[verdict] for verdict in Verdict},
        wall_ms_p50=percentile(wall, 0.5),
        wall_ms_p95=percentile(wall, 0.95),
        cpu_ms_p50=percentile(cpu, 0.5),
        cpu_ms_p95=percentile(cpu, 0.95),
    )
