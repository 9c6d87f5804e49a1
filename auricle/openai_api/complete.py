"""One stateless answer of an agent to a conversation that a program holds: the answers and the safety of text messages,
and no consultation. What was said is in the answer and nowhere else; that there was one is metered and in the audit.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from anyio import CancelScope
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.agents.tools.ledger import RehearsedCalls
from auricle.agents.tools.tool import wrapped_result
from auricle.agents.versions import Serving, published
from auricle.assembly import Assembly
from auricle.audit.reads import record
from auricle.billing.budgets.require import require_budget
from auricle.channels.text import Exchange, answered, script_of
from auricle.consultations.answer import Carried, Program, Talk
from auricle.consultations.memory import LOOK_BACK
from auricle.consultations.transcript import Said
from auricle.db.base import new_id
from auricle.errors import NotFound
from auricle.openai_api.asked import (
    MOST_CHARACTERS,
    MOST_SAID,
    MOST_TOKENS,
    MOST_TOOL_CHARACTERS,
    BadConversation,
    ChatIn,
    Chosen,
    Message,
    NotOffered,
    TooMuch,
)
from auricle.providers.ports import ANY_TOOL, ChatMessage, ProviderFailed, ProviderGarbled, ToolCall, ToolSpec
from auricle.voice.language import language_of_message
from auricle.voice.reply import EmptyAnswer

LANGUAGE_TELLS = 2_000  # characters at the end of a message that its language is told by
LANGUAGE_BACK = 4  # messages of the person that decide which language is spoken now


class UnknownModel(NotFound):
    """There is no published agent of this name."""

    code = "openai.model_not_found"


class ToolNotCalled(ProviderGarbled):
    """The model did not call the tool that it had to call."""

    code = "openai.tool_not_called"


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of a request in the parts that an answer is made of."""

    instructions: str
    past: list[ChatMessage]
    said: str
    since: list[ChatMessage]


@dataclass(slots=True)
class Work:
    """A request and its answer as it comes to be."""

    talk: Talk
    conversation: Conversation
    program: Program
    exchange: Exchange = field(default_factory=lambda: Exchange(Said("patient", "")))

    @property
    def tokens(self) -> tuple[int, int] | None:
        """Read and written by the model; None where it did not say."""
        read = [usage.input_tokens for usage in self.exchange.usages]
        written = [usage.output_tokens for usage in self.exchange.usages]
        if None in read or None in written:
            return None
        return sum(filter(None, read)), sum(filter(None, written))


async def find_model(db: AsyncSession, name: str) -> Serving:
    """The published agent that a program means by a model's name: an agent's slug or id. Raises `UnknownModel`."""
    try:
        try:
            return await published(db, agent_id=UUID(name))
        except ValueError:
            return await published(db, slug=name)
    except NotFound:
        raise UnknownModel(param="model") from None


async def begin(assembly: Assembly, actor: Actor, asked: ChatIn) -> Work:
    """Understand a request. Raises `NotOffered`, `BadConversation`, `TooMuch`, `UnknownModel` or `BudgetExhausted`.

    Without money left no model is asked; an emergency still gets its script, which costs nothing.
    """
    asked.check()
    conversation, program = understood(asked.messages), handed(asked)
    program.instructions, program.since = conversation.instructions, conversation.since
    async with assembly.database.transaction(actor) as db:
        serving = await find_model(db, asked.model)
        language = spoken_language(serving, conversation)
        if script_of(serving.config, conversation.said, language) is None:
            await require_budget(db)
    nowhere = Carried(tools={}, rehearsal=RehearsedCalls())
    talk = Talk(actor, new_id(), new_id(), new_id(), serving, language, nowhere)
    return Work(talk, conversation, program)


def handed(asked: ChatIn) -> Program:
    """The program's tools and wishes."""
    tools = [
        ToolSpec(tool.function.name, tool.function.description, tool.function.parameters) for tool in asked.tools or ()
    ]
    if sum(len(orjson.dumps(tool.parameters)) for tool in tools) > MOST_TOOL_CHARACTERS:
        raise TooMuch(param="tools", characters=MOST_TOOL_CHARACTERS)
    choice, names = asked.tool_choice, {tool.name for tool in tools}
    if len(names) < len(tools):
        raise NotOffered("Two tools have one name.", param="tools")
    must_call = None
    if isinstance(choice, Chosen):
        must_call = choice.function.name
    elif choice == "required":
        must_call = ANY_TOOL
    if must_call is not None and (not names if must_call == ANY_TOOL else must_call not in names):
        raise NotOffered("There is no such tool among those that were given.", param="tool_choice")
    limit = asked.max_completion_tokens or asked.max_tokens
    return Program(
        tools=() if choice == "none" else tools,
        must_call=must_call,
        temperature=asked.temperature,
        max_tokens=min(limit, MOST_TOKENS) if limit else None,
    )


