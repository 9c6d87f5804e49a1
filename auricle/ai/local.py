"""The clinical AI in this process. CPU work runs in threads, a few at a time, never on the event loop."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from auricle.ai.entities.codes import with_codes
from auricle.ai.entities.find import find_entities
from auricle.ai.limits import check_size
from auricle.ai.loading import Models, ModelStatus
from auricle.ai.port import Busy, Draft, Entity, Judged, Known, Masked, Utterance
from auricle.ai.privacy.find import Finding, Recognizer, analyze
from auricle.ai.privacy.mask import mask, mask_structured
from auricle.ai.soap.draft import write_extractive
from auricle.ai.soap.judge import judge
from auricle.errors import Invalid

T = TypeVar("T")
Writer = Callable[[Sequence[Utterance], Sequence[Entity], str], Awaitable[Draft]]
TEMPLATES = ("soap",)
RETRY_AFTER_S = 1.0


class UnknownTemplate(Invalid):
    """There is no such note template."""

    code = "ai.unknown_template"


class LocalAI:
    """`ClinicalAI` without any service. `writer` replaces the extractive draft (a language model's, say); `finders`
    (Presidio, say) are heard besides our own when identifiers are masked."""

    def __init__(
        self,
        writer: Writer | None = None,
        *,
        at_once: int = 2,
        waiting: int = 32,
        models: Models | None = None,
        finders: Sequence[Recognizer] = (),
    ) -> None:
        self._writer = writer
        self._finders = tuple(finders)
        self._models = models or Models()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="clinical-ai")
        self._slots = asyncio.Semaphore(at_once)
        self._room = at_once + waiting
        self._inside = 0

    async def warm(self) -> None:
        """Load everything before the first request comes."""
        await asyncio.to_thread(self._models.load)

    def status(self) -> list[ModelStatus]:
        return self._models.status()

    def state(self) -> str:
        return "local"

    async def mask(self, utterances: Sequence[Utterance], known: Known) -> Masked:
        return await self._run(lambda: mask(utterances, known, self._finders))

    async def mask_structured(self, utterances: Sequence[Utterance]) -> Masked:
        return await self._run(lambda: mask_structured(utterances))

    async def analyze(self, utterances: Sequence[Utterance], known: Known) -> list[Finding]:
        """What `mask` would hide."""
        return await self._run(lambda: analyze(utterances, known, self._finders))

    async def entities(self, utterances: Sequence[Utterance]) -> list[Entity]:
        return await self._run(lambda: self._find(utterances))

    def _find(self, utterances: Sequence[Utterance]) -> list[Entity]:
        check_size(utterances)
        reader = self._models.reader()
        learned = reader.read(utterances) if reader else None
        return [with_codes(entity) for entity in find_entities(utterances, learned)]

    async def write(self, utterances: Sequence[Utterance], entities: Sequence[Entity], template: str = "soap") -> Draft:
        if template not in TEMPLATES:
            raise UnknownTemplate(known=list(TEMPLATES))
        check_size(utterances)
        if self._writer is not None:
            return await self._writer(utterances, entities, template)
        return await self._run(lambda: write_extractive(utterances, entities))

    async def judge(self, draft: Draft, utterances: Sequence[Utterance], entities: Sequence[Entity]) -> Judged:
        check_size(utterances)
        return await self._run(lambda: judge(draft, utterances, entities))

    async def _run(self, work: Callable[[], T]) -> T:
        """In a thread, at most `at_once` together and `waiting` in line. Raises `Busy`.

        A thread can't be stopped: when nobody waits for it any more, it keeps its place until it has ended.
        """
        if self._inside >= self._room:
            raise Busy(calls=self._inside, retry_after_s=RETRY_AFTER_S)
        self._inside += 1
        try:
            await self._slots.acquire()
        except BaseException:
            self._inside -= 1
            raise
        context = contextvars.copy_context()
        running = asyncio.get_running_loop().run_in_executor(self._threads, lambda: context.run(work))
        running.add_done_callback(self._leave)
        return await asyncio.shield(running)

    def _leave(self, done: "asyncio.Future[T]") -> None:
        self._inside -= 1
        self._slots.release()
        if not done.cancelled():
            done.exception()  # seen, even where its caller has gone
