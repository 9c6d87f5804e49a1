"""End what rests on a consent within seconds of its withdrawal, in whichever process it runs."""

import asyncio
from uuid import UUID

from auricle.actor import Actor
from auricle.consent.decide import ConsentNeeded, holds
from auricle.consent.models import Kind
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable
from auricle.live.fanout import EventsMissed, Fanout

LOOK_S = 30.0  # events tell at once; looking now and then catches a text that asks for renewal
PAUSE_S = 1.0


async def until_withdrawn(
    fanout: Fanout, database: Database, organization_id: UUID, patient_id: UUID, kind: Kind
) -> ConsentNeeded:
    """Return, with the error to tell, once the patient no longer agrees. A database that is away is no withdrawal."""
    system = Actor.system(organization_id, "consent.watch")
    while True:
        try:
            async with fanout.subscribe(organization_id, {"consent.withdrawn"}) as events:
                while await _holds(database, system, patient_id, kind):
                    try:
                        async with asyncio.timeout(LOOK_S):
                            while (await anext(events)).subject.get("patient_id") != str(patient_id):
                                pass
                    except TimeoutError:
                        continue
                return ConsentNeeded("The patient has withdrawn their consent.", kind=kind.value)
        except (EventsMissed, DatabaseUnavailable, StopAsyncIteration):
            await asyncio.sleep(PAUSE_S)


async def _holds(database: Database, actor: Actor, patient_id: UUID, kind: Kind) -> bool:
    async with database.transaction(actor) as db:
        return await holds(db, patient_id, kind)
