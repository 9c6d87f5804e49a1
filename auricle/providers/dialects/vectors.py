"""What embedders and rerankers of all vendors share: batches within a vendor's limits, and answers put in order."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auricle.providers.ports import ProviderGarbled

Floats = NDArray[np.float32]


def batches(texts: Sequence[str], *, most: int, most_characters: int) -> Iterator[Sequence[str]]:
    """The texts in order, in pieces of at most so many texts and characters. One too long for that goes alone."""
    begin = characters = 0
    for at, text in enumerate(texts):
        if at > begin and (at - begin == most or characters + len(text) > most_characters):
            yield texts[begin:at]
            begin, characters = at, 0
        characters += len(text)
    if begin < len(texts):
        yield texts[begin:]


def unit(rows: Any, count: int) -> Floats:
    """`count` vectors of one length, normalised. Raises `ProviderGarbled` where they are not that."""
    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError):
        raise ProviderGarbled("The answer does not hold one vector for each text.") from None
    if vectors.ndim != 2 or vectors.shape[0] != count or not vectors.shape[1]:
        raise ProviderGarbled("The answer does not hold one vector for each text.")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise ProviderGarbled("The answer holds a vector without a direction.")
    return np.asarray(vectors / norms, dtype=np.float32)


def in_order(rows: Any, value: str, count: int) -> list[Any]:
    """A field of rows that say by `index` whose they are, in that order; each index must be there once."""
    try:
        by_index = {row["index"]: row[value] for row in rows}
        if len(rows) != count:
            raise ValueError
        return [by_index[index] for index in range(count)]
    except (KeyError, TypeError, ValueError):
        raise ProviderGarbled("The answer does not hold one row for each text.") from None


def scores(rows: Any, count: int) -> Floats:
    """The `relevance_score` of each text in the order given, from rows in the order of relevance."""
    found = in_order(rows, "relevance_score", count)
    if not all(type(one) in (int, float) for one in found):
        raise ProviderGarbled("The answer does not hold one score for each text.")
    return np.asarray(found, dtype=np.float32)


def stacked(parts: Sequence[Floats]) -> Floats:
    """The vectors of several batches as one array; they must be of one length."""
    if len({part.shape[1] for part in parts}) > 1:
        raise ProviderGarbled("The vectors of the batches differ in length.")
    return np.concatenate(parts) if parts else np.empty((0, 0), np.float32)


def total(counts: Iterable[Any]) -> int | None:
    """What all batches used together; unknown where one did not say."""
    known = list(counts)
    return sum(known) if all(type(one) is int and one >= 0 for one in known) else None
