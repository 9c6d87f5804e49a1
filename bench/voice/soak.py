"""Many short calls one after another, some at a time: `python -m bench.voice.soak --calls 1000`.

Each speaks, is answered, interrupts and hangs up. Printed as they go: what the server holds in memory, threads and
files, at first and after each tenth of the calls, once all lines are free again.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

import psutil
import uvloop

from auricle.sample.seed import LOGINS, PASSWORD
from bench.voice import speech
from bench.voice.caller import Caller, Speech, Taken
from bench.voice.callers import Plan, doors
from bench.voice.dialects import WIRES
from bench.voice.processes import product
from bench.voice.run import say
from bench.voice.wire import Refused, Wire

STEPS = 10
FREE_S = 3.0  # for what a call leaves to be stored
WARMING_ROUNDS = 3  # what is loaded once, and arenas of memory that as many calls at once need


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--at-once", type=int, default=30)
    parser.add_argument("--hold", type=float, default=9.0, help="seconds a call lasts")
    parser.add_argument("--wire", choices=WIRES, default="browser-mulaw")
    parser.add_argument("--providers", choices=("inside", "sockets"), default="inside")
    parser.add_argument("--server-core", type=int, default=0)
    parser.add_argument("--client-core", type=int, default=1)
    parser.add_argument("--log", default=os.devnull)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.client_core})
    with tempfile.TemporaryDirectory(prefix="auricle-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        utterances = folder / "speech"
        utterances.mkdir()
        speech.make(utterances)
        with product(folder, given, {"AURICLE_VOICE__MAX_CALLS": str(given.at_once + 5)}) as (url, pid, database):
            plan = Plan(
                url=url, wire=given.wire, calls=given.at_once, seconds=given.hold, speech=str(utterances),
                core=given.client_core, server_pid=pid, database_pid=database.pid, login=LOGINS["patient"],
                admin=LOGINS["org admin"], password=PASSWORD,
            )  # fmt: skip
            uvloop.run(soak(plan, given.calls))


async def soak(plan: Plan, calls: int) -> None:
    dialect = WIRES[plan.wire]()
    said = Speech.of(dialect, speech.load(Path(plan.speech), dialect.rate_hz))
    taken, door_keeper, lines = Taken(measuring=True), doors(plan), asyncio.Semaphore(plan.calls)
    refused = 0

    async def call() -> None:
        nonlocal refused
        async with lines:
            caller, stop = Caller(said, taken, greeted=False), asyncio.Event()
            try:
                door = await door_keeper.open()
                wire = await Wire.connect(door.url, door.subprotocols, caller.take, door.headers)
                asyncio.get_running_loop().call_later(plan.seconds, stop.set)
                await caller.run(wire, door.opening, stop)
            except Refused:
                refused += 1

    async def some(number: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(number):
                tasks.create_task(call())
                await asyncio.sleep(0.03)
        await asyncio.sleep(FREE_S)

    say("warming up …")
    await some(WARMING_ROUNDS * plan.calls)
    first = held(plan.server_pid)
    print(json.dumps({"calls": 0, **first}), flush=True)
    begun = time.perf_counter()
    for step in range(1, STEPS + 1):
        await some(calls // STEPS)
        now = held(plan.server_pid)
        print(json.dumps({"calls": calls * step // STEPS, "seconds": round(time.perf_counter() - begun), **now,
                          "growth_mb": round(now["rss_mb"] - first["rss_mb"], 1), "answers": len(taken.answers),
                          "lost": taken.lost, "errors": taken.errors, "refused": refused}), flush=True)  # fmt: skip


def held(pid: int) -> dict[str, float]:
    server = psutil.Process(pid)
    return {
        "rss_mb": round(server.memory_info().rss / 1e6, 1),
        "threads": server.num_threads(),
        "files": server.num_fds(),
    }


if __name__ == "__main__":
    main()
