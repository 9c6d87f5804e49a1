"""Tools that take long, hang, or outlive the answer that called them."""

import asyncio
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from auricle.agents.tools import loop as tool_loop
from auricle.agents.tools.tool import Effect, Errand, Tool, arguments_schema
from auricle.agents.tools.toolbox import BUILT_IN
from auricle.consultations.answer import answer
from auricle.providers.ports import ChatMessage, TextDelta
from tests.agents.conftest import Clinic, Room, asks, results_in, scripted, told
from tests.emulators.openai_chat import OpenAIEmulator, Scripted


class Slow:
    """A tool whose length a test decides. `began` and `ended` tell how far it came."""

    def __init__(self, effect: Effect, *, timeout_s: float = 3.0) -> None:
        self.began, self.go, self.ended, self.cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event(), False
        question = BUILT_IN["end_call"].question if effect is Effect.WRITE else None
        self.tool = Tool("slow", "Slow.", arguments_schema(), effect, self._run, timeout_s=timeout_s, question=question)

    async def _run(self, errand: Errand, arguments: Any) -> Any:
        self.began.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.ended.set()
        return {"slow": "done"}

    def into(self, room: Room) -> None:
        room.talk.carried.tools = {"slow": self.tool}


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool_loop, "FILLER_AFTER_S", 0.15)


@pytest.mark.parametrize(("language", "words"), [("en", "One moment"), ("hi", "एक क्षण"), ("ta", "ஒரு நிமிடம்")])
async def test_the_patient_hears_a_word_while_a_tool_takes_long(
    clinic: Clinic, emulated: OpenAIEmulator, language: str, words: str
) -> None:
    slow = Slow(Effect.READ)
    emulated.script = scripted(asks("slow"), Scripted("Here it is."))
    room = await clinic.room(language=language)
    slow.into(room)
    turn = asyncio.create_task(room.says("Please look"))
    await slow.began.wait()
    await asyncio.sleep(0.5)
    slow.go.set()
    text = (await turn).text
    assert text.startswith(words) and text.endswith("Here it is.")


async def test_a_model_that_has_spoken_already_needs_no_filler(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    slow = Slow(Effect.READ)
    emulated.script = scripted(asks("slow", text="Let me look."), Scripted("Here it is."))
    room = await clinic.room()
    slow.into(room)
    asyncio.get_running_loop().call_later(0.5, slow.go.set)
    text = (await room.says("Please look")).text
    assert text.split() == ["Let", "me", "look.", "Here", "it", "is."]


async def test_a_tool_that_hangs_is_given_up_and_the_answer_goes_on(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    slow = Slow(Effect.READ, timeout_s=0.3)
    emulated.script = scripted(asks("slow"), Scripted("I can't reach it."))
    room = await clinic.room()
    slow.into(room)
    assert (await room.says("Please look")).text.endswith("I can't reach it.")
    assert slow.cancelled and await room.calls() == [("slow", "failed")]
    assert "too long" in told(results_in(emulated.requests[-1]["body"])[0])["error"]


async def test_a_tool_that_fails_is_told_without_its_words(clinic: Clinic, emulated: OpenAIEmulator) -> None:
    async def broken(errand: Errand, arguments: Any) -> Any:
        raise RuntimeError("secret of the inside")

    emulated.script = scripted(asks("slow"), Scripted("It did not work."))
    room = await clinic.room()
    room.talk.carried.tools = {"slow": replace(Slow(Effect.READ).tool, run=broken)}
    await room.says("Please look")
    assert "secret" not in str(emulated.requests[-1]["body"])


async def interrupted(room: Room, text: str, began: asyncio.Event, *, cancel: bool) -> "asyncio.Task[None]":
    """A turn that is broken off once the tool has begun: by closing its generator, or by cancelling its task."""

    async def turn() -> None:
        pieces = answer(room.assembly, room.talk, text, "en", tuple(room.history), turn_id=uuid4())
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, TextDelta) and began.is_set() and not cancel:
                    return  # leaves while the tool runs

    task = asyncio.create_task(turn())
    await began.wait()
    if cancel:
        await asyncio.sleep(0.3)
        task.cancel()
    return task


@pytest.mark.parametrize("cancel", [True, False])
async def test_a_read_is_cancelled_with_its_answer(clinic: Clinic, emulated: OpenAIEmulator, cancel: bool) -> None:
    slow = Slow(Effect.READ)
    emulated.script = scripted(asks("slow"))
    room = await clinic.room()
    slow.into(room)
    task = await interrupted(room, "Please look", slow.began, cancel=cancel)
    with suppress(asyncio.CancelledError):
        await task
    assert slow.cancelled


@pytest.mark.parametrize("cancel", [True, False])
async def test_a_write_that_has_begun_is_finished_and_the_next_turn_is_told(
    clinic: Clinic, emulated: OpenAIEmulator, cancel: bool
) -> None:
    slow = Slow(Effect.WRITE)
    emulated.script = scripted(asks("slow"))
    room = await clinic.room("book_appointment")
    slow.into(room)
    await room.says("Do it")
    task = await interrupted(room, "Yes", slow.began, cancel=cancel)
    await asyncio.sleep(0.2)
    assert not task.done() and await room.calls() == [("slow", "running")]
    slow.go.set()
    with suppress(asyncio.CancelledError):
        await task
    assert slow.ended.is_set() and not slow.cancelled and await room.calls() == [("slow", "late")]

    room.history += [ChatMessage("user", "Yes"), ChatMessage("assistant", "One")]
    emulated.script = scripted(Scripted("It is done."))
    await room.says("Hello?")
    messages = str(emulated.requests[-1]["body"]["messages"])
    assert "slow with {} was called already" in messages
    assert await room.calls() == [("slow", "done")]


async def test_a_write_that_hangs_after_an_interruption_is_given_up_within_its_own_time(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    slow = Slow(Effect.WRITE, timeout_s=0.6)
    emulated.script = scripted(asks("slow"))
    room = await clinic.room("book_appointment")
    slow.into(room)
    await room.says("Do it")
    task = await interrupted(room, "Yes", slow.began, cancel=True)
    async with asyncio.timeout(5):
        with suppress(asyncio.CancelledError):
            await task
    assert slow.cancelled and await room.calls() == [("slow", "late")]


async def test_a_write_that_is_under_way_is_neither_asked_about_again_nor_begun_twice(
    clinic: Clinic, emulated: OpenAIEmulator
) -> None:
    slow = Slow(Effect.WRITE)
    emulated.script = scripted(asks("slow"))
    room = await clinic.room("book_appointment")
    slow.into(room)
    await room.says("Do it")
    twin = Room(room.assembly, replace(room.talk, carried=type(room.talk.carried)()), list(room.history))
    slow.into(twin)
    emulated.script = lambda body: Scripted("It is.") if results_in(body) else asks("slow")
    first = asyncio.create_task(room.says("Yes"))
    await slow.began.wait()
    assert (await twin.says("Yes")).text == "It is."
    assert told(results_in(emulated.requests[-1]["body"])[0])["error"] == "already"
    slow.go.set()
    assert (await first).text.endswith("It is.")
    assert await room.calls() == [("slow", "done")]
