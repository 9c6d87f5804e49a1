"""A logistic regression over hashed features, in numpy: the same lessons give the same weights on every machine."""

from collections.abc import Sequence
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

    @classmethod
    def of(cls, features: Sequence[Sequence[str]]) -> "Lessons":
        found = [buckets(f) for f in features]
        sizes = np.array([len(f) for f in found])
        row = np.repeat(np.arange(len(found)), sizes)
        value = np.repeat(1 / np.sqrt(np.maximum(sizes, 1)), sizes)
        return cls(row, np.concatenate(found), value, len(found))

    def scores(self, weights: Floats, bias: Floats) -> Floats:
        """Row × class."""
        each = [np.bincount(self.row, w[self.bucket] * self.value, self.count) for w in weights]
        return np.stack(each, axis=1) + bias

    def gradient(self, error: Floats) -> Floats:
        """Class × bucket, of an error that is row × class."""
        each = [np.bincount(self.bucket, e[self.row] * self.value, BUCKETS) for e in error.T]
        return np.stack(each)


def fit(
    lessons: Lessons, wanted: Floats, *, decay: float, steps: int = 200, weigh: Floats | None = None
) -> tuple[Floats, Floats]:
    """Weights and bias that predict `wanted`: row × class shares that sum to one (or one column: a single chance).

    Nesterov's accelerated descent on cross entropy plus `decay` times the squared weights.
    """
    classes = wanted.shape[1]
    weigh = np.ones(lessons.count) if weigh is None else weigh
    weigh = weigh / weigh.sum()
    weights, bias = np.zeros((classes, BUCKETS)), np.zeros(classes)
    ahead_w, ahead_b = weights, bias
    step = 4.0 / (1 + 4 * decay)  # rows have length one, so the loss curves by a quarter at the most
    for number in range(steps):
        error = (chances(lessons.scores(ahead_w, ahead_b)) - wanted) * weigh[:, None]
        new_w = ahead_w - step * (lessons.gradient(error) + decay * ahead_w)
        new_b = ahead_b - step * error.sum(axis=0)
        pace = number / (number + 3)
        ahead_w, ahead_b = new_w + pace * (new_w - weights), new_b + pace * (new_b - bias)
        weights, bias = new_w, new_b
    return weights, bias


def chances(scores: Floats) -> Floats:
    if scores.shape[1] == 1:
        return 1 / (1 + np.exp(-scores))
    parts = np.exp(scores - scores.max(axis=1, keepdims=True))
    return parts / parts.sum(axis=1, keepdims=True)


def packed(classes: Sequence[str], weights: Floats, bias: Floats) -> Linear:
    scale = float(np.abs(weights).max()) / 127 or 1.0
    return Linear(tuple(classes), np.round(weights / scale).astype(np.int8), scale, bias.astype(np.float32))
