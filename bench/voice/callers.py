"""The process of the callers: reads one `Plan` as JSON from stdin, holds its calls, prints one JSON line.

Each caller signs in, opens a consultation and asks for a one-time ticket as a browser does, then calls.
"""

import asyncio
import os
import random
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2
import orjson
import psutil
import uvloop

from bench.voice import speech
from bench.voice.caller import Caller, Taken, audio_frames
from bench.voice.delays import RATE_HZ
from bench.voice.wire import Refused, Wire

RAMP_S = 0.25  # between two calls
SETTLE_S = 60.0
UNMEASURED_END_S = 0.3
SUBPROTOCOL = "auricle.v1"


@dataclass(frozen=True, slots=True)
class Plan:
    url: str  # of the server; http, or ws for the floor
    calls: int
    seconds: float
    speech: str  # folder
    core: int
    server_pid: int
    database_pid: int | None
    login: str
    password: str


@dataclass(frozen=True, slots=True)
class Door:
    """What opens one call."""

    url: str
    subprotocols: list[str]
    init: bytes


@dataclass(frozen=True, slots=True)
class Consumed:
    """CPU seconds since their start, and what a server holds in memory."""

    at: float
    server_s: float
    database_s: float
    own_s: float
    machine_s: float
    server_rss: int


async def sign_in(plan: Plan) -> Door:
    """Sign in, open a consultation, take a ticket. Raises `Refused` where the server says that it is busy."""
    async with httpx2.AsyncClient(base_url=plan.url, timeout=30) as http:

        async def post(path: str, body: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, str]:
            answer = await http.post(path, json=body, headers=headers)
            if answer.status_code == 503:
                raise Refused(path)
            return dict(answer.raise_for_status().json())

        signed_in = await post("/api/v1/auth/login", {"login": plan.login, "password": plan.password})
        headers = {"authorization": f"Bearer {signed_in['access_token']}"}
        consultation = (await post("/api/v1/consultation/create", {"type": "voice"}, headers))["consultation_id"]
        ticket = await post("/api/v1/ws/tickets", {"consultation_id": consultation}, headers)
    init = {
        "type": "init-session",
        "consultation_id": consultation,
        "language": "en",
        "audio": {"encoding": "pcm16", "sample_rate": RATE_HZ},
    }
    return Door(ticket["url"], [SUBPROTOCOL, f"ticket.{ticket['ticket']}"], orjson.dumps(init))


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
        self._speech = audio_frames(speech.load(Path(plan.speech)))
        self._is_product = plan.url.startswith("http")
        self._refused = 0
        self._callers: list[Caller] = []

    async def result(self) -> dict[str, object]:
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._plan.calls):
                tasks.create_task(self._call(number * RAMP_S))
            await self._settled()
            before = consumed(self._plan)
            self._taken.measuring = True
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
            door = (
                await sign_in(self._plan) if self._is_product else Door(self._plan.url, [], b'{"type":"init-session"}')
            )
            wire = await Wire.connect(door.url, door.subprotocols, caller.take)
        except Refused:
            self._refused += 1
            return
        self._callers.append(caller)
        await caller.run(wire, door.init, self._stop)


def main() -> None:
    plan = Plan(**orjson.loads(sys.stdin.buffer.read()))
    os.sched_setaffinity(0, {plan.core})
    random.seed(plan.calls)
    sys.stdout.buffer.write(orjson.dumps(uvloop.run(Run(plan).result())) + b"\n")


if __name__ == "__main__":
    main()
