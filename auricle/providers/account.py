"""One key at one vendor: requests and sockets that carry it, vendors' failures turned into our types.

No retry and no read deadline live here; both are the router's. What is bounded here: connecting, body and line sizes.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import httpx2
import orjson
from pydantic import SecretStr

from auricle.errors import Misconfigured
from auricle.providers.connections import Connections
from auricle.providers.ports import Capability, ProviderFailed, ProviderRefused, ProviderTimeout
from auricle.providers.refusals import failure_of
from auricle.providers.reply import MAX_ERROR_BYTES, Reply
from auricle.providers.socket import ProviderSocket, opened

# How a key is sent: a header with `{key}` in its value, or what makes headers of it (a token to be fetched first).
Auth = str | Callable[["Account", str], Awaitable[Mapping[str, str]]]
BEARER = "authorization: Bearer {key}"


class Account:
    """One key at one vendor. `name` is what agents and settings call it."""

    def __init__(
        self,
        name: str,
        vendor: str,
        connections: Connections,
        *,
        url: str | None = None,
        key: SecretStr | None = None,
        models: Mapping[Capability, str] | None = None,
        models_path: Path = Path(),
        is_in_process: bool = False,
        auth: Auth = BEARER,
        headers: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
        is_own_url: bool = True,
        may_probe: bool = True,
        is_trusted: bool | None = None,
    ) -> None:
        """`is_own_url`: the URL is the owner's choice (a gateway, a region), so requests to the vendor's other hosts
        go there too. `is_trusted`: what is told there stays with us; None: it does where that is this machine."""
        self.name = name
        self.vendor = vendor
        self.url = url.rstrip("/") if url else None
        self.models: Mapping[Capability, str] = models or {}
        self.models_path = models_path
        self.options: Mapping[str, str] = options or {}
        self.may_probe = may_probe  # whether small calls in the background may find out if it works again
        self.is_local = is_in_process or (_is_loopback(self.url) if is_trusted is None else is_trusted)
        self._connections = connections
        self._key = key.get_secret_value() if key else None
        self._auth, self._headers, self._is_own_url = auth, dict(headers or {}), is_own_url
        if self.url is not None and urlsplit(self.url).scheme not in ("http", "https"):
            raise Misconfigured("A provider's URL must begin with http:// or https://.", provider=name)

    @property
    def fingerprint(self) -> str:
        """Tells keys apart in logs and breakers without giving anything of them away."""
        return sha256(self._key.encode()).hexdigest()[:8] if self._key else "no-key"

    @property
    def has_key(self) -> bool:
        return self._key is not None

    @property
    def has_own_url(self) -> bool:
        """Whether the owner has set where it is, rather than the vendor."""
        return self._is_own_url

    def model(self, capability: Capability, asked: str | None) -> str:
        """The model asked for, or the account's own for this capability."""
        model = asked or self.models.get(capability)
        if not model:
            raise ProviderRefused("No model is set for this provider.", provider=self.name, capability=capability)
        return model

    def whole(self, option: str) -> int | None:
        """An option that is a whole number from 1 on, where it is set."""
        given = self.options.get(option)
        if given is None:
            return None
        if not (given.isascii() and given.isdigit() and int(given[:9]) > 0):
            raise ProviderRefused("An option of this provider must be a whole number.", option=option)
        return int(given[:9])

    def address(self, path: str) -> str:
        """The URL of a path, or of a whole URL at another host of the vendor (moved to the owner's, where set)."""
        if self.url is None:
            raise ProviderRefused("No URL is set for this provider.", provider=self.name)
        if not path.startswith(("http://", "https://")):
            return self.url + path
        if not self._is_own_url:
            return path
        parts = urlsplit(path)
        return self.url + parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def origin(self) -> str | None:
        """Scheme, host and port; None for what works in this process."""
        parts = urlsplit(self.url or "")
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None

    async def open_ahead(self) -> None:
        """Have a socket to the host in the pool before it is needed. The key stays here; the answer does not matter."""
        if self.origin is None:
            return
        with suppress(TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, ProviderFailed):
            async with asyncio.timeout(2 * self._connections.connect_s):
                await self._connections.to(self.origin).head(f"{self.origin}/")

    async def authorization(self) -> dict[str, str]:
        """The headers that every request carries: the vendor's own and the key's."""
        sent = dict(self._headers)
        if self._key is not None:
            if callable(self._auth):
                sent.update(await self._auth(self, self._key))
            else:
                name, _, value = self._auth.partition(": ")
                sent[name] = value.format(key=self._key)
        return sent

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        *,
        method: Literal["GET", "POST", "DELETE"] = "POST",
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        with_key: bool = True,
        **how: Any,
    ) -> AsyncGenerator[Reply, None]:
        """Ask and give the answer while it arrives. `how` is `data`, `files`, `content` or `params` as httpx2 has them.

        Without the key is how a token is asked for that stands for it.

        Raises `ProviderRefused`, `ProviderBusy`, `ProviderFailed`, `ProviderTimeout` or `ProviderGarbled`.
        """
        sent = {**(await self.authorization() if with_key else self._headers), **(headers or {})}
        if json is not None:
            sent["content-type"] = "application/json"
            how["content"] = orjson.dumps(json)
        try:
            url = self.address(path)
            async with self._connections.to(url).stream(method, url, headers=sent, **how) as response:
                if response.status_code >= 300:
                    raise await failure_of(response, MAX_ERROR_BYTES)
                yield Reply(response)
        except httpx2.TimeoutException as error:
            raise ProviderTimeout("The provider could not be reached in time.", reason=type(error).__name__) from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as error:
            # from None: the library's message may quote the URL, and a URL may hold a key.
            raise ProviderFailed("The connection to the provider failed.", reason=type(error).__name__) from None

    async def post(self, path: str, **how: Any) -> Any:
        """POST and give the whole JSON answer."""
        async with self.stream(path, **how) as reply:
            return await reply.json()

    async def get(self, path: str, **how: Any) -> Any:
        """GET and give the whole JSON answer."""
        async with self.stream(path, method="GET", **how) as reply:
            return await reply.json()

    @asynccontextmanager
    async def socket(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        subprotocols: tuple[str, ...] = (),
    ) -> AsyncGenerator[ProviderSocket, None]:
        """Open a WebSocket to the account. `params` are its query; a sequence stands for a repeated name.

        Raises what `stream` raises; a handshake that is refused is read like any refused request.
        """
        url = self.address(path).replace("http", "ws", 1)
        if params:
            url += ("&" if "?" in url else "?") + urlencode(dict(params), doseq=True)
        sent = {**await self.authorization(), **(headers or {})}
        address = await self._connections.address_of(url)
        async with opened(url, sent, subprotocols, self._connections.connect_s, address) as socket:
            yield socket


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url).hostname if url else None
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False
