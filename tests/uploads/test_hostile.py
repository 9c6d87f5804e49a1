"""Files made to harm: each meets its own refusal, within the memory and the processor's time that a reading may use."""

import resource

import pytest

from auricle.errors import AuricleError
from auricle.uploads.confine import CPU_TO_BEGIN_S
from auricle.uploads.jail import Limits, read
from auricle.uploads.receive import held
from tests.uploads.hostile import ALL, Hostile


def children() -> tuple[float, int]:
    """The processor's time of all ended children, and the memory of the largest."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


@pytest.mark.parametrize("file", ALL, ids=[file.name for file in ALL])
async def test_a_hostile_file_is_refused_by_its_own_code_and_costs_little(file: Hostile) -> None:
    data = file.made()
    before, _ = children()
    with pytest.raises(AuricleError) as refused, held(file.file_name, data) as taken:
        await read(taken.kind, taken.file)
    after, memory = children()
    assert (refused.value.code, refused.value.status < 500) == (file.code, True)
    assert after - before < CPU_TO_BEGIN_S + 1
    assert memory <= Limits().memory_bytes


def test_the_hostile_files_are_many_and_of_all_sorts() -> None:
    assert len(ALL) >= 50
    assert len({file.code for file in ALL}) >= 15
