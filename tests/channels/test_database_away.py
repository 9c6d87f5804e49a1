"""PostgreSQL goes away in the middle of a conversation: the conversation goes on, and nothing that was said is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from auricle.db.embedded import Server, running
from auricle.db.migrate import migrate
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from tests.channels.conftest import Clinic, clinic_at, settings_with
from tests.channels.talking import answered, eventually, send, socket, streaming, type_in
from tests.emulators.openai_chat import WORDS, Fault, OpenAIEmulator
from tests.running_service import Service, served

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mortal(traversable_folder: Path) -> Iterator[Server]:
    """A server of our own, that may be killed. It writes durably: what it acknowledged must be there afterwards."""
    with running(traversable_folder / "mortal") as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clinic(
    mortal: Server, traversable_folder: Path, tmp_path_factory: pytest.TempPathFactory, emulated: OpenAIEmulator
) -> AsyncIterator[Clinic]:
    emulated.forget()
    emulated.words = list(WORDS)
    migrate(mortal.urls.owner)
    database = Database(mortal.urls.app)
    settings = settings_with(mortal.urls, tmp_path_factory.mktemp("mortal"), emulated)
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
