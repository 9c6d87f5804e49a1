from collections.abc import Iterator

import pytest

from auricle.errors import Misconfigured
from auricle.voice.vad import SharedVad, silero_path


@pytest.fixture(scope="session")
def vad() -> Iterator[SharedVad]:
    """The real network, shared by all calls of all tests as it is in a process."""
    try:
        silero_path()
    except Misconfigured as missing:
        pytest.skip(missing.message)
    with SharedVad() as shared:
        yield shared