def understood(messages: Sequence[Message]) -> Conversation:
    """The messages as an answer needs them: the person's last words, what lies before them, and what followed.

    Several messages of the person at the end are one. Each call must have its result, and each result its call.
    """
    texts = [message.text(f"messages.{index}.content") for index, message in enumerate(messages)]
    if sum(map(len, texts)) > MOST_CHARACTERS:
        raise TooMuch(param="messages", characters=MOST_CHARACTERS)
    instructions: list[str] = []
    turns: list[ChatMessage] = []
    for message, text in zip(messages, texts, strict=True):
        if message.role in ("system", "developer"):
            instructions.append(text)
        else:
            turns.append(turn(message, text))
    check_calls(turns)
    last = max((index for index, one in enumerate(turns) if one.role == "user"), default=-1)
    first = last
    while first > 0 and turns[first - 1].role == "user":
        first -= 1
    said, since = "\n".join(one.content for one in turns[first : last + 1]).strip(), turns[last + 1 :]
    if not said:
        raise BadConversation("Somebody has to have said something.", param="messages")
    if len(said) > MOST_SAID:
        raise TooMuch("The last message of the user is too long.", param="messages", characters=MOST_SAID)
    if since and since[-1].role != "tool":
        raise BadConversation("The last message must be the user's, or the result of a tool.", param="messages")
    return Conversation("\n\n".join(filter(None, instructions)), looked_back(turns[:first]), said, since)


def turn(message: Message, text: str) -> ChatMessage:
    """A message of the person, the agent or a tool. Results of tools are data, and marked as such."""
    if message.role == "tool":
        return ChatMessage("tool", text, tool_call_id=message.tool_call_id or "")
    if message.role == "assistant":
        calls = tuple(ToolCall(one.id, one.function.name, one.function.arguments) for one in message.tool_calls or ())
        if not all(is_object(call.arguments) for call in calls):
            raise BadConversation("The arguments of a call are a JSON object.", param="messages")
        return ChatMessage("assistant", text, tool_calls=calls)
    return ChatMessage("user", text)


def is_object(arguments: str) -> bool:
    try:
        return isinstance(orjson.loads(arguments), dict)
    except orjson.JSONDecodeError:
        return False


def check_calls(turns: list[ChatMessage]) -> None:
    """Put each result under its tool's name. Raises `BadConversation` where calls and results do not fit together."""
    open_calls: dict[str, str] = {}
    for index, one in enumerate(turns):
        if one.role == "tool":
            name = open_calls.pop(one.tool_call_id or "", None)
            if name is None:
                raise BadConversation("A result of a tool has no call before it.", param="messages")
            marked = wrapped_result(name, one.tool_call_id or "", one.content, MOST_CHARACTERS)
            turns[index] = ChatMessage("tool", marked, tool_call_id=one.tool_call_id)
        elif open_calls:
            break
        open_calls |= {call.id: call.name for call in one.tool_calls}
    if open_calls:
        raise BadConversation("A call of a tool has no result.", param="messages")


def looked_back(turns: list[ChatMessage]) -> list[ChatMessage]:
    """The last messages, as many as an answer may see; no result of a tool without its call."""
    shown = turns[-LOOK_BACK:]
    while shown and shown[0].role == "tool":
        shown = shown[1:]
    return shown


def spoken_language(serving: Serving, conversation: Conversation) -> str:
    """The language that the person speaks now, among those of the agent."""
    config = serving.config
    words = [*[one.content for one in conversation.past if one.role == "user"], conversation.said][-LANGUAGE_BACK:]
    language, before = config.language, ""
    for text in words:
        tells = text[-LANGUAGE_TELLS:]
        language = language_of_message(tells, current=language, among=config.languages, before=before)
        before = tells
    return language


async def speaking(assembly: Assembly, work: Work) -> AsyncGenerator[str, None]:
    """Stream the answer sentence by sentence into `work`. Raises `ProviderFailed`. Read under `aclosing`."""
    talk, conversation, outcome = work.talk, work.conversation, "left"
    answering = answered(assembly, talk, conversation.past, conversation.said, work.exchange, work.program)
    try:
        async with aclosing(answering) as sentences:
            async for sentence in sentences:
                yield sentence
        check_answer(work)
        outcome = "answered"
    except ProviderFailed as error:
        outcome = error.code
        raise
    finally:
        with CancelScope(shield=True):  # a reader who goes away cancels the stream; that it was asked for is kept
            await noted(assembly, work, outcome)


def check_answer(work: Work) -> None:
    exchange, must_call = work.exchange, work.program.must_call
    if exchange.red_flag is not None:
        return  # the script for an emergency comes before whatever was asked for
    if not exchange.answer and not exchange.calls:
        raise EmptyAnswer(capability="llm")
    if must_call is not None and not any(must_call in (ANY_TOOL, call.name) for call in exchange.calls):
        raise ToolNotCalled(capability="llm")


async def noted(assembly: Assembly, work: Work, outcome: str) -> None:
    async with assembly.database.transaction(work.talk.actor) as db:
        await record(
            db,
            "answer",
            "agent",
            work.talk.agent.agent_id,
            reason=work.exchange.red_flag,
            version=work.talk.agent.number,
            calls=len(work.exchange.calls),
            ended=outcome,
        )
