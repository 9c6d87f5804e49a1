"""A router over the emulator, and everything it metered."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from auricle.providers.call import Call, Choice, Served
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import ChatMessage, LanguageRequest
from auricle.providers.routing import Router, router_for
from auricle.settings import Hedging, Provider, Settings, Timeouts
from tests.emulators.openai_chat import OpenAIEmulator

CLINIC = UUID(int=1)
NEVER = Hedging(share=0)
# Where nothing hangs, no machine is too busy. What hangs is given up soon, but not before whoever follows can answer.
PATIENT = Timeouts(connect_s=5.0, first_s=20.0, gap_s=20.0, total_s=60.0)
FOLLOWED = PATIENT.model_copy(update={"first_s": 1.5, "gap_s": 1.5})
ALONE = PATIENT.model_copy(update={"first_s": 0.3, "gap_s": 0.3})
HALFWAY = PATIENT.model_copy(update={"gap_s": 0.3})  # what hangs has begun before
ASK = LanguageRequest([ChatMessage("user", "Where do I sit?")])


class Setup:
    """A router with its emulated providers `main` and `spare`."""

    def __init__(self, router: Router, main: OpenAIEmulator, spare: OpenAIEmulator, records: list[UsageRecord]) -> None:
        self.router, self.main, self.spare, self.records = router, main, spare, records

    def call(self, *names: str, organization: UUID = CLINIC, retries: int = 0, timeouts: Timeouts = PATIENT) -> Call:
        return Call(organization, [Choice(n) for n in names or ("main",)], retries=retries, timeouts=timeouts)

    @property
    def statuses(self) -> list[tuple[str, str]]:
        return [(r.provider, r.status) for r in self.records]


def provider(url: str, key: str = "right-key", **given: Any) -> Provider:
    return Provider(
        url=url,
        key=SecretStr(key),
        llm="some-model",
        stt="some-ears",
        tts="some-voice",
        embedding="some-vectors",
        **given,
    )


@asynccontextmanager
async def routed(
    main: OpenAIEmulator,
    spare: OpenAIEmulator,
    folder: Path,
    key: str = "right-key",
    hedging: Hedging = NEVER,
    **given: Any,
) -> AsyncIterator[Setup]:
    """`given` are further fields of the settings of both providers."""
    records: list[UsageRecord] = []
    settings = Settings(
        data_dir=folder,
        timeouts=PATIENT,
        hedging=hedging,
        providers={
            "main": provider(main.url, key, **given),
            "spare": provider(spare.url, **given),
            "nobody": provider("http://127.0.0.1:9/v1"),
        },
    )
    router = router_for(settings, records.append)
    try:
        yield Setup(router, main, spare, records)
    finally:
        await router.aclose()


@pytest.fixture(scope="session")
async def started() -> AsyncIterator[tuple[OpenAIEmulator, OpenAIEmulator]]:
    async with OpenAIEmulator() as main, OpenAIEmulator() as spare:
        yield main, spare


@pytest.fixture
def emulators(started: tuple[OpenAIEmulator, OpenAIEmulator]) -> tuple[OpenAIEmulator, OpenAIEmulator]:
    """Both, with no fault, request or answer left from another test."""
    for emulator in started:
        emulator.forget()
    return started


@pytest.fixture
async def setup(emulators: tuple[OpenAIEmulator, OpenAIEmulator], tmp_path: Path) -> AsyncIterator[Setup]:
    async with routed(*emulators, tmp_path) as made:
        yield made


async def all_of(events: AsyncGenerator[object, None]) -> list[object]:
    async with aclosing(events):
        return [e async for e in events]


def served(events: list[object]) -> list[str]:
    return [e.provider for e in events if isinstance(e, Served)]


async def soon(happened: Callable[[], bool]) -> None:
    """Wait for what must happen, however busy the machine is."""
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.01)
