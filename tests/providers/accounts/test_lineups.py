"""Whose providers are whose: loaded once, renewed beside calls under way, bounded, held while the database is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from auricle.actor import Actor
from auricle.agents.tools.guard import Reach
from auricle.db.base import new_id
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import DatabaseUnavailable, Misconfigured
from auricle.live.fanout import Fanout
from auricle.providers.accounts.guarded import Guarded
from auricle.providers.accounts.lineups import CHANNEL, OrganizationLineups
from auricle.providers.accounts.models import ProviderAccount, ProviderOrder
from auricle.providers.accounts.opened import models_of
from auricle.providers.call import Call, Choice, NoProvider
from auricle.providers.choice import configured
from auricle.providers.connections import Connections
from auricle.providers.lineup import Lineup, ordered
from auricle.providers.ports import LanguageRequest, TextDelta
from auricle.providers.routing import Router
from tests.builders import make_organization
from tests.emulators.openai_chat import WORDS, Fault, OpenAIEmulator
from tests.providers.accounts.conftest import OWN_KEY, PATIENT, eventually
from tests.providers.conftest import ASK, all_of, provider, served


def lineups_of(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, folder: Path, **given: Any
) -> OrganizationLineups:
    house = configured({"house": provider("https://house.example/v1")}, Connections(), folder)
    reach = Reach(frozenset({vendor.url.split("/")[2]}))
    return OrganizationLineups(Lineup(house), database, keyring, Guarded(reach), **given)


@asynccontextmanager
async def routed(lineups: OrganizationLineups, urls: Any = None) -> AsyncIterator[Router]:
    """A router over them, and their loop; with `urls` it hears what the database tells."""
    stop = asyncio.Event()
    running = asyncio.create_task(lineups.run(stop))
    router = Router(lineups, Connections(), lambda _: None, timeouts=PATIENT)
    try:
        if urls is None:
            yield router
        else:
            async with Fanout(urls.app, also={CHANNEL: lineups.heard}):
                yield router
    finally:
        stop.set()
        await running
        await router.aclose()


async def with_account(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, organization_id: UUID, key: str = OWN_KEY
) -> UUID:
    account_id = new_id()
    async with database.transaction(Actor.system(organization_id)) as db:
        sealed = (await keyring.organization(db)).seal(key, "provider_account", "key", account_id)
        db.add(
            ProviderAccount(
                id=account_id, name="mine", vendor="openai_compatible", url=vendor.url,
                key=sealed, fingerprint="first", models={"llm": "own-model"},
            )
        )  # fmt: skip
    return account_id


async def with_key(database: Database, keyring: Keyring, organization_id: UUID, account_id: UUID, key: str) -> None:
    async with database.transaction(Actor.system(organization_id)) as db:
        row = await db.get_one(ProviderAccount, account_id)
        row.key = (await keyring.organization(db)).seal(key, "provider_account", "key", account_id)
        await db.execute(text("update provider_account set changed_at = clock_timestamp()"))


async def test_a_call_under_way_ends_with_the_key_it_began_with(
    urls: Any, database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    account_id = await with_account(database, keyring, vendor, organization_id)
    lineups = lineups_of(database, keyring, vendor, tmp_path)
    call = Call(organization_id, [Choice("mine")], retries=0)
    async with routed(lineups, urls) as router:
        before = await lineups.of(organization_id)
        vendor.next(Fault("drip", pause_s=0.02))
        async with aclosing(router.generate(call, ASK)) as events:
            words = [await anext(aiter_of_text(events))]
            await with_key(database, keyring, organization_id, account_id, "sk-second")
            vendor.key = "sk-second"

            async def renewed() -> bool:
                return await lineups.of(organization_id) is not before

            await eventually(renewed)
            words += [event.text async for event in events if isinstance(event, TextDelta)]
        assert words == WORDS
        assert served(await all_of(router.generate(call, ASK))) == ["mine"]
    sent = [one["headers"]["authorization"] for one in vendor.requests]
    assert sent == [f"Bearer {OWN_KEY}", "Bearer sk-second"]


async def aiter_of_text(events: Any) -> AsyncIterator[str]:
    async for event in events:
        if isinstance(event, TextDelta):
            yield event.text


async def test_a_change_whose_word_was_lost_is_found_by_the_next_look(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    lineups = lineups_of(database, keyring, vendor, tmp_path)
    stop = asyncio.Event()
    running = asyncio.create_task(lineups.run(stop, every_s=0.05))
    assert set((await lineups.of(organization_id)).providers) == {"house", "offline"}
    await with_account(database, keyring, vendor, organization_id)  # nobody listens

    async def found() -> bool:
        return "mine" in (await lineups.of(organization_id)).providers

    await eventually(found)
    stop.set()
    await running


async def test_a_lookup_of_what_is_held_waits_for_nothing(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    lineups = lineups_of(database, keyring, vendor, tmp_path)
    first = await lineups.of(organization_id)
    asking = lineups.of(organization_id)
    with pytest.raises(StopIteration) as answered:
        asking.send(None)
    assert answered.value.value is first


async def test_many_askers_load_an_organization_once(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    await with_account(database, keyring, vendor, organization_id)
    lineups = lineups_of(database, keyring, vendor, tmp_path)
    found = await asyncio.gather(*(lineups.of(organization_id) for _ in range(50)))
    assert len({id(one) for one in found}) == 1


async def test_only_so_many_organizations_are_held(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    lineups = lineups_of(database, keyring, vendor, tmp_path, most=3)
    everybody = [await make_organization(database) for _ in range(5)]
    for one in everybody:
        await lineups.of(one)
    assert list(lineups._held) == everybody[-3:]
    for number in range(1_000):  # whoever may notify can't make us remember what we do not hold
        lineups.heard(str(UUID(int=number)))
    lineups.heard("nonsense")
    assert not lineups._changed


async def test_while_the_database_is_away_calls_go_on_with_what_is_held(
    urls: Any, database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    await with_account(database, keyring, vendor, organization_id)
    own = Database(urls.app)
    lineups = lineups_of(own, keyring, vendor, tmp_path)
    held = await lineups.of(organization_id)
    lineups._database = Database("postgresql://app:x@127.0.0.1:9/away")
    async with routed(lineups) as router:
        lineups.heard(str(organization_id))
        await asyncio.sleep(0.3)
        assert await lineups.of(organization_id) is held
        assert served(await all_of(router.generate(Call(organization_id, [Choice("mine")]), ASK))) == ["mine"]
        with pytest.raises(DatabaseUnavailable):
            await lineups.of(new_id())
    await own.close()


async def test_an_account_that_can_not_be_opened_hides_its_name_and_ends_nothing_else(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    account_id = await with_account(database, keyring, vendor, organization_id)
    async with database.transaction(Actor.system(organization_id)) as db:
        row = await db.get_one(ProviderAccount, account_id)
        row.key, row.name = b"\x01" + bytes(60), "house"
    lineup = await lineups_of(database, keyring, vendor, tmp_path).of(organization_id)
    assert set(lineup.providers) == {"offline"}


async def test_the_order_is_the_agents_else_the_organizations_else_the_installations_and_then_the_language(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id, plain = await make_organization(database), await make_organization(database)
    await with_account(database, keyring, vendor, organization_id)
    orders = {"llm": {"hi": [{"provider": "mine", "model": "hindi-model"}], "default": [{"provider": "offline"}]}}
    async with database.transaction(Actor.system(organization_id)) as db:
        db.add(ProviderOrder(orders=orders))
    lineups = lineups_of(database, keyring, vendor, tmp_path)
    lineups.shared = Lineup(
        lineups.shared.providers, {"llm": {"ta": [Choice("house")]}, "stt": {"default": [Choice("offline")]}}
    )
    async with routed(lineups) as router:

        async def chosen(who: UUID, language: str, own: list[Choice] | None = None) -> list[tuple[str, str | None]]:
            call = Call(who, own, language)
            found = (await lineups.of(who)).candidates(call, "llm")
            return [(choice.provider, choice.model) for choice, _ in found]

        assert await chosen(organization_id, "hi", [Choice("house")]) == [("house", None)]
        assert await chosen(organization_id, "hi") == [("mine", "hindi-model")]
        assert await chosen(organization_id, "hi-IN") == [("mine", "hindi-model")]
        assert await chosen(organization_id, "en") == [("offline", None)]
        assert await chosen(plain, "ta") == [("house", None)]
        assert await chosen(plain, "en") == [("house", None), ("offline", None)]
        assert [c.provider for c in await router.choices("stt", organization_id)] == ["offline"]
        events = await all_of(router.generate(Call(organization_id, language="hi"), LanguageRequest(ASK.messages)))
    assert served(events) == ["mine"] and vendor.requests[-1]["body"]["model"] == "hindi-model"


async def test_an_organization_whose_accounts_know_no_such_language_is_told_so(
    database: Database, keyring: Keyring, vendor: OpenAIEmulator, tmp_path: Path
) -> None:
    organization_id = await make_organization(database)
    lineup = await lineups_of(database, keyring, vendor, tmp_path).of(organization_id)
    with pytest.raises(NoProvider):
        lineup.candidates(Call(organization_id, [Choice("mine")], "xx"), "stt")


def test_settings_that_order_what_there_is_not_are_refused_at_start(tmp_path: Path) -> None:
    there = configured({"house": provider("https://house.example/v1")}, Connections(), tmp_path)
    found = ordered({"stt": {"hi": ("house", "offline")}}, there)
    assert [c.provider for c in found["stt"]["hi"]] == ["house", "offline"]
    for wrong in ({"stt": {"hi": ("nobody",)}}, {"singing": {"default": ("house",)}}):
        with pytest.raises(Misconfigured):
            ordered(wrong, there)


def test_models_are_the_accounts_own_then_the_vendors_usual_ones_and_null_is_off() -> None:
    usual: Any = {"stt": "usual-ears", "llm": "usual-words"}
    assert models_of({}, usual) == usual
    assert models_of({"llm": "own", "stt": None, "tts": "voice"}, usual) == {"llm": "own", "tts": "voice"}
