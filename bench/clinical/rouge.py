"""ROUGE F-measures (Lin, 2004) without stemming: unigrams, bigrams, and the summary-level LCS over lines.

Equal to `rouge-score` 0.1.2, which ACI-Bench's own evaluation calls, to the last digit; `tests/ai/test_rouge.py` holds
figures of it.
"""

import re
from collections import Counter
from collections.abc import Sequence


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def rouge_n(reference: str, candidate: str, n: int) -> float:
    a, b = grams(words(reference), n), grams(words(candidate), n)
    return _f(sum((a & b).values()), sum(a.values()), sum(b.values()))


def rouge_lsum(reference: str, candidate: str) -> float:
    """Union of the longest common subsequences of each reference line with every candidate line, clipped by counts."""
    left = [s for s in map(words, reference.split("\n")) if s]
    right = [s for s in map(words, candidate.split("\n")) if s]
    total_a, total_b = sum(map(len, left)), sum(map(len, right))
    counts_a, counts_b = Counter(w for s in left for w in s), Counter(w for s in right for w in s)
    hits = 0
    for line in left:
        union: set[int] = set()
        for other in right:
            union |= _lcs_places(line, other)
        for place in sorted(union):
            word = line[place]
            if counts_a[word] > 0 and counts_b[word] > 0:
                counts_a[word] -= 1
                counts_b[word] -= 1
                hits += 1
    return _f(hits, total_a, total_b)


def grams(stream: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(stream[i : i + n]) for i in range(len(stream) - n + 1))


def _f(hits: int, reference: int, candidate: int) -> float:
    return 2 * hits / (reference + candidate) if hits else 0.0


def _lcs_places(line: Sequence[str], other: Sequence[str]) -> set[int]:
    if not set(line) & set(other):
        return set()
    table = [[0] * (len(other) + 1) for _ in range(len(line) + 1)]
    for i, a in enumerate(line):
        for j, b in enumerate(other):
            table[i + 1][j + 1] = table[i][j] + 1 if a == b else max(table[i][j + 1], table[i + 1][j])
    places: set[int] = set()
    i, j = len(line), len(other)
    while i and j:
        if line[i - 1] == other[j - 1]:
            places.add(i - 1)
            i, j = i - 1, j - 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return places
