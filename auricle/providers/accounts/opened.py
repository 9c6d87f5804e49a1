"""An organization's stored accounts as providers that can be called, and its orders as choices."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr

from auricle.db.sealed import Key
from auricle.providers.account import Account
from auricle.providers.accounts.models import ProviderAccount
from auricle.providers.call import Choice
from auricle.providers.choice import Configured
from auricle.providers.connections import Connections
from auricle.providers.lineup import Orders
from auricle.providers.ports import Capability
from auricle.providers.registry import vendor_named

CAPABILITIES: Sequence[Capability] = get_args(Capability)


def key_of(key: Key, row: ProviderAccount) -> SecretStr | None:
    """The account's key in clear. Never logged, never shown."""
    if row.key is None:
        return None
    return SecretStr(key.open(row.key, "provider_account", "key", row.id))


def opened(row: ProviderAccount, key: SecretStr | None, connections: Connections) -> Configured:
    """The account, ready to be called with this key. Raises `Misconfigured` for a vendor that there is no more."""
    vendor = vendor_named(row.vendor)
    account = Account(
        row.name,
        vendor.name,
        connections,
        url=row.url or vendor.address(row.options),
        key=key,
        models_path=Path(),
        models=models_of(row.models, vendor.models),
        auth=vendor.auth,
        headers=vendor.headers,
        options=row.options,
        is_own_url=row.url is not None,
        is_trusted=False,  # an organization says itself which servers are its own
    )
    return Configured(vendor, account)


def models_of(given: Mapping[str, str | None], usual: Mapping[Capability, str]) -> dict[Capability, str]:
    """The model for each capability: the account's own, else the vendor's usual one; null switches one off."""
    found = {c: given.get(c, usual.get(c)) for c in CAPABILITIES}
    return {c: model for c, model in found.items() if model}


def orders_of(given: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> Orders:
    """What `provider_order.orders` stands for."""
    return {
        c: {language: [Choice(**one) for one in choices] for language, choices in given[c].items()}
        for c in CAPABILITIES
        if c in given
    }
