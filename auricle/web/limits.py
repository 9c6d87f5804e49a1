"""How many requests an address, a person, a key and an organization may make, and the headers that say so.

Counted by the `limits` library over a sliding window: in this process, or in a Redis or Valkey that several share. When
that one is away, each process counts for itself until it is back: a limit must never be what takes the service down.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from math import ceil
from typing import NamedTuple
from urllib.parse import urlsplit

from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.aio.storage.base import SlidingWindowCounterSupport
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string
from starlette.requests import HTTPConnection

from auricle.actor import Actor
from auricle.errors import Misconfigured, RateLimited
from auricle.log import event
from auricle.settings import Limits as LimitSettings
from auricle.web.addresses import network_of

log = logging.getLogger(__name__)

Limiter = SlidingWindowCounterRateLimiter

SHARED_AWAY_S = 10.0  # how long a lost Redis is left alone before it is tried again
SHARED_WAIT_S = 0.5
HEADERS, LEFT = "rate_limit_headers", "rate_limits_left"
BUDGETS = ("address", "user", "key", "models", "tokens", "organization")


class QuotaUsed(RateLimited):
    """The tokens of this key are used up for now."""

    code = "quota.used"


class Budget(NamedTuple):
    """One counter that a request is charged to."""

    name: str
    item: RateLimitItem
    owner: str


class Left(NamedTuple):
    budget: Budget
    granted: bool
    remaining: int
    reset_s: int


class Limits:
    def __init__(self, settings: LimitSettings) -> None:
        self._items = {name: parse(getattr(settings, name)) for name in BUDGETS}
        self._own = SlidingWindowCounterRateLimiter(BoundedMemory())
        self._shared = (
            SlidingWindowCounterRateLimiter(shared(settings.url.get_secret_value())) if settings.url else None
        )
        self._away_until = 0.0

    async def charge_address(self, connection: HTTPConnection) -> None:
        """Charge somebody who is not signed in. Raises `RateLimited`."""
        host = connection.client.host if connection.client else ""
        await self._charge(connection, [Budget("address", self._items["address"], network_of(host))])

    async def charge(self, connection: HTTPConnection, actor: Actor) -> None:
        """Charge a person or key, and their organization. Raises `RateLimited`."""
        kind = "key" if actor.kind == "key" else "user"
        budgets = [Budget(kind, self._items[kind], str(actor.account_id))]
        if actor.organization_id is not None:
            budgets.append(Budget("organization", self._items["organization"], str(actor.organization_id)))
        await self._charge(connection, budgets)

    async def charge_model(self, connection: HTTPConnection, actor: Actor) -> None:
        """Charge a request to a model, beside what every request is charged to. Raises `RateLimited` or `QuotaUsed`."""
        await self._charge(connection, [Budget("models", self._items["models"], str(actor.account_id))])
        tokens = Budget("tokens", self._items["tokens"], str(actor.account_id))
        left = await self._shared_or_own(tokens, left_of)
        if not left.granted:
            raise QuotaUsed(limit="tokens", retry_after_s=left.reset_s)

    async def use_tokens(self, actor: Actor, count: int) -> None:
        """Charge tokens that were used: all that are left, where they were more."""
        tokens = Budget("tokens", self._items["tokens"], str(actor.account_id))
        await self._shared_or_own(tokens, lambda limiter, budget: used(limiter, budget, count))

    async def _charge(self, connection: HTTPConnection, budgets: Sequence[Budget]) -> None:
        state = connection.scope.setdefault("state", {})
        left: list[Left] = state.setdefault(LEFT, [])
        for budget in budgets:
            left.append(await self._shared_or_own(budget, taken))
            if not left[-1].granted:  # and what was refused is not charged to the organization
                break
        state[HEADERS] = headers_of(left)
        if not left[-1].granted:
            raise RateLimited(limit=left[-1].budget.name, retry_after_s=left[-1].reset_s)

    async def _shared_or_own(self, budget: Budget, do: Callable[[Limiter, Budget], Awaitable[Left]]) -> Left:
        if self._shared is not None and time.monotonic() >= self._away_until:
            try:
                return await do(self._shared, budget)
            except (StorageError, OSError, TimeoutError) as error:
                self._away_until = time.monotonic() + SHARED_AWAY_S
                event(log, "shared limits are away, counting here", logging.WARNING, error=type(error).__name__)
        return await do(self._own, budget)


async def taken(limiter: Limiter, budget: Budget) -> Left:
    granted = await limiter.hit(budget.item, budget.name, budget.owner)
    resets_at, remaining = await limiter.get_window_stats(budget.item, budget.name, budget.owner)
    return Left(budget, granted, remaining if granted else 0, max(1, ceil(resets_at - time.time())))


async def left_of(limiter: Limiter, budget: Budget) -> Left:
    """What is left of a budget, charging nothing; `granted` while there is anything."""
    resets_at, remaining = await limiter.get_window_stats(budget.item, budget.name, budget.owner)
    return Left(budget, remaining > 0, remaining, max(1, ceil(resets_at - time.time())))


async def used(limiter: Limiter, budget: Budget, count: int) -> Left:
    left = await left_of(limiter, budget)
    if count > 0 and left.remaining > 0:
        await limiter.hit(budget.item, budget.name, budget.owner, cost=min(count, left.remaining))
    return left


def headers_of(left: Sequence[Left]) -> dict[str, str]:
    """`RateLimit` and `RateLimit-Policy` as in draft-ietf-httpapi-ratelimit-headers."""
    return {
        "RateLimit-Policy": ", ".join(
            f'"{b.name}";q={b.item.amount};w={b.item.get_expiry()}' for b in (one.budget for one in left)
        ),
        "RateLimit": ", ".join(f'"{one.budget.name}";r={one.remaining};t={one.reset_s}' for one in left),
    }


def shared(url: str) -> Storage:
    """The counters that several processes share."""
    if urlsplit(url).scheme not in ("redis", "rediss", "valkey", "valkeys"):
        raise Misconfigured("AURICLE_LIMITS__URL must be a redis:// or valkey:// address.")
    try:
        storage = storage_from_string(
            f"async+{url}", wrap_exceptions=True, stream_timeout=SHARED_WAIT_S, connect_timeout=SHARED_WAIT_S
        )
    except Exception as error:  # the library raises several types of its own for a missing client
        raise Misconfigured("Limits in Redis need the extra `redis` of this package.") from error
    assert isinstance(storage, Storage)
    return storage


class Window:
    __slots__ = ("current", "index", "previous")

    def __init__(self, index: int) -> None:
        self.index, self.current, self.previous = index, 0, 0


class BoundedMemory(Storage, SlidingWindowCounterSupport):
    """Counters of this process, at most `size` of them, each touched in constant time.

    The library's own memory walks through all its keys at every request: 1.2 ms with 10,000 of them.
    """

    STORAGE_SCHEME = ["async+auricle-memory"]  # noqa: RUF012 - the library's registry wants a list

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, *, size: int = 100_000) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._windows: OrderedDict[str, Window] = OrderedDict()
        self._size = size

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def _window(self, key: str, expiry: float) -> tuple[Window, float]:
        """A key's window as of now, and how many seconds of it are left."""
        index, into = divmod(time.time(), expiry)
        window = self._windows.get(key)
        if window is None:
            window = self._windows[key] = Window(int(index))
            if len(self._windows) > self._size:
                self._windows.popitem(last=False)
        else:
            self._windows.move_to_end(key)
        if window.index != index:
            window.previous = window.current if window.index == index - 1 else 0
            window.current, window.index = 0, int(index)
        return window, expiry - into

    async def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        window, left_s = self._window(key, expiry)
        if window.previous * left_s / expiry + window.current + amount > limit:
            return False
        window.current += amount
        return True

    async def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        window, left_s = self._window(key, expiry)
        return window.previous, left_s, window.current, left_s + expiry

    async def clear_sliding_window(self, key: str, expiry: int) -> None:
        self._windows.pop(key, None)

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        window, _ = self._window(key, expiry)
        window.current += amount
        return window.current

    async def get(self, key: str) -> int:
        window = self._windows.get(key)
        return window.current if window else 0

    async def get_expiry(self, key: str) -> float:
        return time.time()

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        held = len(self._windows)
        self._windows.clear()
        return held

    async def clear(self, key: str) -> None:
        self._windows.pop(key, None)
