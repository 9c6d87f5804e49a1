"""What routes ask for: the assembly, the actor, a permission, a transaction."""

import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.errors import Forbidden, Unauthenticated
from auricle.log import request_id

bearer = HTTPBearer(auto_error=False, description="An access token from `/auth/login`.")


def installed(connection: HTTPConnection) -> Assembly:
    assembly: Assembly = connection.app.state.assembly
    return assembly


Installed = Annotated[Assembly, Depends(installed)]


def caller(request: Request) -> Actor:
    """Who calls, as far as the connection tells: nobody in particular, from this address."""
    address = request.client.host if request.client else ""
    return Actor.nobody(
        request_id=request_id.get(), address=address, user_agent=request.headers.get("user-agent", "")[:200]
    )


Caller = Annotated[Actor, Depends(caller)]


async def signed_in(
    assembly: Installed, seen: Caller, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Actor:
    if credentials is None:
        raise Unauthenticated
    actor = await assembly.presence.actor(credentials.credentials)
    return Actor(
        kind="user",
        organization_id=actor.organization_id,
        account_id=actor.account_id,
        member_id=actor.member_id,
        role=actor.role,
        permissions=actor.permissions,
        session_id=actor.session_id,
        patient_id=actor.patient_id,
        request_id=seen.request_id,
        address=seen.address,
        user_agent=seen.user_agent,
    )


SignedIn = Annotated[Actor, Depends(signed_in)]


class Permission:
    """A dependency that lets only actors with one of the permissions through. `Requires(…)` makes it."""

    def __init__(self, *permissions: str) -> None:
        self.permissions = permissions

    def __call__(self, actor: SignedIn) -> Actor:
        if not any(actor.may(p) for p in self.permissions):
            raise Forbidden("Your role does not allow this.", permission=self.permissions[0])
        return actor


def Requires(*permissions: str) -> object:  # noqa: N802 - reads as a word in a signature
    """`actor: Annotated[Actor, Requires("notes:approve")]`; with several, any of them will do."""
    return Depends(Permission(*permissions))


async def transaction(assembly: Installed, actor: SignedIn) -> AsyncIterator[AsyncSession]:
    async with assembly.database.transaction(actor) as db:
        yield db


# Function scope: committed before the answer leaves. With the default scope a client was told 201 for a failed commit.
Db = Annotated[AsyncSession, Depends(transaction, scope="function")]


def new_request_id() -> str:
    return uuid.uuid4().hex
