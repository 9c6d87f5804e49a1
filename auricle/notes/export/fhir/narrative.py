"""A section's statements as the XHTML that FHIR's narratives are made of."""

from collections.abc import Sequence
from html import escape

from auricle.notes.export.words import fit_for_xml, remarks_on, source_of
from auricle.notes.schemas import MissingOut, StatementOut


def of_statements(statements: Sequence[StatementOut]) -> dict[str, str]:
    if not statements:
        return narrative("<p>Nothing noted.</p>")
    return narrative(f"<ul>{''.join(map(statement_item, statements))}</ul>")


def of_missing(missing: Sequence[MissingOut]) -> dict[str, str]:
    items = (f"<li>{safe(m.kind)}: {safe(m.text)} <q>{safe(m.quote)}</q></li>" for m in missing)
    return narrative(f"<ul>{''.join(items)}</ul>")


def narrative(inner: str) -> dict[str, str]:
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'}


def statement_item(statement: StatementOut) -> str:
    remarks = remarks_on(statement)
    told = f" <i>({safe('; '.join(remarks))})</i>" if remarks else ""
    quotes = "".join(f"<li>{safe(source_of(e))}: <q>{safe(e.quote)}</q></li>" for e in statement.evidence)
    evidence = f"<ul>{quotes}</ul>" if quotes else ""
    return f'<li id="s-{statement.id}">{safe(statement.text)}{told}{evidence}</li>'


def safe(text: str) -> str:
    return escape(fit_for_xml(text))
