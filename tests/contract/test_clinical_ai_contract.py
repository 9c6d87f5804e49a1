"""What every `ClinicalAI` keeps to, in this process or behind the socket of an AI service."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from auricle.ai.limits import AmbiguousUtterances, TextTooLarge
from auricle.ai.local import LocalAI, UnknownTemplate
from auricle.ai.port import Busy, ClinicalAI, Draft, Known, Statement, Utterance
from auricle.ai.privacy.spans import Span
from auricle.ai.remote import RemoteAI
from auricle.ai_service.engine import Embedding, Engine
from tests.ai.conversations import talk
from tests.ai_service.running import serving, settings_for

SAID = talk(
    "a: any fever?",
    "p: no",
    "p: my name is asha verma and i take ibuprofen four hundred milligrams twice a day",
    "p: मेरा नाम आशा है, मेरे बाएं कान में सीटी बजती है",
    "c: your left ear shows forty decibels at four kilohertz, we will repeat the audiogram in two weeks",
)
KNOWN = Known(names=["Asha Verma"], phones=["+91 98450 12345"], birth_date="1980-01-31")


@dataclass
class Gate:
    """A finder of identifiers that holds its thread until it is opened, and counts how many it holds."""

    opened: threading.Event = field(default_factory=threading.Event)
    most: int = 0
    _inside: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, text: str) -> Iterator[Span]:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        self.opened.wait(20)
        with self._lock:
            self._inside -= 1
        return iter(())

    async def holds(self, count: int) -> None:
        async with asyncio.timeout(20):
            while self._inside != count:
                await asyncio.sleep(0.005)


Made = Callable[..., AbstractAsyncContextManager[ClinicalAI]]


@asynccontextmanager
async def local(at_once: int = 2, waiting: int = 8, finder: Gate | None = None):
    yield LocalAI(at_once=at_once, waiting=waiting, finders=(finder,) if finder else ())


@asynccontextmanager
async def remote(at_once: int = 2, waiting: int = 8, finder: Gate | None = None):
    settings = settings_for(at_once=at_once, waiting=waiting, timeout_s=30)

    def made(given):
        ai = LocalAI(at_once=at_once, waiting=at_once + waiting, finders=(finder,) if finder else ())
        return Engine(given, ai, Embedding(given))

    # Warmed by the fixture's own hand: the warm-up masks, which would wait behind a gate.
    if finder:
        finder.opened.set()
    service = serving(settings, made)
    running = await asyncio.to_thread(service.__enter__)
    if finder:
        finder.opened.clear()
        finder.most = 0
    ai = RemoteAI(running.asking(attempts=1))
    try:
        yield ai
    finally:
        if finder:
            finder.opened.set()
        await ai.aclose()
        await asyncio.to_thread(service.__exit__, None, None, None)


@pytest.fixture(params=[local, remote], ids=["local", "remote"])
def made(request) -> Made:
    return request.param


@pytest.fixture(scope="module")
async def both():
    async with local() as here, remote() as there:
        yield {"local": here, "remote": there}


@pytest.fixture(params=["local", "remote"])
def ai(request, both) -> ClinicalAI:
    return both[request.param]


async def whole(ai: ClinicalAI) -> list[object]:
    masked = await ai.mask(SAID, KNOWN)
    entities = await ai.entities(masked.utterances)
    draft = await ai.write(masked.utterances, entities)
    judged = await ai.judge(draft, masked.utterances, entities)
    return [one.model_dump(mode="json") for one in (masked, *entities, draft, judged)]


async def test_the_same_questions_have_the_same_answers_wherever_they_are_asked(both):
    answers = [await whole(ai) for ai in both.values()]
    assert answers[0] == answers[1]
    assert answers[0][-1]["statements"] and "verma" not in str(answers[0][0]["utterances"]).lower()


async def test_asking_again_gives_the_same_answer(ai):
    assert await whole(ai) == await whole(ai)


async def test_answers_are_of_the_ports_own_types(ai):
    masked = await ai.mask(SAID, KNOWN)
    entities = await ai.entities(masked.utterances)
    assert [type(u) for u in masked.utterances] == [Utterance] * len(SAID)
    assert isinstance(entities, list) and entities
    changed = Draft(statements=[Statement(section="plan", text="Takes ibuprofen 800 mg.", evidence=[])])
    judged = await ai.judge(changed, masked.utterances, entities)
    assert [s.text for s in judged.statements] == ["Takes ibuprofen 800 mg."] and not judged.approved


async def test_too_much_text_is_refused_by_every_question_without_quoting_it(ai):
    huge = [Utterance(id="a", speaker="patient", text="secret " * 10_000)]
    for question in (
        ai.mask(huge, Known()),
        ai.entities(huge),
        ai.write(huge, []),
        ai.judge(Draft(statements=[]), huge, []),
    ):
        with pytest.raises(TextTooLarge) as refused:
            await question
        assert (refused.value.status, refused.value.code) == (413, "ai.text_too_large")
        assert "secret" not in str(refused.value) + str(refused.value.context)


async def test_utterances_of_one_id_are_refused(ai):
    with pytest.raises(AmbiguousUtterances):
        await ai.mask([SAID[0], SAID[0]], Known())


async def test_an_unknown_template_is_refused(ai):
    with pytest.raises(UnknownTemplate):
        await ai.write(SAID, [], "poem")


async def test_nothing_said_is_no_error(ai):
    assert (await ai.mask([], Known())).utterances == []
    assert await ai.entities([]) == []


async def test_its_state_is_a_word(ai):
    assert ai.state() in {"local", "ok"}


async def test_it_works_on_so_many_at_once_lets_so_many_wait_and_refuses_the_rest(made):
    gate = Gate()
    async with made(at_once=2, waiting=3, finder=gate) as ai:
        calls = [asyncio.create_task(ai.mask(SAID[:1], Known())) for _ in range(5)]
        await gate.holds(2)
        await until_full(ai, calls)
        gate.opened.set()
        assert len(await asyncio.gather(*calls)) == 5
        assert gate.most == 2


async def until_full(ai: ClinicalAI, calls: list[asyncio.Task]) -> None:
    """One more is refused as soon as all of the others have arrived."""
    async with asyncio.timeout(20):
        while True:
            extra = asyncio.create_task(ai.mask(SAID[:1], Known()))
            done, _ = await asyncio.wait({extra}, timeout=0.5)
            if done:
                with pytest.raises(Busy) as refused:
                    extra.result()
                assert (refused.value.status, refused.value.code) == (503, "ai.busy")
                return
            extra.cancel()
            await asyncio.gather(extra, return_exceptions=True)


async def test_who_gives_up_waits_no_longer_and_its_place_comes_back_when_its_thread_has_ended(made):
    gate = Gate()
    async with made(at_once=1, waiting=1, finder=gate) as ai:
        abandoned = asyncio.create_task(ai.mask(SAID[:1], Known()))
        await gate.holds(1)
        abandoned.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(abandoned, return_exceptions=True)
        assert abandoned.cancelled()
        waiting = asyncio.create_task(ai.mask(SAID[:1], Known()))
        await asyncio.sleep(0.1)
        assert not waiting.done() and gate.most == 1, "two worked where one may"
        gate.opened.set()
        assert (await waiting).utterances
