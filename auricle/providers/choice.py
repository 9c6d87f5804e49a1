"""A provider as it is set up: its vendor with an account, and the adapters made of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auricle.errors import Misconfigured
from auricle.providers.account import Account
from auricle.providers.by_form import WAYS, ByForm
from auricle.providers.by_model import ByLanguageModel
from auricle.providers.connections import Connections
from auricle.providers.ports import Capability
from auricle.providers.registry import vendor_named, vendors
from auricle.providers.vendor import Vendor
from auricle.settings import Provider


@dataclass(slots=True)
class Configured:
    """A provider as set up here: its vendor, its account, and one adapter for each capability once it is used."""

    vendor: Vendor
    account: Account
    _adapters: dict[Capability, Any] = field(default_factory=dict)

    def adapter(self, capability: Capability) -> Any:
        if capability not in self._adapters:
            if self.translates_by_model and capability == "translation":
                self._adapters[capability] = ByLanguageModel(self.adapter("llm"))
                return self._adapters[capability]
            constructor = self.vendor.constructor(capability)
            if constructor is None:
                raise Misconfigured("This provider can't do this.", provider=self.account.name, capability=capability)
            adapter = constructor(self.account)
            self._adapters[capability] = self._by_form(adapter) if capability == "llm" else adapter
        return self._adapters[capability]

    def _by_form(self, model: Any) -> Any:
        """The model, made to answer by a schema in the way that the account or the vendor says."""
        way = self.account.options.get("forms", self.vendor.forms)
        if way == "native":
            return model
        if way not in WAYS:
            raise Misconfigured("Forms are native, tool or told.", provider=self.account.name, forms=way)
        return ByForm(model, WAYS[way])

    @property
    def translates_by_model(self) -> bool:
        """Whether its language model can be asked to translate, for want of something made for it."""
        return self.vendor.translation is None and self.vendor.llm is not None and not self.vendor.always_there

    def can(self, capability: Capability) -> bool:
        return self.vendor.constructor(capability) is not None or (
            capability == "translation" and self.translates_by_model
        )

    def model(self, capability: Capability) -> str | None:
        """The account's own model for a capability."""
        by = "llm" if capability == "translation" and self.translates_by_model else capability
        return self.account.models.get(by)

    @property
    def capabilities(self) -> tuple[Capability, ...]:
        """What it can do as it is set up: what needs a model has one."""
        if not self.vendor.needs_url:
            return self.vendor.capabilities
        return tuple(c for c in self.vendor.capabilities if self.account.models.get(c))

    async def warm(self) -> None:
        """Let adapters that load something do so now, rather than in the first call's time."""
        for capability in self.capabilities:
            adapter = self.adapter(capability)
            if hasattr(adapter, "warm"):
                await adapter.warm()

    async def aclose(self) -> None:
        adapters, self._adapters = list(self._adapters.values()), {}
        for adapter in adapters:
            if hasattr(adapter, "aclose"):
                await adapter.aclose()


def configured(providers: Mapping[str, Provider], connections: Connections, models_path: Path) -> dict[str, Configured]:
    """The installation's providers by name, and after them what is there without being set up."""
    found: dict[str, Configured] = {}
    for name, given in providers.items():
        vendor = vendor_named(given.vendor)
        if vendor.needs_url and given.url is None and vendor.url is None:
            raise Misconfigured("This provider needs a URL.", provider=name)
        if vendor.needs_key and given.key is None:
            raise Misconfigured("This provider needs a key.", provider=name)
        found[name] = Configured(vendor, account_of(name, vendor, given, connections, models_path))
    for vendor in vendors().values():
        is_here = vendor.always_there or (vendor.is_here is not None and vendor.is_here(models_path))
        if is_here and vendor.name not in found:
            found[vendor.name] = Configured(
                vendor, Account(vendor.name, vendor.name, connections, models_path=models_path, is_in_process=True)
            )
    return found


def account_of(name: str, vendor: Vendor, given: Provider, connections: Connections, models_path: Path) -> Account:
    """The account of one entry of the settings."""
    named: dict[Capability, str | None] = {
        "stt": given.stt,
        "llm": given.llm,
        "tts": given.tts,
        "embedding": given.embedding,
        "translation": given.translation,
        "rerank": given.rerank,
    }
    return Account(
        name,
        vendor.name,
        connections,
        url=given.url or vendor.address(given.options),
        key=given.key,
        models_path=models_path,
        models={**vendor.models, **{c: m for c, m in named.items() if m}},
        is_in_process=not vendor.needs_url,
        auth=vendor.auth,
        headers=vendor.headers,
        options=given.options,
        is_own_url=given.url is not None,
        may_probe=given.probe,
        is_trusted=given.trusted,
    )
