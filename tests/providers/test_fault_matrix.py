"""Every vendor, every fault, every phase: each ends in its type within its deadline, is metered once, leaves nothing.

All calls are made over real sockets before the first test; each test looks at what became of those of one vendor.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from auricle.providers.call import Call, Choice, Served
from auricle.providers.metering import UsageRecord
from auricle.providers.ports import (
    END_OF_SPEECH,
    Audio,
    Capability,
    ChatMessage,
    EndOfSpeech,
    LanguageRequest,
    ProviderBusy,
    ProviderFailed,
    ProviderGarbled,
    ProviderRefused,
    ProviderTimeout,
    TextDelta,
    Transcript,
)
from auricle.providers.registry import vendors
from auricle.providers.routing import Router, router_for
from auricle.providers.vendor import CAPABILITIES
from auricle.settings import Hedging, Provider, Settings, Timeouts
from tests.begun import tasks_begun
from tests.emulators.server import Emulator, Fault
from tests.providers.contract.vendors import CASES, Case

TIMES = Timeouts(connect_s=4.0, first_s=4.0, gap_s=4.0, total_s=6.0)
STALL_S = 600.0  # far beyond every deadline
GUARD_S = 60.0  # whatever runs as long as this has no deadline at all
VENDORS_AT_ONCE, CALLS_AT_ONCE = 10, 10  # calls that wait do not count; more would be later than their deadlines
RATE_HZ = 16_000
PIECE = b"\x01\x00" * (RATE_HZ // 10)


@dataclass(frozen=True)
class Trouble:
    """A fault, how an attempt that meets it is metered, and over which wires it can be met."""

    fault: Fault
    status: str
    over: frozenset[str] = frozenset({"http", "socket"})


WORDS = TextDelta | Audio
WAYS = ("alone", "backed", "left")
BY_HTTP, BY_SOCKET = frozenset({"http"}), frozenset({"socket"})
NOT_THERE, WRONG_KEY = "refuses the connection", "does not know our key"
TROUBLES: Mapping[str, Trouble] = {
    NOT_THERE: Trouble(Fault(), "failed"),
    WRONG_KEY: Trouble(Fault(), "refused"),
    "is busy": Trouble(Fault("status", 429, {"retry-after": "20"}), "busy"),
    "is broken": Trouble(Fault("status", 500), "failed"),
    "is silent from the beginning": Trouble(Fault("stall_first", stall_s=STALL_S), "timeout"),
    "is silent once it is there": Trouble(Fault("stall_body", stall_s=STALL_S), "timeout"),
    "is silent in the middle": Trouble(Fault("stall_middle", stall_s=STALL_S), "timeout"),
    "is cut off": Trouble(Fault("cut"), "failed"),
    "just ends": Trouble(Fault("cut_quietly"), "failed"),
    "sends garbage": Trouble(Fault("malformed"), "failed"),
    "sends nothing": Trouble(Fault("empty"), "failed"),
    "tells of an error": Trouble(Fault("error_chunk"), "failed"),
    "sends a web page": Trouble(Fault("html"), "failed", BY_HTTP),
    "drips": Trouble(Fault("drip", pause_s=5.0), "timeout", BY_HTTP),
    "closes with an error": Trouble(Fault("close", 1011), "failed", BY_SOCKET),
    "closes with a refusal": Trouble(Fault("close", 1008), "refused", BY_SOCKET),
    "closes as it is busy": Trouble(Fault("close", 1013), "busy", BY_SOCKET),
}
STALLS = {name for name, trouble in TROUBLES.items() if trouble.fault.name.startswith("stall")}

# What can't be told from health, by vendor and capability. Speech as raw sound: shorter speech is speech, too.
RAW_SOUND = {"openai_compatible", "openai", "deepgram", "sarvam", "azure"}
# An end of speech may get no answer, or an empty one: nothing was said.
SILENT = {"sarvam": {"sends nothing"}, "sarvam-older": {"sends nothing", "is silent once it is there"}}

TYPES = {"busy": ProviderBusy, "refused": ProviderRefused, "timeout": ProviderTimeout, "failed": ProviderFailed}


async def heard(router: Router, call: Call) -> AsyncGenerator[object, None]:
    async def speech() -> AsyncIterator[bytes | EndOfSpeech]:
        for _ in range(6):
            yield PIECE
            await asyncio.sleep(0.001)
        yield END_OF_SPEECH

    async with aclosing(router.transcribe(call, speech(), rate_hz=RATE_HZ)) as events:
        async for one in events:
            yield one


async def whole(answer: Awaitable[object]) -> AsyncGenerator[object, None]:
    yield await answer


USES: Mapping[Capability, Callable[[Router, Call], AsyncGenerator[object, None]]] = {
    "stt": heard,
    "llm": lambda router, call: router.generate(call, LanguageRequest([ChatMessage("user", "Where do I sit?")])),
    "tts": lambda router, call: router.speak(call, "Please take a seat over there, the doctor will be with you soon."),
    "embedding": lambda router, call: whole(router.embed(call, ["My ear hurts.", "Where to?"] * 8, task="document")),
    "translation": lambda router, call: whole(router.translate(call, "Please take a seat.", source="en", target="hi")),
    "rerank": lambda router, call: whole(router.rerank(call, "Where?", ["Here.", "There."] * 8)),
}


@dataclass
class Outcome:
    """What became of one call."""

    events: list[object] = field(default_factory=list)
    error: BaseException | None = None
    metered: list[tuple[str, str]] = field(default_factory=list)
    has_ended: bool = False

    @property
    def words(self) -> int:
        return sum(len(e.text) if isinstance(e, TextDelta) else len(e.pcm) for e in self.events if isinstance(e, WORDS))

    @property
    def finals(self) -> int:
        return sum(isinstance(e, Transcript) and e.is_final for e in self.events)

    @property
    def served(self) -> list[str]:
        return [e.provider for e in self.events if isinstance(e, Served)]


@dataclass
class Met:
    """What became of one trouble: with nobody behind it, with `spare` behind it, and with a caller who goes away."""

    alone: Outcome
    backed: Outcome
    left: Outcome | None


@dataclass
class Fate:
    """What became of all calls of a vendor's capability; `usual` is that of a healthy call."""

    wire: str
    usual: Outcome
    met: dict[str, Met]

    def troubles(self, case: Case, capability: Capability) -> Iterator[tuple[str, Trouble, Met]]:
        spared = SILENT.get(str(case), set()) if capability == "stt" else set()
        if capability == "tts" and str(case) in RAW_SOUND:
            spared = {"just ends"}
        for name, met in self.met.items():
            if self.wire in TROUBLES[name].over and name not in spared:
                yield name, TROUBLES[name], met


