"""`Idempotency-Key`: a POST that is sent again does nothing again, and is given the first answer.

The key is written in the transaction of the effect itself, so both are there or neither; a second request with the same
key waits for the first to commit. Routes that open transactions of their own (around a provider call, say) have it
claimed before and answered after: there a second request is told that the first is under way. Only success is kept, for
a day, sealed under a key that needs the same person and the same `Idempotency-Key` to be made again.
"""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response
from sqlalchemy import FetchedValue, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from starlette.datastructures import UploadFile

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.db.base import Base, new_id
from auricle.db.sealed import Key
from auricle.errors import Conflict, Invalid

KEPT = timedelta(hours=24)
ABANDONED = timedelta(minutes=10)  # a claim whose process died with it
WAIT_S = 10
MOST_BYTES = 256 * 1024
FORM = re.compile(r"[!-~]{1,200}")
REPEATED = ("content-type", "location", "etag")
Handler = Callable[[Request], Coroutine[Any, Any, Response]]
LOCK_NOT_AVAILABLE = "55P03"


class BadIdempotencyKey(Invalid):
    """An Idempotency-Key is 1 to 200 visible ASCII characters."""

    code = "idempotency.bad_key"


class KeyReused(Conflict):
    """This Idempotency-Key was used for another request."""

    code = "idempotency.key_reused"


class FirstUnderWay(Conflict):
    """The first request with this Idempotency-Key is still under way."""

    code = "idempotency.under_way"


class AnswerNotKept(Conflict):
    """This was done already, but its answer was not kept."""

    code = "idempotency.answer_not_kept"


class RequestKey(Base):
    """One use of an Idempotency-Key. Without `status` the request has not been answered yet."""

    __tablename__ = "request_key"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    account_id: Mapped[UUID] = mapped_column(server_default=FetchedValue())
    key: Mapped[str]
    request_hash: Mapped[bytes]
    status: Mapped[int | None]
    answer: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]


class Repeated(Exception):  # noqa: N818 - not an error: the answer, given again
    def __init__(self, response: Response) -> None:
        self.response = response


@dataclass
class Claim:
    """A key that this request holds. `db` is the transaction of the effect, where the request has one for all of it."""

    id: UUID
    seal: Key
    actor: Actor
    db: AsyncSession | None


def key_of(request: Request) -> str | None:
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    if key is not None and not FORM.fullmatch(key):
        raise BadIdempotencyKey
    return key


def keep_no_answer(request: Request) -> None:
    """For an answer that must not be kept even sealed, such as a new secret."""
    request.state.keep_no_answer = True


async def claim_within(db: AsyncSession, assembly: Assembly, actor: Actor, request: Request) -> None:
    """Claim the key in the effect's own transaction."""
    if (key := key_of(request)) and actor.account_id is not None:
        request.state.claim = await _claim(db, assembly, actor, request, key, own=False)


async def claim_before(assembly: Assembly, actor: Actor, request: Request) -> None:
    """Claim the key in a transaction of its own, for a route that opens several."""
    if (key := key_of(request)) and actor.account_id is not None:
        async with assembly.database.transaction(actor) as db:
            request.state.claim = await _claim(db, assembly, actor, request, key, own=True)


async def _claim(db: AsyncSession, assembly: Assembly, actor: Actor, request: Request, key: str, *, own: bool) -> Claim:
    seal = seal_for(assembly, actor, key)
    asked = await hash_of(request)
    await db.execute(
        delete(RequestKey).where(
            RequestKey.key == key,
            (RequestKey.expires_at < func.now())
            | (RequestKey.status.is_(None) & (RequestKey.created_at < func.now() - ABANDONED)),
        )
    )
    row = {"id": new_id(), "key": key, "request_hash": asked, "expires_at": datetime.now(UTC) + KEPT}
    async with bounded_wait(db):
        claimed = await db.scalar(insert(RequestKey).values(row).on_conflict_do_nothing().returning(RequestKey.id))
    if claimed is not None:
        return Claim(claimed, seal, actor, None if own else db)
    first = await db.scalar(select(RequestKey).where(RequestKey.key == key))
    if first is None:
        raise FirstUnderWay(retry_after_s=1)
    if not hmac.compare_digest(first.request_hash, asked):
        raise KeyReused
    if first.status is None:
        raise FirstUnderWay(retry_after_s=1)
    if first.answer is None:
        raise AnswerNotKept(status=first.status)
    raise Repeated(opened(seal, first))


