"""Evidence is only what can be found again, letter by letter, in what was said."""

from collections.abc import Sequence
from uuid import UUID

from auricle.ai.port import Check, Evidence, Masked, Statement
from auricle.ai.privacy.offsets import to_original
from auricle.notes.content import Cited, StatementBody


def verified(statement: Statement, source: Masked) -> Statement:
    """Drop evidence that is not verbatim. A supported statement that loses all of it is unsupported."""
    held = tuple(e for e in statement.evidence if is_verbatim(e, source))
    if len(held) == len(statement.evidence):
        return statement
    lost = Check(name="quote", verdict="conflict", detail="A quote is not in the source.")
    verdict = statement.verdict if held or statement.verdict == "contradicted" else "unsupported"
    return statement.model_copy(
        update={"evidence": held, "checks": (*statement.checks, lost), "verdict": verdict or "unsupported"}
    )


def is_verbatim(evidence: Evidence, source: Masked) -> bool:
    text = text_of(source, evidence.utterance_id)
    if text is None or not 0 <= evidence.start < evidence.end <= len(text):
        return False
    return evidence.quote == text[evidence.start : evidence.end]


def quoted(source: Masked, message_id: UUID, start: int, end: int) -> Cited | None:
    """The span as evidence, or None when there is no such span."""
    text = text_of(source, str(message_id))
    if text is None or not 0 <= start < end <= len(text):
        return None
    original_start, original_end = to_original(source, str(message_id), start, end)
    return Cited(
        message_id=message_id,
        start=start,
        end=end,
        quote=text[start:end],
        original_start=original_start,
        original_end=original_end,
    )


def text_of(source: Masked, utterance_id: str) -> str | None:
    return next((u.text for u in source.utterances if u.id == utterance_id), None)


def body_of(statement: Statement, source: Masked) -> StatementBody:
    """What is stored of a verified statement."""
    spans = (quoted(source, UUID(e.utterance_id), e.start, e.end) for e in statement.evidence)
    return StatementBody(
        text=statement.text, evidence=tuple(s for s in spans if s is not None), checks=tuple(statement.checks)
    )


def verified_all(statements: Sequence[Statement], source: Masked) -> list[Statement]:
    return [verified(statement, source) for statement in statements]