class Ward:
    """A vendor with an account for each trouble and a healthy one, `spare`."""

    def __init__(
        self, case: Case, emulator: Emulator, router: Router, records: list[UsageRecord], calls: asyncio.Semaphore
    ) -> None:
        self.case, self.emulator, self.router, self.records, self.calls = case, emulator, router, records, calls

    async def fates(self) -> dict[Capability, Fate]:
        able = [c for c in CAPABILITIES if self.case.can(c)]
        wires = {}
        for capability in able:
            before = len(self.emulator.received)
            usual = await self.call(capability, "spare")
            wires[capability] = ("socket" if len(self.emulator.received) > before else "http", usual)
        found = await asyncio.gather(*[self._met(capability, name) for capability in able for name in TROUBLES])
        each = iter(found)
        return {c: Fate(*wires[c], {name: next(each) for name in TROUBLES}) for c in able}

    async def _met(self, capability: Capability, name: str) -> Met:
        left = self.call(capability, account(name, capability, "left"), name) if name in STALLS else nothing()
        return Met(
            *await asyncio.gather(
                self.call(capability, account(name, capability, "alone"), name),
                self.call(capability, account(name, capability, "backed"), name, "spare"),
                left,
            )
        )

    async def call(self, capability: Capability, first: str, trouble: str = "", *then: str) -> Outcome:
        """A call to an account with a trouble. One that is `left` is ended in the middle, as by who hangs up."""
        outcome, organization = Outcome(), uuid4()
        voice = self.case.tts.voice if capability == "tts" else None
        choices = [Choice(name, voice=voice) for name in (first, *then)]
        call = Call(organization, choices, "hi" if capability == "translation" else "en", retries=0, timeouts=TIMES)

        async def read() -> None:
            async with aclosing(USES[capability](self.router, call)) as events:
                async for one in events:
                    outcome.events.append(one)

        async with self.calls:
            task = asyncio.create_task(read())
            while not task.done() and not (trouble in STALLS and self._is_stuck(first, trouble, outcome)):
                await asyncio.wait({task}, timeout=0.03)
        if first.endswith("left"):
            task.cancel()
        done, _ = await asyncio.wait({task}, timeout=GUARD_S)
        outcome.has_ended = task in done
        task.cancel()
        if outcome.has_ended:
            outcome.error = asyncio.CancelledError() if task.cancelled() else task.exception()
        outcome.metered = [(r.provider, r.status) for r in self.records if r.organization_id == organization]
        return outcome

    def _is_stuck(self, first: str, trouble: str, outcome: Outcome) -> bool:
        """Whether the call has come as far as it will for a while."""
        if "in the middle" in trouble and any(isinstance(e, WORDS) for e in outcome.events):
            return True
        return any(str(r["path"]).startswith(f"/{first}/") for r in self.emulator.requests)


async def nothing() -> None:
    return None


def account(trouble: str, capability: Capability, way: str) -> str:
    return f"{trouble.replace(' ', '-')}-{capability}-{way}"


def given(case: Case, url: str, key: str) -> Provider:
    return Provider(vendor=case.vendor, url=url, key=SecretStr(key), **case.given)


