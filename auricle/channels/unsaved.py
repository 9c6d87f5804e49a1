"""Turns that outlived their call: sealed into files until the database takes them, so that nothing said is lost.

The engine keeps a turn in memory and tries again for as long as the call lasts, and a while after. Only when the
database is away for longer does a turn come here; `restore` stores what is left at the next start and each minute.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.exc import SQLAlchemyError

from auricle.actor import Actor
from auricle.consultations.lifecycle import find_consultation
from auricle.consultations.transcript import Said, append
from auricle.db.sealed import Forgotten, Keyring, open_bytes, place, seal_bytes
from auricle.db.session import Database
from auricle.errors import AuricleError
from auricle.log import event

log = logging.getLogger(__name__)

EVERY_S = 60.0
MAX_FILES = 10_000


class Unsaved:
    """The folder of sealed leftovers of one installation."""

    def __init__(self, folder: Path, keyring: Keyring, database: Database) -> None:
        self._folder, self._database = folder, database
        self._keyring = keyring
        self._aes = AESGCM(keyring.spool_key)

    def keep(self, organization_id: UUID, consultation_id: UUID, session_id: UUID, said: Sequence[Said]) -> None:
        """Write utterances down, sealed; on disk before this returns."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = uuid4()
        body = orjson.dumps(
            {
                "organization_id": organization_id,
                "consultation_id": consultation_id,
                "session_id": session_id,
                "said": [asdict(one) for one in said],
            },
            default=str,
        )
        sealed = seal_bytes(self._aes, body, place("unsaved", "turns", name))
        part = self._folder / f"{name}.part"
        with part.open("wb") as out:
            out.write(sealed)
            out.flush()
            os.fsync(out.fileno())
        part.rename(self._folder / f"{name}.turns")
        event(log, "turns were kept in a file", logging.WARNING, count=len(said), consultation_id=consultation_id)

    async def run(self, stop: asyncio.Event) -> None:
        """Restore what is left now and each minute, until told to stop."""
        while not stop.is_set():
            await self.restore()
            try:
                await asyncio.wait_for(stop.wait(), EVERY_S)
            except TimeoutError:
                continue

    async def restore(self) -> int:
        """Store what is left; what still can't be stored stays. Returns how many files were stored."""
        done = 0
        for file in sorted(self._folder.glob("*.turns"))[:MAX_FILES]:
            try:
                body = orjson.loads(
                    open_bytes(self._aes, file.read_bytes(), place("unsaved", "turns", UUID(file.stem)))
                )
                await self._store(body)
            except FileNotFoundError:
                continue  # another process of this installation was first
            except Forgotten:
                event(log, "kept turns of an erased patient were dropped", logging.WARNING)
            except (AuricleError, SQLAlchemyError, OSError) as error:
                event(log, "kept turns could not be stored yet", logging.WARNING, error=type(error).__name__)
                continue
            file.unlink(missing_ok=True)
            done += 1
        return done

    async def _store(self, body: dict[str, Any]) -> None:
        actor = Actor.system(UUID(body["organization_id"]), "unsaved")
        said = [Said(**{**one, "id": UUID(one["id"]), "at": None}) for one in body["said"]]
        async with self._database.transaction(actor) as db:
            consultation = await find_consultation(db, UUID(body["consultation_id"]))
            await append(db, self._keyring, consultation, UUID(body["session_id"]), said)
