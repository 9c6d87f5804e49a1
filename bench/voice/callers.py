"""The process of the callers: reads one `Plan` as JSON from stdin, holds its calls, prints one JSON line."""

import asyncio
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import psutil
import uvloop

from bench.voice import speech
from bench.voice.caller import Caller, Speech, Taken
from bench.voice.dialects import WIRES, Browser, Twilio
from bench.voice.doors import BareDoors, BrowserDoors, Doors, PhoneDoors
from bench.voice.wire import Refused, Wire

RAMP_S = 0.25  # between two calls
SETTLE_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    url: str  # of the server; http, or ws for the floor
    wire: str
    calls: int
    seconds: float
    speech: str  # folder
    core: int
    server_pid: int
    database_pid: int | None
    login: str
    admin: str
    password: str


@dataclass(frozen=True, slots=True)
class Consumed:
    """CPU seconds since their start, and what a server holds in memory."""

    at: float
    server_s: float
    database_s: float
    own_s: float
    machine_s: float
    server_rss: int


def doors(plan: Plan) -> Doors:
    dialect = WIRES[plan.wire]()
    if plan.url.startswith("ws"):
        return BareDoors(plan.url, dialect)
    if isinstance(dialect, Twilio):
        return PhoneDoors(plan.url, dialect, plan.admin, plan.password)
    assert isinstance(dialect, Browser)
    return BrowserDoors(plan.url, dialect, plan.login, plan.password)


def tree(pid: int | None) -> list[psutil.Process]:
    if pid is None:
        return []
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def cpu_s(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            used = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += used.user + used.system
    return total


def rss(pid: int) -> int:
    return sum(p.memory_info().rss for p in tree(pid) if p.is_running())


def consumed(plan: Plan) -> Consumed:
    machine = psutil.cpu_times()
    return Consumed(
        time.perf_counter(),
        cpu_s(tree(plan.server_pid)),
        cpu_s(tree(plan.database_pid)),
        sum(os.times()[:2]),
        sum(machine) - machine.idle - machine.iowait,
        rss(plan.server_pid),
    )


class Run:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._taken = Taken()
        self._stop = asyncio.Event()
        dialect = WIRES[plan.wire]()
        self._speech = Speech.of(dialect, speech.load(Path(plan.speech), dialect.rate_hz))
        self._is_product = plan.url.startswith("http")
        self._doors = doors(plan)
        self._refused = 0
        self._callers: list[Caller] = []

    async def result(self) -> dict[str, object]:
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._plan.calls):
                tasks.create_task(self._call(number * RAMP_S))
            await self._settled()
            before = consumed(self._plan)
            self._taken.measuring = True
            print("measuring", flush=True)
            highest = before.server_rss
            end = time.perf_counter() + self._plan.seconds
            while (left_s := end - time.perf_counter()) > 0:
                await asyncio.sleep(min(2.0, left_s))
                highest = max(highest, rss(self._plan.server_pid))
            self._taken.measuring = False
            after = consumed(self._plan)
            self._stop.set()
        return {
            "calls": self._plan.calls,
            "refused": self._refused,
            "rss_highest": highest,
            "before": asdict(before),
            "after": asdict(after),
            "taken": asdict(self._taken),
        }

    async def _settled(self) -> None:
        """Until every call that was not refused has heard its greeting."""
        deadline = time.perf_counter() + SETTLE_S + self._plan.calls * RAMP_S
        while True:
            settled = sum(c.settled.is_set() for c in self._callers)
            if settled + self._refused >= self._plan.calls or time.perf_counter() > deadline:
                return
            await asyncio.sleep(0.05)

    async def _call(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        caller = Caller(self._speech, self._taken, greeted=self._is_product)
        try:
            door = await self._doors.open()
            wire = await Wire.connect(door.url, door.subprotocols, caller.take, door.headers)
            self._callers.append(caller)
            await caller.run(wire, door.opening, self._stop)
        except Refused:
            self._refused += 1
            self._callers = [one for one in self._callers if one is not caller]


def main() -> None:
    plan = Plan(**orjson.loads(sys.stdin.buffer.read()))
    os.sched_setaffinity(0, {plan.core})
    random.seed(plan.calls)
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(Run(plan).result())) + b"\n")


if __name__ == "__main__":
    main()