@asynccontextmanager
async def bounded_wait(db: AsyncSession) -> AsyncIterator[None]:
    """Wait for another transaction's row, but not for ever. Raises `FirstUnderWay`."""
    await db.execute(text(f"set local lock_timeout = '{WAIT_S}s'"))
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise FirstUnderWay(retry_after_s=WAIT_S) from error
        raise
    await db.execute(text("set local lock_timeout to default"))


def seal_for(assembly: Assembly, actor: Actor, key: str) -> Key:
    place = f"idempotency|{actor.organization_id}|{actor.account_id}|{key}".encode()
    return Key(hmac.new(assembly.keyring.token_secret, place, hashlib.sha256).digest())


async def hash_of(request: Request) -> bytes:
    """What was asked, whole: the same key with anything else is a mistake of the client."""
    digest = hashlib.sha256(f"{request.url.path}?{request.url.query}\n".encode())
    if request.headers.get("content-type", "").startswith(("multipart/form-data", "application/x-www-form-urlencoded")):
        for name, value in (await request.form()).multi_items():
            digest.update(f"{len(name)}:{name}".encode())
            if isinstance(value, UploadFile):
                digest.update(f"{value.filename}".encode())
                while piece := await value.read(1 << 16):
                    digest.update(piece)
                await value.seek(0)
            else:
                digest.update(f"{len(value)}:{value}".encode())
    else:
        digest.update(await request.body())
    return digest.digest()


def opened(seal: Key, row: RequestKey) -> Response:
    assert row.answer is not None and row.status is not None
    kept = orjson.loads(seal.open(row.answer, "request_key", "answer", row.id))
    headers = {**kept["headers"], "Idempotent-Replayed": "true"}
    return Response(kept["body"].encode("utf-8"), row.status, headers)


def sealed(claim: Claim, response: Response) -> bytes | None:
    """An answer for keeping; none where it is a stream, too large, or not text."""
    body = getattr(response, "body", None)
    if not isinstance(body, bytes) or len(body) > MOST_BYTES:
        return None
    try:
        kept = {"body": body.decode(), "headers": {n: v for n, v in response.headers.items() if n in REPEATED}}
    except UnicodeDecodeError:
        return None
    return claim.seal.seal(orjson.dumps(kept).decode(), "request_key", "answer", claim.id)


async def settle(claim: Claim, assembly: Assembly, response: Response | None, *, keep: bool) -> None:
    """Keep the answer with the claim, or let the claim go where there was none to keep."""
    succeeded = response is not None and response.status_code < 400
    statement = (
        update(RequestKey)
        .where(RequestKey.id == claim.id)
        .values(status=response.status_code, answer=sealed(claim, response) if keep else None)
        if response is not None and succeeded
        else delete(RequestKey).where(RequestKey.id == claim.id)
    )
    if claim.db is not None:
        await claim.db.execute(statement)
    else:
        async with assembly.database.transaction(claim.actor) as db:
            await db.execute(statement)


def answering_once(handler: Handler) -> Handler:
    """A POST route's handler that keeps its answer. The effect's transaction is still open when the handler returns."""

    async def handle(request: Request) -> Response:
        try:
            response = await handler(request)
        except Repeated as again:
            return again.response
        except BaseException:
            claim: Claim | None = getattr(request.state, "claim", None)
            if claim is not None and claim.db is None:
                await settle(claim, request.app.state.assembly, None, keep=False)
            raise
        claim = getattr(request.state, "claim", None)
        if claim is not None:
            keep = not getattr(request.state, "keep_no_answer", False)
            await settle(claim, request.app.state.assembly, response, keep=keep)
        return response

    return handle
