"""One answer of an agent: retrieval when useful, then the language model. Voice and text channels share it.

Safety stands before this (`safety/redflags.py`, searched by the channel in interims too); trivial utterances that a
canned reply can do never come here.
"""

import re
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from auricle.actor import Actor
from auricle.agents.prompts import messages, wrapped
from auricle.agents.versions import Serving
from auricle.assembly import Assembly
from auricle.knowledge.cite import Renumbering, cited
from auricle.knowledge.search import EmptyQuestion, search
from auricle.providers.call import Call, Choice
from auricle.providers.ports import ChatMessage, LanguageRequest, Passage, TextDelta, Usage
from auricle.voice.ports import Citation, ReplyPiece

ENDS = re.compile(r"[.?!।॥؟]")
STALE_S = 1.0  # how old knowledge another process has changed may be within a turn


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation under way: who speaks, in which consultation, with which agent."""

    actor: Actor
    consultation_id: UUID
    patient_id: UUID
    session_id: UUID
    agent: Serving
    language: str

    def in_language(self, language: str) -> "Talk":
        return replace(self, language=language)


def call_for(assembly: Assembly, talk: Talk, capability: Literal["llm", "stt", "tts"], language: str) -> Call:
    """The provider call of a talk: the agent's own list, else the installation's."""
    own = [
        Choice(c.provider, c.model, c.voice, c.settings)
        for c in talk.agent.config.providers.chosen(capability, language)
    ]
    return Call(
        talk.actor.organization_id,
        own or assembly.router.choices(capability),
        language,
        talk.consultation_id,
        talk.session_id,
        talk.agent.agent_id,
    )


async def answer(
    assembly: Assembly, talk: Talk, said: str, language: str, history: Sequence[ChatMessage], *, trivial: bool = False
) -> AsyncGenerator[ReplyPiece, None]:
    """Stream the answer: text deltas, then the citations it rests on and the usage."""
    config = talk.agent.config
    offered, known = ([], True) if trivial else await retrieved(assembly, talk, said)
    knowledge, passages = wrapped(offered, config.retrieval.context_characters)
    request = LanguageRequest(
        messages(config, language, history, said, knowledge, known=known),
        temperature=config.temperature,
        max_tokens=config.max_tokens,
        language=language,
        passages=passages,
        known=known,
        questions=tuple(config.in_language(config.questions, language) or ()),
    )
    whole = ""
    cites = Cites(passages)
    unmarked = Renumbering(0)  # markers are for the citations; nobody wants to hear them
    async with aclosing(assembly.router.generate(call_for(assembly, talk, "llm", language), request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                whole += event.text
                if text := unmarked.feed(event.text):
                    yield TextDelta(text)
                if ENDS.search(event.text):
                    for citation in cites.new(whole):
                        yield citation
            elif isinstance(event, Usage):
                yield event
    if rest := unmarked.rest():
        yield TextDelta(rest)
    for citation in cites.new(whole):
        yield citation


class Cites:
    """The citations of an answer as it grows: each told once, at the end of its sentence, for it may be interrupted."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages, self._told = passages, set[str]()

    def new(self, answer_so_far: str) -> Iterator[Citation]:
        for one in cited(answer_so_far, self._passages):
            if one.chunk_id not in self._told:
                self._told.add(one.chunk_id)
                yield Citation(one.chunk_id, one.document_id, one.title, one.quote, one.page)


async def retrieved(assembly: Assembly, talk: Talk, said: str) -> tuple[list[Passage], bool]:
    """Passages for what was said, and whether the knowledge holds an answer to it."""
    try:
        found = await search(assembly.knowledge, talk.actor, said, talk.agent.config.retrieval.chunks, stale_s=STALE_S)
    except EmptyQuestion:
        return [], False
    if found.verdict.level == "unknown":
        return [], False
    return [hit.passage for hit in found.hits], found.verdict.level == "answer"
