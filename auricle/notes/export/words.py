"""What every form of a note says alike: remarks on a statement, where a quote comes from, who signed."""

import re

from auricle.notes.export.document import Document
from auricle.notes.export.markdown import REMARKS, place_of
from auricle.notes.schemas import EvidenceOut, StatementOut

# What XML 1.0 can't carry, in any spelling.
UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def remarks_on(statement: StatementOut) -> list[str]:
    """What the judge and the clinician said about a statement, as its readers must know it."""
    remarks = [REMARKS[statement.verdict]] if statement.verdict in REMARKS else []
    if statement.overrule_reason is not None:
        remarks.append(f"kept by the clinician: {statement.overrule_reason}")
    if statement.edited:
        remarks.append("edited")
    return remarks


def source_of(evidence: EvidenceOut) -> str:
    """Who said it and when on the recording, or on which page it is written."""
    return f"{evidence.speaker.capitalize()}{place_of(evidence)}"


def fit_for_xml(text: str) -> str:
    return UNFIT.sub("", text)


def standing(document: Document) -> str:
    """Whether it is signed: stands on every page."""
    version = f"version {document.note.version}"
    if document.signed_at is None:
        return f"UNSIGNED DRAFT, {version}"
    return f"Signed note{' with addenda' if document.is_amended else ''}, {version}"
