"""PostgreSQL goes away in the middle of a conversation: the conversation goes on, and nothing that was said is lost."""

import asyncio
import base64
import os
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import pytest
import pytest_asyncio

from auricle.db.embedded import Server, running
from auricle.db.migrate import migrate
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from tests.channels.conftest import Clinic, clinic_at, settings_with
from tests.channels.talking import answered, eventually, message, send, socket, streaming, type_in
from tests.emulators.elevenlabs import ElevenLabsEmulator
from tests.emulators.openai_chat import WORDS, Fault, OpenAIEmulator
from tests.running_service import Service, served

pytestmark = pytest.mark.slow

CALLS, AWAY_S = (20, 10.0) if os.environ.get("AURICLE_TEST_LONG") == "1" else (5, 3.0)
SPEECH_VARIES = 0.02  # the same words take a few samples more or less; a filler may come before them


@pytest.fixture(scope="module")
def mortal(traversable_folder: Path) -> Iterator[Server]:
    """A server of our own, that may be killed. It writes durably: what it acknowledged must be there afterwards."""
    with running(traversable_folder / "mortal") as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(
    mortal: Server,
    traversable_folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    emulated: OpenAIEmulator,
    voices: ElevenLabsEmulator,
) -> AsyncIterator[Clinic]:
    emulated.forget()
    emulated.words = list(WORDS)
    migrate(mortal.urls.owner)
    database = Database(mortal.urls.app)
    settings = settings_with(mortal.urls, tmp_path_factory.mktemp("mortal"), emulated, voices)
    with served(settings):
        async with clinic_at(Service(settings, database, Keyring(bytes(range(32))))) as one:
            yield one
        await database.close()


def kill(server: Server) -> None:
    os.kill(server.pid, signal.SIGKILL)
    while server.is_alive():
        os.sched_yield()


async def test_a_call_goes_on_and_no_word_is_lost(clinic: Clinic, mortal: Server) -> None:
    opened = await clinic.opened(type="voice")
    said = [f"Where do I sit when I come in for the {n} time" for n in ("first", "second", "third")]
    async with socket(clinic, opened["consultation_id"]) as live:
        await type_in(live, said[0])
        answers = [await answered(live)]
        kill(mortal)
        await type_in(live, said[1])
        answers.append(await answered(live))
        await asyncio.sleep(1)
        mortal.restart()
        await type_in(live, said[2])
        answers.append(await answered(live))
    kept = await eventually(lambda: clinic.transcript(opened["consultation_id"]), lambda k: len(k) >= 6, 30)
    assert [m["text"] for m in kept if m["sender"] == "patient"] == said
    assert [m["text"] for m in kept if m["sender"] == "assistant"] == answers
    assert all(answers)


@dataclass
class Call:
    """What one caller said and heard: questions, answers, and the bytes of sound of each answer."""

    consultation_id: str
    said: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    sounds: list[int] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # kinds of messages that nobody hopes for
    talked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def transcript(self) -> list[str]:
        return [text for pair in zip(self.said, self.answers, strict=True) for text in pair]


async def talk(clinic: Clinic, call: Call, is_back: asyncio.Event) -> None:
    """Ask one question after the other, until one was answered after the database was back."""
    async with socket(clinic, call.consultation_id) as live:
        is_last = False
        while not is_last:
            is_last = is_back.is_set()
            call.said.append(f"Where do I sit when I come in for appointment number {len(call.said) + 1}")
            call.sounds.append(0)
            await type_in(live, call.said[-1])
            while (told := await message(live))["type"] != "metrics":  # the answer was played
                if told["type"] == "audio_chunk":
                    call.sounds[-1] += len(base64.b64decode(told["data"]))
                elif told["type"] == "ai_response" and told["is_final"]:
                    call.answers.append(told["text"])
                elif told["type"] in ("error", "interrupted"):
                    call.others.append(told["type"])
            call.talked.set()


def processes(server: Server) -> list[psutil.Process]:
    postmaster = psutil.Process(server.pid)
    return [postmaster, *postmaster.children(recursive=True)]


async def die(server: Server) -> None:
    kill(server)
    await asyncio.sleep(AWAY_S)
    server.restart()


async def freeze(server: Server) -> None:
    """Connections stay open, and nothing is answered: worse than a server that is gone."""
    frozen = processes(server)
    for process in frozen:
        process.suspend()
    await asyncio.sleep(AWAY_S)
    for process in frozen:
        process.resume()


@pytest.mark.parametrize("leave", [die, freeze])
async def test_calls_go_on_unharmed_while_the_database_is_away_and_every_word_is_kept_in_order(
    clinic: Clinic, mortal: Server, emulated: OpenAIEmulator, leave: Callable[[Server], Awaitable[None]]
) -> None:
    emulated.words = list(WORDS)
    calls = [Call((await clinic.opened(type="voice"))["consultation_id"]) for _ in range(CALLS)]
    is_back = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(talk(clinic, call, is_back))
        for call in calls:
            await call.talked.wait()
        await leave(mortal)
        is_back.set()
    for call in calls:
        kept = await eventually(
            lambda call=call: clinic.transcript(call.consultation_id),  # type: ignore[misc]
            lambda kept, call=call: len(kept) >= len(call.transcript),  # type: ignore[misc]
            60,
        )
        assert [m["text"] for m in kept] == call.transcript
        assert not call.others
    lengths = defaultdict(list)
    for call in calls:
        for answer, sound in zip(call.answers, call.sounds, strict=True):
            lengths[answer].append(sound)
    for answer, of_one in lengths.items():
        assert min(of_one) > (1 - SPEECH_VARIES) * median(of_one), f"cut or broken: {answer}"


async def test_a_message_that_could_not_be_kept_is_refused_and_can_be_sent_again(
    clinic: Clinic, mortal: Server
) -> None:
    opened = await clinic.opened()
    kill(mortal)
    try:
        refused = await send(clinic, opened["session_id"], "Where do I sit when I come in")
        assert refused.status_code == 503
    finally:
        mortal.restart()
    await send_again(clinic, opened["session_id"])
    assert [m["sender"] for m in await clinic.transcript(opened["consultation_id"])] == ["patient", "assistant"]


async def test_a_stream_whose_turn_could_not_be_kept_says_so_at_its_end(
    clinic: Clinic, mortal: Server, emulated: OpenAIEmulator
) -> None:
    opened = await clinic.opened()
    emulated.words = ["Please bring your old hearing aid.", " And your", " list of medicines."]
    emulated.next(Fault("stall_middle", stall_s=0.3))
    events = []
    try:
        async for event in streaming(clinic, opened["session_id"], "What should I bring along"):
            if not events:
                kill(mortal)
            events.append(event)
    finally:
        mortal.restart()
    kind, told = events[-1]
    assert (kind, told["error_code"]) == ("error", "database.unavailable")
    await send_again(clinic, opened["session_id"])
    assert [m["sender"] for m in await clinic.transcript(opened["consultation_id"])] == ["patient", "assistant"]


async def send_again(clinic: Clinic, session_id: str) -> None:
    async def attempt() -> int:
        return (await send(clinic, session_id, "Where do I sit when I come in")).status_code

    assert await eventually(attempt, lambda status: status == 200) == 200
