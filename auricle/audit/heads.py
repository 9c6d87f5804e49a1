"""Signed heads of the chains, in a file outside the database: whoever rewrites a chain can't rewrite these.

The key comes from the installation's master key. Ship the file elsewhere (write-once storage) to guard against someone
who holds the whole machine.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.audit.chain import Position
from auricle.errors import AuricleError

FILE = "audit-heads.jsonl"


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
    """The file of heads: append and read."""

    def __init__(self, path: Path, seed: bytes) -> None:
        self.path = path
        self._key = Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def public_key(self) -> bytes:
        """For verifying elsewhere, without the master key."""
        return self._key.public_key().public_bytes_raw()

    def sign(self, organization_id: UUID, position: Position) -> Head:
        """Append a head, on disk before this returns."""
        head = Head(organization_id, position.seq, position.hash, datetime.now(UTC))
        line = {
            "organization": str(organization_id),
            "seq": head.seq,
            "hash": head.hash.hex(),
            "at": head.at.isoformat(),
            "signature": self._key.sign(head.message()).hex(),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, orjson.dumps(line) + b"\n")  # one write: lines of two processes do not mix
            os.fsync(handle)
        finally:
            os.close(handle)
        return head

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
