"""How alike two names are, 0 to 1: the few candidates that tokens find are ranked by this, in clear."""

from collections.abc import Sequence

from auricle.patients.fold import folded, skeleton, sound
from auricle.patients.schemas import Identity

SAME_SOUND, SAME_SKELETON, BEGINNING = 0.97, 0.86, 0.9


# What two records of one person agree on, by how much that tells; only what both say counts.
TELLING = {"birth_date": 0.3, "phone": 0.25, "email": 0.15, "gender": 0.05}
NAMES, OTHER_NAME = 0.5, 0.7


def people_alike(one: Identity, other: Identity) -> tuple[float, list[str]]:
    """How likely two identities are one person's, and the fields that agree. A different name is another person."""
    first, second = words_of(one), words_of(other)
    names = max(names_alike(first, second), names_alike(second, first))
    if names < OTHER_NAME:
        return 0.0, []
    agreed, said, same = NAMES * names, NAMES, ["name"] if names > SAME_SKELETON else []
    for field, weight in TELLING.items():
        mine, theirs = compared(one, field), compared(other, field)
        if mine and theirs:
            said += weight
            if mine == theirs:
                agreed += weight
                same.append(field)
    certain = {"birth_date", "phone", "email"} & set(same)
    return (agreed / said if certain else min(agreed / said, 0.7)), same


def words_of(identity: Identity) -> list[str]:
    return [word for name in (identity.given_name, identity.family_name) for word in folded(name)]


def compared(identity: Identity, field: str) -> str:
    value = getattr(identity, field)
    if field == "phone" and value:
        return "".join(c for c in value if c.isdigit())[-10:]
    return "" if value is None or value == "unknown" else str(value).casefold()


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
