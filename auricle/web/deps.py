"""What routes ask for: the assembly, the actor, a permission, a transaction."""

from collections.abc import AsyncIterator
from dataclasses import replace
from functools import lru_cache
from typing import Annotated

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Forbidden, Unauthenticated
from auricle.log import request_id
from auricle.web.idempotency import claim_before, claim_within
from auricle.web.limits import Limits
from auricle.web.strict import check_body

bearer = HTTPBearer(auto_error=False, description="An access token from `/auth/login`, or an API key (`auk_…`).")


# Coroutines though they wait for nothing: FastAPI runs a plain function in a thread, which costs a tenth of a request.
async def installed(connection: HTTPConnection) -> Assembly:
    assembly: Assembly = connection.app.state.assembly
    return assembly


Installed = Annotated[Assembly, Depends(installed)]


async def caller(request: Request) -> Actor:
    """Who calls, as far as the connection tells: nobody in particular, from this address."""
    address = request.client.host if request.client else ""
    return Actor.nobody(
        request_id=request_id.get(), address=address, user_agent=request.headers.get("user-agent", "")[:200]
    )


Caller = Annotated[Actor, Depends(caller)]


async def identified(
    request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Actor:
    """The person or machine that calls, within their limits. Raises `Unauthenticated` and `RateLimited`."""
    assembly, seen = await installed(request), await caller(request)  # as dependencies each costs 30 µs
    limits: Limits = request.app.state.limits
    try:
        if credentials is None:
            raise Unauthenticated
        token = credentials.credentials
        known = (
            await assembly.machines.actor(token, seen.address)
            if assembly.machines.is_key(token)
            else await assembly.presence.actor(token)
        )
    except Unauthenticated:
        if "authorization" in request.headers:  # without, the edges have charged the address already
            await limits.charge_address(request)
        raise
    actor = replace(known, request_id=seen.request_id, address=seen.address, user_agent=seen.user_agent)
    request.state.actor = actor  # for the audit of what is refused from here on
    await limits.charge(request, actor)
    if not has_transaction(request.scope["route"]):
        await claim_before(assembly, actor, request)
    return actor


Identified = Annotated[Actor, Depends(identified)]


async def signed_in(request: Request, actor: Identified) -> Actor:
    """A person, for what concerns their own sign-in; a machine has none."""
    if actor.kind == "key":
        raise Forbidden("This is for people, not for keys.")
    await check_body(request)
    return actor


SignedIn = Annotated[Actor, Depends(signed_in)]


class Permission:
    """A dependency that lets only actors with one of the permissions through. `Requires(…)` makes it."""

    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    async def __call__(self, request: Request, actor: Identified) -> Actor:
        if not any(actor.may(p) for p in self.permissions):
            raise Forbidden("Your role does not allow this.", permission=self.permissions[0])
        await check_body(request)
        return actor


def Requires(*permissions: str) -> object:  # noqa: N802 - reads as a word in a signature
    """`actor: Annotated[Actor, Requires("notes:approve")]`; with several, any of them will do."""
    return Depends(Permission(*permissions))


async def transaction(request: Request, assembly: Installed, actor: Identified) -> AsyncIterator[AsyncSession]:
    async with assembly.database.transaction(actor) as db:
        await claim_within(db, assembly, actor, request)
        yield db


# Function scope: committed before the answer leaves. With the default scope a client was told 201 for a failed commit.
Db = Annotated[AsyncSession, Depends(transaction, scope="function")]


@lru_cache(maxsize=2048)
def has_transaction(route: object) -> bool:
    """Does a route ask for `Db`, and so have one transaction for everything it does?"""
    return isinstance(route, APIRoute) and transaction in calls_of(route.dependant)


def calls_of(dependant: Dependant) -> set[object]:
    """Every function that a route's dependencies call, however deep."""
    return {dependant.call}.union(*map(calls_of, dependant.dependencies))
