"""A WebSocket to a provider: bounded messages, and its failures in our types."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidHandshake, InvalidStatus, InvalidURI

from auricle.providers.connections import shared_ssl_context
from auricle.providers.ports import ProviderBusy, ProviderFailed, ProviderGarbled, ProviderRefused, ProviderTimeout
from auricle.providers.refusals import failure, json_of, seconds_of_now, vendor_code

MAX_MESSAGE_BYTES = 4_000_000  # a sentence of speech as base64 is below 2 MB
MAX_WAITING = 64  # messages read from the wire that nobody has taken yet
CLOSE_S = 1.0


class ProviderSocket:
    """Sends text, bytes or a JSON value; gives what comes. Raises `ProviderFailed` and its kinds."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, message: str | bytes) -> None:
        try:
            await self._connection.send(message)
        except ConnectionClosed as error:
            raise closed(error) from None

    async def send_json(self, value: Any) -> None:
        await self.send(orjson.dumps(value).decode())

    async def finish(self) -> None:
        """Close from our side; what is still under way is not read."""
        await _leave(self._connection, CLOSE_S)

    async def receive(self) -> str | bytes | None:
        """The next message; None once the provider closed the socket as agreed. A cancelled call loses nothing."""
        try:
            return await self._connection.recv()
        except ConnectionClosedOK:
            return None
        except ConnectionClosed as error:
            raise closed(error) from None

    async def messages(self) -> AsyncGenerator[str | bytes, None]:
        """What comes until the provider closes the socket as agreed. Raises where it closes otherwise."""
        try:
            async for message in self._connection:
                yield message
        except ConnectionClosed as error:
            raise closed(error) from None

    async def json(self) -> AsyncGenerator[Any, None]:
        """The same, where all that comes is JSON."""
        async for message in self.messages():
            try:
                yield orjson.loads(message)
            except orjson.JSONDecodeError:
                raise ProviderGarbled("The provider sent something that is not JSON.") from None


class Straight(connect):
    """Follows no redirect: the library would send most vendors' key headers along to wherever that leads."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


@asynccontextmanager
async def opened(
    url: str, headers: Mapping[str, str], subprotocols: tuple[str, ...], connect_s: float, address: str | None = None
) -> AsyncGenerator[ProviderSocket, None]:
    """A WebSocket that is open as long as the block lasts. The URL may hold nothing secret.

    `address` is where to connect, in place of wherever the host's name leads; TLS still asks for the name.
    """
    there: dict[str, Any] = {"host": address} if address else {}
    context: ssl.SSLContext | None = shared_ssl_context() if url.startswith("wss:") else None
    try:
        connection = await Straight(
            url,
            **there,
            ssl=context,
            additional_headers=dict(headers),
            subprotocols=list(subprotocols) or None,  # type: ignore[arg-type]
            user_agent_header="auricle",
            compression=None,
            open_timeout=connect_s,
            close_timeout=CLOSE_S,
            ping_interval=None,  # the router's deadlines tell a dead provider sooner
            max_size=MAX_MESSAGE_BYTES,
            max_queue=MAX_WAITING,
            proxy=None,
        )
    except InvalidStatus as error:
        body = json_of(bytes(error.response.body or b""))
        after_s = seconds_of_now(error.response.headers.get("retry-after"))
        raise failure(error.response.status_code, vendor_code(body), after_s) from None
    except TimeoutError:
        raise ProviderTimeout("The provider could not be reached in time.") from None
    except (OSError, InvalidHandshake, InvalidURI, ConnectionClosed, EOFError) as error:
        raise ProviderFailed("The connection to the provider failed.", reason=type(error).__name__) from None
    wait_s = 0.0  # who is interrupted or has failed waits for no answer to the goodbye: it may never come
    try:
        yield ProviderSocket(connection)
        wait_s = CLOSE_S
    finally:
        await _leave(connection, wait_s)


async def _leave(connection: ClientConnection, wait_s: float) -> None:
    """Say goodbye, wait so long for the answer, and be gone."""
    try:
        async with asyncio.timeout(wait_s):
            await connection.close()
    except (OSError, TimeoutError, asyncio.InvalidStateError):
        pass
    finally:
        connection.transport.abort()


def closed(error: ConnectionClosed) -> ProviderFailed:
    """The failure that the end of a socket stands for. Its reason is prose and may quote: only the number is kept."""
    code = error.rcvd.code if error.rcvd is not None else 1006
    if code in (1008, 3000, 3003, 4001, 4003, 4008, 4401, 4403):
        return ProviderRefused("The provider refuses our key or our request.", close_code=code)
    if code in (1013, 4029, 4429):
        return ProviderBusy("The provider asks us to slow down.", close_code=code)
    return ProviderFailed("The provider closed the connection.", close_code=code)
