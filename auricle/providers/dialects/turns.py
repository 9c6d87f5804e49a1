"""A conversation for vendors that know two speakers: turns that alternate, the user's first and last.

Instructions stand apart. A conversation of ours may begin with the agent's greeting and end with its own words; what is
put around it then says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from auricle.providers.ports import ChatMessage

OPENING = ChatMessage("user", "(The conversation begins.)")
CLOSING = ChatMessage("user", "(Go on.)")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said in a row. Results of tools are the user's."""

    by: Literal["user", "assistant"]
    messages: list[ChatMessage] = field(default_factory=list)


def instructions(messages: Sequence[ChatMessage]) -> str:
    """Every system message, in order."""
    return "\n\n".join(m.content for m in messages if m.role == "system" and m.content.strip())


def turns(messages: Sequence[ChatMessage]) -> list[Turn]:
    """The conversation without its system messages and without what says nothing."""
    found: list[Turn] = []
    said = [m for m in messages if m.role != "system" and (m.content.strip() or m.tool_calls or m.role == "tool")]
    if not said or said[0].role == "assistant":
        said.insert(0, OPENING)
    if said[-1].role == "assistant":
        said.append(CLOSING)
    for message in said:
        by: Literal["user", "assistant"] = "assistant" if message.role == "assistant" else "user"
        if not found or found[-1].by != by:
            found.append(Turn(by))
        found[-1].messages.append(message)
    return found
