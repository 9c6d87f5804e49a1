"""A model that an organization has tuned is chosen like any other, and costs what its own rate says."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from auricle.agents.config import AgentConfig
from auricle.agents.validate import examine
from auricle.billing.rates import Rate, RateCard, cost
from auricle.providers.ports import Usage
from tests.agents.conftest import Clinic
from tests.emulators.openai_chat import OpenAIEmulator, Scripted

TUNED = "ft:gpt-4.1-mini-2025-04-14:lakeside-clinic:notes:AbC123"


@pytest.mark.parametrize("model", [TUNED, "projects/42/locations/asia-south1/endpoints/1234567890123456789"])
async def test_a_tuned_model_passes_when_an_agent_is_saved_and_is_the_one_asked(
    clinic: Clinic, emulated: OpenAIEmulator, model: str
) -> None:
    chosen = {"llm": [{"provider": "emulated", "model": model}]}
    async with clinic.assembly.database.transaction(clinic.admin) as db:
        found = await examine(db, clinic.assembly, AgentConfig.model_validate({"name": "Tuned", "providers": chosen}))
    assert not found.errors and not found.gone and not any("providers" in place for place in found.warnings)
    emulated.script = lambda _: Scripted("I see.")
    room = await clinic.room(providers=chosen)
    assert (await room.says("My ear hurts.")).text == "I see."
    assert emulated.requests[-1]["body"]["model"] == model


def test_its_price_is_unknown_until_somebody_says_it() -> None:
    usage, now = Usage(1_000, 100), datetime.now(UTC)
    assert cost("openai", "llm", TUNED, usage, now).usd is None, "never that of the model it was tuned from"
    rate = Rate(
        provider="openai",
        capability="llm",
        model=TUNED,
        unit="1m_tokens",
        price=Decimal("0.8"),
        output_price=Decimal("3.2"),
        since=date(2026, 1, 1),
        source="our contract",
    )
    own = RateCard(rates=(rate,), exchange=())
    assert cost("openai", "llm", TUNED, usage, now, cards=[own]).usd == Decimal("0.00112")
    assert cost("openai", "llm", TUNED, replace(usage, input_tokens=None), now, cards=[own]).usd is None
