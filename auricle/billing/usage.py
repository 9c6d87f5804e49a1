"""Usage records on their way to the database: noted at once without waiting, priced and stored in batches soon after.

A conversation never waits for its bill. While the database is away records are kept, up to a bound; what had to be
dropped is counted and logged. Storing the same record twice changes nothing, so an uncertain commit is simply repeated.
"""

import asyncio
import logging
from collections import Counter as Tally
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from prometheus_client import Counter, Gauge
from sqlalchemy import bindparam, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.billing.budgets.spend import spend
from auricle.billing.models import UsageRow
from auricle.billing.pricing import cost_of
from auricle.billing.rating.cards import Cards
from auricle.consultations.models import ConsultationSession
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable, IntegrityBroken, UnstorableText
from auricle.log import event
from auricle.providers.metering import UsageRecord

log = logging.getLogger(__name__)

BATCH = 500
LONGEST_WAIT_S = 5.0
UNACCEPTABLE = (IntegrityBroken, UnstorableText, DBAPIError)  # trying again would end alike

WAITING = Gauge("auricle_usage_waiting", "Usage records not stored yet.")
LOST = Counter("auricle_usage_lost_total", "Usage records that could not be stored.", ["reason"])


class UsageBook:
    """Takes usage records from anywhere in the process and stores them."""

    def __init__(self, database: Database, *, size: int = 50_000) -> None:
        self._database, self._size, self._cards = database, size, Cards()
        self._waiting: deque[UsageRecord] = deque()
        self._storing = asyncio.Lock()

    def record(self, one: UsageRecord) -> None:
        """Note one attempt; never waits, never raises. Without an organization there is nobody to account to."""
        if one.organization_id is None:
            return
        if len(self._waiting) >= self._size:
            LOST.labels(reason="full").inc()
            event(log, "usage record dropped: too many wait", logging.ERROR, provider=one.provider)
            return
        self._waiting.append(one)
        WAITING.set(len(self._waiting))

    async def run(self, stop: asyncio.Event, *, every_s: float = 0.5) -> None:
        """Store what waits until told to stop, and once more then."""
        failures = 0
        while not stop.is_set():
            failures = 0 if await self._attempt() else failures + 1
            try:
                await asyncio.wait_for(stop.wait(), min(every_s * 2 ** min(failures, 10), LONGEST_WAIT_S))
            except TimeoutError:
                continue
        if not await self._attempt():
            LOST.labels(reason="stopped").inc(len(self._waiting))
            event(log, "usage records lost at the end", logging.ERROR, count=len(self._waiting))

    async def flush(self) -> None:
        """Store everything noted before this call. Raises `DatabaseUnavailable` with all still kept."""
        async with self._storing:
            before = len(self._waiting)
            while before > 0:
                batch = [self._waiting[i] for i in range(min(BATCH, before))]
                await self._store(batch)
                for _ in batch:
                    self._waiting.popleft()
                before -= len(batch)
                WAITING.set(len(self._waiting))

    async def _attempt(self) -> bool:
        try:
            await self.flush()
        except DatabaseUnavailable:
            event(log, "usage waits for the database", logging.WARNING, count=len(self._waiting))
            return False
        except Exception:
            log.exception("usage could not be stored; trying again")
            return False
        return True

    async def _store(self, batch: Sequence[UsageRecord]) -> None:
        by_organization: defaultdict[UUID, list[UsageRecord]] = defaultdict(list)
        for one in batch:
            assert one.organization_id is not None  # `record` takes no others
            by_organization[one.organization_id].append(one)
        for organization_id, records in by_organization.items():
            try:
                await self._store_for(organization_id, records)
            except UNACCEPTABLE:
                await self._store_singly(organization_id, records)

    async def _store_singly(self, organization_id: UUID, records: Sequence[UsageRecord]) -> None:
        """One record is not acceptable to the database; it must not hold up the others."""
        for one in records:
            try:
                await self._store_for(organization_id, [one])
            except UNACCEPTABLE as error:
                LOST.labels(reason="refused").inc()
                event(
                    log,
                    "usage record refused",
                    logging.ERROR,
                    provider=one.provider,
                    capability=one.capability,
                    reason=type(error).__name__,
                )

    async def _store_for(self, organization_id: UUID, records: Sequence[UsageRecord]) -> None:
        async with self._database.transaction(Actor.system(organization_id, "usage")) as db:
            cards = await self._cards.of(db)
            costs = {one.id: cost_of(one, cards) for one in records}
            stored = set(
                await db.scalars(
                    insert(UsageRow).on_conflict_do_nothing(index_elements=["id"]).returning(UsageRow.id),
                    [{**columns(one), **asdict(costs[one.id])} for one in records],
                )
            )
            new = [one for one in records if one.id in stored]
            await add_to_sessions(db, new)
            if new:
                await spend(db, [(one.at, costs[one.id]) for one in new])


async def add_to_sessions(db: AsyncSession, records: Sequence[UsageRecord]) -> None:
    """Count tokens and calls into the sessions they were for, in the transaction that stores the records."""
    calls: Tally[UUID] = Tally(one.session_id for one in records if one.session_id)
    tokens: Tally[UUID] = Tally()
    for one in records:
        if one.session_id:
            tokens[one.session_id] += (one.input_tokens or 0) + (one.output_tokens or 0)
    if calls:
        table = ConsultationSession.__table__
        await (await db.connection()).execute(
            update(ConsultationSession.__table__)  # type: ignore[arg-type]
            .where(table.c.id == bindparam("session"))
            .values(
                tokens_used=table.c.tokens_used + bindparam("tokens"),
                calls_used=table.c.calls_used + bindparam("calls"),
            ),
            [{"session": s, "tokens": tokens[s], "calls": calls[s]} for s in sorted(calls)],
        )


def columns(one: UsageRecord) -> dict[str, object]:
    row = asdict(one)
    del row["organization_id"]  # the transaction says for whom
    return row
