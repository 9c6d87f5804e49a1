"""Linear classifiers over hashed features, learned in numpy alone: the same lessons give the same weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auricle.ai.soap.learned.linear import BUCKETS, Linear, buckets

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lessons:
    """Rows of features as flat arrays: `bucket[i]` belongs to row `row[i]` and counts `value[i]`."""

    row: NDArray[np.int64]
    bucket: NDArray[np.int64]
    value: Floats
    count: int
    rarity: Floats  # by bucket

    @classmethod
    def of(cls, features: Sequence[Sequence[str]], *, by_rarity: bool = False) -> "Lessons":
        found = [buckets(f) for f in features]
        bucket = np.concatenate(found)
        row = np.repeat(np.arange(len(found)), [len(f) for f in found])
        seen = np.bincount(bucket, minlength=BUCKETS)
        rarity = 1 + np.log((1 + len(found)) / (1 + seen)) if by_rarity else np.ones(BUCKETS)
        value = rarity[bucket]
        length = np.sqrt(np.bincount(row, value**2, len(found)))
        return cls(row, bucket, value / length[row], len(found), rarity)

    def scores(self, weights: Floats, bias: Floats) -> Floats:
        """Row × class."""
        each = [np.bincount(self.row, w[self.bucket] * self.value, self.count) for w in weights]
        return np.stack(each, axis=1) + bias

    def gradient(self, error: Floats) -> Floats:
        """Class × bucket, of an error that is row × class."""
        each = [np.bincount(self.bucket, e[self.row] * self.value, BUCKETS) for e in error.T]
        return np.stack(each)


Error = Callable[[Floats, Floats], Floats]  # scores, wanted → the slope of the loss for each score


def fit(
    lessons: Lessons,
    wanted: Floats,
    *,
    decay: float,
    steps: int = 200,
    weigh: Floats | None = None,
    error: Error | None = None,
) -> tuple[Floats, Floats]:
    """Weights and bias that predict `wanted`: row × class shares that sum to one (or one column: a single chance).

    Nesterov's accelerated descent on the loss of `error` (cross entropy) plus `decay` times the squared weights.
    """
    classes = wanted.shape[1]
    slope = error or missed
    weigh = np.ones(lessons.count) if weigh is None else weigh
    weigh = weigh / weigh.sum()
    weights, bias = np.zeros((classes, BUCKETS)), np.zeros(classes)
    ahead_w, ahead_b = weights, bias
    step = (0.7 if error else 4.0) / (1 + 4 * decay)  # rows have length one: the loss curves by four, or a quarter
    for number in range(steps):
        wrong = slope(lessons.scores(ahead_w, ahead_b), wanted) * weigh[:, None]
        new_w = ahead_w - step * (lessons.gradient(wrong) + decay * ahead_w)
        new_b = ahead_b - step * wrong.sum(axis=0)
        pace = number / (number + 3)
        ahead_w, ahead_b = new_w + pace * (new_w - weights), new_b + pace * (new_b - bias)
        weights, bias = new_w, new_b
    return weights, bias


def missed(scores: Floats, wanted: Floats) -> Floats:
    return chances(scores) - wanted


def within_margin(scores: Floats, wanted: Floats) -> Floats:
    """Of the squared hinge, each class against all others."""
    side = 2 * wanted - 1
    return -2 * side * np.maximum(0.0, 1 - side * scores)


def chances(scores: Floats) -> Floats:
    if scores.shape[1] == 1:
        return 1 / (1 + np.exp(-scores))
    parts = np.exp(scores - scores.max(axis=1, keepdims=True))
    return parts / parts.sum(axis=1, keepdims=True)


def packed(classes: Sequence[str], lessons: Lessons, weights: Floats, bias: Floats) -> Linear:
    scale = float(np.abs(weights).max()) / 127 or 1.0
    small = np.round(weights / scale).astype(np.int8)
    return Linear(tuple(classes), small, scale, bias.astype(np.float32), lessons.rarity.astype(np.float16))
