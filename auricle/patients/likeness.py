"""How alike two names are, 0 to 1: the few candidates that tokens find are ranked by this, in clear."""

from collections.abc import Sequence

from auricle.patients.fold import skeleton, sound

SAME_SOUND, SAME_SKELETON, BEGINNING = 0.97, 0.86, 0.9


def names_alike(asked: Sequence[str], held: Sequence[str]) -> float:
    """How well folded words that were asked for fit a name's folded words, in any order.

    The last word asked may be unfinished; words of the name that nobody asked for cost a little.
    """
    if not asked or not held:
        return 0.0
    left, total = list(held), 0.0
    for word in asked:
        best = max(((word_alike(word, other), other) for other in left), default=(0.0, ""))
        total += best[0]
        if best[1] in left and best[0] > 0.5:
            left.remove(best[1])
    return total / len(asked) * (1 - 0.02 * min(len(left), 5))


def word_alike(asked: str, held: str) -> float:
    if asked == held:
        return 1.0
    if len(asked) >= 2 and held.startswith(asked):
        return BEGINNING + 0.1 * len(asked) / len(held)
    heard, other = sound(asked), sound(held)
    if heard == other:
        return SAME_SOUND
    close = max(
        1 - distance(asked, held) / max(len(asked), len(held)),
        1 - distance(heard, other) / max(len(heard), len(other), 1),
    )
    if len(heard) >= 2 and other.startswith(heard):
        close = max(close, BEGINNING * 0.97)
    if len(bare := skeleton(asked)) > 1 and bare == skeleton(held):
        close = max(close, SAME_SKELETON)
    return close


def distance(a: str, b: str) -> int:
    """Edits between two words: insert, delete, replace, or exchange two neighbours."""
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
