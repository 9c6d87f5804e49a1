"""The only caller of adapters: deadlines, retries, failover, breakers, the masking guard and metering.

An adapter only translates. Everything that a provider can do wrong ends here as a `ProviderFailed` of the right type,
within its deadline, metered once.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal, TypeVar
from uuid import UUID

import numpy as np

from auricle.log import event
from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.breaker import Breakers, RetryBudget
from auricle.providers.call import Call, Choice, Embedded, Guard, Served
from auricle.providers.choice import Configured, configured
from auricle.providers.connections import Connections
from auricle.providers.deadlines import Watchdog
from auricle.providers.lineup import Lineup, Lineups, SharedByAll
from auricle.providers.listening import listen
from auricle.providers.metering import Record
from auricle.providers.ports import (
    Audio,
    Capability,
    Embedder,
    Embeddings,
    EndOfSpeech,
    LanguageEvent,
    LanguageModel,
    LanguageRequest,
    ProviderFailed,
    ProviderGarbled,
    ReasoningDelta,
    Reranked,
    Reranker,
    TextToSpeech,
    Transcript,
    Translated,
    Translator,
    Usage,
)
from auricle.settings import Settings, Timeouts

log = logging.getLogger(__name__)

_NOT_YET_WORDS = (Served, ReasoningDelta)  # after these another provider may still begin anew

E = TypeVar("E")
P = TypeVar("P")


class Router:
    """Providers of one process. Build it with `router_for`; close it with `aclose`."""

    def __init__(
        self,
        lineups: Lineups,
        connections: Connections,
        record: Record,
        *,
        timeouts: Timeouts | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.lineups = lineups
        self.breakers = Breakers()
        self._connections = connections
        self._record = record
        self._timeouts = timeouts or Timeouts()
        self._guard = guard
        self._budgets: dict[Capability, RetryBudget] = {}

    @property
    def providers(self) -> Mapping[str, Configured]:
        """The installation's own."""
        return self.lineups.installation.providers

    async def choices(
        self, capability: Capability, organization_id: UUID | None, language: str = "en"
    ) -> Sequence[Choice]:
        """Who is asked for an organization's agents that have no list of their own."""
        return (await self.lineups.of(organization_id)).choices(capability, language)

    async def warm(self) -> None:
        """Load what works in this process (models, recognisers): the first call's deadlines do not allow for it.

        Raises the first provider's failure; the others are warmed all the same.
        """
        local = [p.warm() for p in self.providers.values() if not p.vendor.needs_url]
        failures = [f for f in await asyncio.gather(*local, return_exceptions=True) if f is not None]
        if failures:
            raise failures[0]

    async def aclose(self) -> None:
        await self.lineups.aclose()
        await self._connections.aclose()

    def generate(self, call: Call, request: LanguageRequest) -> AsyncGenerator[Served | LanguageEvent, None]:
        """Stream one answer: `Served`, then the model's events, `Finish` and `Usage` at the end.

        A provider that fails before its first words is replaced; a `Served` in between says so. Read under `aclosing`.
        """

        def of(attempt: Attempt, payload: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
            model: LanguageModel = attempt.provider.adapter("llm")
            return model.generate(replace(payload, model=attempt.model))

        return self._stream(call, "llm", request, of, request.model)

    def speak(self, call: Call, text: str) -> AsyncGenerator[Served | Audio | Usage, None]:
        """Stream the speech of one sentence: `Served`, audio, `Usage`. Read under `aclosing`.

        Never moves to another provider once audio of this sentence was given: the voice would change in its middle.
        """

        def of(attempt: Attempt, payload: str) -> AsyncGenerator[Audio | Usage, None]:
            choice = attempt.choice
            settings = {"model": choice.model, **choice.settings} if choice.model else choice.settings
            voice: TextToSpeech = attempt.provider.adapter("tts")
            return voice.speak(payload, voice=choice.voice, language=call.language, settings=settings)

        return self._stream(call, "tts", text, of)

    async def embed(self, call: Call, texts: Sequence[str], *, task: Literal["query", "document"]) -> Embedded:
        """Embed texts in their order. All vectors of one call come from one provider."""
        attempts = await self._attempts(call, "embedding")
        while True:
            attempt = await attempts.next()
            try:
                return await self._embed_once(attempt, call, texts, task)
            except ProviderFailed as error:
                attempts.failed(error)

    async def translate(self, call: Call, text: str, *, source: str, target: str) -> Translated:
        """Translate a few sentences. Raises `ProviderFailed` where nobody of the list can."""
        attempts = await self._attempts(call, "translation")
        while True:
            attempt = await attempts.next()
            try:
                with attempt:
                    answer = await self._whole(attempt, call, self._translation(attempt, call, text, source, target))
                    if not answer.text.strip():
                        raise ProviderGarbled("The translation is empty.")
                    attempt.meter.first()
                    attempt.meter.usage = answer.usage
                    return answer
            except ProviderFailed as error:
                attempts.failed(error)

    async def _translation(self, attempt: Attempt, call: Call, text: str, source: str, target: str) -> Translated:
        allowed = await self._guarded(attempt, call, "translation", text)
        translator: Translator = attempt.provider.adapter("translation")
        return await translator.translate(allowed, source=source, target=target, model=attempt.model)

    async def rerank(self, call: Call, query: str, texts: Sequence[str]) -> Reranked:
        """Score texts by how well they answer a query. Raises `ProviderFailed` where nobody of the list can."""
        attempts = await self._attempts(call, "rerank")
        while True:
            attempt = await attempts.next()
            try:
                with attempt:
                    answer = await self._whole(attempt, call, self._reranking(attempt, call, query, texts))
                    if answer.scores.shape != (len(texts),) or not np.isfinite(answer.scores).all():
                        raise ProviderGarbled("The answer does not hold one score for each text.")
                    attempt.meter.first()
                    attempt.meter.usage = answer.usage
                    return answer
            except ProviderFailed as error:
                attempts.failed(error)

    async def _reranking(self, attempt: Attempt, call: Call, query: str, texts: Sequence[str]) -> Reranked:
        asked, *allowed = await self._guarded(attempt, call, "rerank", [query, *texts])
        reranker: Reranker = attempt.provider.adapter("rerank")
        return await reranker.rerank(asked, allowed, model=attempt.model)

    async def _whole(self, attempt: Attempt, call: Call, work: Coroutine[Any, Any, E]) -> E:
        """An answer that comes in one piece, within the call's time."""
        watchdog = Watchdog()
        watchdog.expect(watchdog.now() + (call.timeouts or self._timeouts).total_s, "total")
        try:
            return await watchdog.wait(work)
        except ProviderFailed:
            raise
        except Exception as error:
            raise _bug(error, attempt) from error
        finally:
            watchdog.close()

    async def _embed_once(
        self, attempt: Attempt, call: Call, texts: Sequence[str], task: Literal["query", "document"]
    ) -> Embedded:
        with attempt:
            answer = await self._whole(attempt, call, self._embedding(attempt, call, texts, task))
            if answer.vectors.ndim != 2 or len(answer.vectors) != len(texts):
                raise ProviderGarbled("The answer does not hold one vector for each text.")
            attempt.meter.first()
            attempt.meter.usage = answer.usage
            return Embedded(
                answer.vectors, answer.usage, Served(attempt.choice.provider, attempt.model, attempt.number)
            )

    async def _embedding(
        self, attempt: Attempt, call: Call, texts: Sequence[str], task: Literal["query", "document"]
    ) -> Embeddings:
        allowed = await self._guarded(attempt, call, "embedding", texts)
        embedder: Embedder = attempt.provider.adapter("embedding")
        return await embedder.embed(allowed, task=task, model=attempt.model)

    async def transcribe(
        self, call: Call, audio: AsyncIterator[bytes | EndOfSpeech], *, rate_hz: int, keyterms: Sequence[str] = ()
    ) -> AsyncGenerator[Served | Transcript | Usage, None]:
        """Transcribe a live stream, moving to another provider whenever one fails: what it had not yet finalised is
        played to the next. Every `END_OF_SPEECH` is answered by one final. Read under `aclosing`.
        """

        async def allow(attempt: Attempt) -> None:
            await self._guarded(attempt, call, "stt", None)

        heard = listen(
            await self._attempts(call, "stt"),
            call,
            audio,
            rate_hz=rate_hz,
            keyterms=keyterms,
            timeouts=call.timeouts or self._timeouts,
            allow=allow,
        )
        async with aclosing(heard) as events:
            async for one in events:
                yield one

    async def _attempts(self, call: Call, capability: Capability, model: str | None = None) -> Attempts:
        able = (await self.lineups.of(call.organization_id)).candidates(call, capability)
        budget = self._budgets.setdefault(capability, RetryBudget())
        return Attempts(call, capability, able, self.breakers, budget, self._record, model)

    async def _guarded(self, attempt: Attempt, call: Call, capability: Capability, payload: P) -> P:
        if self._guard is None or attempt.provider.account.is_local:
            return payload
        return await self._guard(call, capability, attempt.choice.provider, payload)  # type: ignore[no-any-return]

    async def _stream(
        self,
        call: Call,
        capability: Capability,
        payload: P,
        of: Callable[[Attempt, P], AsyncGenerator[E, None]],
        model: str | None = None,
    ) -> AsyncGenerator[Served | E, None]:
        attempts = await self._attempts(call, capability, model)
        while True:
            attempt = await attempts.next()
            is_committed = False
            try:
                async with aclosing(self._once(attempt, call, capability, payload, of)) as events:
                    async for one in events:
                        is_committed = is_committed or not isinstance(one, _NOT_YET_WORDS)
                        yield one
                return
            except ProviderFailed as error:
                attempts.failed(error)
                if is_committed:
                    raise

    async def _once(
        self,
        attempt: Attempt,
        call: Call,
        capability: Capability,
        payload: P,
        of: Callable[[Attempt, P], AsyncGenerator[E, None]],
    ) -> AsyncGenerator[Served | E, None]:
        """One provider's events. What an adapter raises that is none of ours is its answer's fault, or its own."""
        timeouts, meter = call.timeouts or self._timeouts, attempt.meter
        with attempt:
            watchdog = Watchdog()
            total_at = watchdog.now() + timeouts.total_s
            watchdog.expect(min(watchdog.now() + timeouts.first_s, total_at), "first")
            is_first, is_closed = True, False
            try:
                allowed = await watchdog.wait(self._guarded(attempt, call, capability, payload))
                async with aclosing(of(attempt, allowed)) as events:
                    while True:
                        try:
                            one = await watchdog.wait(anext(events))
                        except StopAsyncIteration:
                            break
                        watchdog.expect(min(watchdog.now() + timeouts.gap_s, total_at), "gap")
                        if isinstance(one, Usage):
                            meter.usage, is_closed = one, True
                            continue
                        if is_first:
                            is_first = False
                            meter.first()
                            yield Served(attempt.choice.provider, attempt.model, attempt.number)
                        if isinstance(one, Audio):
                            meter.made_audio_s += len(one.pcm) / 2 / one.rate_hz
                        yield one
                if is_first or not is_closed:
                    raise ProviderGarbled("The provider gave no answer.")
            except ProviderFailed:
                raise
            except Exception as error:
                raise _bug(error, attempt) from error
            finally:
                watchdog.close()
        yield meter.usage  # type: ignore[misc]


def _bug(error: Exception, attempt: Attempt) -> ProviderFailed:
    log.error(
        "adapter failed",
        exc_info=error,
        extra={"fields": {"provider": attempt.choice.provider, "error": type(error).__name__}},
    )
    return ProviderGarbled("The provider's answer could not be read.", reason=type(error).__name__)


def router_for(settings: Settings, record: Record, guard: Guard | None = None) -> Router:
    """A router with the installation's providers alone."""
    connections = Connections(settings.timeouts.connect_s)
    lineups = SharedByAll(installed(settings, connections))
    return Router(lineups, connections, record, timeouts=settings.timeouts, guard=guard)


def installed(settings: Settings, connections: Connections) -> Lineup:
    """The installation's providers, as its settings have them."""
    providers = configured(settings.providers, connections, settings.models_path)
    event(log, "providers configured", count=len(providers))
    return Lineup(providers)
