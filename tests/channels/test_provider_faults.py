"""Whatever befalls hearing, thinking or speaking: the patient hears something sensible, and the next turn is healthy.

All calls are held at once, over real sockets, before the first test; each test looks at what became of one of them.
"""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

import pytest
import pytest_asyncio
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection

from auricle.agents.config import AgentConfig
from auricle.channels.prepared import apology_text
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.settings import Hedging, Provider, Timeouts, Voice
from tests import builders
from tests.channels.conftest import Clinic, clinic_at
from tests.channels.talking import eventually, message, socket, speak, type_in
from tests.conftest import Template
from tests.emulators.openai_chat import WORDS, Fault, OpenAIEmulator
from tests.running_service import Service, served, settings_for

QUESTION = "What should I bring along to my first appointment"
ANSWER = "".join(WORDS)
APOLOGY = apology_text("en")
AT_ONCE = 8  # calls; more would be later than their deadlines on a busy machine
BYTES_PER_S = 32_000
FILLER_S = 0.4  # more sound than this before any answer is the filler
DEADLINES = Timeouts(connect_s=2.0, first_s=2.6, gap_s=2.6, total_s=20.0)
VOICE = Voice(reply_deadline_s=4.0, max_lag_s=5.0, max_calls=200)

Capability = Literal["stt", "llm", "tts"]
Backing = Literal["backed", "alone"]
CAPABILITIES: tuple[Capability, ...] = ("stt", "llm", "tts")
BACKINGS: tuple[Backing, ...] = ("backed", "alone")


@dataclass(frozen=True)
class Trouble:
    """A fault, how its attempts are metered, and the code the turn keeps where nobody else could serve it."""

    fault: Fault
    status: str
    code: str
    heal_s: float = 0.0  # how long the provider asked to be left alone


REFUSED = "refuses the connection"
TROUBLES = {
    REFUSED: Trouble(Fault(), "failed", "provider.failed"),
    "hangs": Trouble(Fault("stall_first", stall_s=8), "timeout", "provider.timeout"),
    "sends its first byte late": Trouble(Fault("stall_body", stall_s=8), "timeout", "provider.timeout"),
    "is cut in the middle": Trouble(Fault("cut"), "failed", "provider.failed"),
    "sends garbage": Trouble(Fault("malformed"), "failed", "provider.garbled"),
    "is busy": Trouble(Fault("status", 429), "busy", "provider.busy", heal_s=1.1),
    "is busy for long": Trouble(Fault("status", 429, {"retry-after": "2"}), "busy", "provider.busy", heal_s=2.1),
    "drips": Trouble(Fault("drip", pause_s=0.4), "timeout", "provider.timeout"),
    "is broken": Trouble(Fault("status", 500), "failed", "provider.failed"),
    "sends a web page": Trouble(Fault("html"), "failed", "provider.garbled"),
}
IN_THE_MIDDLE = {  # some of the answer was given: no other provider begins it anew
    ("llm", "is cut in the middle"),
    ("llm", "sends garbage"),
    ("tts", "is cut in the middle"),
    ("tts", "drips"),
}
LATE = {(c, name) for c in ("llm", "tts") for name in ("hangs", "sends its first byte late")} | {("llm", "drips")}

Case = tuple[Capability, str, Backing]
# Those that hear and those that hang are spread: hearing is what costs, and a turn waits but two seconds for its words.
CASES: list[Case] = [(c, name, backing) for name, backing, c in product(TROUBLES, BACKINGS, CAPABILITIES)]
every_case = pytest.mark.parametrize("case", CASES, ids=[" ".join(case) for case in CASES])


@dataclass
class Heard:
    """One turn as it came over the socket: sentences and bytes of sound, in their order."""

    pieces: list[str | int] = field(default_factory=list)
    answer: str = ""

    def sound_s(self, *, before: str | None = None) -> float:
        """Seconds of sound, all or those before a sentence."""
        end = self.pieces.index(before) if before is not None else len(self.pieces)
        return sum(piece for piece in self.pieces[:end] if isinstance(piece, int)) / BYTES_PER_S


@dataclass
class Outcome:
    troubled: Heard
    healthy: Heard
    kept: list[dict[str, Any]]
    usage: list[tuple[str, str, int]]


