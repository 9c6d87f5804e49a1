"""Rates, budgets and recomputations over HTTP, and the operator's commands: an administrator's day with money."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest_asyncio

from auricle.actor import Actor
from auricle.billing.report import report
from auricle.billing.usage import UsageBook
from auricle.db.sealed import Keyring
from auricle.db.session import Database
from auricle.errors import NotFound
from auricle.identity.models import Account
from auricle.identity.organizations import named
from auricle.providers.accounts.guarded import Guarded, reach_of
from auricle.providers.accounts.lineups import OrganizationLineups
from auricle.providers.connections import Connections
from auricle.providers.report import report_own
from auricle.providers.routing import installed, router_for
from tests import builders
from tests.billing.test_usage import made
from tests.channels.talking import eventually
from tests.emulators.elevenlabs import EMULATOR as ElevenLabs
from tests.running_service import HASH, MASTER, Service, served, settings_for, worked

NOW = datetime.now(UTC)
RATE = {"provider": "ears", "capability": "stt", "unit": "minute", "price": "0.5", "since": "2026-01-01", "source": "x"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def voices():
    async with ElevenLabs() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(template, tmp_path_factory, voices):
    urls = template.copy()
    listed = (voices.url.split("/")[2],)
    settings = settings_for(urls, tmp_path_factory.mktemp("money"), providers_allow_hosts=listed)
    database = Database(urls.app)
    with served(settings), worked(settings):
        yield Service(settings, database, Keyring(MASTER))
    await database.close()


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(service):
    organization_id = await builders.make_organization(service.database)
    _, admin = await service.member(organization_id, "org_admin")
    return organization_id, admin


async def platform_admin(service):
    account = Account(email=f"platform-{uuid4().hex}@example.org", password_hash=HASH, platform_admin=True)
    async with service.database.transaction(Actor.nobody()) as db:
        db.add(account)
    return await service.headers(Actor(kind="user", account_id=account.id))


async def ask(service, who, method, path, **given):
    async with service.client(who) as http:
        return await http.request(method, f"/api/v1/{path}", **given)


async def heard(service, organization_id, minutes=1):
    book = UsageBook(service.database)
    given = {"capability": "stt", "vendor": "deepgram", "provider": "ears", "model": None}
    book.record(made(organization_id, **given, audio_s=60.0 * minutes))
    await book.flush()


async def test_a_rate_is_set_shown_on_the_card_and_withdrawn(service, clinic):
    _, admin = clinic
    made_rate = (await ask(service, admin, "POST", "rates", json=RATE)).raise_for_status().json()
    card = (await ask(service, admin, "GET", "rates/card")).json()
    assert [one["provider"] for one in card["organization"]] == ["ears"] and card["shipped"] and card["inr_per_usd"]
    assert (await ask(service, admin, "DELETE", f"rates/{made_rate['id']}")).status_code == 204
    assert (await ask(service, admin, "GET", "rates/card")).json()["organization"] == []
    kept = (await ask(service, admin, "GET", f"rates/{made_rate['id']}")).json()
    assert kept["withdrawn_at"] and kept["price"] == "0.500000000"
    for wrong in (
        {"price": "-1"},
        {"unit": "parsec"},
        {"output_price": "1"},
        {"capability": "singing"},
    ):
        assert (await ask(service, admin, "POST", "rates", json={**RATE, **wrong})).status_code == 422


async def test_the_platform_sets_what_all_are_priced_by_and_no_organization_can(service, clinic):
    _, admin = clinic
    exchange = {"inr_per_usd": "90", "since": "2026-01-01", "source": "reference"}
    refused = await ask(service, admin, "POST", "exchange-rates", json=exchange)
    assert (refused.status_code, refused.json()["error_code"]) == (403, "rates.for_the_platform")
    platform = await platform_admin(service)
    made_rate = (await ask(service, platform, "POST", "rates", json={**RATE, "provider": "all"})).raise_for_status()
    set_to = (await ask(service, platform, "POST", "exchange-rates", json=exchange)).raise_for_status().json()
    card = (await ask(service, admin, "GET", "rates/card")).json()
    assert [one["provider"] for one in card["platform"]] == ["all"] and card["inr_per_usd"] == "90.000000"
    assert (await ask(service, admin, "DELETE", f"rates/{made_rate.json()['id']}")).status_code == 404
    assert (await ask(service, platform, "DELETE", f"exchange-rates/{set_to['id']}")).status_code == 204
    period = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}
    refused = await ask(service, platform, "POST", "usage/recomputations", json=period)
    assert (refused.status_code, refused.json()["error_code"]) == (403, "billing.no_organization")


async def test_a_period_is_computed_again_by_the_worker(service, clinic):
    organization_id, admin = clinic
    await heard(service, organization_id)
    await ask(service, admin, "POST", "rates", json=RATE)
    period = {"since": (NOW - timedelta(days=1)).isoformat(), "until": (NOW + timedelta(days=1)).isoformat()}
    asked = await ask(service, admin, "POST", "usage/recomputations", json=period)
    assert asked.status_code == 202 and asked.json()["status"] == "queued"

    async def state():
        return (await ask(service, admin, "GET", f"usage/recomputations/{asked.json()['id']}")).json()

    done = await eventually(state, lambda one: one["status"] == "done", 30.0)
    assert (done["status"], done["records"], done["changed"]) == ("done", 1, 1)
    assert (Decimal(done["before_usd"]), Decimal(done["after_usd"])) == (Decimal("0.0043"), Decimal("0.5"))
    backwards = {"since": period["until"], "until": period["since"]}
    ancient = {"since": "0001-01-01T00:00:00Z", "until": "0001-02-01T00:00:00Z"}
    for wrong in (backwards, {**period, "since": "2020-01-01T00:00:00Z"}, ancient):
        refused = await ask(service, admin, "POST", "usage/recomputations", json=wrong)
        assert (refused.status_code, refused.json()["error_code"]) == (422, "billing.bad_period")


async def test_the_platforms_budget_is_seen_by_the_organization_and_not_its_to_change(service, clinic):
    organization_id, admin = clinic
    platform, there = await platform_admin(service), f"admin/hospitals/{organization_id}/budget"
    body = {"amount": "5.00", "currency": "USD"}
    assert (await ask(service, admin, "PUT", there, json=body)).status_code == 403
    (await ask(service, platform, "PUT", there, json=body)).raise_for_status()
    (await ask(service, admin, "PUT", "budgets", json={**body, "amount": "9.00"})).raise_for_status()
    told = (await ask(service, admin, "GET", "budgets")).json()
    assert [(one["owner"], one["amount"]) for one in told["budgets"]] == [
        ("organization", "9.00"),
        ("platform", "5.00"),
    ]
    assert (await ask(service, admin, "DELETE", "budgets")).status_code == 204
    assert [one["owner"] for one in (await ask(service, admin, "GET", "budgets")).json()["budgets"]] == ["platform"]
    await heard(service, organization_id)
    assert (await ask(service, admin, "GET", "budgets/months")).json()[0]["calls"] == 1


async def test_the_operators_command_computes_again_and_leaves_a_record(service, clinic):
    organization_id, admin = clinic
    await heard(service, organization_id, minutes=2)
    await ask(service, admin, "POST", "rates", json=RATE)
    found = [one for one in await named(service.database, "all") if one[1] == organization_id]
    lines: list[str] = []
    await report(service.database, found, NOW - timedelta(days=1), NOW + timedelta(days=1), lines.append)
    assert found[0][0] in lines[1] and "1.000000" in lines[1]
    kept = (await ask(service, admin, "GET", "usage/recomputations")).json()["items"]
    assert [(one["status"], one["changed"]) for one in kept] == [("done", 1)]
    try:
        await named(service.database, "no-such-clinic")
    except NotFound:
        return
    raise AssertionError("a clinic that there is not was found")


async def test_voices_are_listed_at_the_vendor_and_own_accounts_are_checked_by_command(service, clinic, voices):
    organization_id, admin = clinic
    account = {"name": "voice", "vendor": "elevenlabs", "url": voices.url, "key": voices.key}
    added = await ask(service, admin, "POST", "provider-accounts", json=account)
    assert added.status_code == 201, added.text

    async def listed():
        return await ask(service, admin, "GET", "providers/voice/voices")

    answer = await eventually(listed, lambda one: one.status_code == 200)
    names = [one["id"] for one in answer.json()]
    assert names
    asked_before = len(voices.requests)
    assert [one["id"] for one in (await listed()).json()] == names and len(voices.requests) == asked_before
    wrong = {"name": "A", "greeting": {}, "providers": {"tts": {"en": [{"provider": "voice", "voice": "nobody"}]}}}
    refused = await ask(service, admin, "POST", "agents", json=wrong)
    assert (refused.status_code, refused.json()["error_code"]) == (422, "agent.invalid")
    settings, connections = service.settings, Connections()
    own = OrganizationLineups(
        installed(settings, connections), service.database, service.keyring, Guarded(reach_of(settings))
    )
    router = router_for(settings, lambda _: None, lineups=own, connections=connections)
    lines: list[str] = []
    assert await report_own(router, [("clinic", organization_id)], None, lines.append) == 0
    assert any("clinic/voice" in line and " tts " in line and " ok " in line for line in lines), lines
    await router.aclose()
