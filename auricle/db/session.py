"""The engine and `transaction(actor)`: one request or job, one transaction, one announced organization."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Session, SessionTransaction

from auricle.actor import Actor
from auricle.db.direct import Direct
from auricle.errors import DatabaseUnavailable, IntegrityBroken, UnstorableText

ANNOUNCE = text(
    "select set_config('auricle.organization', :organization, true), set_config('auricle.actor', :actor, true),"
    " set_config('auricle.member', :member, true), set_config('auricle.request', :request, true),"
    " set_config('auricle.address', :address, true), set_config('auricle.agent', :agent, true)"
)


class ActorSession(Session):
    """A session that announces its actor at the start of each transaction, and never beyond it.

    Session-wide settings would follow the connection into the pool, to the next user.
    """


@event.listens_for(ActorSession, "after_begin")
def _announce(session: Session, transaction: SessionTransaction, connection: Any) -> None:
    if transaction.nested:
        return
    actor: Actor = session.info["actor"]
    connection.execute(ANNOUNCE, announced(actor))


def announced(actor: Actor) -> dict[str, str]:
    return {
        "organization": str(actor.organization_id or ""),
        "actor": str(actor.account_id or ""),
        "member": str(actor.member_id or ""),
        "request": actor.request_id[:64],
        "address": actor.address[:64],
        "agent": actor.user_agent[:200] or actor.kind,
    }


class Database:
    """The application role's engine. `transaction(actor)` is the only way to a session, `direct` the way past one."""

    def __init__(
        self, url: str, *, pool_size: int = 10, beyond: int = 10, wait_s: float = 10.0, echo: bool = False
    ) -> None:
        """`beyond`: connections that a rush may open besides; after `wait_s` without a free one a caller is refused."""
        self.url = url
        self.direct = Direct(url)
        self.engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            pool_size=pool_size,
            max_overflow=beyond,
            pool_timeout=wait_s,
            pool_pre_ping=True,
            echo=echo,
            hide_parameters=True,
            json_serializer=lambda v: orjson.dumps(v, default=str).decode(),
            json_deserializer=orjson.loads,
            connect_args={"timeout": 5, "command_timeout": 60, "server_settings": {"application_name": "auricle"}},
        )
        # close_resets_only=False: an answer that streams after its transaction ended must not re-open one silently.
        self._sessions = async_sessionmaker(
            self.engine, sync_session_class=ActorSession, expire_on_commit=False, close_resets_only=False
        )

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[AsyncSession]:
        """One transaction for one actor; committed at the end of the block, rolled back on any error."""
        async with self._sessions(info={"actor": actor}) as session:
            try:
                async with session.begin():
                    yield session
            except IntegrityError as error:
                raise IntegrityBroken(constraint=constraint_of(error)) from error
            except (OperationalError, InterfaceError, PoolTimeout) as error:
                raise DatabaseUnavailable from error
            except DBAPIError as error:
                if error.connection_invalidated or is_away(error):
                    raise DatabaseUnavailable from error
                if sqlstate_of(error) in UNSTORABLE:
                    raise UnstorableText from None  # the driver's words would quote it
                raise
            except (OSError, asyncpg.PostgresConnectionError) as error:
                raise DatabaseUnavailable from error

    async def close(self) -> None:
        await self.direct.close()
        await self.engine.dispose()


def actor_of(db: AsyncSession) -> Actor:
    """The actor a session was opened for."""
    actor: Actor = db.info["actor"]
    return actor


# Connection lost, shut down, crashed, still starting or recovering, too many connections (PostgreSQL's error codes).
AWAY = ("08", "57P01", "57P02", "57P03", "53300")
UNSTORABLE = ("22021", "22P05")  # in text, and in JSON


def is_away(error: DBAPIError) -> bool:
    """Whether the server, not the statement, is the trouble: trying again later helps."""
    return sqlstate_of(error).startswith(AWAY)


def sqlstate_of(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def asyncpg_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1).replace("postgres://", "postgresql+asyncpg://", 1)


def psycopg_url(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace("postgres://", "postgresql+psycopg://", 1)


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint that was broken, if the driver tells; never the values."""
    cause: BaseException | None = error.orig
    while cause is not None:
        name = getattr(cause, "constraint_name", None)
        if name:
            return str(name)
        cause = cause.__cause__
    return None
