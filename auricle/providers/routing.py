"""The only caller of adapters: deadlines, retries, failover, breakers, the masking guard and metering.

An adapter only translates. Everything that a provider can do wrong ends here as a `ProviderFailed` of the right type,
within its deadline, metered once. How: `streams.py`, `listening.py` and `whole.py`, over the order of `attempts.py`.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Literal
from uuid import UUID

import numpy as np

from auricle.log import event
from auricle.providers.account import Account
from auricle.providers.ahead import Ahead
from auricle.providers.attempts import Attempt, Attempts
from auricle.providers.breaker import Breakers
from auricle.providers.budgets import Budgets
from auricle.providers.call import Call, Choice, Embedded, MaskLost, NoProvider, Served, Withheld
from auricle.providers.choice import Configured, configured
from auricle.providers.connections import Connections
from auricle.providers.hedging import Patience
from auricle.providers.lineup import Lineup, Lineups, SharedByAll, ordered, same_vectors
from auricle.providers.listening import listen
from auricle.providers.masking.guard import MaskingGuard, answered, given_back, lost
from auricle.providers.masking.policy import Masking
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
    ProviderGarbled,
    Reranked,
    Reranker,
    TextToSpeech,
    Timings,
    Transcript,
    Translated,
    Translator,
    Usage,
    anonymous,
)
from auricle.providers.probing import Probes
from auricle.providers.streams import Streaming, stream
from auricle.providers.trial import trial
from auricle.providers.whole import whole
from auricle.settings import Hedging, Settings, Timeouts

log = logging.getLogger(__name__)


class Router:
    """Providers of one process. Build it with `router_for`; close it with `aclose`."""

    def __init__(
        self,
        lineups: Lineups,
        connections: Connections,
        record: Record,
        *,
        timeouts: Timeouts | None = None,
        hedging: Hedging | None = None,
        guard: MaskingGuard | None = None,
    ) -> None:
        hedging = hedging or Hedging()
        self.lineups = lineups
        self.breakers = Breakers()
        self._connections = connections
        self._record = record
        self._timeouts = timeouts or Timeouts()
        self._guard = guard or MaskingGuard()
        self._patience, self._budgets = Patience(hedging), Budgets(hedging.share)
        self._probes, self._ahead = Probes(partial(trial, self)), Ahead()

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

    def open_ahead(self, calls: Mapping[Capability, Call]) -> None:
        """Have sockets opened to whoever will be asked first, in the background: nobody waits, no failure comes of it.

        What opens one for each turn is left out: a recognizer's opens while the patient speaks.
        """
        if not self._ahead.is_full:
            self._ahead.open(partial(self._first, calls))

    async def _first(self, calls: Mapping[Capability, Call]) -> list[Account]:
        found: list[Account] = []
        for capability, call in calls.items():
            with suppress(NoProvider, Withheld):
                provider = (await self.lineups.of(call.organization_id)).candidates(call, capability)[0][1]
                if capability not in provider.vendor.by_socket:
                    found.append(provider.account)
        return found

    async def aclose(self) -> None:
        await self._ahead.aclose()
        await self._probes.aclose()
        await self.lineups.aclose()
        await self._connections.aclose()

    def generate(self, call: Call, request: LanguageRequest) -> AsyncGenerator[Served | LanguageEvent, None]:
        """Stream one answer: `Served`, then the model's events, `Finish` and `Usage` at the end.

        A provider that fails before its first words is replaced; a `Served` in between says so. Read under `aclosing`.
        """

        async def ask(attempt: Attempt) -> AsyncGenerator[LanguageEvent, None]:
            model: LanguageModel = attempt.provider.adapter("llm")
            if attempt.masking is None:
                return model.generate(replace(request, model=attempt.model))
            masked = await self._guard.request(call, attempt.masking, request)
            return answered(model.generate(replace(masked.request, model=attempt.model)), masked)

        begin = partial(self._attempts, call, "llm", request.model)
        return stream(Streaming(begin, ask, self._times(call), self._patience))

    def speak(self, call: Call, text: str) -> AsyncGenerator[Served | Audio | Timings | Usage, None]:
        """Stream the speech of one sentence: `Served`, audio with its timings (where the vendor tells), `Usage`. Read
        under `aclosing`.

        Never moves to another provider once audio of this sentence was given: the voice would change in its middle.
        """

        async def ask(attempt: Attempt) -> AsyncGenerator[Audio | Timings | Usage, None]:
            choice = attempt.choice
            settings = {"model": choice.model, **choice.settings} if choice.model else choice.settings
            voice: TextToSpeech = attempt.provider.adapter("tts")
            return voice.speak(text, voice=choice.voice, language=call.language, settings=settings)

        return stream(Streaming(partial(self._attempts, call, "tts"), ask, self._times(call), self._patience))

    async def embed(self, call: Call, texts: Sequence[str], *, task: Literal["query", "document"]) -> Embedded:
        """Embed texts in their order, all by one provider with the model of the first in the list: vectors of different
        models can't be compared, so none are better. Raises `ProviderFailed` where nobody with it can.
        """

        async def ask(attempt: Attempt) -> Embeddings:
            embedder: Embedder = attempt.provider.adapter("embedding")
            told = texts if attempt.masking is None else await self._guard.vectors(call, attempt.masking, texts)
            return await embedder.embed(told, task=task, model=attempt.model)

        def judge(answer: Embeddings) -> None:
            if answer.vectors.ndim != 2 or len(answer.vectors) != len(texts):
                raise ProviderGarbled("The answer does not hold one vector for each text.")

        answer, by = await whole(await self._attempts(call, "embedding"), self._times(call).total_s, ask, judge)
        return Embedded(answer.vectors, answer.usage, by.served)

    async def translate(self, call: Call, text: str, *, source: str, target: str) -> Translated:
        """Translate a few sentences. Raises `ProviderFailed` where nobody of the list can."""

        async def ask(attempt: Attempt) -> Translated:
            translator: Translator = attempt.provider.adapter("translation")
            if attempt.masking is None:
                return await translator.translate(text, source=source, target=target, model=attempt.model)
            told, originals = await self._guard.text(call, attempt.masking, text)
            made = await translator.translate(told, source=source, target=target, model=attempt.model)
            if lost(told, made):
                raise MaskLost
            return given_back(made, originals)

        def judge(answer: Translated) -> None:
            if not answer.text.strip():
                raise ProviderGarbled("The translation is empty.")

        attempts = await self._attempts(call, "translation", languages=(source, target))
        answer, _ = await whole(attempts, self._times(call).total_s, ask, judge)
        return answer

    async def masked(self, organization_id: UUID | None, text: str, passes: frozenset[str]) -> str:
        """A text as a provider would be told it where that is asked for; nobody is asked. Raises `NotMasked`."""
        return (await self._guard.text(Call(organization_id), Masking("text", passes), text))[0]

    async def rerank(self, call: Call, query: str, texts: Sequence[str]) -> Reranked:
        """Score texts by how well they answer a query. Raises `ProviderFailed` where nobody of the list can."""

        async def ask(attempt: Attempt) -> Reranked:
            asked, *told = [query, *texts]
            if attempt.masking is not None:
                asked, *told = await self._guard.together(call, attempt.masking, [query, *texts])
            reranker: Reranker = attempt.provider.adapter("rerank")
            return await reranker.rerank(asked, told, model=attempt.model)

        def judge(answer: Reranked) -> None:
            if answer.scores.shape != (len(texts),) or not np.isfinite(answer.scores).all():
                raise ProviderGarbled("The answer does not hold one score for each text.")

        answer, _ = await whole(await self._attempts(call, "rerank"), self._times(call).total_s, ask, judge)
        return answer

    def transcribe(
        self, call: Call, audio: AsyncIterator[bytes | EndOfSpeech], *, rate_hz: int, keyterms: Sequence[str] = ()
    ) -> AsyncGenerator[Served | Transcript | Usage, None]:
        """Transcribe a live stream, moving to another provider whenever one fails: what it had not yet finalised is
        played to the next. Every `END_OF_SPEECH` is answered by one final. Read under `aclosing`.

        `keyterms` are words to listen for, the most telling first. Those that tell who the patient is leave the machine
        only where the call says that they may, and never where the organization asks for masking.
        """

        async def allow(attempt: Attempt) -> Sequence[str]:
            may_name = attempt.masking is None and (call.may_name or attempt.provider.account.is_local)
            return keyterms if may_name else anonymous(keyterms)

        return listen(
            partial(self._attempts, call, "stt"),
            call,
            audio,
            rate_hz=rate_hz,
            timeouts=self._times(call),
            allow=allow,
        )

    def _times(self, call: Call) -> Timeouts:
        return call.timeouts or self._timeouts

    async def _attempts(
        self, call: Call, capability: Capability, model: str | None = None, languages: Sequence[str] = ()
    ) -> Attempts:
        lineup = await self.lineups.of(call.organization_id)
        able = lineup.candidates(call, capability, languages)
        if capability == "embedding":
            able = same_vectors(able)
        extra = self._budgets.of(call.organization_id, capability)
        return Attempts(call, capability, able, self.breakers, self._probes, extra, self._record, model, lineup.masking)


def router_for(
    settings: Settings,
    record: Record,
    guard: MaskingGuard | None = None,
    *,
    lineups: Lineups | None = None,
    connections: Connections | None = None,
) -> Router:
    """A router as the settings have it. Without `lineups` everybody has the installation's providers, and no others."""
    connections = connections or Connections(settings.timeouts.connect_s)
    lineups = lineups or SharedByAll(installed(settings, connections))
    return Router(lineups, connections, record, timeouts=settings.timeouts, hedging=settings.hedging, guard=guard)


def installed(settings: Settings, connections: Connections) -> Lineup:
    """The installation's providers, as its settings have them."""
    providers = configured(settings.providers, connections, settings.models_path)
    event(log, "providers configured", count=len(providers))
    return Lineup(providers, ordered(settings.providers_order, providers))
