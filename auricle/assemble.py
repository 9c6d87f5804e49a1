"""The one composition root: what a process is built of, and in which order it is started and ended."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Literal
from uuid import UUID

import numpy as np
from fastapi import FastAPI
from numpy.typing import NDArray

from auricle.ai.loading import Models
from auricle.ai.local import LocalAI
from auricle.ai.port import ClinicalAI
from auricle.ai.privacy.presidio import finders
from auricle.ai.remote import RemoteAI
from auricle.assembly import Assembly
from auricle.billing.usage import UsageBook
from auricle.channels.calls import Calls
from auricle.channels.unsaved import Unsaved
from auricle.consultations.known import KnownPeople
from auricle.db.migrate import check_schema
from auricle.db.prepare import check
from auricle.db.sealed import Keyring, master_key
from auricle.db.session import Database
from auricle.errors import Misconfigured
from auricle.identity.api_keys import Machines
from auricle.identity.openid import OpenIdProvider
from auricle.identity.presence import Presence
from auricle.identity.revocation import CHANNEL as STANDING
from auricle.identity.revocation import Standing
from auricle.knowledge.reranking import reranking
from auricle.knowledge.search import Knowledge
from auricle.knowledge.snapshot import CHANNEL as KNOWLEDGE
from auricle.knowledge.snapshot import Snapshots
from auricle.knowledge.stores import opened
from auricle.knowledge.tuning import thresholds_of, weights_of
from auricle.listening.relay import CHANNEL as RELAY
from auricle.listening.relay import Relay
from auricle.live.fanout import Fanout
from auricle.phone.notices import Notices
from auricle.phone.rest import CarrierRest
from auricle.providers.accounts.guarded import Guarded, reach_of
from auricle.providers.accounts.lineups import CHANNEL as PROVIDERS
from auricle.providers.accounts.lineups import OrganizationLineups
from auricle.providers.call import Call, Choice
from auricle.providers.connections import Connections
from auricle.providers.masking.guard import MaskingGuard
from auricle.providers.routing import Router, installed, router_for
from auricle.routers import ROUTERS
from auricle.safety.redflags import default_watch
from auricle.settings import Settings
from auricle.storage.objects import LocalObjects, Objects
from auricle.storage.s3 import S3Objects
from auricle.web.app import build_app


def application(settings: Settings, *, calls: bool = True) -> FastAPI:
    """The web application of the roles `serve` and `voice`; without `calls` that of `api`."""
    return build_app(settings, lambda: answering(settings, calls=calls), ROUTERS)


@asynccontextmanager
async def answering(settings: Settings, *, calls: bool) -> AsyncIterator[Assembly]:
    """What a web process uses, the phrases of emergencies read: that would hold up its first question."""
    async with assembled(settings, calls=calls) as assembly:
        await asyncio.to_thread(default_watch)
        yield assembly


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
        lineups, router = await stack.enter_async_context(providers(settings, database, keyring, usage))
        unsaved = Unsaved(settings.data_dir / "unsaved", keyring, database)
        if calls:
            await router.warm()
            await stack.enter_async_context(background(unsaved.run))
        knowledge = await stack.enter_async_context(searchable(settings, database, router))
        presence = Presence(database, keyring.token_secret)
        standing = Standing(database, presence)
        await stack.enter_async_context(background(standing.run))
        relay = Relay(database.direct)
        carriers = CarrierRest()
        stack.push_async_callback(carriers.aclose)
        heard = {
            STANDING: standing.heard,
            RELAY: relay.heard,
            PROVIDERS: lineups.heard,
            KNOWLEDGE: knowledge.snapshots.heard,
        }
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
            knowledge=knowledge,
            fanout=await stack.enter_async_context(Fanout(database_url, also=heard)),
            relay=relay,
            ai=await stack.enter_async_context(clinical_ai(settings)),
            calls=await stack.enter_async_context(live_calls(settings, router, here=calls)),
            unsaved=unsaved,
            carriers=carriers,
            notices=Notices(),
            openid=await stack.enter_async_context(OpenIdProvider(settings.google)),
            worker_url=settings.worker_url.get_secret_value() if settings.worker_url else "",
        )


@asynccontextmanager
async def providers(
    settings: Settings, database: Database, keyring: Keyring, usage: UsageBook
) -> AsyncIterator[tuple[OrganizationLineups, Router]]:
    """Whose providers are whose, and the only way to them: metered, and masked where an organization asks for it."""
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
    try:
        async with background(lineups.run):
            yield lineups, router
    finally:
        await router.aclose()


@asynccontextmanager
async def searchable(settings: Settings, database: Database, router: Router) -> AsyncIterator[Knowledge]:
    """The organizations' knowledge: where its chunks are, and what this process holds of them."""
    own = settings.knowledge
    async with opened(settings.qdrant) as store:
        snapshots = Snapshots(database, store, weights_of(own))
        async with background(snapshots.run):
            yield Knowledge(
                database,
                store,
                snapshots,
                embedding(router),
                weights=weights_of(own),
                thresholds=thresholds_of(own),
                rerank=reranking(router, own.rerank_s),
                rerank_candidates=own.rerank_candidates,
            )


@asynccontextmanager
async def live_calls(settings: Settings, router: Router, *, here: bool) -> AsyncIterator[Calls]:
    """The calls of this process; where other processes hold them, none."""
    if not here:
        yield Calls(settings.voice, elsewhere=True)
        return
    async with Calls.started(settings.voice, router) as calls:
        yield calls


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
