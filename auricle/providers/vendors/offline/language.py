"""The offline language model, which is none: guided intake, and answers that are quotations. Deterministic.

It asks the agent's intake questions one after another, leaving out what the patient has already told, and answers a
patient's question only in the words of the passages offered. All it knows of a conversation is in the request, so the
same request gets the same answer.
"""

from collections.abc import AsyncGenerator, Sequence

from auricle.providers.ports import (
    ChatMessage,
    Finish,
    LanguageEvent,
    LanguageRequest,
    ProviderRefused,
    TextDelta,
    ToolCall,
    Usage,
)
from auricle.providers.vendors.offline.intake import Intake, phrases_for
from auricle.providers.vendors.offline.quote import best_quote

HAND_OVER = "hand_over"


class OfflineLanguageModel:
    """`LanguageModel` without a model. Of tools it knows one, `hand_over`; it refuses to fill in a schema."""

    name = "guided-intake"

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        if request.response_schema is not None:
            raise ProviderRefused("The offline language model can't fill in a form.")
        person = asks_for_person(request)
        words = (phrases_for(request.language).say("person") if person else reply(request)).split(" ")
        said = words[: max(1, request.max_tokens)]
        for index, word in enumerate(said):
            yield TextDelta(f" {word}" if index else word)
        if person:
            yield ToolCall("call_0", HAND_OVER, "{}")
        yield Finish("tools" if person else "stop" if len(said) == len(words) else "length")
        read = sum(len(message.content.split()) for message in request.messages)
        yield Usage(input_tokens=read, output_tokens=len(said))  # counted in words: there are no tokens here


def asks_for_person(request: LanguageRequest) -> bool:
    """Whether the patient wants somebody else, and there is a tool for that."""
    said = request.messages[-1] if request.messages else None
    can = any(tool.name == HAND_OVER for tool in request.tools)
    return (
        can and said is not None and said.role == "user" and phrases_for(request.language).means(said.content, "person")
    )


def reply(request: LanguageRequest) -> str:
    """The whole answer to the last thing the patient said."""
    talk = [m for m in request.messages if m.role in ("user", "assistant") and m.content.strip()]
    said = talk[-1].content if talk and talk[-1].role == "user" else ""
    earlier = talk[:-1] if said else talk
    phrases = phrases_for(request.language)
    intake = Intake(request.questions, phrases, talk)
    introduction = [] if any(m.role == "assistant" for m in earlier) else [phrases.say("introduce")]
    if phrases.means(said, "who_are_you"):
        return " ".join([phrases.say("introduce"), *intake.onward()])
    if phrases.means(said, "repeat") and (last := _last_said(earlier)):
        return last
    if _wants_knowledge(said, request):
        return " ".join([*introduction, *_told(said, request), *intake.onward()])
    if phrases.means(said, "goodbye") or (intake.closed and phrases.means(said, "nothing_more")):
        return phrases.say("goodbye")
    return " ".join([*introduction, *intake.step(said)])


def _last_said(talk: Sequence[ChatMessage]) -> str | None:
    return next((m.content for m in reversed(talk) if m.role == "assistant"), None)


def _wants_knowledge(said: str, request: LanguageRequest) -> bool:
    """Whether this is a question. Without intake questions there is nothing else it could be."""
    if not said:
        return False
    phrases = phrases_for(request.language)
    if phrases.language != request.language.split("-")[0] and request.known and request.passages:
        return True  # a language whose questions we can't tell: the knowledge has an answer, so it was one
    return phrases.means(said, "question") or not request.questions


def _told(said: str, request: LanguageRequest) -> list[str]:
    """The passages' own words, or that they do not say."""
    phrases = phrases_for(request.language)
    quote = best_quote(said, request.passages) if request.passages else None
    if quote is None:
        return [phrases.say("unknown")]
    if not request.known:
        return [phrases.say("unknown"), phrases.say("nearest", title=quote.title)]
    return [phrases.say("found"), f"{quote.text} [{quote.number}]"]
