"""Two accounts of one call, turn beside turn: what was, and what came of hearing it again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

SAME_S = 0.25  # a turn that begins or ends within this is not said to have moved


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn of the patient and its answer. Times are seconds of the session's audio."""

    start_s: float
    end_s: float
    text: str
    answer: str
    interrupted: bool
    language: str | None
    red_flag: str | None
    first_audio_ms: float | None

    def overlaps(self, other: "Exchange") -> bool:
        return self.start_s < other.end_s and other.start_s < self.end_s


def compared(was: Sequence[Exchange], now: Sequence[Exchange]) -> dict[str, Any]:
    """Turns beside one another where they overlap in time, what changed in each, and sums.

    One long turn that has become two stands beside the first of them; the second has nothing beside it.
    """
    rows: list[dict[str, Any]] = []
    left, right = sorted(was, key=_start), sorted(now, key=_start)
    while left or right:
        if left and right and left[0].overlaps(right[0]):
            rows.append(_row(left.pop(0), right.pop(0)))
        elif not right or (left and left[0].start_s <= right[0].start_s):
            rows.append(_row(left.pop(0), None))
        else:
            rows.append(_row(None, right.pop(0)))
    return {"turns": rows, "was": _sums(was), "now": _sums(now), "changed": sum(bool(row["changed"]) for row in rows)}


def _start(one: Exchange) -> float:
    return one.start_s


def _row(was: Exchange | None, now: Exchange | None) -> dict[str, Any]:
    return {
        "was": None if was is None else asdict(was),
        "now": None if now is None else asdict(now),
        "changed": _changed(was, now),
    }


def _changed(was: Exchange | None, now: Exchange | None) -> list[str]:
    if was is None:
        return ["new turn"]
    if now is None:
        return ["no turn"]
    moved = abs(was.start_s - now.start_s) > SAME_S or abs(was.end_s - now.end_s) > SAME_S
    names = [name for name in ("text", "answer", "interrupted", "language", "red_flag") if _differs(was, now, name)]
    return (["times"] if moved else []) + names


def _differs(was: Exchange, now: Exchange, name: str) -> bool:
    before, after = getattr(was, name), getattr(now, name)
    if isinstance(before, str) and isinstance(after, str):
        return before.casefold().split() != after.casefold().split()
    return bool(before != after)


def _sums(all_: Sequence[Exchange]) -> Mapping[str, Any]:
    waits = [one.first_audio_ms for one in all_ if one.first_audio_ms is not None]
    return {
        "turns": len(all_),
        "interrupted": sum(one.interrupted for one in all_),
        "red_flags": sum(one.red_flag is not None for one in all_),
        "median_first_audio_ms": round(median(waits), 1) if waits else None,
    }
