"""Limits by address, person, key and organization, and what the answers say of them."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import HTTPConnection

from auricle.actor import Actor
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import Misconfigured, RateLimited
from auricle.settings import Limits as Settings
from auricle.web.limits import HEADERS, BoundedMemory, Limits
from tests import builders
from tests.conftest import Template
from tests.running_service import MASTER, Service, served, settings_for

TIGHT = Settings(address="6/hour", user="5/hour", key="3/hour", organization="8/hour")


def connection(address: str = "198.51.100.7") -> HTTPConnection:
    return HTTPConnection({"type": "http", "client": (address, 1), "headers": []})


def person(organization_id: object = None, kind: str = "user") -> Actor:
    return Actor(kind=kind, organization_id=organization_id or new_id(), account_id=new_id())  # type: ignore[arg-type]


async def spent(limits: Limits, actor: Actor) -> int:
    """How many requests an actor gets through."""
    for number in range(100):
        try:
            await limits.charge(connection(), actor)
        except RateLimited:
            return number
    return 100


async def test_a_person_and_a_key_have_budgets_of_their_own() -> None:
    limits = Limits(TIGHT)
    assert await spent(limits, person()) == 5
    assert await spent(limits, person(kind="key")) == 3


async def test_an_organization_together_has_a_budget_and_others_are_not_touched() -> None:
    limits, organization_id = Limits(TIGHT), new_id()
    through = [await spent(limits, person(organization_id)) for _ in range(3)]
    assert through == [5, 3, 0]
    assert await spent(limits, person()) == 5


async def test_an_address_is_counted_apart_from_others() -> None:
    limits = Limits(TIGHT)
    for _ in range(6):
        await limits.charge_address(connection())
    with pytest.raises(RateLimited) as refused:
        await limits.charge_address(connection())
    assert refused.value.context["limit"] == "address"
    assert 1 <= refused.value.context["retry_after_s"] <= 3600
    await limits.charge_address(connection("198.51.100.8"))


async def test_the_headers_name_every_budget_and_what_is_left() -> None:
    limits, one = Limits(TIGHT), connection()
    await limits.charge(one, person())
    told = one.scope["state"][HEADERS]
    assert told["RateLimit-Policy"] == '"user";q=5;w=3600, "organization";q=8;w=3600'
    assert told["RateLimit"].startswith('"user";r=4;t=')


async def test_a_refusal_says_that_nothing_is_left() -> None:
    limits, one, actor = Limits(TIGHT), connection(), person()
    await spent(limits, actor)
    with pytest.raises(RateLimited):
        await limits.charge(one, actor)
    assert '"user";r=0;t=' in one.scope["state"][HEADERS]["RateLimit"]


async def test_a_window_slides_and_gives_back_what_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    memory, now = BoundedMemory(), 1_000_000.0
    monkeypatch.setattr("auricle.web.limits.time", SimpleNamespace(time=lambda: now, monotonic=time.monotonic))
    now = 1_000_020.0  # the start of a window of 60 s
    assert [await memory.acquire_sliding_window_entry("k", 4, 60) for _ in range(5)] == [True] * 4 + [False]
    now += 60 + 15  # a quarter into the next: three quarters of the four still count
    assert [await memory.acquire_sliding_window_entry("k", 4, 60) for _ in range(2)] == [True, False]
    now += 120
    assert [await memory.acquire_sliding_window_entry("k", 4, 60) for _ in range(5)] == [True] * 4 + [False]


async def test_memory_is_bounded_however_many_addresses_ask() -> None:
    memory = BoundedMemory(size=50)
    for number in range(500):
        await memory.acquire_sliding_window_entry(str(number), 4, 60)
    assert await memory.reset() == 50


async def test_our_memory_counts_as_the_librarys_does() -> None:
    from limits import parse
    from limits.aio.storage import MemoryStorage

    ours, theirs = (SlidingWindowCounterRateLimiter(s) for s in (BoundedMemory(), MemoryStorage()))
    item = parse("7/hour")
    for _ in range(12):
        assert await ours.hit(item, "a") == await theirs.hit(item, "a")
        assert (await ours.get_window_stats(item, "a")).remaining == (
            await theirs.get_window_stats(item, "a")
        ).remaining


def test_an_address_that_is_no_redis_is_refused_at_the_start() -> None:
    with pytest.raises(Misconfigured):
        Limits(Settings.model_validate({"url": "http://127.0.0.1:6379"}))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def tight(template: Template, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """A service of its own, with narrow limits."""
    folder: Path = tmp_path_factory.mktemp("tight")
    urls = template.copy()
    settings = settings_for(urls, folder, limits=TIGHT)
    database = Database(urls.app)
    with served(settings):
        yield Service(settings, database, Keyring(MASTER))
    await database.close()


async def test_the_service_refuses_with_429_retry_after_and_headers(tight: Service) -> None:
    organization_id = await builders.make_organization(tight.database)
    _, headers = await tight.member(organization_id, "staff")  # one of the address's six
    async with tight.client(headers) as http:
        answers = [await http.get("/api/v1/auth/me") for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert [a.headers["ratelimit"].split(";")[1] for a in answers] == ["r=4", "r=3", "r=2", "r=1", "r=0", "r=0"]
    last = answers[-1]
    assert last.json()["error_code"] == "rate_limit.exceeded"
    assert 1 <= int(last.headers["retry-after"]) <= 3601
    async with tight.client({"authorization": "Bearer not-a-token"}) as http:
        wrong = [(await http.get("/api/v1/auth/me")).status_code for _ in range(7)]
    assert wrong == [401] * 5 + [429] * 2, "a wrong token counts for its address"
    async with tight.client() as http:
        assert (await http.get("/api/v1/patients")).status_code == 429
        assert (await http.get("/health")).status_code == 200, "a probe is never limited"
