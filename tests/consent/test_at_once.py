"""Many decisions of one patient at the same moment, each beside new rows about them."""

import asyncio

from sqlalchemy import select

from auricle.actor import Actor
from auricle.consent.decide import Deciding, decide
from auricle.consent.models import Consent, Decision, Kind
from auricle.consultations.lifecycle import Opening, open_consultation
from auricle.consultations.models import ConsultationType
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from tests import builders


async def test_decisions_beside_new_rows_about_the_patient_wait_for_no_circle(
    database: Database, keyring: Keyring
) -> None:
    organization_id = await builders.make_organization(database)
    system = Actor.system(organization_id)
    admin = await builders.make_member(database, organization_id, "org_admin")
    agent = await builders.make_agent(database, admin)
    patient = await builders.make_patient(database, keyring, admin, agrees_to=())
    together = asyncio.Barrier(4)

    async def called() -> None:
        async with database.transaction(system) as db:
            await open_consultation(db, keyring, Opening(patient.id, ConsultationType.PHONE, agent.agent_id))
            await together.wait()  # each holds a row that refers to the patient
            await decide(db, patient.id, Deciding(Kind.AI_USE, Decision.GRANTED, language="en", how="phone"))

    await asyncio.gather(*(called() for _ in range(4)))
    async with database.transaction(system) as db:
        rows = await db.scalars(select(Consent.position).where(Consent.patient_id == patient.id))
        assert sorted(rows) == [1, 2, 3, 4]
