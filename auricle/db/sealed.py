"""Envelope encryption: the master key seals data keys, data keys seal columns.

An organization has one data key, and each patient has one of their own for clinical text and identity: forgetting that
key erases what it sealed, while the audit chain over the ciphertext still verifies. AES-256-GCM; the additional data
binds a ciphertext to its table, column and row, so that it can't be moved.
"""

import base64
import hashlib
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from auricle.db.base import Base, Tenant, new_id
from auricle.db.session import actor_of
from auricle.errors import AuricleError, Misconfigured

NONCE = 12
ERASURE_HEEDED_S = 1.0
EPOCH = text("select number from key_epoch")
FORMAT = b"\x01"
PIECE_BYTES = 1 << 20  # of a large file, sealed one after another
SEALED_PIECE_BYTES = len(FORMAT) + NONCE + PIECE_BYTES + 16


class Unreadable(AuricleError):
    """A sealed value can't be opened: wrong key, moved, altered, or its key was forgotten."""

    status, code, title = 500, "sealed.unreadable", "Unreadable"


class Forgotten(AuricleError):
    """The key of this data was destroyed at the patient's erasure."""

    status, code, title = 410, "sealed.forgotten", "Erased"


class DataKey(Tenant, Base):
    """One wrapped data key: the organization's own (`patient_id` null) or a patient's."""

    __tablename__ = "data_key"
    patient_id: Mapped[UUID | None]
    wrapped: Mapped[bytes | None]  # null: forgotten


