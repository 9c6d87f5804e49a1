"""A linear classifier over hashed features: a name is a bucket, a bucket has one small weight a class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from auricle.errors import Misconfigured

BUCKETS = 1 << 16


@dataclass(frozen=True, slots=True)
class Linear:
    """`weights[class, bucket]` as signed bytes of one `scale`; `bias[class]`."""

    classes: tuple[str, ...]
    weights: NDArray[np.int8]
    scale: float
    bias: NDArray[np.float32]
    rarity: NDArray[np.float16]  # by bucket: how much it counts; all one where every feature counts alike

    def scores(self, features: Iterable[str]) -> dict[str, float]:
        """One number a class, not normalised; the same features in any order give the same."""
        at = buckets(features)
        if not len(at):
            return dict(zip(self.classes, map(float, self.bias), strict=True))
        counts = self.rarity[at].astype(np.float64)
        total = self.weights[:, at] @ counts * (self.scale / float(np.sqrt(counts @ counts)))
        return dict(zip(self.classes, (total + self.bias).tolist(), strict=True))


def buckets(features: Iterable[str]) -> NDArray[np.int64]:
    return np.fromiter(sorted({crc32(name.encode()) % BUCKETS for name in features}), np.int64)


def softmax(scores: dict[str, float]) -> dict[str, float]:
    highest = max(scores.values())
    parts = {name: np.exp(score - highest) for name, score in scores.items()}
    total = sum(parts.values())
    return {name: float(part / total) for name, part in parts.items()}


@cache
def shipped(name: str) -> Linear:
    """The weights `name`, read at the first call and kept. Raises `Misconfigured` where they are damaged."""
    try:
        with resources.files(__package__).joinpath(f"{name}.npz").open("rb") as file, np.load(file) as held:
            classes, scale = tuple(map(str, held["classes"])), float(held["scale"])
            return Linear(classes, held["weights"], scale, held["bias"], held["rarity"])
    except (OSError, ValueError, KeyError):
        raise Misconfigured("Learned weights are damaged.", stage=name) from None


def saved(model: Linear) -> dict[str, NDArray[np.generic]]:
    """The arrays of a weights file."""
    return {
        "classes": np.array(model.classes),
        "weights": model.weights,
        "scale": np.array(model.scale),
        "bias": model.bias,
        "rarity": model.rarity,
    }


def words_of(stream: Sequence[str], prefix: str = "") -> list[str]:
    """Single words and pairs of neighbours; numbers are one word."""
    plain = ["#" if word[0].isdigit() else word for word in stream]
    return [*(f"{prefix}{w}" for w in plain), *(f"{prefix}{a} {b}" for a, b in zip(plain, plain[1:], strict=False))]
