"""Whose providers are whose: the installation's, and on top of them each organization's own accounts and order.

An organization's is loaded once, at its first call, and kept. PostgreSQL tells every process when one has changed; it
is then loaded anew beside the calls that go on with the old one. Should that word be lost, the look every half minute
finds it. While the database is away, calls go on with what is held.
"""

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from auricle.actor import Actor
from auricle.db.sealed import Key, Keyring, Unreadable
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable, Misconfigured
from auricle.log import event
from auricle.providers.accounts.guarded import Guarded
from auricle.providers.accounts.models import ProviderAccount, ProviderOrder
from auricle.providers.accounts.opened import key_of, opened, orders_of
from auricle.providers.choice import Configured
from auricle.providers.lineup import Lineup
from auricle.providers.masking.models import MaskingPolicy, masking_of
from auricle.providers.masking.policy import OFF

log = logging.getLogger(__name__)

CHANNEL = "auricle_providers"
MOST_HELD = 2_000  # organizations; the least recently asked go first
LOOK_S, LOAD_S = 30.0, 5.0
LOCKS = 64  # of many askers for one organization one loads; two organizations seldom wait for one another


@dataclass(slots=True)
class Held:
    lineup: Lineup
    accounts: dict[UUID, tuple[datetime, Configured]] = field(default_factory=dict)
    asked: bool = True  # since the last look


class OrganizationLineups:
    def __init__(
        self,
        installation: Lineup,
        database: Database,
        keyring: Keyring,
        connections: Guarded,
        *,
        shared: tuple[str, ...] | None = None,
        most: int = MOST_HELD,
    ) -> None:
        """`shared` names the installation's accounts that organizations may use; None: all."""
        self.installation = installation
        self.shared = replace(
            installation,
            providers={
                name: one
                for name, one in installation.providers.items()
                if shared is None or name in shared or one.vendor.always_there
            },
        )
        self._database, self._keyring, self._most = database, keyring, most
        self.connections = connections
        self._held: OrderedDict[UUID, Held] = OrderedDict()
        self._loading = [asyncio.Lock() for _ in range(LOCKS)]
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()

    async def of(self, organization_id: UUID | None) -> Lineup:
        if organization_id is None:
            return self.installation
        held = self._held.get(organization_id)
        if held is None:
            async with self._lock(organization_id):
                held = self._held.get(organization_id) or await self._load(organization_id)
        held.asked = True
        self._held.move_to_end(organization_id)
        return held.lineup

    def heard(self, payload: str) -> None:
        """A process changed what an organization says about providers."""
        with suppress(ValueError):  # any role may notify; what is not ours is not for us
            organization_id = UUID(payload)
            if organization_id in self._held or self._lock(organization_id).locked():
                self._changed.add(organization_id)
                self._wake.set()

    async def run(self, stop: asyncio.Event, *, every_s: float = LOOK_S) -> None:
        """Load anew what has changed, until told to stop."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                waking = asyncio.create_task(self._wake.wait())
                done, _ = await asyncio.wait({stopping, waking}, timeout=every_s, return_when=asyncio.FIRST_COMPLETED)
                waking.cancel()
                if not done:
                    self._changed |= self._asked_lately()
                self._wake.clear()
                while self._changed and not stop.is_set():
                    await self._renew(self._changed.pop())
        finally:
            stopping.cancel()

    async def aclose(self) -> None:
        for provider in self.installation.providers.values():
            await provider.aclose()
        await self.connections.aclose()

    def _asked_lately(self) -> set[UUID]:
        found = {one for one, held in self._held.items() if held.asked}
        for one in found:
            self._held[one].asked = False
        return found

    async def _renew(self, organization_id: UUID) -> None:
        try:
            async with self._lock(organization_id):
                if organization_id in self._held:
                    await self._load(organization_id)
        except DatabaseUnavailable:  # the next look tries again
            event(log, "an organization's providers could not be loaded anew", logging.WARNING)
            if held := self._held.get(organization_id):
                held.asked = True
        except Exception:
            log.exception("an organization's providers could not be loaded anew")

    async def _load(self, organization_id: UUID) -> Held:
        """Under the organization's lock: a change that is told meanwhile is looked at after it."""
        before = self._held.get(organization_id)
        try:
            async with asyncio.timeout(LOAD_S):
                held = await self._read(organization_id, before)
        except TimeoutError:
            raise DatabaseUnavailable from None
        held.asked = before is None or before.asked
        self._held[organization_id] = held
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return held

    def _lock(self, organization_id: UUID) -> asyncio.Lock:
        return self._loading[hash(organization_id) % LOCKS]

    async def _read(self, organization_id: UUID, before: Held | None) -> Held:
        """What PostgreSQL holds. An account that did not change keeps what it had at hand."""
        async with self._database.transaction(Actor.system(organization_id, "providers")) as db:
            rows = (await db.scalars(select(ProviderAccount).order_by(ProviderAccount.id))).all()
            order = await db.scalar(select(ProviderOrder.orders))
            masking = masking_of(await db.scalar(select(MaskingPolicy)))
            key = await self._keyring.organization(db) if rows else None
        held = Held(self.shared)
        providers = dict(self.shared.providers)
        own: dict[str, Configured] = {}
        for row in rows:
            providers.pop(row.name, None)  # hidden, also where the account is disabled or can't be opened
            known = before.accounts.get(row.id) if before else None
            usable = known[1] if known and known[0] == row.changed_at else self._opened(row, key)
            if usable is not None:
                held.accounts[row.id] = (row.changed_at, usable)
                if row.enabled:
                    own[row.name] = usable
        if rows or order or masking != OFF:
            orders = {**self.shared.orders, **orders_of(order or {})}
            held.lineup = Lineup({**own, **providers}, orders, masking)
        return held

    def _opened(self, row: ProviderAccount, key: Key | None) -> Configured | None:
        try:
            assert key is not None
            return opened(row, key_of(key, row), self.connections)
        except (Unreadable, Misconfigured) as error:
            event(log, "a provider account can't be used", logging.ERROR, error=type(error).__name__)
            return None
