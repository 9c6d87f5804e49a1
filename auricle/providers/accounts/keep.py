"""Keep an organization's own accounts: checked, tried with a small real call, sealed; in force everywhere at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from auricle.actor import Actor
from auricle.assembly import Assembly
from auricle.db.base import new_id
from auricle.db.keyset import Order, alphabetical, in_order
from auricle.db.uniques import flush_unique
from auricle.errors import Conflict, Invalid, Misconfigured, NotFound
from auricle.providers.accounts.guarded import AddressForbidden, reach_of
from auricle.providers.accounts.listings import keep
from auricle.providers.accounts.models import ProviderAccount
from auricle.providers.accounts.opened import key_of, models_of, opened
from auricle.providers.accounts.schemas import AccountChange, AccountIn
from auricle.providers.accounts.usage import users_of
from auricle.providers.catalog import ModelGone, ended
from auricle.providers.health import Checked, check
from auricle.providers.lineup import Lineup, SharedByAll
from auricle.providers.listed import Listed, listed
from auricle.providers.ports import Capability, ProviderRefused
from auricle.providers.registry import vendors
from auricle.providers.routing import Router
from auricle.providers.vendor import Vendor

MOST_ACCOUNTS = 50
REFUSALS = frozenset({ProviderRefused.code, AddressForbidden.code})


class AccountNameTaken(Conflict):
    """Another account has this name."""

    code = "provider_accounts.name_taken"


class TooManyAccounts(Conflict):
    """The organization has as many provider accounts as it may have."""

    code = "provider_accounts.too_many"


class AccountChanged(Conflict):
    """Somebody has changed this account while it was tried."""

    code = "provider_accounts.changed"


class AccountInUse(Conflict):
    """Agents or the organization's order name this account; it can be disabled."""

    code = "provider_accounts.in_use"


class UnknownVendor(Invalid):
    """There is no such vendor for accounts of organizations; `GET /provider-vendors` names them."""

    code = "provider_accounts.unknown_vendor"


class Incomplete(Invalid):
    """This vendor needs more: a key, or an address."""

    code = "provider_accounts.incomplete"


class KeyNeeded(Invalid):
    """Give the key again: with this change it would be sent to another address."""

    code = "provider_accounts.key_needed"


class BadKey(Invalid):
    """This can't be a key of this vendor."""

    code = "provider_accounts.bad_key"


class UnknownOption(Invalid):
    """This vendor has no such option."""

    code = "provider_accounts.unknown_option"


class KeyRefused(Invalid):
    """The provider refuses this key, or what is asked with it; nothing was saved."""

    code = "provider_accounts.key_refused"


@dataclass(frozen=True, slots=True)
class Kept:
    """An account as it was saved, and what its trial said."""

    row: ProviderAccount
    checks: Sequence[Checked] = ()


async def create_account(assembly: Assembly, actor: Actor, wanted: AccountIn, *, untested: bool) -> Kept:
    """Add an account, unless its key is refused. No transaction is open while the provider is asked."""
    row = ProviderAccount(
        id=new_id(),
        name=wanted.name,
        vendor=wanted.vendor,
        url=wanted.url,
        models=dict(wanted.models),
        options=dict(wanted.options),
        enabled=wanted.enabled,
        created_by=actor.member_id,
        changed_by=actor.member_id,
    )
    await require_sound(assembly, row, wanted.key, instead_of={})
    tried = Tried() if untested else await trial(assembly, actor, row, wanted.key)
    async with assembly.database.transaction(actor) as db:
        if len((await db.scalars(select(ProviderAccount.id).limit(MOST_ACCOUNTS))).all()) == MOST_ACCOUNTS:
            raise TooManyAccounts(limit=MOST_ACCOUNTS)
        await seal(db, assembly, row, wanted.key)
        db.add(row)
        await flush_unique(db, {"uq_provider_account_name": AccountNameTaken()})
        await keep(db, opened(row, wanted.key, assembly.lineups.connections), tried.listed)
        await db.refresh(row)
    return Kept(row, tried.checks)


async def change_account(
    assembly: Assembly, actor: Actor, account_id: UUID, wanted: AccountChange, *, untested: bool
) -> Kept:
    """Change an account or its key. Calls under way end with the old one, new ones begin with the new, everywhere."""
    given = wanted.model_fields_set
    async with assembly.database.transaction(actor) as db:
        before = await find_account(db, account_id)
        key = wanted.key or key_of(await assembly.keyring.organization(db), before)
    row = as_changed(before, wanted)
    if wanted.key is None and key is not None and (row.url, row.options) != (before.url, before.options):
        raise KeyNeeded
    vendor = vendors().get(before.vendor)
    await require_sound(assembly, row, key, instead_of=models_of(before.models, vendor.models) if vendor else {})
    is_tried = row.enabled and bool(given - {"enabled"} or not before.enabled) and not untested
    tried = await trial(assembly, actor, row, key) if is_tried else Tried()
    async with assembly.database.transaction(actor) as db:
        kept = await find_account(db, account_id, lock=True)
        if kept.changed_at != before.changed_at:
            raise AccountChanged
        for name in ("url", "models", "options", "enabled"):
            setattr(kept, name, getattr(row, name))
        if wanted.key is not None:
            await seal(db, assembly, kept, wanted.key)
        kept.changed_by, kept.changed_at = actor.member_id, datetime.now(UTC)
        await db.flush()
        if is_tried:
            await keep(db, opened(kept, key, assembly.lineups.connections), tried.listed)
        await db.refresh(kept)
    return Kept(kept, tried.checks)


