"""`GET /api/v1/warnings`: an administrator learns what to look at, wherever it was found, and nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

from auricle.actor import Actor
from auricle.identity.models import Account
from tests.emulators.openai_chat import OpenAIEmulator
from tests.providers.accounts.conftest import Clinic, eventually, new_clinic
from tests.providers.accounts.test_choosing_well import agent, there
from tests.running_service import HASH

TODAY = datetime.now(UTC).date()
GONE, ENDING = TODAY - timedelta(days=1), TODAY + timedelta(days=30)


async def warned(clinic: Clinic, process: int = 0, who: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await clinic.ask("GET", "/api/v1/warnings", who, process)
    return answer.raise_for_status().json()["warnings"]  # type: ignore[no-any-return]


async def codes(clinic: Clinic, process: int = 0) -> set[str]:
    return {one["code"] for one in await warned(clinic, process)}


async def test_of_models_that_end_in_every_process_and_of_agents_that_serve_with_them(clinic: Clinic) -> None:
    await clinic.added(models={"llm": "ending-model"})
    await there(clinic)
    made = await clinic.ask("POST", "/api/v1/agents", json=agent({"provider": "mine", "model": "ended-model"}))
    clinic.vendor.models = {"ended-model": GONE, "ending-model": ENDING}
    (await clinic.ask("POST", "/api/v1/providers/mine/check")).raise_for_status()
    model = {"provider": "mine", "model": "ending-model"}
    place = {"agent_id": made.json()["id"], "agent": "A", "place": "providers.llm.0"}
    for process in (0, 1):
        told = {one["code"]: one for one in await warned(clinic, process)}
        ends, names = told["provider.model_ends"], told["agent.provider"]
        assert (ends["about"], names["about"]) == (model, place) and ENDING.isoformat() in ends["message"]
    (await clinic.ask("DELETE", f"/api/v1/agents/{made.json()['id']}")).raise_for_status()
    assert "agent.provider" not in await codes(clinic), "who serves nobody any more"
    stranger = await new_clinic(clinic.services, clinic.vendor)
    assert await warned(stranger) == []
    assert (await clinic.ask("GET", "/api/v1/warnings", clinic.patient)).status_code == 403


async def test_of_a_key_that_is_refused_and_of_calls_that_nobody_has_a_price_for(
    clinic: Clinic, vendor: OpenAIEmulator
) -> None:
    await clinic.added()
    await there(clinic)
    both = {"llm": [{"provider": "mine"}, {"provider": "offline"}]}
    await clinic.answered(both)

    async def unpriced() -> bool:
        return await codes(clinic) == {"usage.unpriced"}

    await eventually(unpriced)
    vendor.key = "sk-another"
    await clinic.answered(both)
    told = next(one for one in await warned(clinic) if one["code"] == "provider.refused")
    assert told["about"] == {"provider": "mine"} and "sk-" not in str(told)
    account = Account(email="platform-warned@example.org", password_hash=HASH, platform_admin=True)
    async with clinic.services[0].database.transaction(Actor.nobody()) as db:
        db.add(account)
    platform = await clinic.services[0].headers(Actor(kind="user", account_id=account.id))
    assert all(one["about"].get("provider") != "mine" for one in await warned(clinic, who=platform))
