"""Turns what the callers took into figures, and figures into lines."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.voice.delays import IDEAL_S, STOP_S
from bench.voice.vad_lag import Lag

HEADINGS = (
    ("server", "server"),
    ("calls", "calls"),
    ("v2v_ms", "v2v p50/p95"),
    ("over_ms", "over"),
    ("own_ms", "over - VAD lag"),
    ("barge_in_ms", "barge-in"),
    ("barge_in_own_ms", "- VAD lag"),
    ("broken", "broken/heard"),
    ("stale", "stale"),
    ("failed", "failed"),
    ("cpu_s_per_call_minute", "CPU s/call-min"),
    ("database_cpu_s_per_call_minute", "of PostgreSQL"),
    ("rss_mb_per_call", "MB/call"),
    ("server_cores", "server cores"),
    ("others_cores", "others"),
    ("callers_late_percent", "late %"),
    ("refused", "refused"),
)


def figures(
    server: str, run: Mapping[str, Any], lags: Mapping[str, Sequence[Lag]] | None, idle_rss: int
) -> dict[str, Any]:
    """One level's figures; `lags` None: the server tells speech by loudness, which lags not at all."""
    taken, before, after = run["taken"], run["before"], run["after"]
    v2v = [one["seconds"] for one in taken["answers"]]
    own = [one["seconds"] - IDEAL_S - (lag(lags, one).stop_s - STOP_S) for one in taken["answers"]]
    barge_in = [one["seconds"] for one in taken["interruptions"]]
    barge_in_own = [one["seconds"] - lag(lags, one).start_s for one in taken["interruptions"]]
    wall_s = after["at"] - before["at"]
    used = {name: after[name] - before[name] for name in ("server_s", "database_s", "own_s", "machine_s")}
    held = run["calls"] - run["refused"]
    call_minutes = max(1, held) * wall_s / 60
    return {
        "server": server,
        "calls": run["calls"],
        "seconds": round(wall_s, 1),
        "answers": len(v2v),
        "v2v_ms": percentiles(v2v),
        "over_ms": percentiles([s - IDEAL_S for s in v2v]),
        "own_ms": percentiles(own),
        "barge_in_ms": percentiles(barge_in),
        "barge_in_own_ms": percentiles(barge_in_own),
        "heard_out": taken["heard_out"],
        "broken": f"{taken['broken'] + taken['short']}/{taken['heard_out']}",
        "stale": taken["stale"],
        "failed": taken["not_answered"] + taken["not_interrupted"] + taken["lost"] + taken["errors"],
        "not_answered": taken["not_answered"],
        "not_interrupted": taken["not_interrupted"],
        "lost": taken["lost"],
        "errors": taken["errors"],
        "refused": run["refused"],
        "cpu_s_per_call_minute": round(used["server_s"] / call_minutes, 3),
        "database_cpu_s_per_call_minute": round(used["database_s"] / call_minutes, 3),
        "server_cores": round(used["server_s"] / wall_s, 3),
        "callers_cores": round(used["own_s"] / wall_s, 3),
        "others_cores": round((used["machine_s"] - used["server_s"] - used["database_s"] - used["own_s"]) / wall_s, 2),
        "rss_idle_mb": round(idle_rss / 1e6, 1),
        "rss_mb_per_call": round((run["rss_highest"] - idle_rss) / 1e6 / max(1, held), 2),
        "callers_late_percent": round(100 * taken["late_ticks"] / max(1, taken["ticks"]), 1),
    }


def lag(lags: Mapping[str, Sequence[Lag]] | None, sample: Mapping[str, Any]) -> Lag:
    return lags[sample["utterance"]][sample["phase"]] if lags else Lag(0.0, STOP_S)


def percentiles(seconds: Sequence[float]) -> list[int] | None:
    """p50 and p95 in milliseconds."""
    return [round(float(p) * 1000) for p in np.percentile(seconds, (50, 95))] if seconds else None


def shown(value: object) -> str:
    return "/".join(map(str, value)) if isinstance(value, list) else "–" if value is None else str(value)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table."""
    cells = [[shown(row[name]) for name, _ in HEADINGS] for row in rows]
    lines = [[title for _, title in HEADINGS], ["---"] * len(HEADINGS), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
