"""How much text one request may bring."""

from collections.abc import Sequence

from auricle.ai.port import Utterance
from auricle.errors import Invalid, TooLarge

MAX_UTTERANCES = 5_000
MAX_UTTERANCE_CHARS = 50_000
MAX_TOTAL_CHARS = 500_000  # about eight hours of talk


class TextTooLarge(TooLarge):
    """This text is longer than one note can be made of."""

    code = "ai.text_too_large"


class AmbiguousUtterances(Invalid):
    """Two utterances have the same id, so evidence could not point at one."""

    code = "ai.ambiguous_utterances"


def check_size(utterances: Sequence[Utterance]) -> None:
    """Raise `TextTooLarge` or `AmbiguousUtterances`; never quotes the text."""
    total = sum(len(u.text) for u in utterances)
    longest = max((len(u.text) for u in utterances), default=0)
    if len(utterances) > MAX_UTTERANCES or longest > MAX_UTTERANCE_CHARS or total > MAX_TOTAL_CHARS:
        raise TextTooLarge(count=len(utterances), characters=total, limit=MAX_TOTAL_CHARS)
    if len({u.id for u in utterances}) != len(utterances):
        raise AmbiguousUtterances(count=len(utterances))
