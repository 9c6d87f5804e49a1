"""The floors: the same list by hand, without isolation, audit, permissions, sealing or a response model."""

import asyncpg
import orjson
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from starlette.types import Receive, Scope, Send

from auricle.errors import Unauthenticated
from auricle.identity.tokens import Claims, read_access

# The same columns, in clear: raw code has no sealed names to open.
QUERY = (
    "select id, status, language, created_at, given_name, family_name, birth_date, gender, email, phone, address, "
    "record_number from bench_patient where organization_id = $1 order by id desc limit 20"
)


async def connected(url: str) -> "asyncpg.Pool[asyncpg.Record]":
    return await asyncpg.create_pool(url, min_size=2, max_size=5)


async def listed(pool: "asyncpg.Pool[asyncpg.Record]", claims: Claims) -> bytes:
    rows = await pool.fetch(QUERY, claims.organization_id)
    return orjson.dumps({"items": [dict(row) for row in rows], "next": None}, default=str)


class Bare:
    """Plain ASGI: token, query, JSON."""

    def __init__(self, secret: bytes) -> None:
        self.secret, self.pool = secret, None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = next(value for name, value in scope["headers"] if name == b"authorization")
        body = await listed(self.pool, read_access(self.secret, token[7:].decode()))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def fastapi_route(secret: bytes) -> FastAPI:
    """One FastAPI route with the token in a dependency and nothing else in the application."""
    app = FastAPI(openapi_url=None)

    async def who(request: Request) -> Claims:
        try:
            return read_access(secret, request.headers.get("authorization", "")[7:])
        except Unauthenticated as error:
            raise HTTPException(401) from error

    @app.get("/raw-fastapi")
    async def patients(claims: Claims = Depends(who)) -> Response:
        return Response(await listed(app.state.pool, claims), media_type="application/json")

    return app
