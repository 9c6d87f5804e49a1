"""The jobs that finish elsewhere what transactions on the knowledge have begun."""

import logging

from sqlalchemy import select

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Misconfigured
from auricle.identity.models import Organization
from auricle.jobs.app import task
from auricle.jobs.schedule import periodic
from auricle.log import event

log = logging.getLogger(__name__)


@task("knowledge.settle", retries=6, timeout_s=3600)
async def settle(assembly: Assembly, actor: Actor) -> None:
    await assembly.knowledge.store.settle(assembly.database, actor)


@periodic("knowledge.settle_all", "*/10 * * * *")
async def settle_all(assembly: Assembly, actor: Actor) -> None:
    """What a job had to give up, and what lies where it did before the installation's settings changed."""
    async with assembly.database.transaction(actor) as db:
        organizations = (await db.scalars(select(Organization.id).order_by(Organization.id))).all()
    for organization_id in organizations:
        try:
            await assembly.knowledge.store.settle(assembly.database, Actor.system(organization_id, "knowledge"))
        except Misconfigured as error:  # one organization's embedder is no reason to leave the others
            event(
                log,
                "what follows from changes of the knowledge could not be done",
                logging.ERROR,
                organization_id=organization_id,
                error_code=error.code,
            )
