"""Calls on one core through the whole product, and through a bare loop: `python -m bench.voice.run --levels 1,10`.

Prints a JSON line for each level and a table at the end. See bench/README.md for what the figures mean.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auricle.sample.seed import LOGINS, PASSWORD
from auricle.settings import Voice
from bench.voice import speech
from bench.voice.callers import rss
from bench.voice.dialects import WIRES
from bench.voice.figures import figures, table
from bench.voice.processes import ROOT, bare, product
from bench.voice.profile import sampled, shares
from bench.voice.vad_lag import Lag, lags

WARM_UP_S = 14.0
UNLIMITED_CALLS = 1000


def main() -> None:
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # so that the processes below are ended too
    os.sched_setaffinity(0, {given.client_core})  # and with us PostgreSQL, the worker and the callers
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root PostgreSQL runs as another account
        utterances = folder / "speech"
        utterances.mkdir()
        speech.make(utterances)
        rate_hz = WIRES[given.wire]().rate_hz
        lag = asyncio.run(lags(speech.load(utterances, rate_hz), rate_hz, Voice()))
        say(f"voice-activity lag, start and stop in ms, eight alignments: {lag_line(lag)}")
        if not given.no_floor:
            with bare(given) as (url, pid):
                rows += levels("bare loop", given, utterances, url, pid, None, None)
        if not given.only_floor:
            settings = {"AURICLE_VOICE__MAX_CALLS": str(given.rated or UNLIMITED_CALLS)}
            with product(folder, given, settings) as (url, pid, server):
                rows += levels("auricle", given, utterances, url, pid, server.pid, lag)
    print(table(rows))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--levels", default="1,10", help="numbers of calls, ascending")
    parser.add_argument("--seconds", type=float, default=40.0, help="measured time of a level")
    parser.add_argument("--wire", choices=WIRES, default="browser")
    parser.add_argument("--providers", choices=("inside", "sockets"), default="inside", help="where the simulated are")
    parser.add_argument("--rated", type=int, help="calls that the server takes; without: as many as come")
    parser.add_argument("--twice-rated", type=int, metavar="N", help="rate the server at N calls and have 2 N come")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--no-floor", action="store_true", help="leave the bare loop out")
    parser.add_argument("--only-floor", action="store_true", help="nothing but the bare loop")
    parser.add_argument("--profile", metavar="PY_SPY", help="path of py-spy: where the server's CPU goes, by area")
    parser.add_argument("--log", default=os.devnull, help="where the server's log goes")
    given = parser.parse_args()
    if given.twice_rated:
        given.rated, given.levels, given.no_floor = given.twice_rated, str(2 * given.twice_rated), True
    return given


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def lag_line(lag: dict[str, list[Lag]]) -> str:
    return "; ".join(
        f"{name}: {' '.join(f'{one.start_s * 1000:.0f}/{one.stop_s * 1000:.0f}' for one in all_)}"
        for name, all_ in lag.items()
    )


def levels(
    server: str,
    given: argparse.Namespace,
    utterances: Path,
    url: str,
    pid: int,
    database_pid: int | None,
    lag: dict[str, list[Lag]] | None,
) -> Iterator[dict[str, Any]]:
    """Each level's figures, printed as they come. A first call that does not count loads what is loaded once."""
    plan = {
        "url": url,
        "wire": given.wire,
        "speech": str(utterances),
        "core": given.client_core,
        "server_pid": pid,
        "database_pid": database_pid,
        "login": LOGINS["patient"],
        "admin": LOGINS["org admin"],
        "password": PASSWORD,
    }
    say(f"{server} (process {pid}): warming up …")
    called(plan, 1, WARM_UP_S)
    idle_rss = rss(pid)
    for calls in map(int, given.levels.split(",")):
        with Profile(given.profile if server == "auricle" else None, pid, given.seconds) as profile:
            row = figures(server, called(plan, calls, given.seconds, profile.begin), lag, idle_rss)
        row |= {"wire": given.wire, "providers": given.providers}
        print(json.dumps(row), flush=True)
        yield row


def called(plan: dict[str, Any], calls: int, seconds: float, measuring: Any = None) -> dict[str, Any]:
    """Have callers hold their calls; `measuring` is called once the measured time begins."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.voice.callers"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({**plan, "calls": calls, "seconds": seconds}).encode())
        process.stdin.close()
        last = b""
        for line in process.stdout:
            if line == b"measuring\n" and measuring is not None:
                measuring()
            last = line
    if process.returncode != 0:
        sys.exit("The callers failed.")
    result: dict[str, Any] = json.loads(last)
    return result


class Profile:
    """Samples the server while a level is measured, and prints the shares at its end."""

    def __init__(self, py_spy: str | None, pid: int, seconds: float) -> None:
        self._py_spy, self._pid, self._seconds = py_spy, pid, seconds
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Profile":
        return self

    def begin(self) -> None:
        if self._py_spy:
            self._thread = threading.Thread(target=self._sample)
            self._thread.start()

    def _sample(self) -> None:
        assert self._py_spy
        time.sleep(1.0)
        found = sampled(self._py_spy, self._pid, self._seconds - 5.0)
        say("where the interpreter's time goes, in percent of it:")
        for name, share in shares(found):
            say(f"  {share:5.1f}  {name}")

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.join()


if __name__ == "__main__":
    main()
