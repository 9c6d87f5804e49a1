"""The hottest reads: one message to the driver, without session, unit of work or greenlets.

Such a read is one statement, which is one transaction: it calls a function of the database that announces the actor
itself (transaction-locally, as the session's listener does), reads under row security and writes what it must.
"""

import asyncio
from typing import Any

import asyncpg

from auricle.errors import DatabaseUnavailable

# The server is not there, not ready or full; the statement is not to blame.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)


class Direct:
    """A small pool of driver connections in the application's role, opened at first use."""

    def __init__(self, url: str, *, size: int = 5) -> None:
        self._url, self._size = url, size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """The rows of one statement. Raises `DatabaseUnavailable`."""
        try:
            pool = self._pool or await self._open()
            async with pool.acquire(timeout=10) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
                return rows
        except AWAY as error:
            raise DatabaseUnavailable from error

    async def close(self) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def _open(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=self._size,
                    timeout=5,
                    command_timeout=60,
                    reset=nothing_to_reset,
                    server_settings={"application_name": "auricle direct"},
                )
            return self._pool


async def nothing_to_reset(_: object) -> None:
    """Each statement is a transaction whose settings end with it, so a connection comes back as it was."""
