"""The one composition root: what a process is built of, and in which order it is started and ended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Literal
from uuid import UUID

import numpy as np
from fastapi import APIRouter, FastAPI
from numpy.typing import NDArray

from auricle.agents.routes import router as agents
from auricle.agents.scenarios.routes import router as scenarios
from auricle.agents.tools.routes import router as tools
from auricle.ai.loading import Models
from auricle.ai.local import LocalAI
from auricle.ai.port import ClinicalAI
from auricle.ai.privacy.presidio import finders
from auricle.ai.remote import RemoteAI
from auricle.assembly import Assembly
from auricle.attention import router as attention
from auricle.audit.routes import router as audit
from auricle.billing.budgets.routes import router as budgets
from auricle.billing.rating.routes import router as rates
from auricle.billing.routes import router as billing
from auricle.billing.usage import UsageBook
from auricle.break_glass.routes import router as break_glass
from auricle.channels.calls import Calls
from auricle.channels.one_shot_routes import router as one_shot
from auricle.channels.routes import router as conversation
from auricle.channels.unsaved import Unsaved
from auricle.consent.rights_routes import router as rights
from auricle.consent.routes import router as consent
from auricle.consultations.alert_routes import router as alerts
from auricle.consultations.known import KnownPeople
from auricle.consultations.rating_routes import router as ratings
from auricle.consultations.routes import router as consultations
from auricle.db.migrate import check_schema
from auricle.db.prepare import check
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from auricle.documents.routes import router as documents
from auricle.errors import Misconfigured
from auricle.finetune.routes import router as finetune
from auricle.identity.admin_routes import router as administration
from auricle.identity.api_keys import Machines
from auricle.identity.credential_routes import router as credentials
from auricle.identity.key_routes import router as api_keys
from auricle.identity.member_routes import router as members
from auricle.identity.openid import OpenIdProvider
from auricle.identity.own_routes import router as own
from auricle.identity.presence import Presence
from auricle.identity.revocation import CHANNEL as STANDING
from auricle.identity.revocation import Standing
from auricle.identity.routes import router as sign_in
from auricle.knowledge.embedder_routes import router as embedder
from auricle.knowledge.evaluation.routes import router as evaluations
from auricle.knowledge.evaluation.run_routes import router as evaluation_runs
from auricle.knowledge.reranking import reranking
from auricle.knowledge.routes import router as knowledge
from auricle.knowledge.search import Knowledge
from auricle.knowledge.snapshot import CHANNEL as KNOWLEDGE
from auricle.knowledge.snapshot import Snapshots
from auricle.knowledge.stores import opened
from auricle.knowledge.tuning import thresholds_of, weights_of
from auricle.listening.relay import CHANNEL as RELAY
from auricle.listening.relay import Relay
from auricle.listening.routes import router as listening
from auricle.live.fanout import Fanout
from auricle.live.routes import router as events
from auricle.notes.own_routes import router as own_notes
from auricle.notes.review_routes import router as notes_review
from auricle.notes.routes import router as notes
from auricle.notes.search_routes import router as notes_search
from auricle.notes.templates.routes import router as note_templates
from auricle.openai_api.routes import router as openai_api
from auricle.patients.appointments.routes import router as appointments
from auricle.patients.professionals.routes import router as professionals
from auricle.patients.routes import router as patients
from auricle.phone.call_routes import router as phone_calls
from auricle.phone.hook_routes import router as phone_hooks
from auricle.phone.notices import Notices
from auricle.phone.rest import CarrierRest
from auricle.phone.routes import router as phone
from auricle.providers.accounts.guarded import Guarded, reach_of
from auricle.providers.accounts.lineups import CHANNEL as PROVIDERS
from auricle.providers.accounts.lineups import OrganizationLineups
from auricle.providers.accounts.routes import router as provider_accounts
from auricle.providers.call import Call, Choice
from auricle.providers.connections import Connections
from auricle.providers.masking.guard import MaskingGuard
from auricle.providers.masking.routes import router as masking
from auricle.providers.routes import router as providers
from auricle.providers.routing import Router, installed, router_for
from auricle.recording.routes import router as recordings
from auricle.settings import Settings
from auricle.storage.objects import LocalObjects, Objects
from auricle.storage.s3 import S3Objects
from auricle.web.app import build_app

ROUTERS: list[APIRouter] = [
    patients,  # first: a request is tried against each route before its own, and this has the hottest
    sign_in,
    credentials,
    api_keys,
    administration,
    members,
    own,
    professionals,
    appointments,
    agents,
    scenarios,
    tools,
    consent,
    rights,
    break_glass,
    consultations,
    ratings,
    alerts,
    conversation,
    one_shot,
    recordings,
    listening,
    knowledge,
    embedder,
    evaluations,
    evaluation_runs,
    documents,
    notes,
    notes_review,
    own_notes,
    notes_search,
    note_templates,
    finetune,
    openai_api,
    events,
    providers,
    provider_accounts,
    masking,
    billing,
    rates,
    budgets,
    attention,
    audit,
    phone,
    phone_calls,
    phone_hooks,
]


def application(settings: Settings, *, calls: bool = True) -> FastAPI:
    """The web application of the roles `serve` and `voice`; without `calls` that of `api`."""
    return build_app(settings, lambda: assembled(settings, calls=calls), ROUTERS)


@asynccontextmanager
async def assembled(settings: Settings, *, calls: bool = False) -> AsyncIterator[Assembly]:
    """Everything a process of this installation uses. With `calls` it can hold live conversations."""
    database_url = required(settings.database_url, "AURICLE_DATABASE_URL")
    await asyncio.to_thread(check, database_url)
    await asyncio.to_thread(check_schema, database_url)
    async with AsyncExitStack() as stack:
        database = Database(database_url)
        stack.push_async_callback(database.close)
        keyring = Keyring(master_key(settings.master_key, settings.data_dir))
        usage = UsageBook(database)
        await stack.enter_async_context(background(usage.run))
        connections = Connections(settings.timeouts.connect_s)
        lineups = OrganizationLineups(
            installed(settings, connections),
            database,
            keyring,
            Guarded(reach_of(settings), settings.timeouts.connect_s),
            shared=settings.providers_shared,
        )
        guard = MaskingGuard(KnownPeople(database, keyring), await asyncio.to_thread(finders, settings.ai.presidio))
        router = router_for(settings, usage.record, guard, lineups=lineups, connections=connections)
        stack.push_async_callback(router.aclose)
        await stack.enter_async_context(background(lineups.run))
        if calls:
            await router.warm()
        unsaved = Unsaved(settings.data_dir / "unsaved", keyring, database)
        if calls:
            await stack.enter_async_context(background(unsaved.run))
        store, searching = await stack.enter_async_context(opened(settings.qdrant)), settings.knowledge
        snapshots = Snapshots(database, store, weights_of(searching))
        await stack.enter_async_context(background(snapshots.run))
        presence = Presence(database, keyring.token_secret)
        standing = Standing(database, presence)
        await stack.enter_async_context(background(standing.run))
        relay = Relay(database.direct)
        carriers = CarrierRest()
        stack.push_async_callback(carriers.aclose)
        yield Assembly(
            settings=settings,
            database=database,
            keyring=keyring,
            presence=presence,
            standing=standing,
            machines=Machines(database),
            router=router,
            lineups=lineups,
            usage=usage,
            objects=objects_of(settings),
            knowledge=Knowledge(
                database,
                store,
                snapshots,
                embedding(router),
                weights=weights_of(searching),
                thresholds=thresholds_of(searching),
                rerank=reranking(router, searching.rerank_s),
                rerank_candidates=searching.rerank_candidates,
            ),
            fanout=await stack.enter_async_context(
                Fanout(
                    database_url,
                    also={
                        STANDING: standing.heard,
                        RELAY: relay.heard,
                        PROVIDERS: lineups.heard,
                        KNOWLEDGE: snapshots.heard,
                    },
                )
            ),
            relay=relay,
            ai=await stack.enter_async_context(clinical_ai(settings)),
            calls=(
                await stack.enter_async_context(Calls.started(settings.voice, router))
                if calls
                else Calls(settings.voice, elsewhere=True)
            ),
            unsaved=unsaved,
            carriers=carriers,
            notices=Notices(),
            openid=await stack.enter_async_context(OpenIdProvider(settings.google)),
            worker_url=settings.worker_url.get_secret_value() if settings.worker_url else "",
        )


def objects_of(settings: Settings) -> Objects:
    """Where files are: in the bucket that is set, or in a folder of this machine."""
    return S3Objects(settings.objects) if settings.objects.bucket else LocalObjects(settings.data_dir / "objects")


@asynccontextmanager
async def clinical_ai(settings: Settings) -> AsyncIterator[ClinicalAI]:
    """The AI service where an address is set, else the same work in this process."""
    if settings.ai.url is None:
        models = Models(settings.ai.entity_model)
        yield LocalAI(models=models, finders=await asyncio.to_thread(finders, settings.ai.presidio))
        return
    remote = RemoteAI(settings.ai)
    try:
        yield remote
    finally:
        await remote.aclose()


class embedding:  # noqa: N801 - a function with state: the router it embeds through
    """Embeds with the installation's embedder, or with the one that is named. No transaction may be open meanwhile."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def __call__(
        self,
        texts: Sequence[str],
        *,
        task: Literal["query", "document"],
        organization_id: UUID | None,
        by: Choice | None = None,
        patient_id: UUID | None = None,
    ) -> NDArray[np.float32]:
        # The installation's is the offline one, as `INSTALLED` says with each vector, whatever accounts can embed as
        # well: a key for a language model must not change what all knowledge is compared by.
        call = Call(organization_id, [by or Choice("offline")], patient_id=patient_id)
        return (await self._router.embed(call, texts, task=task)).vectors


@asynccontextmanager
async def background(run: object) -> AsyncIterator[None]:
    """Own a loop that takes a stop event: started here, told to stop and awaited at the end."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(stop))  # type: ignore[operator]
    try:
        yield
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await task


def required(value: object, name: str) -> str:
    if value is None:
        raise Misconfigured(f"{name} is not set.")
    return str(value.get_secret_value())  # type: ignore[attr-defined]