class Key:
    """An unwrapped data key. Seals text for one place: table, column, row."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._aes = AESGCM(raw)

    def seal(self, plain: str, table: str, column: str, row: UUID) -> bytes:
        return seal_bytes(self._aes, plain.encode(), place(table, column, row))

    def open(self, sealed: bytes, table: str, column: str, row: UUID) -> str:
        return open_bytes(self._aes, sealed, place(table, column, row)).decode()

    def seal_file(self, plain: bytes, table: str, row: UUID) -> bytes:
        """Seal a whole file that belongs to a row."""
        return seal_bytes(self._aes, plain, place(table, "file", row))

    def open_file(self, sealed: bytes, table: str, row: UUID) -> bytes:
        return open_bytes(self._aes, sealed, place(table, "file", row))

    def seal_large(self, plain: BinaryIO, into: BinaryIO, table: str, row: UUID) -> None:
        """Seal a file of any size from its beginning, a piece at a time; blocking. `open_large` reads it."""
        plain.seek(0)
        number, piece = 0, plain.read(PIECE_BYTES)
        while True:
            following = plain.read(PIECE_BYTES) if len(piece) == PIECE_BYTES else b""
            into.write(seal_bytes(self._aes, piece, piece_place(table, row, number, is_last=not following)))
            if not following:
                return
            number, piece = number + 1, following

    def open_large(self, sealed: BinaryIO, table: str, row: UUID) -> Iterator[bytes]:
        """The pieces of a file as they were; blocking. One that is moved, missing or cut off is `Unreadable`."""
        sealed.seek(0)
        number, piece = 0, sealed.read(SEALED_PIECE_BYTES)
        while True:
            following = sealed.read(SEALED_PIECE_BYTES) if len(piece) == SEALED_PIECE_BYTES else b""
            yield open_bytes(self._aes, piece, piece_place(table, row, number, is_last=not following))
            if not following:
                return
            number, piece = number + 1, following

    def blind(self, purpose: str, folded: str) -> bytes:
        """A keyed hash for looking a sealed value up without opening it."""
        return hmac.new(self._raw, f"{purpose}\0{folded}".encode(), hashlib.sha256).digest()[:16]


class Keyring:
    """Finds, makes and caches data keys. Cached; an erasure holds everywhere within a second."""

    def __init__(self, master: bytes, *, size: int = 4096, ttl_s: float = 60.0) -> None:
        if len(master) != 32:
            raise Misconfigured("The master key must be 32 bytes, base64-encoded.")
        self._master = AESGCM(master)
        self._cache: OrderedDict[tuple[UUID, UUID | None], tuple[float, Key]] = OrderedDict()
        self._unwrapped: OrderedDict[bytes, Key] = OrderedDict()
        self._size, self._ttl_s = size, ttl_s
        self._epoch, self._look_at = -1, 0.0
        self.token_secret = hmac.new(master, b"auricle access tokens", hashlib.sha256).digest()
        self.link_secret = hmac.new(master, b"auricle document links", hashlib.sha256).digest()
        self.spool_key = hmac.new(master, b"auricle kept turns", hashlib.sha256).digest()
        self.installation = Key(hmac.new(master, b"auricle installation data", hashlib.sha256).digest())
        self.signing_seed = hmac.new(master, b"auricle audit heads", hashlib.sha256).digest()

    async def organization(self, db: AsyncSession) -> Key:
        """The organization's own data key, made at first use."""
        return await self._key(db, None)

    async def patient(self, db: AsyncSession, patient_id: UUID) -> Key:
        """A patient's data key, made at first use."""
        return await self._key(db, patient_id)

    async def patients(self, db: AsyncSession, patient_ids: Sequence[UUID]) -> dict[UUID, Key]:
        """The existing keys of several patients, in one query at most. A forgotten key is left out."""
        organization_id = actor_of(db).organization_id
        if organization_id is None:
            raise Unreadable("No organization, no data key.")
        await self._heed_erasures(db)
        now = time.monotonic()
        held = {one: self._cache.get((organization_id, one)) for one in patient_ids}
        keys = {one: cached[1] for one, cached in held.items() if cached and cached[0] > now}
        missing = [one for one in patient_ids if one not in keys]
        if missing:
            wanted = select(DataKey.id, DataKey.patient_id, DataKey.wrapped).where(DataKey.patient_id.in_(missing))
            for row in (await db.execute(wanted)).all():
                if row.wrapped is not None:
                    keys[row.patient_id] = self.unwrapped(organization_id, row.id, row.wrapped)
        return keys

    def unwrapped(self, organization_id: UUID, row: UUID, wrapped: bytes) -> Key:
        """The key in a row of `data_key` that was just read: nobody can read one that was forgotten."""
        key = self._unwrapped.get(wrapped)
        if key is None:
            key = Key(open_bytes(self._master, wrapped, place("data_key", str(organization_id), row)))
            self._unwrapped[wrapped] = key
            while len(self._unwrapped) > self._size:
                self._unwrapped.popitem(last=False)
        return key

    def forget(self, organization_id: UUID, patient_id: UUID) -> None:
        self._cache.pop((organization_id, patient_id), None)
        self._unwrapped.clear()

    async def _key(self, db: AsyncSession, patient_id: UUID | None) -> Key:
        organization_id = actor_of(db).organization_id
        if organization_id is None:
            raise Unreadable("No organization, no data key.")
        await self._heed_erasures(db)
        cached, epoch = self._cache.get((organization_id, patient_id)), self._epoch
        if cached and cached[0] > time.monotonic():
            self._cache.move_to_end((organization_id, patient_id))
            return cached[1]
        key = await self._load(db, organization_id, patient_id)
        if patient_id in new_keys(db) or epoch != self._epoch:
            return key
        self._cache[organization_id, patient_id] = (time.monotonic() + self._ttl_s, key)
        while len(self._cache) > self._size:
            self._cache.popitem(last=False)
        return key

    async def _heed_erasures(self, db: AsyncSession) -> None:
        """Drop every key held once any was forgotten, by whichever process; looked for once a second at most."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + ERASURE_HEEDED_S
        epoch = await db.scalar(EPOCH)
        if epoch != self._epoch:
            self._epoch = epoch or 0
            self._cache.clear()
            self._unwrapped.clear()

    async def _load(self, db: AsyncSession, organization_id: UUID, patient_id: UUID | None) -> Key:
        found = await self._find(db, patient_id)
        if found is None:
            raw, row = AESGCM.generate_key(256), new_id()
            wrapped = seal_bytes(self._master, raw, place("data_key", str(organization_id), row))
            new_keys(db).add(patient_id)
            await db.execute(
                text(
                    "insert into data_key (id, patient_id, wrapped) values (:id, :patient, :wrapped) "
                    "on conflict do nothing"
                ),
                {"id": row, "patient": patient_id, "wrapped": wrapped},
            )
            found = await self._find(db, patient_id)  # another transaction may have been first
        if found is None:
            raise Unreadable("No data key could be made.")
        row, wrapped_key = found
        if wrapped_key is None:
            raise Forgotten
        return Key(open_bytes(self._master, wrapped_key, place("data_key", str(organization_id), row)))

    async def _find(self, db: AsyncSession, patient_id: UUID | None) -> tuple[UUID, bytes | None] | None:
        row = (
            await db.execute(
                select(DataKey.id, DataKey.wrapped).where(DataKey.patient_id.is_not_distinct_from(patient_id))
            )
        ).one_or_none()
        return (row.id, row.wrapped) if row else None


def new_keys(db: AsyncSession) -> set[UUID | None]:
    """Whose keys this transaction made: it may yet be rolled back, and then what they seal could never be opened."""
    made: set[UUID | None] = db.info.setdefault("new_data_keys", set())
    return made


def place(table: str, column: str, row: UUID) -> bytes:
    return f"{table}|{column}|{row}".encode()


def piece_place(table: str, row: UUID, number: int, *, is_last: bool) -> bytes:
    return place(table, f"file piece {number}{' and last' if is_last else ''}", row)


def seal_bytes(aes: AESGCM, plain: bytes, where: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return FORMAT + nonce + aes.encrypt(nonce, plain, where)


def open_bytes(aes: AESGCM, sealed: bytes, where: bytes) -> bytes:
    if sealed[:1] != FORMAT:
        raise Unreadable("A sealed value has an unknown format.")
    try:
        return aes.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], where)
    except (InvalidTag, ValueError) as error:  # ValueError: cut short
        raise Unreadable from error


def master_key(configured: SecretStr | None, data_dir: Path) -> bytes:
    """The installation's master key: as configured, else a key file made once in the data folder (mode 0600)."""
    if configured is not None:
        try:
            return base64.b64decode(configured.get_secret_value(), validate=True)
        except ValueError as error:
            raise Misconfigured("AURICLE_MASTER_KEY is not base64.") from error
    file = data_dir / "master.key"
    if not file.exists():
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(base64.b64encode(os.urandom(32)))
    return base64.b64decode(file.read_bytes())
