"""What may be chosen: orders and agents name what there is, models that live, voices that are listed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from auricle.providers.account import Account
from auricle.providers.accounts.listings import keep
from auricle.providers.catalog import ended, shipped
from auricle.providers.choice import Configured
from auricle.providers.connections import Connections
from auricle.providers.listed import Listed
from auricle.providers.ports import Voice
from auricle.providers.registry import vendor_named
from tests.emulators.openai_chat import OpenAIEmulator
from tests.providers.accounts.conftest import ACCOUNTS, Clinic, eventually

ORDERS = "/api/v1/provider-orders"
TODAY = datetime.now(UTC).date()
GONE, ENDING = TODAY - timedelta(days=1), TODAY + timedelta(days=30)


async def there(clinic: Clinic, name: str = "mine") -> None:
    """Wait until this process knows the account."""

    async def seen() -> bool:
        told = (await clinic.ask("GET", "/api/v1/providers")).json()["providers"]
        return name in [p["name"] for p in told]

    await eventually(seen)


def agent(choice: dict[str, Any], capability: str = "llm", name: str = "A") -> dict[str, Any]:
    lists: Any = [choice] if capability == "llm" else {"en": [choice]}
    return {"name": name, "greeting": {}, "providers": {capability: lists}}


@pytest.mark.parametrize(
    ("orders", "place"),
    [
        ({"llm": {"default": [{"provider": "nobody"}]}}, "llm.default.0"),
        ({"rerank": {"default": [{"provider": "house"}]}}, "rerank.default.0"),
        ({"stt": {"xx": [{"provider": "offline"}]}}, None),
        ({"llm": {"default": []}}, None),
        ({"llm": {"english": [{"provider": "house"}]}}, None),
        ({"singing": {"default": [{"provider": "house"}]}}, None),
    ],
)
async def test_an_order_that_fits_nothing_is_refused_and_changes_nothing(
    clinic: Clinic, orders: Any, place: str | None
) -> None:
    good = {"orders": {"llm": {"hi": [{"provider": "offline"}, {"provider": "house"}]}}}
    assert (await clinic.ask("PUT", ORDERS, json=good)).status_code == 200
    refused = await clinic.ask("PUT", ORDERS, json={"orders": orders})
    if orders.get("stt") is None:
        assert refused.status_code == 422
    if place is not None:
        assert refused.json()["error_code"] == "provider_orders.invalid" and place in refused.json()["context"]
    kept = (await clinic.ask("GET", ORDERS)).json()
    assert refused.status_code == 200 or [c["provider"] for c in kept["orders"]["llm"]["hi"]] == ["offline", "house"]


async def test_of_two_administrators_who_change_the_order_at_once_the_second_is_told(clinic: Clinic) -> None:
    def put(provider: str, version: int) -> Any:
        order = {"orders": {"llm": {"default": [{"provider": provider}]}}}
        return clinic.ask("PUT", ORDERS, json=order, headers={"if-match": f'"{version}"'})

    async def told() -> tuple[int, str, list[str]]:
        answer = await clinic.ask("GET", ORDERS)
        lists = answer.json()["orders"]["llm"]["default"] if answer.json()["orders"] else []
        return answer.json()["version"], answer.headers["etag"], [one["provider"] for one in lists]

    assert await told() == (0, '"0"', [])
    for version in (0, 1):  # the first order of all, and one that takes the place of another
        both = await asyncio.gather(put("house", version), put("offline", version))
        first, second = sorted(both, key=lambda one: one.status_code)
        assert (first.status_code, first.headers["etag"]) == (200, f'"{version + 1}"')
        assert (second.status_code, second.json()["error_code"]) == (409, "provider_orders.changed")
        kept = [one["provider"] for one in first.json()["orders"]["llm"]["default"]]
        assert await told() == (version + 1, f'"{version + 1}"', kept)
    assert (
        await clinic.ask("PUT", ORDERS, json={"orders": {}}, headers={"if-match": "yesterday's"})
    ).status_code == 422
    assert (await clinic.ask("PUT", ORDERS, json={"orders": {}})).json()["version"] == 3, "who says nothing overwrites"


async def test_an_order_is_in_force_for_agents_that_name_nobody(clinic: Clinic, vendor: OpenAIEmulator) -> None:
    await clinic.added()
    await there(clinic)
    order = {"orders": {"llm": {"default": [{"provider": "mine", "model": "ordered-model"}]}}}
    saved = (await clinic.ask("PUT", ORDERS, json=order)).json()
    assert saved["in_force"] == saved["orders"] and saved["changed_by"]
    vendor.requests.clear()

    async def asked() -> bool:
        await clinic.answered()
        return [one["body"]["model"] for one in vendor.requests] == ["ordered-model"]

    await eventually(asked)
    assert (await clinic.ask("GET", ORDERS)).json()["in_force"]["llm"]["default"][0]["model"] == "ordered-model"


async def test_orders_are_audited_and_an_organizations_own(clinic: Clinic) -> None:
    await clinic.ask("PUT", ORDERS, json={"orders": {"llm": {"default": [{"provider": "offline"}]}}})
    async with clinic.services[0].database.transaction(clinic.system) as db:
        written = await db.scalars(text("select action from audit_entry where entity = 'provider_order'"))
        assert list(written) == ["insert"]


def test_a_model_past_its_day_has_ended_for_its_own_vendor_only() -> None:
    assert ended("llama-3.3-70b-versatile", "groq", TODAY)
    assert ended("llama-3.3-70b-versatile", "openai_compatible", TODAY) is None
    assert ended("a-model-nobody-knows", "groq", TODAY) is None
    assert ended("a-model-nobody-knows", "groq", TODAY, {"a-model-nobody-knows": GONE})
    assert ended("a-model-nobody-knows", "groq", TODAY, {"a-model-nobody-knows": ENDING}) is None
    row = shipped().find("gpt-4o", "openai")
    assert row is not None and row.shutdown is not None
    assert ended("gpt-4o", "openai", row.shutdown - timedelta(days=1)) is None
    assert ended("gpt-4o", "openai", row.shutdown)


async def voices_listed(clinic: Clinic, *names: str, hours_ago: int = 0) -> None:
    """As if the account `mine` had been asked for its voices."""
    made = (await clinic.ask("GET", ACCOUNTS)).json()["items"][0]
    provider = Configured(vendor_named(made["vendor"]), Account("mine", made["vendor"], Connections(), url=made["url"]))
    async with clinic.services[0].database.transaction(clinic.system) as db:
        await keep(db, provider, Listed([Voice(one, one.title(), ("en",), "female") for one in names]))
        await db.execute(
            text("update provider_listing set fingerprint = :key, listed_at = now() - :age * interval '1 hour'"),
            {"key": made["fingerprint"], "age": hours_ago},
        )


async def test_a_model_that_its_vendor_has_ended_can_not_be_newly_chosen(clinic: Clinic) -> None:
    clinic.vendor.models = {"ended-model": GONE, "ending-model": ENDING, "own-model": None}
    await clinic.added()
    await there(clinic)
    refused = await clinic.ask("POST", "/api/v1/agents", json=agent({"provider": "mine", "model": "ended-model"}))
    assert (refused.status_code, refused.json()["error_code"]) == (422, "provider.model_gone")
    assert "providers.llm.0" in refused.json()["context"]
    asked = await clinic.ask(
        "POST", "/api/v1/agents/validate", json=agent({"provider": "mine", "model": "ended-model"})
    )
    assert "providers.llm.0" in asked.json()["errors"]
    order = {"orders": {"llm": {"default": [{"provider": "mine", "model": "ended-model"}]}}}
    assert (await clinic.ask("PUT", ORDERS, json=order)).json()["error_code"] == "provider.model_gone"
    ending = await clinic.ask("POST", "/api/v1/agents", json=agent({"provider": "mine", "model": "ending-model"}))
    assert ending.status_code == 201 and ENDING.isoformat() in ending.json()["warnings"]["providers.llm.0"]


async def test_an_agent_that_has_an_ended_model_keeps_it_and_is_warned(clinic: Clinic, vendor: OpenAIEmulator) -> None:
    await clinic.added()
    await there(clinic)
    body = agent({"provider": "mine", "model": "ended-model"})
    made = (await clinic.ask("POST", "/api/v1/agents", json=body)).json()
    clinic.vendor.models = {"ended-model": GONE}
    listed = (await clinic.ask("GET", "/api/v1/providers/mine/models")).json()
    assert listed == [{"id": "ended-model", "shutdown": GONE.isoformat()}]
    there_is = f"/api/v1/agents/{made['id']}"
    saved = await clinic.ask("PUT", there_is, json={**body, "instructions": "Be brief."})
    assert saved.status_code == 200 and "providers.llm.0" in saved.json()["warnings"]
    published = await clinic.ask("POST", f"{there_is}/publish/2")
    assert published.status_code == 200 and "providers.llm.0" in published.json()["warnings"]
    body["providers"]["translation"] = [{"provider": "mine", "model": "ended-model"}]
    again = await clinic.ask("PUT", there_is, json=body)
    assert again.json()["error_code"] == "provider.model_gone" and set(again.json()["context"]) == {
        "providers.translation.0"
    }
    assert (await clinic.ask("GET", there_is)).json()["number"] == 2


async def test_an_account_can_not_newly_choose_a_model_of_the_catalogue_that_has_ended(clinic: Clinic) -> None:
    """By the vendor's own name for itself: a server of one's own may well run what its maker has switched off."""
    served_at_home = await clinic.added(models={"llm": "llama-3.3-70b-versatile"})
    assert "llama-3.3-70b-versatile" in served_at_home["warnings"]


async def test_a_check_learns_when_models_end_and_every_process_warns(clinic: Clinic, vendor: OpenAIEmulator) -> None:
    await clinic.added(models={"llm": "ending-model"})
    await there(clinic)
    clinic.vendor.models = {"ending-model": ENDING}
    checked = (await clinic.ask("POST", "/api/v1/providers/mine/check")).json()
    assert checked["well"] and ENDING.isoformat() in checked["warnings"]["ending-model"]
    for process in (0, 1):
        told = (await clinic.ask("GET", "/api/v1/providers", process=process)).json()["providers"]
        mine = next(p for p in told if p["name"] == "mine")
        assert ENDING.isoformat() in mine["warnings"]["ending-model"]
        assert mine["is_own"] and mine["has_key"] and "llm" in mine["capabilities"]


async def test_a_voice_that_is_not_on_the_list_is_refused_while_the_list_is_fresh(clinic: Clinic) -> None:
    await clinic.added(models={"tts": "own-voice"})
    await there(clinic)
    wrong, right = ({"provider": "mine", "voice": name} for name in ("nobody", "asha"))
    unknown = await clinic.ask("POST", "/api/v1/agents", json=agent(wrong, "tts", "Before"))
    assert unknown.status_code == 201, "nobody knows the voices yet"
    await voices_listed(clinic, "asha", "ravi")
    refused = await clinic.ask("POST", "/api/v1/agents", json=agent(wrong, "tts"))
    assert (refused.status_code, refused.json()["error_code"]) == (422, "agent.invalid")
    assert "providers.tts.en.0" in refused.json()["context"]
    assert (await clinic.ask("POST", "/api/v1/agents", json=agent(right, "tts", "Right"))).status_code == 201
    kept = await clinic.ask("PUT", f"/api/v1/agents/{unknown.json()['id']}", json=agent(wrong, "tts", "Before"))
    assert kept.status_code == 200 and "providers.tts.en.0" in kept.json()["warnings"]
    await voices_listed(clinic, "asha", hours_ago=30)
    later = await clinic.ask("POST", "/api/v1/agents", json=agent(wrong, "tts", "Later"))
    assert later.status_code == 201 and "providers.tts.en.0" in later.json()["warnings"]


async def test_what_another_key_listed_does_not_count(clinic: Clinic) -> None:
    await clinic.added(models={"tts": "own-voice"})
    await there(clinic)
    await voices_listed(clinic, "asha")
    async with clinic.services[0].database.transaction(clinic.system) as db:
        await db.execute(text("update provider_listing set fingerprint = 'another'"))
    wrong = agent({"provider": "mine", "voice": "nobody"}, "tts")
    assert (await clinic.ask("POST", "/api/v1/agents", json=wrong)).status_code == 201


async def test_a_provider_that_lists_nothing_says_so(clinic: Clinic) -> None:
    for what, name in (("voices", "offline"), ("models", "offline"), ("voices", "house")):
        answer = await clinic.ask("GET", f"/api/v1/providers/{name}/{what}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "provider.not_listed")
    assert (await clinic.ask("GET", "/api/v1/providers/nobody/voices")).json()["error_code"] == "not_found"


async def test_vendors_are_told_with_all_that_they_take(clinic: Clinic) -> None:
    told = {one["name"]: one for one in (await clinic.ask("GET", "/api/v1/provider-vendors")).json()}
    assert "openai_compatible" in told and not {"offline", "faster_whisper"} & set(told)
    assert set(told["openai_compatible"]) >= {"capabilities", "models", "languages", "formats", "settings", "options"}
