"""Versions: the whole note, sealed and chained by hash each time it changes.

The hash runs over the ciphertext, so that the chain still verifies after the patient's key was forgotten.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.audit.reads import record_read
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import actor_of
from auricle.errors import NotFound
from auricle.notes.compare import Difference, compare
from auricle.notes.content import FrozenNote, FrozenStatement, OpenNote, find_note
from auricle.notes.models import Note, NoteVersion
from auricle.notes.outline import outline_of

Named = int | Literal["draft", "signed", "latest"]


@dataclass(frozen=True, slots=True)
class History:
    versions: Sequence[NoteVersion]  # oldest first
    intact: bool


async def freeze(db: AsyncSession, opened: OpenNote, reason: str) -> NoteVersion:
    """Add the next version of a note whose row the caller has locked."""
    note = opened.note
    previous = await db.scalar(
        select(NoteVersion.hash).where(NoteVersion.note_id == note.id, NoteVersion.number == note.version)
    )
    version_id, number, author = new_id(), note.version + 1, actor_of(db).member_id
    body = opened.key.seal(frozen(opened).model_dump_json(), "note_version", "body", version_id)
    version = NoteVersion(
        id=version_id,
        note_id=note.id,
        number=number,
        reason=reason,
        created_by=author,
        body=body,
        previous_hash=previous,
        hash=link(note.id, number, reason, author, previous, body),
    )
    db.add(version)
    note.version = number
    await db.flush()
    return version


def frozen(opened: OpenNote) -> FrozenNote:
    note = opened.note
    return FrozenNote(
        template=note.template,
        template_version=note.template_version,
        outline=outline_of(note),
        method=note.method or "",
        model=note.model,
        judged_by=note.judged_by,
        completeness=note.completeness,
        ai_approved=note.ai_approved,
        approved_by=note.approved_by,
        missing=opened.context.missing,
        statements=tuple(
            FrozenStatement.model_validate(
                {
                    "id": s.row.id,
                    "section": s.row.section,
                    "part": s.row.part,
                    "kind": s.row.kind,
                    "verdict": s.row.verdict,
                    "edited": s.row.edited,
                    "body": s.body,
                    "seen_by": s.row.seen_by,
                    "overruled_by": s.row.overruled_by,
                    "overrule_reason": s.overrule_reason,
                    "addendum_id": s.row.addendum_id,
                }
            )
            for s in opened.statements
        ),
    )


def link(note_id: UUID, number: int, reason: str, author: UUID | None, previous: bytes | None, body: bytes) -> bytes:
    """The hash of one version, over all that it says and the hash before it; each part has a fixed or given length."""
    head = f"auricle note version|{note_id}|{number}|{reason}|{author or ''}|".encode()
    return hashlib.sha256(head + (previous or bytes(32)) + body).digest()


def is_intact(versions: Sequence[NoteVersion]) -> bool:
    """Whether these are all versions from the first on, unchanged and in order."""
    numbers = [v.number for v in versions] == list(range(1, len(versions) + 1))
    hashes = all(link(v.note_id, v.number, v.reason, v.created_by, v.previous_hash, v.body) == v.hash for v in versions)
    chained = all(later.previous_hash == earlier.hash for earlier, later in pairwise(versions))
    return numbers and hashes and chained and (not versions or versions[0].previous_hash is None)


async def history(db: AsyncSession, note_id: UUID) -> History:
    """All versions of a note, without opening them, and whether their chain holds up to the note's own number."""
    note = await find_note(db, note_id)
    rows = await db.scalars(
        select(NoteVersion).where(NoteVersion.note_id == note.id).order_by(NoteVersion.number).limit(10_000)
    )
    versions = rows.all()
    return History(versions, is_intact(versions) and len(versions) == note.version)


async def read_version(
    db: AsyncSession, keyring: Keyring, note_id: UUID, number: int
) -> tuple[NoteVersion, FrozenNote]:
    """One version as it once was, masked. Audited as a read of the note."""
    note = await find_note(db, note_id)
    found = await opened_version(db, keyring, note, number)
    await record_read(db, "soap_note", note.id, version=number)
    return found


async def opened_version(db: AsyncSession, keyring: Keyring, note: Note, number: int) -> tuple[NoteVersion, FrozenNote]:
    version = await db.scalar(select(NoteVersion).where(NoteVersion.note_id == note.id, NoteVersion.number == number))
    if version is None:
        raise NotFound("No such version.")
    key = await keyring.patient(db, note.patient_id)
    return version, FrozenNote.model_validate_json(key.open(version.body, "note_version", "body", version.id))


async def compare_versions(
    db: AsyncSession, keyring: Keyring, note_id: UUID, was: Named, now: Named
) -> tuple[NoteVersion, NoteVersion, Difference]:
    """What changed from one version to another, masked. Audited as a read of the note."""
    note = await find_note(db, note_id)
    numbers = [await number_of(db, note, one) for one in (was, now)]
    (earlier, then), (later, since) = [await opened_version(db, keyring, note, one) for one in numbers]
    await record_read(db, "soap_note", note.id, version=numbers[1], compared_with=numbers[0])
    return earlier, later, compare(then, since)


async def number_of(db: AsyncSession, note: Note, named: Named) -> int:
    """The number of a version that is named by what made it; `latest` is the newest one."""
    if isinstance(named, int):
        return named
    if named == "latest":
        return note.version
    reason = {"draft": "generated", "signed": "approved"}[named]
    number = await db.scalar(
        select(NoteVersion.number).where(NoteVersion.note_id == note.id, NoteVersion.reason == reason)
    )
    if number is None:
        raise NotFound("No such version.")
    return number


def about(version: NoteVersion) -> dict[str, Any]:
    """A version without its words."""
    return {
        "number": version.number,
        "reason": version.reason,
        "created_by": version.created_by,
        "created_at": version.created_at,
        "hash": version.hash.hex(),
        "previous_hash": version.previous_hash.hex() if version.previous_hash else None,
    }
