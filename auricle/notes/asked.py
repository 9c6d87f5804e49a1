"""What a client says of its request: which version of a note it has read, and in what language it reads headings."""

from typing import Annotated

from fastapi import Header, Query

from auricle.errors import AuricleError

Headings = Annotated[str, Query(pattern="^[a-z]{2}$", description="Of the headings, where the template has them.")]
IfMatch = Annotated[str | None, Header(pattern=r'^(W/)?"?[0-9]{1,9}"?$')]


class VersionNeeded(AuricleError):
    """Say which version you read, in `version` or `If-Match`."""

    status, code, title = 428, "note.version_needed", "Version needed"


def version_read(version: int | None, if_match: str | None) -> int:
    """The version a client read, by whichever way it says so."""
    matched = None if if_match is None else int(if_match.removeprefix("W/").strip('"'))
    said = {v for v in (version, matched) if v is not None}
    if len(said) != 1:
        raise VersionNeeded
    return said.pop()
