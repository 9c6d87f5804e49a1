"""The hash chain over an organization's audit entries: what a link covers, and how the next one follows.

A link's hash is SHA-256 over the hash before it, its own position and horizon, and the entry's columns as canonical
JSON text, which PostgreSQL writes (jsonb text has one form; the time is in seconds since 1970, free of time zones).
Links are in the order of sealing: a transaction that commits late is chained late, never left out.
"""

import hashlib
from dataclasses import dataclass
from uuid import UUID

# Every column of an entry. Adding one to the table means a new form, chosen by position; never change this one.
CANONICAL = (
    "jsonb_build_array(e.id, e.organization_id, e.xid::text, extract(epoch from e.at), e.actor_id, e.member_id, "
    "e.request_id, e.address, e.user_agent, e.action, e.entity, e.entity_id, e.old, e.new, e.outcome, e.reason, "
    "e.old is null, e.new is null)::text"  # no value and JSON's null look the same in an array
)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a chain stands: the number of links, the last hash, and the horizon below which all is sealed."""

    seq: int
    hash: bytes
    horizon: int


def start(organization_id: UUID) -> Position:
    """Before the first link."""
    return Position(0, hashlib.sha256(f"auricle audit {organization_id}".encode()).digest(), 0)


def follow(before: Position, horizon: int, entry: str) -> Position:
    """The next position, over an entry in canonical form."""
    seq = before.seq + 1
    digest = hashlib.sha256(before.hash)
    digest.update(b"%d|%d|" % (seq, horizon))
    digest.update(entry.encode())
    return Position(seq, digest.digest(), horizon)
