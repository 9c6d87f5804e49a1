"""Which models in use will end, asked at their vendor: it knows before our catalog does."""

import asyncio
from datetime import date

from auricle.providers.choice import Configured
from auricle.providers.ports import ProviderFailed

ASK_S = 10.0


async def announced(provider: Configured, on: date) -> dict[str, str]:
    """What to warn of, by model. Nothing where the vendor lists no models, or no last day, or does not answer."""
    if provider.vendor.llm is None:
        return {}
    adapter = provider.adapter("llm")
    if not hasattr(adapter, "models"):
        return {}
    try:
        async with asyncio.timeout(ASK_S):
            ends = {offered.id: offered.shutdown for offered in await adapter.models()}
    except (ProviderFailed, TimeoutError):
        return {}
    return {
        model: f"{model} {'is' if day <= on else 'will be'} switched off on {day.isoformat()}, says its vendor."
        for model in provider.account.models.values()
        if (day := ends.get(model)) is not None
    }
