"""What an AI service is built of: the clinical AI of this process, the embedder, and the line before them."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import Request

from auricle.ai.loading import Models, ModelStatus, grown_by, resident_bytes
from auricle.ai.local import RETRY_AFTER_S, LocalAI
from auricle.ai.port import AIUnavailable, Busy
from auricle.ai.privacy.presidio import finders
from auricle.errors import AuricleError
from auricle.log import event
from auricle.providers.ports import Embeddings, ProviderFailed
from auricle.providers.vendors.offline.embedding import CPU, OfflineEmbedder, best_there, built_model
from auricle.settings import Settings
from auricle.telemetry import AI_INSIDE

log = logging.getLogger(__name__)

T = TypeVar("T")

PARTS: Mapping[str, Sequence[str]] = {
    "soap": ("lexicon", "codes", "privacy", "draft"),
    "ner": ("lexicon", "codes", "entity model"),
    "pii": ("privacy",),
    "embeddings": ("embeddings",),
}
_AT_HAND = frozenset({"ready", "absent"})


class Starting(AIUnavailable):
    """The models of this AI service are still being loaded; ask again in a moment."""

    code = "ai.starting"


class ModelMissing(AIUnavailable):
    """This AI service could not load the model that this needs."""

    code = "ai.model_missing"


class TookTooLong(AuricleError):
    """This was not done within the time that one request may take."""

    status, code, title = 504, "ai.took_too_long", "Took too long"


class CallerGone(AuricleError):
    """Whoever asked has closed the connection."""

    status, code, title = 499, "ai.caller_gone", "Caller gone"


class Embedding:
    """The offline embedder as one of this service's models, with a status like the others'."""

    def __init__(self, settings: Settings) -> None:
        runs_on = best_there() if settings.ai.device == "auto" else CPU
        self._embedder = OfflineEmbedder(settings.models_path, runs_on=runs_on)
        self._folder = settings.models_path
        self._status = ModelStatus("embeddings", "cold")
        self.name, self.dimension = self._embedder.name, self._embedder.dimension

    async def warm(self) -> None:
        clock, before = asyncio.get_running_loop().time, resident_bytes()
        started = clock()
        try:
            await self._embedder.warm()
        except Exception as error:  # whatever stands in its way: the rest of the service works without it
            self._status = ModelStatus("embeddings", "failed", error=type(error).__name__)
            event(log, "embedding model not loaded", logging.WARNING, error=type(error).__name__)
            return
        self._status = ModelStatus(
            "embeddings",
            "ready",
            size=built_model(self._folder).stat().st_size,
            seconds=clock() - started,
            memory_bytes=grown_by(before),
            runs_on=self._embedder.runs_on,
        )

    def status(self) -> ModelStatus:
        return self._status

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """Unit vectors. Raises `Starting`, `ModelMissing`."""
        if self._status.state == "cold":
            raise Starting(retry_after_s=RETRY_AFTER_S)
        if self._status.state == "failed":
            raise ModelMissing
        try:
            return await self._embedder.embed(texts, task="document")
        except ProviderFailed:
            raise ModelMissing from None

    def close(self) -> None:
        self._embedder.close()


@dataclass
class Engine:
    settings: Settings
    ai: LocalAI
    embedding: Embedding
    is_draining: bool = False
    _inside: int = field(default=0, init=False)
    _slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.settings.ai.at_once)

    @classmethod
    def of(cls, settings: Settings) -> "Engine":
        # The line is before this process's requests, not before its threads: what LocalAI still has running of
        # requests whose callers have gone finds room behind it.
        at_once = settings.ai.at_once
        also = finders(settings.ai.presidio)
        models = Models(settings.ai.entity_model)
        ai = LocalAI(at_once=at_once, waiting=at_once + settings.ai.waiting, models=models, finders=also)
        return cls(settings, ai, Embedding(settings))

    async def warm(self) -> None:
        """Load all models. The embedder may be missing; without the others there is no service."""
        await self.ai.warm()
        await self.embedding.warm()
        event(log, "AI service is warm", count=sum(m.state == "ready" for m in self.models()))

    def models(self) -> list[ModelStatus]:
        return [*self.ai.status(), self.embedding.status()]

    def state_of(self, part: str) -> str:
        """`ready`, or what its first model that is not ready is."""
        states = {m.name: m.state for m in self.models()}
        return next((states[name] for name in PARTS[part] if states[name] not in _AT_HAND), "ready")

    @property
    def is_ready(self) -> bool:
        """All is loaded that can be: without the embedder the rest is of use."""
        is_warm = all(m.state in _AT_HAND for m in self.ai.status()) and self.embedding.status().state != "cold"
        return is_warm and not self.is_draining

    @property
    def inside(self) -> tuple[int, int]:
        """How many requests are worked on, and how many wait."""
        working = min(self._inside, self.settings.ai.at_once)
        return working, self._inside - working

    @asynccontextmanager
    async def taking(self) -> AsyncIterator[None]:
        """Around one request, from before its body is read: no more than there is room for, each within its time.

        Raises `Starting`, `ModelMissing`, `Busy`, `TookTooLong`.
        """
        self._admit()
        try:
            async with asyncio.timeout(self.settings.ai.timeout_s):
                yield
        except TimeoutError:
            raise TookTooLong(limit_s=self.settings.ai.timeout_s) from None
        finally:
            self._inside -= 1
            self._show()

    async def worked(self, request: Request, work: Coroutine[Any, Any, T]) -> T:
        """Do it when it is its turn, and only while somebody waits for it. Raises `CallerGone`."""
        return await _unless_gone(request, self._placed(work))

    def _admit(self) -> None:
        states = {model.state for model in self.ai.status()}
        if "failed" in states:
            raise ModelMissing
        if "cold" in states:
            raise Starting(retry_after_s=RETRY_AFTER_S)
        if self._inside >= self.settings.ai.at_once + self.settings.ai.waiting:
            raise Busy(calls=self._inside, retry_after_s=RETRY_AFTER_S)
        self._inside += 1
        self._show()

    async def _placed(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            async with self._slots:
                return await work
        finally:
            work.close()  # it never began where the caller went while in line

    def _show(self) -> None:
        working, waiting = self.inside
        AI_INSIDE.labels(place="working").set(working)
        AI_INSIDE.labels(place="waiting").set(waiting)


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Give up what nobody waits for any more: its place in the line is another's."""
    working = asyncio.create_task(work)
    gone = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise CallerGone
        return working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def process_memory() -> dict[str, int | None]:
    return {"pid": os.getpid(), "memory_bytes": resident_bytes()}