def as_changed(before: ProviderAccount, wanted: AccountChange) -> ProviderAccount:
    """The account with the change, not stored yet."""
    given = {
        name: getattr(wanted, name)
        for name in wanted.model_fields_set
        if name in ("url", "models", "options", "enabled")
    }
    if any(given.get(name, ...) is None for name in ("models", "options", "enabled")):
        raise Invalid("Only the address can be null.")
    same = {
        name: getattr(before, name)
        for name in ("id", "name", "vendor", "url", "models", "options", "enabled", "fingerprint")
    }
    return ProviderAccount(**{**same, **given})


async def delete_account(db: AsyncSession, assembly: Assembly, account_id: UUID) -> None:
    """Forget an account and its key. Raises `AccountInUse` where calls would then find nobody under its name."""
    row = await find_account(db, account_id, lock=True)
    if row.name not in assembly.lineups.shared.providers:
        users = await users_of(db, row.name)
        if users:
            raise AccountInUse(places=", ".join(users[:10]))
    await db.delete(row)


async def find_account(db: AsyncSession, account_id: UUID, *, lock: bool = False) -> ProviderAccount:
    row = await db.get(ProviderAccount, account_id, with_for_update=lock or None)
    if row is None:
        raise NotFound("No such provider account.")
    return row


async def list_accounts(db: AsyncSession, order: Order, *, limit: int) -> Sequence[ProviderAccount]:
    one = ProviderAccount
    statement = await in_order(db, select(one), order, one.id, limit=limit, name=alphabetical(one.name))
    return (await db.scalars(statement)).all()


async def seal(db: AsyncSession, assembly: Assembly, row: ProviderAccount, key: SecretStr | None) -> None:
    if key is None:
        return
    organization = await assembly.keyring.organization(db)
    row.key = organization.seal(key.get_secret_value(), "provider_account", "key", row.id)
    row.fingerprint = opened(row, key, assembly.lineups.connections).account.fingerprint


async def require_sound(
    assembly: Assembly, row: ProviderAccount, key: SecretStr | None, *, instead_of: Mapping[Capability, str]
) -> None:
    """Everything that can be said without asking the provider. `instead_of` are the models of before.

    Raises `UnknownVendor`, `Incomplete`, `BadKey`, `UnknownOption`, `AddressRefused`, `ModelGone`.
    """
    vendor = vendors().get(row.vendor)
    if vendor is None or not vendor.needs_url:  # what works in this process is the installation's
        raise UnknownVendor  # not named: in the wrong field stands what belongs in another
    require_key(vendor, key)
    if set(row.options) - set(vendor.options):
        raise UnknownOption(known=", ".join(vendor.options))
    require_address(vendor, row)
    if row.url is not None:
        reach = reach_of(assembly.settings)
        await reach.address_of(*reach.check(row.url))
    today = datetime.now(UTC).date()
    gone = {
        f"models.{capability}": why
        for capability, model in models_of(row.models, vendor.models).items()
        if instead_of.get(capability) != model and (why := ended(model, vendor.name, today))
    }
    if gone:
        raise ModelGone(**gone)


def require_address(vendor: Vendor, row: ProviderAccount) -> None:
    try:
        if row.url is None and vendor.address(row.options) is None:
            raise Incomplete("This vendor needs an address.", field="url")
    except Misconfigured as error:
        raise Incomplete(error.message, **error.context) from None


def require_key(vendor: Vendor, key: SecretStr | None) -> None:
    if key is None:
        if vendor.needs_key:
            raise Incomplete("This vendor needs a key.", field="key")
        return
    plain = key.get_secret_value()
    if not callable(vendor.auth) and not (plain.isascii() and plain.isprintable() and " " not in plain):
        raise BadKey  # it goes into a header


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial told: each capability's small real call, and what the provider listed of itself."""

    checks: Sequence[Checked] = ()
    listed: Listed = Listed()


async def trial(assembly: Assembly, actor: Actor, row: ProviderAccount, key: SecretStr | None) -> Tried:
    """Call the account as calls will, before it is saved. Raises `KeyRefused`; an outage is told, not refused."""
    provider = opened(row, key, assembly.lineups.connections)
    router = Router(
        SharedByAll(Lineup({row.name: provider})),
        assembly.lineups.connections,
        assembly.usage.record,
        timeouts=assembly.settings.timeouts,
    )
    checks = (await check(router, row.name, actor.organization_id, {})).checks
    refused = {c.capability: c.error for c in checks if c.error in REFUSALS}
    if refused:
        raise KeyRefused(**refused)
    return Tried(checks, await listed(provider))
