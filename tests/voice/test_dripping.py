"""Providers that never stop and never get anywhere: the patient is not left waiting for them."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from auricle.providers.ports import Audio, TextDelta, Usage
from auricle.voice.ports import TextIn, Turn
from auricle.voice.vad import SharedVad
from tests.voice.stage import APOLOGY, Providers, call, now
from tests.voice.virtual_time import in_virtual_time

PHRASE = "It is upstairs."


def dripping_words(pause_s: float, text: str) -> Callable[[Turn], AsyncGenerator[Any, None]]:
    async def drip(_: Turn) -> AsyncGenerator[Any, None]:
        for letter in text:
            await asyncio.sleep(pause_s)
            yield TextDelta(letter)

    return drip


async def dripping_sound(_: str) -> AsyncGenerator[Any, None]:
    for _ in range(1_000):
        await asyncio.sleep(0.5)
        yield Audio(b"\1\0" * 24)  # a thousandth of a second
    yield Usage(characters=1)


DRIPS = {
    "words": Providers(llm_fault=dripping_words(1.5, "no end " * 100)),
    "sound": Providers(tts_fault=dripping_sound),
}


@pytest.mark.parametrize("providers", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_is_given_up_for_the_apology(vad: SharedVad, providers: Providers) -> None:
    async def scenario() -> None:
        c = call(vad, providers)
        await c.line.hush(0.6)
        asked_at = now()
        c.line.incoming.put_nowait(TextIn("where is my room"))
        await c.line.until("metrics", limit_s=60)
        assert now() - asked_at < 30  # four deadlines, and the apology itself
        await c.end()
        [turn] = c.providers.records
        assert turn.answer_text.endswith(APOLOGY.text) and turn.errors == ("provider.timeout",)

    in_virtual_time(scenario())


def test_a_model_that_is_slow_but_gets_there_is_heard_out(vad: SharedVad) -> None:
    async def scenario() -> None:
        c = call(vad, Providers(llm_fault=dripping_words(0.8, f"{PHRASE} {PHRASE}")))
        await c.line.hush(0.6)
        c.line.incoming.put_nowait(TextIn("where is my room"))
        await c.line.until("metrics", limit_s=60)
        await c.end()
        [turn] = c.providers.records
        assert turn.answer_text == f"{PHRASE} {PHRASE}" and turn.errors == ()

    in_virtual_time(scenario())
