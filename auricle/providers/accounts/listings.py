"""What providers listed of themselves when an organization last asked, kept so that no process has to ask again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.providers.accounts.models import ProviderListing
from auricle.providers.choice import Configured
from auricle.providers.lineup import Lineup
from auricle.providers.listed import Listed
from auricle.providers.ports import Voice

FRESH = timedelta(hours=24)  # a voice that was made since is not on an older list


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one provider. `voices` None: it lists none, or was never asked."""

    voices: tuple[Voice, ...] | None
    told: Mapping[str, date]  # model → the last day that its vendor has announced
    listed_at: datetime

    def has_voice(self, voice: str) -> bool:
        """False where the list is known and does not hold it."""
        return self.voices is None or voice in {one.id for one in self.voices}

    @property
    def is_fresh(self) -> bool:
        return datetime.now(UTC) - self.listed_at < FRESH


async def known(db: AsyncSession, lineup: Lineup) -> dict[str, Known]:
    """By provider, of those that the organization has now: what another account of the name listed does not count."""
    found = {}
    for row in await db.scalars(select(ProviderListing)):
        provider = lineup.providers.get(row.name)
        if provider is not None and _fits(row, provider):
            voices = None if row.voices is None else tuple(_voice(one) for one in row.voices)
            told = {one["id"]: date.fromisoformat(one["shutdown"]) for one in row.models or () if one.get("shutdown")}
            found[row.name] = Known(voices, told, row.listed_at)
    return found


async def keep(db: AsyncSession, provider: Configured, listed: Listed) -> None:
    """Put down what a provider listed; what it did not list now stays as it was known, if the account is the same."""
    account, now = provider.account, datetime.now(UTC)
    row = await db.scalar(select(ProviderListing).where(ProviderListing.name == account.name).with_for_update())
    same = row is not None and _fits(row, provider)
    voices = None if listed.voices is None else [_told_voice(one) for one in listed.voices]
    models = None
    if listed.models is not None:
        models = [{"id": m.id, "shutdown": m.shutdown.isoformat() if m.shutdown else None} for m in listed.models]
    if row is not None and same:
        voices = row.voices if voices is None else voices
        models = row.models if models is None else models
    values: dict[str, Any] = {
        "vendor": account.vendor,
        "fingerprint": account.fingerprint,
        "voices": voices,
        "models": models,
        "listed_at": now,
    }
    await db.execute(
        insert(ProviderListing)
        .values(name=account.name, **values)
        .on_conflict_do_update(constraint="uq_provider_listing_name", set_=values)
    )


def _fits(row: ProviderListing, provider: Configured) -> bool:
    return (row.vendor, row.fingerprint) == (provider.account.vendor, provider.account.fingerprint)


def _told_voice(voice: Voice) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "languages": list(voice.languages),
        "gender": voice.gender,
        "models": list(voice.models),
    }


def _voice(told: Mapping[str, Any]) -> Voice:
    return Voice(told["id"], told["name"], tuple(told["languages"]), told["gender"], tuple(told["models"]))
