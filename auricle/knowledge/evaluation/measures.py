"""How good a ranking is: the measures that search is judged by, here and in `bench/knowledge`.

Pure. A ranking is what was found, best first, each once; `gains` says what each wanted thing is worth, above 0.
Written here because they are a few lines; `ir-measures`, which has them too, brings a C extension and scipy.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

Thing = TypeVar("Thing", bound=Hashable)

DEPTH = 10


def first_rank(found: Sequence[Thing], gains: Mapping[Thing, int]) -> int | None:
    """Where the first wanted thing stands, from 1."""
    return next((place for place, one in enumerate(found, 1) if one in gains), None)


def success(found: Sequence[Thing], gains: Mapping[Thing, int], k: int) -> bool:
    """Whether a wanted thing stands among the first `k`."""
    return any(one in gains for one in found[:k])


def ndcg(found: Sequence[Thing], gains: Mapping[Thing, int], k: int = DEPTH) -> float:
    """Discounted gain of the first `k`, of what the best order would have; a grade g gains 2^g - 1."""
    best = sorted(gains.values(), reverse=True)[:k]
    ideal = sum(_discounted(grade, place) for place, grade in enumerate(best))
    return sum(_discounted(gains.get(one, 0), place) for place, one in enumerate(found[:k])) / ideal if ideal else 0.0


def _discounted(grade: int, place: int) -> float:
    return float((2**grade - 1) / math.log2(place + 2))


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of them does not exceed; None of none."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None
