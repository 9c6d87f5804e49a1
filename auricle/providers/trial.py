"""A small real call to each capability: what a check and a probe ask of a provider."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING

from auricle.providers.call import Call
from auricle.providers.ports import (
    END_OF_SPEECH,
    Audio,
    Capability,
    ChatMessage,
    EndOfSpeech,
    LanguageRequest,
    TextDelta,
    Transcript,
)

if TYPE_CHECKING:
    from auricle.providers.routing import Router

SAMPLE_TEXT = "Good morning."
RATE_HZ = 16_000


async def trial(router: "Router", capability: Capability, call: Call) -> bool:
    """Whether the answer holds what it should. Raises what the call raises."""
    return await _TRIALS[capability](router, call)


async def _language(router: "Router", call: Call) -> bool:
    request = LanguageRequest([ChatMessage("user", "Answer with one word: ready?")], max_tokens=16)
    async with aclosing(router.generate(call, request)) as events:
        return any([isinstance(e, TextDelta) async for e in events])


async def _speech(router: "Router", call: Call) -> bool:
    async with aclosing(router.speak(call, SAMPLE_TEXT)) as events:
        return any([isinstance(e, Audio) async for e in events])


async def _embedding(router: "Router", call: Call) -> bool:
    return (await router.embed(call, [SAMPLE_TEXT], task="query")).vectors.size > 0


async def _hearing(router: "Router", call: Call) -> bool:
    """Half a second of quiet: whether it answers is asked, not what it hears."""

    async def quiet() -> AsyncIterator[bytes | EndOfSpeech]:
        for _ in range(5):
            yield bytes(RATE_HZ // 10 * 2)
        yield END_OF_SPEECH

    async with aclosing(router.transcribe(call, quiet(), rate_hz=RATE_HZ)) as events:
        return any([isinstance(e, Transcript) and e.is_final async for e in events])


async def _translation(router: "Router", call: Call) -> bool:
    return bool((await router.translate(call, SAMPLE_TEXT, source="en", target="hi")).text)


async def _reranking(router: "Router", call: Call) -> bool:
    return (await router.rerank(call, SAMPLE_TEXT, [SAMPLE_TEXT, "Good night."])).scores.size > 0


_TRIALS = {
    "llm": _language,
    "tts": _speech,
    "embedding": _embedding,
    "stt": _hearing,
    "translation": _translation,
    "rerank": _reranking,
}
