"""Models that take seconds to make are kept between runs; their file names carry what they were made of."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from auricle.providers.vendors.offline import OfflineEmbedder, OfflineSpeechToText
from tests.running_service import MODELS

pytest.importorskip("pocketsphinx", reason="the group `speech` is not installed")
pytest.importorskip("espeakng_loader", reason="the group `speech` is not installed")


@pytest.fixture(scope="session")
def models_folder() -> Path:
    return MODELS


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recogniser(models_folder: Path) -> AsyncIterator[OfflineSpeechToText]:
    made = OfflineSpeechToText(models_folder, processes=2)
    await made.warm(2)
    yield made
    await made.aclose()


@pytest.fixture(scope="session")
def embedder(models_folder: Path) -> OfflineEmbedder:
    return OfflineEmbedder(models_folder)
