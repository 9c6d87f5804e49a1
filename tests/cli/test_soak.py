"""After many calls a process holds what it held before: tasks, files, threads and memory come back."""

import asyncio
import os
from dataclasses import dataclass

import httpx2
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.test_draining import Patient, Process, answered, entered, message, patient, started

__all__ = ["patient"]

LONG = bool(os.environ.get("AURICLE_TEST_LONG"))
CALLS, AT_ONCE = (1000, 12) if LONG else (30, 6)
GROWTH_BYTES = 10_000_000 if LONG else 30_000_000  # the first calls also load what is loaded once


@dataclass(frozen=True)
class Held:
    tasks: float
    calls: float
    files: int
    threads: int
    rss: int


async def held(service: Process) -> Held:
    async with httpx2.AsyncClient(base_url=service.url, timeout=10) as http:
        told = (await http.get("/metrics")).text
    gauges = {family.name: family.samples[0].value for family in text_string_to_metric_families(told) if family.samples}
    process = psutil.Process(service.process.pid)
    return Held(
        gauges["auricle_tasks"],
        gauges["auricle_calls"],
        process.num_fds(),
        process.num_threads(),
        process.memory_info().rss,
    )


async def at_rest(service: Process) -> Held:
    """Once every call is over, also for the database."""
    async with asyncio.timeout(30):
        while (await held(service)).calls:
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    return await held(service)


async def one_call(service: Process, number: int) -> None:
    """A turn that is answered, and an end that differs from call to call."""
    consultation_id, ticket = await service.ticket()
    async with entered(ticket, consultation_id) as live:
        assert await answered(live, "When are you open?")
        if number % 3 == 0:
            await live.send('{"type":"text","text":"And on Sundays?"}')  # hangs up in the middle of the answer
            await message(live, "ai_response")
        elif number % 3 == 1:
            await live.send('{"type":"end"}')
            await live.wait_closed()


@pytest.mark.soak
@pytest.mark.slow
async def test_what_calls_used_comes_back(patient: Patient) -> None:
    with started(
        patient,
        "serve",
        AURICLE_LIMITS__ADDRESS="1000000/minute",
        AURICLE_LIMITS__USER="1000000/minute",
        AURICLE_LIMITS__ORGANIZATION="1000000/minute",
        AURICLE_VOICE__RESUME_S="0",
    ) as service:
        await service.up()
        lines = asyncio.Semaphore(AT_ONCE)

        async def call(number: int) -> None:
            async with lines:
                await one_call(service, number)

        async def calls(count: int) -> Held:
            async with asyncio.TaskGroup() as tasks:
                for number in range(count):
                    tasks.create_task(call(number))
            return await at_rest(service)

        before = await calls(AT_ONCE)
        after = await calls(CALLS)
        assert after.calls == 0
        assert after.tasks <= before.tasks + 2  # a batch of usage may be on its way
        assert after.files <= before.files + 4  # connections of the pool
        assert after.threads <= before.threads + 4
        assert after.rss - before.rss < GROWTH_BYTES
