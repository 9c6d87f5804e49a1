"""A part of an organization's chain as one file that proves itself, without us and without the database.

The file is NDJSON: a header with where the part begins, one line for each link with its entry in canonical form, and a
last line with the position reached, the signed heads, and an Ed25519 signature over the bytes of all lines before. So a
reader finds an edited, removed, added or moved line, and a file that was cut; with the installation's public key, also
one that somebody else made.
"""

import hashlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.audit.chain import CANONICAL, Position, follow, start
from auricle.audit.heads import Heads
from auricle.audit.reads import record
from auricle.db.session import Database
from auricle.errors import Forbidden

FORMAT = "auricle audit export 1"
BATCH = 1000

RANGE = text("""
    select min(l.id) as first, max(l.id) as last from audit_link l join audit_entry e on e.id = l.entry_id
    where (cast(:since as timestamptz) is null or e.at >= :since)
      and (cast(:until as timestamptz) is null or e.at < :until)
""")

BEFORE = text("select id, hash, horizon from audit_link where id = :seq")

LINKS = text(f"""
    select l.id, l.horizon, l.hash, {CANONICAL} as canonical
    from audit_link l join audit_entry e on e.id = l.entry_id
    where l.id between :first and :last order by l.id limit :limit
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Part:
    """A run of links, both ends included; empty when `last` is before `first`."""

    organization_id: UUID
    before: Position
    first: int
    last: int


async def part_of(db: AsyncSession, actor: Actor, since: datetime | None, until: datetime | None) -> Part:
    """The links that seal entries of a time, without a gap: those sealed among them come along. Is itself recorded."""
    if actor.organization_id is None:
        raise Forbidden("An audit chain is an organization's own.")
    first, last = (await db.execute(RANGE, {"since": since, "until": until})).one()
    if first is None:
        first, last = 1, 0
    before = start(actor.organization_id)
    if first > 1 and (row := (await db.execute(BEFORE, {"seq": first - 1})).one_or_none()):
        before = Position(row.id, row.hash, row.horizon)
    await record(db, "export", "audit_entry", None, first=first, last=last)
    return Part(actor.organization_id, before, first, last)


async def exported(database: Database, heads: Heads, actor: Actor, part: Part) -> AsyncGenerator[bytes, None]:
    """Stream the file. The chain is only ever added to, so batches of short transactions read one truth."""
    digest, position = hashlib.sha256(), part.before
    header = {
        "format": FORMAT,
        "organization": str(part.organization_id),
        "first": part.first,
        "before": part.before.hash.hex(),
        "public_key": heads.public_key.hex(),
    }
    yield _told(header, digest)
    while position.seq < part.last:
        async with database.transaction(actor) as db:
            bounds = {"first": position.seq + 1, "last": part.last, "limit": BATCH}
            rows = (await db.execute(LINKS, bounds)).all()
        if not rows:
            break  # the chain is broken; what follows is not vouched for, and `verify` says where
        for row in rows:
            line = {"seq": row.id, "horizon": row.horizon, "hash": row.hash.hex(), "entry": row.canonical}
            yield _told(line, digest)
        position = Position(rows[-1].id, rows[-1].hash, rows[-1].horizon)
    signed = [h for h in heads.read() if h.organization_id == part.organization_id and h.seq >= part.first]
    footer = {
        "seq": position.seq,
        "hash": position.hash.hex(),
        "heads": [{"seq": h.seq, "hash": h.hash.hex(), "at": h.at.isoformat()} for h in signed[-400:]],
        "sha256": digest.hexdigest(),
    }
    yield orjson.dumps({**footer, "signature": heads.signature(message(footer)).hex()}) + b"\n"


def _told(line: dict[str, Any], digest: "hashlib._Hash") -> bytes:
    told = orjson.dumps(line) + b"\n"
    digest.update(told)
    return told


def message(footer: dict[str, Any]) -> bytes:
    """What is signed: the position, the heads, and the digest of everything before."""
    return b"auricle audit export\n" + orjson.dumps(footer, option=orjson.OPT_SORT_KEYS)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file turned out to be. `fault` says what is wrong, and `line` where."""

    entries: int
    fault: str | None = None
    line: int | None = None
    public_key: bytes = b""


def check_export(lines: Iterable[bytes], public_key: bytes | None = None) -> Checked:
    """Verify a file that `exported` made, line by line; with `public_key`, also that this installation made it."""
    digest, state, number = hashlib.sha256(), _Reading(), 0
    footer: dict[str, Any] | None = None
    for number, line in enumerate(lines, start=1):  # noqa: B007 - the last number names a missing end
        if footer is not None:
            return state.bad("something follows the signature", number)
        try:
            row = orjson.loads(line)
            if "signature" in row:
                footer = row
                continue
            state.header(row) if number == 1 else state.link(row)
        except _Fault as fault:
            return state.bad(str(fault), number)
        except (ValueError, KeyError, TypeError, AttributeError):
            return state.bad("this is not a line of an export", number)
        digest.update(line)
    if footer is None or state.position is None:
        return state.bad("the end with the signature is missing", number + 1)
    fault_found = state.end(footer, digest.hexdigest(), public_key)
    return state.bad(fault_found, number) if fault_found else Checked(state.count, public_key=state.public_key)


class _Fault(Exception):
    pass


class _Reading:
    """The chain as the lines tell it."""

    def __init__(self) -> None:
        self.position: Position | None = None
        self.hashes: dict[int, bytes] = {}
        self.count, self.public_key = 0, b""

    def header(self, row: dict[str, Any]) -> None:
        if row["format"] != FORMAT:
            raise _Fault("this is not an export of the audit")
        before = bytes.fromhex(row["before"])
        if row["first"] == 1 and before != start(UUID(row["organization"])).hash:
            raise _Fault("the beginning is not this organization's")
        self.position = Position(int(row["first"]) - 1, before, 0)
        self.public_key = bytes.fromhex(row["public_key"])

    def link(self, row: dict[str, Any]) -> None:
        if self.position is None or row["seq"] != self.position.seq + 1:
            raise _Fault("a line is missing, added or moved")
        following = follow(self.position, int(row["horizon"]), str(row["entry"]))
        if following.hash.hex() != row["hash"]:
            raise _Fault("this entry was altered")
        self.position = following
        self.hashes[following.seq] = following.hash
        self.count += 1

    def end(self, footer: dict[str, Any], digest: str, public_key: bytes | None) -> str | None:
        assert self.position is not None
        signature = footer.pop("signature")
        if public_key is not None and public_key != self.public_key:
            return "another installation's key signed this"
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(bytes.fromhex(signature), message(footer))
            heads: Sequence[tuple[int, bytes]] = [(h["seq"], bytes.fromhex(h["hash"])) for h in footer["heads"]]
        except (InvalidSignature, ValueError, KeyError, TypeError):
            return "the signature is not right"
        if footer["sha256"] != digest or (footer["seq"], footer["hash"]) != (
            self.position.seq,
            self.position.hash.hex(),
        ):
            return "the signed end does not belong to these lines"
        if any(self.hashes.get(seq, value) != value for seq, value in heads):
            return "the chain was rewritten: a signed head differs"
        return None

    def bad(self, fault: str, line: int) -> Checked:
        return Checked(self.count, fault, line, self.public_key)
