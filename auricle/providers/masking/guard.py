"""The masking guard: what leaves for a provider that is not the organization's own is masked, or does not leave.

The router asks it before every text that it sends. It fails closed: what can't be masked is withheld from that
provider. What is put back into an answer was taken out of its own request or conversation, never of another one.
"""

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TypeVar
from uuid import UUID

from auricle.ai.port import Known
from auricle.ai.privacy.find import Recognizer
from auricle.providers.call import Call, NotMasked
from auricle.providers.masking.conceal import LONGEST, Conversation, Finds, Text
from auricle.providers.masking.placeholders import Restoring, named, restored, restored_json
from auricle.providers.masking.policy import Masking
from auricle.providers.masking.requests import put_together, structure_of, texts_of
from auricle.providers.ports import LanguageEvent, LanguageRequest, TextDelta, ToolCall, Translated
from auricle.telemetry import MASKING

T = TypeVar("T")
KnownOf = Callable[[Call], Awaitable[Known]]  # the identities of the people whom a call is about

MOST_CONVERSATIONS = 500
KEPT_S = 3_600.0  # since a conversation was last asked for
KNOWN_S = 300.0  # how long what is known of its people counts
AT_ONCE = 2  # threads: masking is CPU work


@dataclass(frozen=True, slots=True)
class Masked:
    """A request as it may leave, and what its placeholders stand for."""

    request: LanguageRequest
    originals: Mapping[str, str]


@dataclass(slots=True)
class _Kept:
    """A conversation, held to what was known of its people when it was looked up."""

    known: Known
    masks: Conversation
    looked_up: float
    asked: float
    lock: threading.Lock = field(default_factory=threading.Lock)


async def nobody(_: Call) -> Known:
    return Known()


class MaskingGuard:
    def __init__(self, known_of: KnownOf = nobody, also: Sequence[Recognizer] = ()) -> None:
        """`also` are finders beside our own (Presidio, say)."""
        self._known_of, self._finds = known_of, Finds(also)
        self._kept: OrderedDict[tuple[UUID | None, UUID, frozenset[str]], _Kept] = OrderedDict()
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def request(self, call: Call, masking: Masking, request: LanguageRequest) -> Masked:
        """What a language model may be told."""
        kept, texts = await self._conversation(call, masking), texts_of(request)
        if kept.masks.knows(structure_of(request)):
            raise NotMasked("A tool, or one of its arguments, is named after somebody.")
        masked = await self._masked(kept, texts)
        return Masked(put_together(request, masked), kept.masks.register.originals)

    async def text(self, call: Call, masking: Masking, text: str) -> tuple[str, Mapping[str, str]]:
        """What a translator may be told, and what its placeholders stand for."""
        kept = await self._conversation(call, masking)
        return (await self._masked(kept, [Text(text)]))[0], kept.masks.register.originals

    async def vectors(self, call: Call, masking: Masking, texts: Sequence[str]) -> list[str]:
        """What an embedder may be told: each text by itself, and no two names told apart."""
        kept = await self._conversation(call, masking)
        return await self._run(kept, texts, lambda: [kept.masks.unnumbered(text) for text in texts])

    async def together(self, call: Call, masking: Masking, texts: Sequence[str]) -> list[str]:
        """What a reranker may be told of a question and passages: a name is the same in all of them."""
        known = (await self._conversation(call, masking)).known
        alone = _Kept(known, Conversation(self._finds, known, masking.passes), 0.0, 0.0)
        return await self._masked(alone, [Text(text) for text in texts])

    async def _masked(self, kept: _Kept, texts: Sequence[Text]) -> list[str]:
        if kept.lock.acquire(blocking=False):
            try:
                if (ready := kept.masks.ready(texts)) is not None:
                    return ready
            finally:
                kept.lock.release()
        return await self._run(kept, [one.text for one in texts], lambda: kept.masks.masked(texts))

    async def _run(self, kept: _Kept, texts: Sequence[str], work: Callable[[], T]) -> T:
        """Do CPU work of a conversation in a thread. Raises `NotMasked`, which tells nothing of the texts."""
        if sum(map(len, texts)) > LONGEST:
            raise NotMasked("There is too much text to be masked at once.", limit=LONGEST)

        def locked() -> T:
            with kept.lock:
                return work()

        started = time.perf_counter()
        try:
            async with self._slots:
                return await asyncio.to_thread(locked)
        except Exception as error:
            raise NotMasked(reason=type(error).__name__) from None
        finally:
            MASKING.observe(time.perf_counter() - started)

    async def _conversation(self, call: Call, masking: Masking) -> _Kept:
        """The conversation that a call belongs to; one by itself where it belongs to none."""
        whose, now = call.consultation_id or call.patient_id, time.monotonic()
        if whose is None:
            return _Kept(Known(), Conversation(self._finds, Known(), masking.passes), now, now)
        if (
            call.note_id is not None
        ):  # it has masks of its own: one that a model makes up must not become a name of the talk
            known = await self._known(call)
            return _Kept(known, Conversation(self._finds, known, masking.passes), now, now)
        key = (call.organization_id, whose, masking.passes)
        kept = self._kept.get(key)
        if kept is None or now - kept.looked_up > KNOWN_S:
            known = await self._known(call)
            kept = self._kept.get(key)  # another call may have been as fast
            if kept is None or kept.known != known:
                kept = _Kept(known, Conversation(self._finds, known, masking.passes), now, now)
            kept.looked_up = now
        kept.asked = now
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > MOST_CONVERSATIONS or now - next(iter(self._kept.values())).asked > KEPT_S:
            self._kept.popitem(last=False)
        return kept

    async def _known(self, call: Call) -> Known:
        try:
            return await self._known_of(call)
        except Exception as error:
            raise NotMasked("Who the people of this conversation are could not be looked up.",
                            reason=type(error).__name__) from None  # fmt: skip


async def answered(events: AsyncGenerator[LanguageEvent, None], asked: Masked) -> AsyncGenerator[LanguageEvent, None]:
    """A model's events with the originals put back, as they come. Thoughts stay masked: nobody is shown them."""
    restoring = Restoring(asked.originals, in_json=asked.request.response_schema is not None)
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                if text := restoring.feed(event.text):
                    yield TextDelta(text)
                continue
            if text := restoring.rest():
                yield TextDelta(text)
            if isinstance(event, ToolCall):
                event = replace(event, arguments=restored_json(event.arguments, asked.originals))
            yield event
    if text := restoring.rest():
        yield TextDelta(text)


def lost(sent: str, answer: Translated) -> bool:
    """Whether a translation has let go of a placeholder, or has made one up."""
    return set(named(sent)) != set(named(answer.text))


def given_back(answer: Translated, originals: Mapping[str, str]) -> Translated:
    return replace(answer, text=restored(answer.text, originals))
