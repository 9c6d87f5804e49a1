"""One installation for the tests of this folder, with one set of built models for all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.running_service import MODELS


@pytest.fixture(scope="package")
def models() -> Path:
    return MODELS


@pytest.fixture(scope="package")
def installation(traversable_folder: Path, models: Path) -> Iterator[Installation]:
    folder = traversable_folder / "whole"
    folder.mkdir(mode=0o755)
    one = Installation(folder, models)
    yield one
    one.stop()
