"""What a provider lists of itself: its voices, and its models with the days on which they end."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from auricle.errors import NotFound
from auricle.providers.choice import Configured
from auricle.providers.ports import (
    Capability,
    Offered,
    ProviderFailed,
    ProviderGarbled,
    ProviderTimeout,
    Voice,
)

log = logging.getLogger(__name__)

T = TypeVar("T")
LIST_S = 10.0
MOST = 2_000  # voices or models of one answer; a longer list is cut
LISTING: Sequence[Capability] = ("llm", "stt", "tts", "embedding")


class NothingListed(NotFound):
    """This provider can't list that."""

    code = "provider.not_listed"


@dataclass(frozen=True, slots=True)
class Listed:
    """None: it lists nothing of this kind."""

    voices: Sequence[Voice] | None = None
    models: Sequence[Offered] | None = None


async def voices_of(provider: Configured) -> Sequence[Voice]:
    """The voices of an account. Raises `NothingListed`, and `ProviderFailed` where its vendor does not answer well."""
    adapter: Any = provider.adapter("tts") if provider.vendor.tts else None
    if not hasattr(adapter, "voices"):
        raise NothingListed(provider=provider.account.name)
    return await _asked(provider, adapter.voices())


async def models_of(provider: Configured) -> Sequence[Offered]:
    """The models of an account, by whichever of its adapters lists them. Raises as `voices_of`."""
    for capability in LISTING:
        adapter: Any = provider.adapter(capability) if provider.vendor.constructor(capability) else None
        if hasattr(adapter, "models"):
            return await _asked(provider, adapter.models())
    raise NothingListed(provider=provider.account.name)


async def ends_of(provider: Configured) -> dict[str, date]:
    """The last days that its vendor announces for models, which it knows before our catalog does."""
    return ends(await _if_any(models_of(provider)))


def ends(models: Sequence[Offered] | None) -> dict[str, date]:
    return {one.id: one.shutdown for one in models or () if one.shutdown}


async def listed(provider: Configured) -> Listed:
    """All that it lists. What it does not, or not well, is as if it listed nothing: a check tells why."""
    return Listed(await _if_any(voices_of(provider)), await _if_any(models_of(provider)))


async def _if_any(asking: Awaitable[Sequence[T]]) -> Sequence[T] | None:
    try:
        return await asking
    except (NothingListed, ProviderFailed):
        return None


async def _asked(provider: Configured, asking: Awaitable[Sequence[T]]) -> Sequence[T]:
    try:
        async with asyncio.timeout(LIST_S):
            return (await asking)[:MOST]
    except TimeoutError:
        raise ProviderTimeout("The provider took too long.", phase="list") from None
    except ProviderFailed:
        raise
    except Exception as error:
        log.error("adapter failed", exc_info=error, extra={"fields": {"provider": provider.account.name}})
        raise ProviderGarbled("The provider's list could not be read.", reason=type(error).__name__) from error
