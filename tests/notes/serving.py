"""The note routes over HTTP, without the rest of an installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from fastapi import FastAPI

from auricle.actor import Actor
from auricle.ai.port import ClinicalAI
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.identity.api_keys import Machines
from auricle.identity.models import AuthSession
from auricle.identity.presence import Presence
from auricle.identity.tokens import Claims, issue_access
from auricle.notes.own_routes import router as own
from auricle.notes.review_routes import router as review
from auricle.notes.routes import router
from auricle.notes.templates.routes import router as templates
from auricle.web import problems
from auricle.web.limits import Limits
from auricle.web.routing import adopt
from tests.running_service import PLENTY

NOTES = "/api/v1/soap/notes"


@dataclass
class Served:
    """As much of an assembly as these routes use."""

    database: Database
    keyring: Keyring
    ai: ClinicalAI
    presence: Presence
    machines: Machines
    router: Any


@asynccontextmanager
async def client_of(clinic, actor: Actor | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    actor = actor or clinic.clinician
    means = clinic.means
    session = AuthSession(
        id=new_id(),
        account_id=actor.account_id,
        organization_id=actor.organization_id,
        member_id=actor.member_id,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    async with means.database.transaction(actor) as db:
        db.add(session)
    claims = Claims(actor.account_id, session.id, actor.organization_id, actor.member_id)
    app = FastAPI()
    problems.install(app)
    for one in (router, review, own, templates):
        app.include_router(adopt(one))
    presence = Presence(means.database, means.keyring.token_secret)
    app.state.limits = Limits(PLENTY)
    machines = Machines(means.database)
    app.state.assembly = Served(means.database, means.keyring, means.ai, presence, machines, means.router)
    token = issue_access(means.keyring.token_secret, claims, lifetime_s=600)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://test", headers={"authorization": f"Bearer {token}"}
    ) as client:
        yield client