def account(case: Case) -> str:
    capability, trouble, backing = case
    return f"{capability}-{trouble.replace(' ', '-')}-{backing}"


def agent_config(case: Case) -> AgentConfig:
    """All three capabilities from the healthy account, one of them first from the troubled one."""
    capability, _, backing = case
    troubled, spare = {"provider": account(case)}, {"provider": "spare"}
    chosen = [troubled, spare] if backing == "backed" else [troubled]
    lists = {one: chosen if one == capability else [spare] for one in CAPABILITIES}
    providers = {one: choices if one == "llm" else {"default": choices} for one, choices in lists.items()}
    return AgentConfig.model_validate({"name": account(case), "greeting": {}, "providers": providers})


@dataclass
class Evening:
    """The emulated providers: one server, and one that is down for each call that wants one."""

    up: OpenAIEmulator
    down: dict[Case, OpenAIEmulator]
    stack: AsyncExitStack

    def url(self, case: Case) -> str:
        if case in self.down:
            return self.down[case].url
        return self.up.account(account(case), TROUBLES[case[1]].fault)

    async def heal(self, case: Case) -> None:
        if case in self.down:
            await self.stack.enter_async_context(self.down[case])
        self.up.heal(account(case))
        await asyncio.sleep(TROUBLES[case[1]].heal_s)


def provider(url: str, key: str) -> Provider:
    return Provider(url=url, key=SecretStr(key), llm="a-model", stt="some-ears", tts="a-voice")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outcomes(
    template: Template, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[Case, Outcome | BaseException]]:
    async with AsyncExitStack() as stack:
        up = await stack.enter_async_context(OpenAIEmulator())
        evening = Evening(up, {case: OpenAIEmulator() for case in CASES if case[1] == REFUSED}, stack)
        providers = {account(case): provider(evening.url(case), up.key) for case in CASES}
        providers["spare"] = provider(up.account("spare"), up.key)
        urls = template.copy()
        settings = settings_for(
            urls,
            tmp_path_factory.mktemp("faults"),
            providers=providers,
            timeouts=DEADLINES,
            voice=VOICE,
            hedging=Hedging(share=0),  # so that every fault is met to its end
        )
        database = Database(urls.app)
        with served(settings):
            async with clinic_at(Service(settings, database, Keyring(bytes(range(32))))) as clinic:
                lines = asyncio.Semaphore(AT_ONCE)
                calls = [called(clinic, evening, lines, case) for case in CASES]
                yield dict(zip(CASES, await asyncio.gather(*calls, return_exceptions=True), strict=True))
            await database.close()


async def called(clinic: Clinic, evening: Evening, lines: asyncio.Semaphore, case: Case) -> Outcome:
    """A call of two turns: one with the trouble, one without."""
    made = await builders.make_agent(clinic.service.database, clinic.system, agent_config(case))
    clinic.agents[account(case)] = made.agent_id
    async with lines:
        opened = await clinic.opened(account(case), "voice")
        async with socket(clinic, opened["consultation_id"]) as live:
            troubled = await turn(live, case[0])
            await evening.heal(case)
            await live.send('{"type":"interrupt"}')
            healthy = await turn(live, case[0])
        kept = await eventually(
            lambda: clinic.transcript(opened["consultation_id"]),
            lambda kept: [m["sender"] for m in kept].count("assistant") >= 2,
        )
        usage = await eventually(
            lambda: clinic.usage(opened["consultation_id"], case[0]),
            lambda rows: ("ok" in {status for _, status, _ in rows}) and len(rows) >= 2,
        )
    return Outcome(troubled, healthy, kept, usage)


async def turn(live: ClientConnection, capability: Capability) -> Heard:
    asking = asyncio.create_task(speak(live, "08-hours.wav") if capability == "stt" else type_in(live, QUESTION))
    heard = Heard()
    while not heard.answer:
        told = await message(live)
        if told["type"] == "audio_chunk":
            heard.pieces.append(len(base64.b64decode(told["data"])))
        elif told["type"] == "ai_response" and told["is_final"]:
            heard.answer = told["text"]
        elif told["type"] == "ai_response":
            heard.pieces.append(told["text"].strip())
    await asking
    while heard.sound_s() < FILLER_S / 2:  # the last words may be on their way still
        if (told := await message(live))["type"] == "audio_chunk":
            heard.pieces.append(len(base64.b64decode(told["data"])))
    return heard