@asynccontextmanager
async def ward(case: Case, folder: Path, calls: asyncio.Semaphore) -> AsyncIterator[Ward]:
    assert case.emulator is not None
    nobody = case.emulator()
    async with case.emulator() as emulator:
        settings = {"spare": given(case, emulator.account("spare"), emulator.key)}
        for (name, trouble), capability, way in product(TROUBLES.items(), CAPABILITIES, WAYS):
            one = account(name, capability, way)
            url = nobody.url if name == NOT_THERE else emulator.account(one, trouble.fault)
            settings[one] = given(case, url, "a-wrong-key" if name == WRONG_KEY else emulator.key)
        records: list[UsageRecord] = []
        router = router_for(Settings(data_dir=folder, providers=settings, hedging=Hedging(share=0)), records.append)
        yield Ward(case, emulator, router, records, calls)
        await router.aclose()
        async with asyncio.timeout(GUARD_S):
            while emulator.open_streams:
                await asyncio.sleep(0.02)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def matrix(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[Capability, Fate]]:
    at_once, calls = asyncio.Semaphore(VENDORS_AT_ONCE), asyncio.Semaphore(CALLS_AT_ONCE)

    async def of(case: Case) -> dict[Capability, Fate]:
        async with at_once, ward(case, tmp_path_factory.mktemp("ward"), calls) as one:
            return await one.fates()

    with tasks_begun() as running:
        fates = await asyncio.gather(*[of(case) for case in EMULATED])
        assert not running(), "tasks are left running"
    return {str(case): fate for case, fate in zip(EMULATED, fates, strict=True)}


EMULATED = [case for case in CASES if case.emulator is not None]
every = pytest.mark.parametrize(
    ("case", "capability"),
    [pytest.param(case, c, id=f"{case}-{c}") for case in EMULATED for c in CAPABILITIES if case.can(c)],
)
Matrix = dict[str, dict[Capability, Fate]]
pytestmark = pytest.mark.xdist_group("fault matrix")


@every
def test_without_a_fault_the_answer_is_whole(matrix: Matrix, case: Case, capability: Capability) -> None:
    usual = matrix[str(case)][capability].usual
    assert (usual.error, usual.metered) == (None, [("spare", "ok")])


@every
def test_each_fault_ends_in_its_type_within_its_deadline_and_is_metered_once(
    matrix: Matrix, case: Case, capability: Capability
) -> None:
    wrong = {}
    for name, trouble, met in matrix[str(case)][capability].troubles(case, capability):
        outcome, kind = met.alone, TYPES[trouble.status]
        is_right = (
            type(outcome.error) in (kind, ProviderGarbled)
            if kind is ProviderFailed
            else (isinstance(outcome.error, kind))
        )
        if (
            not is_right
            or not outcome.has_ended
            or outcome.metered != [(account(name, capability, "alone"), trouble.status)]
        ):
            wrong[name] = (outcome.error, outcome.metered)
    assert not wrong


@every
def test_no_fault_lets_a_vendors_prose_or_a_key_out(matrix: Matrix, case: Case, capability: Capability) -> None:
    for _, _, met in matrix[str(case)][capability].troubles(case, capability):
        error = met.alone.error
        said = f"{error!r} {error} {getattr(error, 'context', '')} {error.__cause__!r}" if error else ""
        assert "private words" not in said and "a-wrong-key" not in said


@every
def test_the_next_takes_over_before_the_first_words_and_never_after(
    matrix: Matrix, case: Case, capability: Capability
) -> None:
    fate, wrong = matrix[str(case)][capability], {}
    for name, trouble, met in fate.troubles(case, capability):
        first, outcome = (account(name, capability, "backed"), trouble.status), met.backed
        if met.alone.words:
            is_right = type(outcome.error) is type(met.alone.error) and outcome.metered == [first]
        else:
            is_right = (outcome.error, outcome.metered) == (None, [first, ("spare", "ok")])
            is_right &= outcome.words == fate.usual.words and outcome.finals == fate.usual.finals
            is_right &= not outcome.served or outcome.served[-1] == "spare"
        if not is_right:
            wrong[name] = (outcome.error, outcome.metered, outcome.served, outcome.words, outcome.finals)
    assert not wrong


@every
def test_a_caller_who_leaves_a_silent_provider_is_metered_once(
    matrix: Matrix, case: Case, capability: Capability
) -> None:
    for name, _, met in matrix[str(case)][capability].troubles(case, capability):
        if met.left is not None:
            assert isinstance(met.left.error, asyncio.CancelledError), name
            assert met.left.metered == [(account(name, capability, "left"), "cancelled")]


def test_every_vendor_that_is_asked_over_a_wire_is_in_the_matrix() -> None:
    emulated = {case.vendor for case in EMULATED}
    assert {name for name, vendor in vendors().items() if vendor.needs_url} == emulated
