"""Where the server's CPU goes: shares by area, from py-spy's samples of a running level.

py-spy is a tool of the bench, not of the project: `--profile` names it. Only samples that hold the interpreter are
counted: what computes outside of it (the network itself, the kernel) comes on top, and `perf` tells of that.
"""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

# The first pattern that matches a frame, from the innermost outwards, names the sample's area.
AREAS: Sequence[tuple[str, str]] = (
    ("voice activity: network", r"onnxruntime"),
    ("voice activity: round it", r"voice/vad\.py|concurrent/futures"),
    ("embedding and retrieval", r"auricle/knowledge|offline/embedding|tokenizers"),
    ("safety", r"auricle/safety"),
    ("resampling", r"voice/resample\.py|soxr"),
    ("JSON, base64, codec", r"base64\.py|voice/codec\.py|channels/protocols|channels/wire\.py|orjson"),
    ("WebSocket", r"web/frames\.py|websockets/|uvicorn/|starlette/websockets|channels/socket\.py|channels/patience"),
    ("web framework", r"starlette/|fastapi/|auricle/web"),
    ("database", r"sqlalchemy|asyncpg|auricle/db|consultations/|billing/|greenlet|live/"),
    ("sealing", r"sealed\.py|cryptography"),
    ("metrics", r"prometheus_client|telemetry\.py"),
    ("providers, routing", r"auricle/providers|httpx|httpcore|h11"),
    ("the bench's vendor", r"fixed_delay\.py|socket_stt\.py|voice/recognizer\.py"),
    ("engine", r"auricle/voice|auricle/channels"),
    ("event loop", r"asyncio/|uvloop|selectors"),
)


# Frames that are below everything on the loop, and say nothing.
BENEATH = re.compile(r"runners\.py|cli\.py|runpy|threading\.py|<module>|uvicorn/(server|main|_compat)|voice/server\.py")


def sampled(py_spy: str, pid: int, seconds: float) -> Counter[str]:
    """Samples by area."""
    with tempfile.NamedTemporaryFile(suffix=".raw") as file:
        command = [
            py_spy,
            "record",
            "--gil",
            "--nonblocking",
            "-r",
            "250",
            "-f",
            "raw",
            "-o",
            file.name,
            "-p",
            str(pid),
        ]
        command += ["-d", str(round(seconds))]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return areas(Path(file.name).read_text().splitlines())


def areas(stacks: Sequence[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in stacks:
        stack, _, count = line.rpartition(" ")
        found[area(stack)] += int(count)
    return found


def area(stack: str) -> str:
    for frame in reversed(stack.split(";")):
        if re.search(
            r"runners\.py|cli\.py|runpy|threading\.py|<module>|uvicorn/(server|main|_compat)|voice/server\.py", frame
        ):
            continue
        for name, pattern in AREAS:
            if re.search(pattern, frame):
                return name
    return "event loop"


def shares(samples: Counter[str]) -> Iterator[tuple[str, float]]:
    """Largest first, in percent."""
    total = max(1, samples.total())
    for name, count in samples.most_common():
        yield name, round(100 * count / total, 1)