def outcome_of(outcomes: dict[Case, Outcome | BaseException], case: Case) -> Outcome:
    outcome = outcomes[case]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def is_served(case: Case) -> bool:
    return case[2] == "backed" and (case[0], case[1]) not in IN_THE_MIDDLE


@every_case
async def test_the_turn_is_served_by_the_next_provider_or_ends_in_the_apology(
    outcomes: dict[Case, Outcome | BaseException], case: Case
) -> None:
    heard = outcome_of(outcomes, case).troubled
    if is_served(case):
        assert heard.answer == ANSWER
    else:
        assert heard.answer.endswith(APOLOGY)
    assert heard.sound_s() > 0


@pytest.mark.parametrize("case", [c for c in CASES if c[2] == "alone" and (c[0], c[1]) in LATE], ids=" ".join)
async def test_a_patient_who_waits_for_long_hears_a_filler_before_the_apology(
    outcomes: dict[Case, Outcome | BaseException], case: Case
) -> None:
    assert outcome_of(outcomes, case).troubled.sound_s(before=APOLOGY) > FILLER_S


@every_case
async def test_the_next_turn_of_the_same_call_is_healthy(
    outcomes: dict[Case, Outcome | BaseException], case: Case
) -> None:
    outcome = outcome_of(outcomes, case)
    assert outcome.healthy.answer == ANSWER
    assert outcome.healthy.sound_s() > 0
    assert outcome.kept[-1]["text"] == ANSWER and outcome.kept[-1]["errors"] == []


@every_case
async def test_the_turn_is_on_record_with_what_went_wrong(
    outcomes: dict[Case, Outcome | BaseException], case: Case
) -> None:
    outcome = outcome_of(outcomes, case)
    first = next(m for m in outcome.kept if m["sender"] == "assistant")
    assert first["text"] == outcome.troubled.answer
    assert first["errors"] == ([] if is_served(case) else [TROUBLES[case[1]].code])
    patient = [m for m in outcome.kept if m["sender"] == "patient"]
    assert len(patient) == (1 if case[0] == "stt" and case[2] == "alone" else 2)  # unheard words can't be kept


@every_case
async def test_each_turn_says_who_served_it(outcomes: dict[Case, Outcome | BaseException], case: Case) -> None:
    outcome, capability = outcome_of(outcomes, case), case[0]
    troubled, healthy = (
        [m for m in outcome.kept if m["sender"] == ("patient" if capability == "stt" else "assistant")][n]
        for n in (0, -1)
    )
    named = {"stt": "some-ears", "llm": "a-model", "tts": "a-voice"}[capability]
    spare, first = ({"provider": p, "model": named} for p in ("spare", account(case)))
    if is_served(case):
        assert troubled["served"][capability] == [spare]
    elif case[:2] in IN_THE_MIDDLE:
        assert troubled["served"][capability] == [first]
    elif capability != "stt":
        assert capability not in troubled["served"]  # nobody did
    assert healthy["served"][capability] in ([spare], [first])
    other = {"stt": set(), "llm": {"tts"}, "tts": {"llm"}}[capability]
    assert set(healthy["served"]) == {capability, *other}


@every_case
async def test_each_attempt_is_metered_as_it_ended(outcomes: dict[Case, Outcome | BaseException], case: Case) -> None:
    usage = outcome_of(outcomes, case).usage
    mine = [status for name, status, _ in usage if name == account(case)]
    drips_sound = case[:2] == ("tts", "drips")  # it answers, if too slowly for a listener: we hang up on it
    status = "cancelled" if drips_sound else TROUBLES[case[1]].status
    assert mine[0] == status
    given_up = {"cancelled"} if status == "timeout" else set()  # on a busy machine patience may end within the second
    assert set(mine[1:]) <= {status, "ok", *given_up}
    if is_served(case):
        assert ("spare", "ok", 2) in usage
