"""Our provider layer beside its peers, in one run: CPU a streamed token, added time to the first token, install size.

    python -m bench.providers.run [--tokens 5000] [--rounds 3] [--streams 50] [--only auricle_router,openai_sdk]

Every reader runs in an environment of its own (`peers.py`), ours in one that holds only what this layer needs; all read
the same server (`server.py`) in a process of its own. CPU is the reader's process alone, so the server's is not in it.
"""

import argparse
import json
import multiprocessing
import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.providers.peers import OURS, READERS, cache, python_of, size_mb
from bench.providers.server import FIRST_S, serve

ROOT = Path(__file__).parents[2]
PARTS = {"numpy": ("numpy",), "cryptography": ("cryptography", "cffi", "_cffi", "pycparser")}
READER = Path(__file__).with_name("readers.py")


@contextmanager
def serving(tokens: int) -> Iterator[str]:
    """The server's address."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(256)
    server = multiprocessing.get_context("fork").Process(target=serve, args=(listening, tokens), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.kill()


def read(python: Path, name: str, url: str, *options: str) -> dict[str, Any]:
    """What one reader measured."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}
    command = [str(python), str(READER), name, url, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        sys.exit(f"{name}: {done.stderr[-1500:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--tokens", type=int, default=5_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--streams", type=int, default=50)
    asked.add_argument("--only", default=",".join(READERS))
    asked.add_argument("--cache", type=Path, default=cache(), help="where the environments are")
    given = asked.parse_args()
    names = ["socket_floor", *(n for n in given.only.split(",") if n != "socket_floor")]
    pythons = {name: python_of(given.cache, READERS[name]) for name in names}
    us: dict[str, float] = {}
    first: dict[str, list[float]] = {}
    with serving(given.tokens) as url:
        for name in names:
            sizes = ["--tokens", str(given.tokens), "--rounds", str(given.rounds)]
            us[name] = statistics.median(read(pythons[name], name, f"{url}/v1", *sizes)["us"])
            found = read(pythons[name], name, f"{url}/paced/v1", "--streams", str(given.streams), "--rounds", "1")
            first[name] = [ms - FIRST_S * 1000 for ms in found["first_ms"]]
    table(names, us, first, given)


def table(names: Sequence[str], us: dict[str, float], first: dict[str, list[float]], given: argparse.Namespace) -> None:
    floor = {share: percentile(first["socket_floor"], share) for share in (0.5, 0.95)}
    print(f"{given.tokens} tokens, {given.streams} streams at once for the first token, medians of {given.rounds}")
    print(f"{'reader':<17}{'us CPU/token':>13}{'x floor':>9}{'first +p50 ms':>15}{'+p95 ms':>9}{'install MB':>12}")
    for name in names:
        added = [percentile(first[name], share) - floor[share] for share in (0.5, 0.95)]
        mb = "" if name == "socket_floor" else f"{size_mb(given.cache, READERS[name]):.1f}"
        print(
            f"{name:<17}{us[name]:>13.1f}{us[name] / us['socket_floor']:>9.1f}{added[0]:>15.1f}{added[1]:>9.1f}{mb:>12}"
        )
    without = size_mb(given.cache, OURS) - sum(size_mb(given.cache, OURS, *names) for names in PARTS.values())
    print(f"ours without {' and '.join(PARTS)}, which the rest of the product needs anyway: {without:.1f} MB")


if __name__ == "__main__":
    main()
