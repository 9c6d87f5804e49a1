"""An answer with tools: the model speaks or asks for tools, their results go back to it as data, and it goes on.

What the model can't do here, whatever it was talked into: call what the actor may not, reach another patient, call more
than a few times, or change anything before the patient has heard exactly what and said yes.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from auricle.agents.tools.consent_words import affirms, say, takes_leave
from auricle.agents.tools.ledger import Called, Ledger, Proposal, Standing
from auricle.agents.tools.tool import Effect, Errand, Tool, ToolRefused, canonical, wrapped_result
from auricle.errors import AuricleError
from auricle.log import event
from auricle.providers.call import Served
from auricle.providers.ports import (
    ChatMessage,
    LanguageEvent,
    LanguageRequest,
    ProviderGarbled,
    TextDelta,
    ToolCall,
    Usage,
)
from auricle.voice.backchannel import words_of
from auricle.voice.ports import EndCall, HandOver

log = logging.getLogger(__name__)

ALREADY = {"error": "already", "message": "This was done already, or is under way."}
UNKNOWN = "(unknown)"  # the name of a tool that there is not
MAX_ROUNDS = 4
MAX_CALLS = 8
MAX_RESULT_CHARACTERS = 4_000
FILLER_AFTER_S = 0.7
ALIVE_EVERY_S = 2.0  # a tool at work is no silence of the provider's: whoever reads is told that we go on

Piece = TextDelta | Served | Usage | EndCall | HandOver
Generate = Callable[[LanguageRequest], AsyncGenerator[Served | LanguageEvent, None]]


class OnlyTools(ProviderGarbled):
    """The model called tools until it might no more, and said nothing."""

    code = "provider.only_tools"


@dataclass(frozen=True, slots=True)
class OwnWords(TextDelta):
    """Words of the code, in the patient's language already."""


@dataclass(slots=True)
class Hearing:
    """What the patient just said, and what they had heard before."""

    said: str
    history: Sequence[ChatMessage]
    confirmed: asyncio.Event  # the transcript is final

    def heard(self, question: str) -> bool:
        """Whether the last thing the patient heard of the agent ends in this question, whole."""
        last = next((m.content for m in reversed(self.history) if m.role == "assistant"), "")
        asked = words_of(question)
        return bool(asked) and words_of(last)[-len(asked) :] == asked


