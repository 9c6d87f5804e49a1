"""Vectors and scores for emulated embedders and rerankers: texts that share letters are near one another."""

import math
from zlib import crc32


def vector(text: str, dimension: int, length: float = 1.0) -> list[float]:
    """The text's pairs of letters, counted into `dimension` numbers, of this length."""
    counts = [0.0] * dimension
    for first, second in zip(f" {text.lower()}", f"{text.lower()} ", strict=True):
        counts[crc32(f"{first}{second}".encode()) % dimension] += 1.0
    norm = math.sqrt(sum(c * c for c in counts))
    return [round(c * length / norm, 6) for c in counts]


def likeness(query: str, text: str) -> float:
    """Between 0 and 1."""
    return round(sum(a * b for a, b in zip(vector(query, 256), vector(text, 256), strict=True)), 6)


def tokens(text: str) -> int:
    """About as many as a vendor would count."""
    return max(1, round(len(text) / 4))
