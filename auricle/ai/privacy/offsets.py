"""From offsets of the masked text back to offsets of the original."""

from auricle.ai.port import Masked


def to_original(masked: Masked, utterance_id: str, start: int, end: int) -> tuple[int, int]:
    """Offsets in the original text of a span of the masked one; a span that cuts a mask covers the whole identifier."""
    shift_start = shift_end = 0
    first: int | None = None
    last: int | None = None
    for span in masked.spans:
        if span.utterance_id != utterance_id:
            continue
        growth = (span.end - span.start) - (span.masked_end - span.masked_start)
        if span.masked_end <= start:
            shift_start += growth
        elif span.masked_start <= start < span.masked_end:
            first = span.start
        if span.masked_end <= end:
            shift_end += growth
        elif span.masked_start < end < span.masked_end:
            last = span.end
    return (start + shift_start if first is None else first), (end + shift_end if last is None else last)
