"""What the next answer may look back on: the last messages, as they were heard."""

from collections.abc import Sequence

from auricle.consultations.transcript import Said
from auricle.providers.ports import ChatMessage


def history(said: Sequence[Said], limit: int) -> list[ChatMessage]:
    """The last messages for a model. An interrupted answer counts only as far as it was heard.

    Staff who spoke in a take-over stand on the side of the clinic, as the agent does.
    """
    recent = [one for one in said if one.as_heard.strip()][-limit:]
    return [ChatMessage("user" if one.sender == "patient" else "assistant", one.as_heard) for one in recent]
