"""What the next answer may look back on: the last messages, as they were heard."""

from collections.abc import Sequence

from auricle.consultations.transcript import Said
from auricle.providers.ports import ChatMessage


def history(said: Sequence[Said], limit: int) -> list[ChatMessage]:
    """The last messages for a model. An interrupted answer counts only as far as it was heard."""
    recent = [one for one in said if one.as_heard.strip()][-limit:]
    return [ChatMessage("assistant" if one.sender == "assistant" else "user", one.as_heard) for one in recent]
