"""Files made to harm: each meets its own refusal, within the memory and the processor's time that a reading may use."""

import asyncio
import multiprocessing
import resource
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import pytest

from auricle.errors import AuricleError
from auricle.uploads.confine import CPU_TO_BEGIN_S
from auricle.uploads.jail import Limits, read
from auricle.uploads.receive import held
from tests.uploads.hostile import ALL


@dataclass(frozen=True)
class Reading:
    code: str
    status: int
    cpu_s: float
    memory_bytes: int  # of the largest child so far


def reading_of(number: int) -> Reading:
    """Runs in a process of its own: a child counts what it shares with a large parent before it becomes the reader."""
    file, before = ALL[number], cpu_s()
    with pytest.raises(AuricleError) as refused, held(file.file_name, file.made()) as taken:
        asyncio.run(read(taken.kind, taken.file))
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return Reading(refused.value.code, refused.value.status, cpu_s() - before, largest)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.fixture(scope="module")
def aside() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("number", range(len(ALL)), ids=[file.name for file in ALL])
def test_a_hostile_file_is_refused_by_its_own_code_and_costs_little(number: int, aside: ProcessPoolExecutor) -> None:
    reading = aside.submit(reading_of, number).result(timeout=120)
    assert (reading.code, reading.status < 500) == (ALL[number].code, True)
    assert reading.cpu_s < CPU_TO_BEGIN_S + 1
    assert reading.memory_bytes <= Limits().memory_bytes


def test_the_hostile_files_are_many_and_of_all_sorts() -> None:
    assert len(ALL) >= 50
    assert len({file.code for file in ALL}) >= 15
