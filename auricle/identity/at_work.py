"""The organization of an `/admin/hospitals/{hospital_id}` path: the actor in it, and a transaction announced for it."""

from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.identity.organizations import at_work_in, find_organization
from auricle.web.deps import Installed, SignedIn

HospitalId = Annotated[UUID, Path(description="A hospital, clinic or company.")]


async def actor_there(hospital_id: HospitalId, assembly: Installed, actor: SignedIn) -> Actor:
    there = at_work_in(actor, hospital_id)
    if actor.organization_id != hospital_id:  # a visitor may name one that does not exist
        async with assembly.database.transaction(there) as db:
            await find_organization(db)
    return there


ActorThere = Annotated[Actor, Depends(actor_there)]


async def transaction_there(assembly: Installed, actor: ActorThere) -> AsyncIterator[AsyncSession]:
    async with assembly.database.transaction(actor) as db:
        yield db


DbThere = Annotated[AsyncSession, Depends(transaction_there, scope="function")]
