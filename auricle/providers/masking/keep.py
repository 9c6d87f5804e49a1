"""Say what an organization asks for about masking: checked against its providers, in force everywhere at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.agents.models import Agent, AgentVersion
from auricle.db.base import new_id
from auricle.db.session import actor_of
from auricle.errors import Conflict, Invalid
from auricle.knowledge.embedder import in_use
from auricle.providers.lineup import SPEECH, Lineup
from auricle.providers.masking.models import MaskingPolicy
from auricle.providers.masking.policy import Masking, Mode, Passing
from auricle.providers.ports import Capability
from auricle.providers.registry import vendors

TEXTS: frozenset[Capability] = frozenset(get_args(Capability)) - SPEECH


class UnknownServer(Invalid):
    """The organization has no provider of this name."""

    code = "masking.unknown_provider"


class NotOwnServer(Invalid):
    """This provider is its vendor's, or has no address of its own: it can't be called the organization's server."""

    code = "masking.not_own_server"


class NoOwnSpeech(Invalid):
    """No recognizer or no voice of the organization's own is set up, so nobody could speak."""

    code = "masking.no_own_speech"


class PolicyChanged(Conflict):
    """Somebody has changed this since it was read."""

    code = "masking.changed"


async def stored(db: AsyncSession, *, lock: bool = False) -> MaskingPolicy | None:
    statement = select(MaskingPolicy)
    return await db.scalar(statement.with_for_update() if lock else statement)


async def replace_policy(
    db: AsyncSession,
    lineup: Lineup,
    *,
    mode: Mode,
    passes: Sequence[Passing],
    own_servers: Sequence[str],
    version: int | None,
) -> tuple[MaskingPolicy, dict[str, str]]:
    """Put the policy down, with what is to be known of it.

    Args:
        version: the one that was read; another one by now is refused. None: whichever.

    Raises `UnknownServer`, `NotOwnServer`, `NoOwnSpeech` or `PolicyChanged`; then nothing is changed.
    """
    row = await stored(db, lock=True)
    if version is not None and version != (row.version if row else 0):
        raise PolicyChanged
    named = {name: origin_of(lineup, name) for name in own_servers}
    policy = Masking(mode, frozenset(passes), named)
    if mode == "all":
        require_own_speech(lineup, policy)
    row = row or MaskingPolicy(id=new_id(), version=0)
    row.mode, row.passes, row.own_servers, row.version = mode, sorted(policy.passes), named, row.version + 1
    row.changed_by, row.changed_at = actor_of(db).member_id, datetime.now(UTC)
    db.add(row)
    await db.flush()
    return row, await warnings(db, lineup, policy)


def origin_of(lineup: Lineup, name: str) -> str:
    """Where a provider is that the organization calls its own. Raises `UnknownServer` or `NotOwnServer`."""
    provider = lineup.providers.get(name)
    if provider is None:
        raise UnknownServer(provider=name)
    account = provider.account
    host = urlsplit(account.origin or "").hostname or ""
    if account.origin is None or not account.has_own_url or any(host.endswith(known) for known in vendor_domains()):
        raise NotOwnServer(provider=name)
    return account.origin


@dataclass(frozen=True, slots=True)
class Reach:
    """What a provider is sent under a policy. `texts`, `sound`: None where it takes none."""

    provider: str
    host: str | None
    is_own: bool  # by where it is, or because the organization says so: nothing leaves
    may_be_own: bool  # whether the organization can call it its own
    texts: Literal["clear", "masked"] | None
    sound: Literal["clear", "withheld"] | None


def reaches(lineup: Lineup, policy: Masking) -> list[Reach]:
    """Every provider of the organization, and what reaches it."""
    return [
        Reach(
            name,
            urlsplit(one.account.origin or "").hostname,
            policy.is_own(one.account),
            not one.account.is_local and can_be_own(lineup, name),
            ("masked" if policy.covers(one.account) else "clear") if any(map(one.can, TEXTS)) else None,
            ("withheld" if policy.mode == "all" and policy.covers(one.account) else "clear")
            if any(map(one.can, SPEECH))
            else None,
        )
        for name, one in sorted(lineup.providers.items())
    ]


def can_be_own(lineup: Lineup, name: str) -> bool:
    try:
        return bool(origin_of(lineup, name))
    except NotOwnServer:
        return False


def vendor_domains() -> frozenset[str]:
    """The last two labels of every vendor's address: a gateway below them is the vendor's."""
    hosts = (urlsplit(vendor.url).hostname or "" for vendor in vendors().values() if vendor.url and vendor.needs_key)
    return frozenset(".".join(host.rsplit(".", 2)[-2:]) for host in hosts if host)


def require_own_speech(lineup: Lineup, policy: Masking) -> None:
    for capability in sorted(SPEECH):
        if not any(p.can(capability) and policy.is_own(p.account) for p in lineup.providers.values()):
            raise NoOwnSpeech(capability=capability)


async def warnings(db: AsyncSession, lineup: Lineup, policy: Masking) -> dict[str, str]:
    """What follows from a policy that one may not expect. By place; none of it keeps anything from working."""
    found: dict[str, str] = {}
    if policy.mode == "off":
        return found
    if policy.mode == "all":
        for capability, language in sorted(await unspoken(db, lineup, policy)):
            found[f"{capability}.{language}"] = "No recognizer or voice of your own knows this language of an agent."
    by = (await in_use(db)).by
    embedder = lineup.providers.get(by.provider) if by else None
    if embedder is not None and policy.covers(embedder.account):
        found["knowledge.embedder"] = (
            "Questions are masked from now on; what was taken in before was not. Have the knowledge embedded anew."
        )
    return found


async def unspoken(db: AsyncSession, lineup: Lineup, policy: Masking) -> set[tuple[str, str]]:
    """Capability and language of agents that serve, where no provider of the organization's own knows it."""
    serving = select(AgentVersion.config).join(
        Agent, (AgentVersion.agent_id == Agent.id) & (AgentVersion.number == Agent.published)
    )
    configs = await db.scalars(serving.where(Agent.archived_at.is_(None)))
    languages = {language for config in configs for language in languages_in(config)}
    return {
        (capability, language)
        for capability in SPEECH
        for language in languages
        if not any(
            p.can(capability) and policy.is_own(p.account) and p.vendor.speaks(capability, language)
            for p in lineup.providers.values()
        )
    }


def languages_in(config: Mapping[str, object]) -> Iterator[str]:
    given = config.get("languages")
    yield from (str(one) for one in given) if isinstance(given, list) else ()
    if isinstance(one := config.get("language"), str):
        yield one