@dataclass(slots=True)
class ToolLoop:
    """One answer. `pieces` runs it, once, to be read under `aclosing`."""

    errand: Errand
    tools: Mapping[str, Tool]
    ledger: Ledger
    standing: Standing
    hearing: Hearing
    generate: Generate
    spoke: bool = False
    touched: bool = False  # what is open between turns has changed
    _left: int = MAX_CALLS
    _over: bool = False  # the answer ends here: a question was asked, or the call ends
    _began_write: bool = False
    _abandoned: bool = False
    _done: list[tuple[str, Mapping[str, Any], Any]] = field(default_factory=list)  # writes of this answer
    _ending: EndCall | HandOver | None = None
    _question: str = ""
    _to_note: list[Called] = field(default_factory=list)

    async def pieces(self, request: LanguageRequest) -> AsyncGenerator[Piece, None]:
        messages = list(request.messages)
        specs = [tool.spec for tool in self.tools.values()]
        for number in range(MAX_ROUNDS + 1):
            offered = specs if number < MAX_ROUNDS and self._left > 0 and self._ending is None else []
            text, calls = "", list[ToolCall]()
            async with aclosing(self.generate(replace(request, messages=messages, tools=offered))) as events:
                async for one in events:
                    match one:
                        case TextDelta():
                            yield self._joined(one, begins=not text)
                            text += one.text
                        case ToolCall():
                            calls.append(one)
                        case Served() | Usage():
                            yield one
            if not calls or not offered:
                break
            messages.append(ChatMessage("assistant", text, tool_calls=tuple(calls)))
            async with aclosing(self._called(calls, messages)) as working:
                async for piece in working:
                    yield piece
            if self._question:
                yield OwnWords(f"\n{self._question}" if self.spoke else self._question)  # a sentence of its own
                self.spoke = True
            if self._over and self.spoke:
                break
        if self._ending is not None:
            yield self._ending
        elif not self.spoke:
            raise OnlyTools(capability="llm")

    def _joined(self, delta: TextDelta, *, begins: bool) -> TextDelta:
        """A new round's words begin a new sentence."""
        joined = TextDelta(f" {delta.text}") if begins and self.spoke and not delta.text[:1].isspace() else delta
        self.spoke = True
        return joined

    # ── one round of calls ────────────────────────────────────────────────────────────────────────────────────────
    async def _called(self, calls: Sequence[ToolCall], messages: list[ChatMessage]) -> AsyncGenerator[Piece, None]:
        """Make the calls; whoever waits for the answer hears a word when it takes long."""
        work = asyncio.ensure_future(self._all(calls))
        try:
            await asyncio.wait({work}, timeout=FILLER_AFTER_S)
            if not work.done() and not self.spoke:
                self.spoke = True
                yield OwnWords(say("filler", self.errand.language) + " ")
            while not work.done():
                await asyncio.wait({work}, timeout=ALIVE_EVERY_S)
                yield Usage()
            results = work.result()
        finally:
            await self._settle(work)
        for call, result in zip(calls, results, strict=True):
            content = wrapped_result(call.name, call.id, result, MAX_RESULT_CHARACTERS)
            messages.append(ChatMessage("tool", content, tool_call_id=call.id))

    async def _settle(self, work: "asyncio.Future[Any]") -> None:
        """Leave nothing running: a read is cancelled; a write that has begun is waited for, within its own bound."""
        self._abandoned = not work.done()
        cancelled = False
        if not work.done() and not self._began_write:
            work.cancel()
        while not work.done():
            try:
                await asyncio.wait({work})
            except asyncio.CancelledError:
                cancelled = True
                if not self._began_write:
                    work.cancel()
        if self._abandoned and not work.cancelled() and (error := work.exception()) is not None:
            event(log, "tools of an interrupted answer failed", logging.ERROR, error=type(error).__name__)
        if cancelled:
            raise asyncio.CancelledError

    async def _all(self, calls: Sequence[ToolCall]) -> list[Any]:
        """The results of the calls, in their order. Reads run together, then writes one after the other."""
        results: dict[int, Any] = {}
        later: list[int] = []
        try:
            async with asyncio.TaskGroup() as group:
                reads: dict[int, asyncio.Task[Any]] = {}
                for index, call in enumerate(calls):
                    tool = self.tools.get(call.name)
                    self._left -= 1
                    if tool is None or self._left < 0:
                        results[index] = self._refusal(call, "limit" if tool else "unknown_tool")
                    elif tool.effect is Effect.READ:
                        reads[index] = group.create_task(self._read(tool, call))
                    else:
                        later.append(index)
            results |= {index: task.result() for index, task in reads.items()}
            if later:
                await self.hearing.confirmed.wait()  # nothing is done on a guess of what was said
            for index in later:
                tool = self.tools[calls[index].name]
                results[index] = (
                    self._refusal(calls[index], "gone") if self._abandoned else await self._act(tool, calls[index])
                )
        finally:
            await self._note()
        return [results[index] for index in range(len(calls))]

    async def _note(self) -> None:
        noted, self._to_note = self._to_note, []
        if noted and not self._abandoned:
            try:
                await self.ledger.note(noted)
            except AuricleError as error:  # the answer goes on; that it is not on record must be seen
                event(log, "tool calls were not recorded", logging.ERROR, error_code=error.code, count=len(noted))

    def _refusal(self, call: ToolCall, reason: str) -> dict[str, str]:
        name = call.name if call.name in self.tools else UNKNOWN  # what a model made up may be what the patient said
        self._to_note.append(Called(name, {}, "refused", {"error": reason}, 0))
        return {"error": reason}

    async def _read(self, tool: Tool, call: ToolCall) -> Any:
        try:
            arguments = tool.read(call.arguments)
        except ToolRefused as error:
            return self._told(error, tool, {}, "refused", 0)
        called = await self._run(tool, arguments)
        self._to_note.append(called)
        return called.result

    async def _run(self, tool: Tool, arguments: Mapping[str, Any]) -> Called:
        """Run a tool with the actor's own permissions, within its time. A failure is a result, too."""
        started = time.perf_counter()

        def over(status: str, result: Any) -> Called:
            ms = int((time.perf_counter() - started) * 1000)
            event(log, "tool called", tool=tool.name, outcome=status, duration_ms=ms)
            return Called(tool.name, dict(arguments), status, result, ms)

        if not tool.open_to(self.errand.actor):
            return over("refused", {"error": "not_allowed"})
        try:
            async with asyncio.timeout(tool.timeout_s):
                return over("done", await tool.run(self.errand.holding(tool), arguments))
        except TimeoutError:
            return over("failed", {"error": "It took too long."})
        except AuricleError as error:
            return over("refused" if error.status < 500 else "failed", {"error": error.code, "message": error.message})
        except Exception:
            log.exception("a tool failed", extra={"fields": {"tool": tool.name}})
            return over("failed", {"error": "It failed."})

    def _told(self, error: AuricleError, tool: Tool, arguments: Any, status: str, ms: int) -> dict[str, Any]:
        result = {"error": error.code, "message": error.message, **error.context}
        self._to_note.append(Called(tool.name, arguments, status, result, ms))
        return result

    # ── what changes something ────────────────────────────────────────────────────────────────────────────────────
    async def _act(self, tool: Tool, call: ToolCall) -> Any:
        if self._over:
            return self._refusal(call, "one_at_a_time")
        try:
            arguments = tool.read(call.arguments)
            if not tool.open_to(self.errand.actor):
                raise ToolRefused("Not allowed.")
            if tool.effect is Effect.END:
                return await self._end(tool, arguments)
            return await self._write(tool, arguments)
        except AuricleError as error:
            return self._told(error, tool, {}, "refused", 0)

    async def _write(self, tool: Tool, arguments: Mapping[str, Any]) -> Any:
        self.touched = True
        for name, same, result in self._done:
            if name == tool.name and same == arguments:
                return result  # asked for twice in one answer, done once
        if any(tool.name == name and canonical(same) == canonical(arguments) for name, same in self.standing.running):
            return ALREADY
        proposal = self.standing.proposal
        if tool.question is None:
            return await self._write_now(tool, Proposal(tool.name, arguments, "", self.errand.turn_id))
        is_asked = proposal is not None and proposal.is_for(tool.name, arguments)
        if proposal is None or not is_asked or not self.hearing.heard(proposal.question):
            return await self._ask(tool, arguments, await self._question_for(tool, arguments))
        if proposal.turn_id == self.errand.turn_id or not affirms(self.hearing.said, self.errand.language):
            await self.ledger.refuse(proposal)
            return {"error": "not_confirmed", "message": "The patient has not said yes. Do not call it again now."}
        match await self.ledger.claim(proposal, self.errand.turn_id):
            case "taken":
                return ALREADY
            case "void":  # another request has asked the patient something since: this yes may have been for that
                return await self._ask(tool, arguments, proposal.question)
        return await self._do(tool, proposal)

    async def _question_for(self, tool: Tool, arguments: Mapping[str, Any]) -> str:
        assert tool.question is not None
        async with asyncio.timeout(tool.timeout_s):
            return await tool.question(self.errand.holding(tool), arguments)

    async def _ask(self, tool: Tool, arguments: Mapping[str, Any], question: str) -> dict[str, str]:
        """Ask in our own words, with exactly what would be done; the model's read-back could say another thing."""
        self.touched = True
        proposal = Proposal(tool.name, dict(arguments), question, self.errand.turn_id)
        await self.ledger.propose(proposal)
        self._question, self._over = question, True
        return {"pending": "The patient is being asked."}

    async def _write_now(self, tool: Tool, proposal: Proposal) -> Any:
        await self.ledger.propose(proposal)
        if await self.ledger.claim(proposal, self.errand.turn_id) != "ours":
            return ALREADY
        return await self._do(tool, proposal)

    async def _do(self, tool: Tool, proposal: Proposal) -> Any:
        """From here on it is not broken off: barge-in finds it done, and the next turn is told."""
        self._began_write = True
        try:
            called = await self._run(tool, proposal.arguments)
            self._done.append((tool.name, proposal.arguments, called.result))
            await self.ledger.finish(proposal, called, late=self._abandoned)
        finally:
            self._began_write = False
        return called.result

    async def _end(self, tool: Tool, arguments: Mapping[str, Any]) -> Any:
        """Hang up or hand over. Hanging up needs a goodbye of the patient's own, or their yes."""
        said, language = self.hearing.said, self.errand.language
        if tool.question is not None and not takes_leave(said, language):
            question = await self._question_for(tool, arguments)
            if not (self.hearing.heard(question) and affirms(said, language)):
                return await self._ask(tool, arguments, question)
        called = await self._run(tool, arguments)
        self._to_note.append(called)
        if called.status == "done":
            self._over = True
            reason = str(arguments.get("reason", ""))
            self._ending = EndCall(reason) if tool.name == "end_call" else HandOver(reason)
        return called.result
