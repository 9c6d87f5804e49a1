"""One answer of an agent: retrieval when useful, then the language model with its tools. Voice and text share it.

Safety stands before this (`safety/redflags.py`, searched by the channel in interims too); trivial utterances that a
canned reply can do never come here.
"""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar
from uuid import UUID, uuid4

from auricle.actor import Actor
from auricle.agents.prompts import between_turns, messages, wrapped
from auricle.agents.tools.ledger import Ledger, RehearsedCalls, Standing, StoredCalls
from auricle.agents.tools.loop import Hearing, OwnWords, ToolLoop
from auricle.agents.tools.tool import Effect, Errand, Tool
from auricle.agents.tools.toolbox import toolbox
from auricle.agents.versions import Serving
from auricle.assembly import Assembly
from auricle.consultations.keyterms import KnownTerms
from auricle.consultations.memory import Recalled, recall
from auricle.consultations.translated import Translating
from auricle.errors import DatabaseUnavailable
from auricle.knowledge.cite import Renumbering, cited
from auricle.knowledge.only import Only
from auricle.knowledge.search import EmptyQuestion, search
from auricle.log import event
from auricle.providers.call import Call, Choice
from auricle.providers.ports import (
    ChatMessage,
    Finish,
    LanguageRequest,
    Passage,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from auricle.voice.ports import Citation, ReplyPiece

log = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_S = 2.0  # what is only good to know before an answer may take no longer
ENDS = re.compile(r"[.?!।॥؟]")
# How old knowledge may be within a turn that another process has changed since: while PostgreSQL tells us of changes,
# only what was told during a loss of that connection could be older than the first; while it can't, the second.
TOLD_S, STALE_S = 30.0, 1.0


@dataclass(slots=True)
class Carried:
    """What one turn of a talk leaves for the next, so that a call does not ask the database before every answer."""

    tools: Mapping[str, Tool] | None = None
    standing: Standing | None = None  # None: look again
    recalled: Recalled | None = None
    translating: Translating | None = None
    keyterms: KnownTerms | None = None
    rehearsal: RehearsedCalls | None = None  # a test scenario, or a program's request: nothing is done or stored


@dataclass(slots=True)
class Program:
    """What a program that speaks for a person hands over beside their words.

    `tools` are its own: it makes their calls itself. `since` is what followed the person's words: such calls and their
    results. `was_cut` is told in return.
    """

    instructions: str = ""
    tools: Sequence[ToolSpec] = ()
    must_call: str | None = None  # the name of one of them, or `ANY_TOOL`
    since: Sequence[ChatMessage] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    was_cut: bool = False


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation under way: who speaks, in which consultation, with which agent."""

    actor: Actor
    consultation_id: UUID
    patient_id: UUID
    session_id: UUID
    agent: Serving
    language: str
    carried: Carried = field(default_factory=Carried, compare=False)

    def in_language(self, language: str) -> "Talk":
        return replace(self, language=language)


def call_for(
    assembly: Assembly, talk: Talk, capability: Literal["llm", "stt", "tts", "translation"], language: str
) -> Call:
    """The provider call of a talk: the agent's own list, else its organization's."""
    own = [
        Choice(c.provider, c.model, c.voice, c.settings)
        for c in talk.agent.config.providers.chosen(capability, language)
    ]
    is_real = talk.carried.rehearsal is None
    return Call(
        talk.actor.organization_id,
        own or None,
        language,
        talk.consultation_id if is_real else None,
        talk.session_id if is_real else None,
        talk.agent.agent_id,
        may_hedge=talk.agent.config.providers.hedging,
        may_name=talk.agent.config.patient_keyterms == "all",
        patient_id=talk.actor.patient_id,
    )


async def answer(
    assembly: Assembly,
    talk: Talk,
    said: str,
    language: str,
    history: Sequence[ChatMessage],
    *,
    trivial: bool = False,
    turn_id: UUID | None = None,
    confirmed: asyncio.Event | None = None,
    program: Program | None = None,
) -> AsyncGenerator[ReplyPiece, None]:
    """Stream the answer: text deltas, the citations it rests on, usage, and how the talk ends where it does.

    Args:
        turn_id: the turn's own, where it has one: a yes counts for a question of an earlier turn only.
        confirmed: set once `said` is final; unset, the answer is a guess and no tool changes anything.
        program: where one asks, what it hands over; calls of its tools are given to it and end the answer.
    """
    handed = program or Program()
    config = talk.agent.config
    translating, speaks = translation(assembly, talk, language), config.model_language or language
    question = await translating.into(config.knowledge_language or language, said, source=language, purpose="question")
    offered, known = ([], True) if trivial else await retrieved(assembly, talk, question)
    knowledge, passages = wrapped(offered, config.retrieval.context_characters)
    errand = Errand(
        assembly,
        talk.actor,
        talk.patient_id,
        talk.consultation_id,
        talk.session_id,
        language,
        turn_id or uuid4(),
        passages,
        only_of(talk),
    )
    loop = await tool_loop(talk, errand, Hearing(said, history, confirmed or is_final()))
    request = LanguageRequest(
        await briefing(talk, loop, speaks, knowledge, known=known, program=handed),
        temperature=config.temperature if handed.temperature is None else handed.temperature,
        max_tokens=handed.max_tokens or config.max_tokens,
        must_call=handed.must_call,
        language=speaks,
        passages=tuple(passages),
        known=known,
        questions=tuple(config.in_language(config.questions, speaks) or ()),
    )
    try:
        said_by = loop.pieces(request) if program is None else for_program(loop, request, program)
        async with aclosing(said_by) as pieces:
            spoken = unmarked(pieces, passages)
            if speaks != language:
                spoken = translating.spoken(spoken, source=speaks, target=language)
            async with aclosing(spoken) as ready:
                async for piece in ready:
                    yield piece
    finally:
        if loop.touched or loop.standing.running:
            talk.carried.standing = None


async def for_program(loop: ToolLoop, request: LanguageRequest, program: Program) -> AsyncGenerator[ReplyPiece, None]:
    """One round of the model with the program's own tools: it makes the calls, and comes back with their results."""
    names = {tool.name for tool in program.tools}
    async with aclosing(loop.generate(replace(request, tools=program.tools))) as events:
        async for one in events:
            match one:
                case TextDelta() | Usage():
                    yield one
                case ToolCall() if one.name in names:
                    yield one
                case Finish():
                    program.was_cut = one.reason == "length"


async def briefing(
    talk: Talk, loop: ToolLoop, speaks: str, knowledge: str, *, known: bool, program: Program
) -> list[ChatMessage]:
    """All that the model is told, in the language it speaks."""
    errand, hearing, config = loop.errand, loop.hearing, talk.agent.config
    recalled = await recollection(errand.assembly, talk, hearing.history)
    translating = translation(errand.assembly, talk, errand.language)
    return messages(
        config,
        speaks,
        translating.recalled(speaks, hearing.history[-recalled.window(config.history_messages) :]),
        await translating.into(speaks, hearing.said, source=errand.language, purpose="question"),
        knowledge,
        known=known,
        summary=recalled.summary,
        standing=between_turns(loop.standing),
        program=program.instructions,
        since=program.since,
    )


async def unmarked(pieces: AsyncIterator[ReplyPiece], passages: Sequence[Passage]) -> AsyncGenerator[ReplyPiece, None]:
    """An answer without its markers, which nobody wants to hear, and with the citations that they stand for."""
    whole, cites, markers = "", Cites(passages), Renumbering(0)
    async for piece in pieces:
        if not isinstance(piece, TextDelta) or isinstance(piece, OwnWords):
            yield piece
            continue
        whole += piece.text
        if text := markers.feed(piece.text):
            yield TextDelta(text)
        if ENDS.search(piece.text):
            for citation in cites.new(whole):
                yield citation
    if rest := markers.rest():
        yield TextDelta(rest)
    for citation in cites.new(whole):
        yield citation


def translation(assembly: Assembly, talk: Talk, language: str) -> Translating:
    """The talk's translator, with what it has translated before."""
    if talk.carried.translating is None:
        talk.carried.translating = Translating(assembly.router, call_for(assembly, talk, "translation", language))
    return talk.carried.translating


def is_final() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def recollection(assembly: Assembly, talk: Talk, history: Sequence[ChatMessage]) -> Recalled:
    """The summary of what lies before the window, read anew now and then; nothing while the window holds all."""
    carried = talk.carried
    if carried.rehearsal is not None or len(history) < talk.agent.config.history_messages:
        return Recalled("", len(history))
    if carried.recalled is None or carried.recalled.is_stale:
        carried.recalled = await in_time(recalled(assembly, talk)) or carried.recalled
    else:
        carried.recalled.answers += 1
    return carried.recalled or Recalled("", len(history))


async def recalled(assembly: Assembly, talk: Talk) -> Recalled:
    async with assembly.database.transaction(talk.actor) as db:
        return await recall(db, assembly.keyring, talk.consultation_id)


async def in_time(asked: Awaitable[T]) -> T | None:
    """What the database tells, or None where it does not in time: the patient gets an answer all the same."""
    try:
        async with asyncio.timeout(LOOK_S):
            return await asked
    except (DatabaseUnavailable, TimeoutError):
        event(log, "an answer goes on without what the database holds", logging.WARNING)
        return None


async def tool_loop(talk: Talk, errand: Errand, hearing: Hearing) -> ToolLoop:
    """The loop of one answer, with the tools of the talk and what they have left open."""
    carried, assembly = talk.carried, errand.assembly
    if carried.tools is None:
        carried.tools = await in_time(toolbox(assembly, talk.actor, talk.agent.config.tools))
    tools = carried.tools or {}
    ledger: Ledger = carried.rehearsal or StoredCalls(errand)
    if carried.standing is None and any(tool.effect is Effect.WRITE for tool in tools.values()):
        carried.standing = await in_time(ledger.standing())
    call = call_for(assembly, talk, "llm", errand.language)
    return ToolLoop(
        errand,
        tools,
        ledger,
        carried.standing or Standing(),
        hearing,
        lambda request: assembly.router.generate(call, request),
    )


class Cites:
    """The citations of an answer as it grows: each told once, at the end of its sentence, for it may be interrupted."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages, self._told = passages, set[str]()

    def new(self, answer_so_far: str) -> Iterator[Citation]:
        for one in cited(answer_so_far, self._passages):
            if one.chunk_id not in self._told:
                self._told.add(one.chunk_id)
                yield Citation(one.chunk_id, one.document_id, one.title, one.quote, one.page)


def only_of(talk: Talk) -> Only:
    """The documents that the talk's agent is kept to."""
    wanted = talk.agent.config.retrieval
    return Only(wanted.collection, specialty=wanted.specialty)


async def retrieved(assembly: Assembly, talk: Talk, said: str) -> tuple[list[Passage], bool]:
    """Passages for what was said, and whether the knowledge holds an answer to it."""
    wanted = talk.agent.config.retrieval
    try:
        found = await search(
            assembly.knowledge,
            talk.actor,
            said,
            wanted.chunks,
            only=only_of(talk),
            stale_s=TOLD_S if assembly.fanout.connected else STALE_S,
            rerank=wanted.rerank,
            patient_id=talk.patient_id,
        )
    except EmptyQuestion:
        return [], False
    if found.verdict.level == "unknown":
        return [], False
    return [hit.passage for hit in found.hits], found.verdict.level == "answer"
