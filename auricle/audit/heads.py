"""Signed heads of the chains, in a file outside the database: whoever rewrites a chain can't rewrite these.

The key comes from the installation's master key. Ship the file elsewhere (write-once storage) to guard against someone
who holds the whole machine.
"""

import fcntl
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.audit.chain import Position
from auricle.errors import AuricleError
from auricle.log import event

log = logging.getLogger(__name__)

COMPACT_BYTES = 1_000_000
LONGEST_LINE = 1_000
DAILY_DAYS = 400  # a head of each day for so long, then one of each month


class BadHead(AuricleError):
    """A line of the file of signed heads is not one of ours."""

    code = "audit.bad_head"


@dataclass(frozen=True, slots=True)
class Head:
    organization_id: UUID
    seq: int
    hash: bytes
    at: datetime

    def message(self) -> bytes:
        return (
            f"auricle audit head\n{self.organization_id}\n{self.seq}\n{self.hash.hex()}\n{self.at.isoformat()}".encode()
        )


class Heads:
    """The file of heads: append, read, and keep it small."""

    def __init__(self, path: Path, seed: bytes, *, compact_bytes: int = COMPACT_BYTES) -> None:
        self.path = path
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._compact_bytes = self._compact_at = compact_bytes

    @property
    def public_key(self) -> bytes:
        """For verifying elsewhere, without the master key."""
        return self._key.public_key().public_bytes_raw()

    def signature(self, message: bytes) -> bytes:
        """Sign something else that stands beside the chain: an export, a certificate."""
        return self._key.sign(message)

    def sign(self, organization_id: UUID, position: Position) -> Head:
        """Append one head, on disk before this returns."""
        return self.sign_all({organization_id: position})[0]

    def sign_all(self, positions: Mapping[UUID, Position]) -> Sequence[Head]:
        """Append a head of each organization in one write, on disk before this returns."""
        now = datetime.now(UTC)
        heads = [Head(organization_id, at.seq, at.hash, now) for organization_id, at in positions.items()]
        with self._locked():
            append(self.path, b"".join(self._line(head) for head in heads))
            if self.path.stat().st_size > self._compact_at:
                self._compact(now)
        return heads

    def _line(self, head: Head) -> bytes:
        line = {
            "organization": str(head.organization_id),
            "seq": head.seq,
            "hash": head.hash.hex(),
            "at": head.at.isoformat(),
            "signature": self._key.sign(head.message()).hex(),
        }
        return orjson.dumps(line) + b"\n"

    def _compact(self, now: datetime) -> None:
        """Keep what proves as much: a later head of a chain covers all before it (see `worth_keeping`)."""
        try:
            kept = worth_keeping(self.read(), now)
        except BadHead as bad:  # a file somebody wrote into is evidence: it stays as it is
            event(
                log, "the file of audit heads is not ours in whole, and is not compacted", logging.ERROR, error=bad.code
            )
            kept = None
        if kept is not None:
            replacement = self.path.with_suffix(".new")
            replacement.unlink(missing_ok=True)
            append(replacement, b"".join(self._line(head) for head in kept))
            replacement.replace(self.path)
        self._compact_at = max(self._compact_bytes, 2 * self.path.stat().st_size)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, among processes too: a head must not go into a file that is being replaced."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self) -> Sequence[Head]:
        """Every head with a valid signature; raises `BadHead` naming the line of one without."""
        return list(self._lines()) if self.path.exists() else []

    def _lines(self) -> Iterator[Head]:
        public = self._key.public_key()
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return  # the last write was cut by a crash
                try:
                    row = orjson.loads(line)
                    head = Head(
                        UUID(str(row["organization"])),
                        int(row["seq"]),
                        bytes.fromhex(row["hash"]),
                        datetime.fromisoformat(row["at"]),
                    )
                    public.verify(bytes.fromhex(row["signature"]), head.message())
                except (ValueError, KeyError, TypeError, InvalidSignature) as error:
                    raise BadHead(f"Line {number} of {self.path.name} is not a head we signed.") from error
                yield head


def worth_keeping(heads: Iterable[Head], now: datetime) -> Sequence[Head]:
    """Of each organization the newest head of each day (of each month, where older), and so the latest of all."""
    newest: dict[tuple[UUID, str], Head] = {}
    for head in heads:
        day = "%Y-%m-%d" if (now - head.at).days <= DAILY_DAYS else "%Y-%m"
        slot = (head.organization_id, head.at.astimezone(UTC).strftime(day))
        if slot not in newest or newest[slot].seq <= head.seq:
            newest[slot] = head
    return sorted(newest.values(), key=lambda head: head.at)


def append(path: Path, data: bytes) -> None:
    """Add whole lines, on disk before this returns; half a line that a crash left is removed first."""
    with path.open("a+b") as file:
        path.chmod(0o600)
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - LONGEST_LINE))
        tail = file.read()
        if tail and not tail.endswith(b"\n"):
            file.truncate(size - len(tail) + tail.rfind(b"\n") + 1)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
