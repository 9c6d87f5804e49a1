"""A note as Markdown, with its evidence as footnotes."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC

from auricle.notes.outline import under
from auricle.notes.schemas import EvidenceOut, NoteOut, PartOut, StatementOut

SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&])")

REMARKS = {
    "contradicted": "contradicted by the conversation",
    "unsupported": "no support in the conversation",
    "inferred": "inferred",
}


def markdown(note: NoteOut) -> str:
    """The whole note as it was read; what was said stands in it as plain text, whatever characters it has."""
    footnotes: list[str] = []
    parts = [f"# {plain(note.title)}, version {note.version}", *heading(note)]
    for part, statements in shown_parts(note):
        parts.append(f"## {plain(part.heading)}")
        parts += [statement_line(s, footnotes) for s in statements] or ["Nothing noted."]
    for addendum in note.addenda:
        when = f"{addendum.created_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        parts.append(f"## Addendum, signed by {plain(addendum.author)}, {when}")
        parts += [statement_line(s, footnotes) for s in addendum.statements]
    if note.missing:
        parts.append("## Said, but not in this note")
        parts += [f"- {plain(m.kind)}: {plain(m.text)} (“{plain(m.quote)}”)" for m in note.missing]
    return "\n\n".join([*joined_lists(parts), *footnotes]) + "\n"


def heading(note: NoteOut) -> Iterator[str]:
    signed = "**Unsigned draft.**"
    if note.user_approved and note.approved_at is not None:
        signed = f"Signed {note.approved_at:%Y-%m-%d %H:%M} UTC{', with addenda' if note.addenda else ''}."
    judged = "The judge has no objection." if note.ai_approved else "The judge objects to statements below."
    written = plain(note.method or "") + (f" ({plain(note.model)})" if note.model else "")
    by = f" Judged by: {plain(note.judged_by)}." if note.judged_by else ""
    yield f"{signed} {judged} Written as: {written}.{by}"
    if not note.revealed:
        yield "Identifiers are masked."


def shown_parts(note: NoteOut) -> list[tuple[PartOut, list[StatementOut]]]:
    """The parts that a reader is shown: those with statements, and those that the template requires."""
    return [(part, found) for part, found in under(note.parts, note.statements) if found or part.required]


def statement_line(statement: StatementOut, footnotes: list[str]) -> str:
    references = ""
    for evidence in statement.evidence:
        number = len(footnotes) + 1
        footnotes.append(f"[^{number}]: {footnote(evidence)}")
        references += f"[^{number}]"
    remarks = [REMARKS[statement.verdict]] if statement.verdict in REMARKS else []
    if statement.overrule_reason is not None:
        remarks.append(f"kept by the clinician: {plain(statement.overrule_reason)}")
    if statement.edited:
        remarks.append("edited")
    told = f" *({'; '.join(remarks)})*" if remarks else ""
    return f"- {plain(statement.text)}{references}{told}"


def footnote(evidence: EvidenceOut) -> str:
    return f"{evidence.speaker.capitalize()}{place_of(evidence)}: “{plain(evidence.quote)}”"


def place_of(evidence: EvidenceOut) -> str:
    if evidence.page is not None:
        return f", page {evidence.page}"
    return "" if evidence.start_s is None else f", {int(evidence.start_s) // 60}:{int(evidence.start_s) % 60:02}"


def plain(text: str) -> str:
    """One line without any meaning to Markdown or HTML."""
    return SPECIAL.sub(r"\\\1", " ".join(text.split()))


def joined_lists(parts: Sequence[str]) -> Iterator[str]:
    """Paragraphs apart, list items together."""
    items: list[str] = []
    for part in parts:
        if part.startswith("- "):
            items.append(part)
            continue
        if items:
            yield "\n".join(items)
            items = []
        yield part
    if items:
        yield "\n".join(items)
