"""Which providers there are for whom, and in which order they are asked: the installation's, and an organization's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, get_args
from uuid import UUID

from auricle.errors import Misconfigured
from auricle.providers.call import Call, Choice, NoProvider, SpeechWithheld
from auricle.providers.choice import Configured
from auricle.providers.masking.policy import OFF, Masking
from auricle.providers.ports import Capability

SPEECH: frozenset[Capability] = frozenset({"stt", "tts"})
ANY = "default"  # the entry of an order for languages that have none of their own

# capability → language (ISO 639-1, or `ANY`) → who is asked, first to last
Orders = Mapping[Capability, Mapping[str, Sequence[Choice]]]

Able = tuple[Choice, Configured]


@dataclass(frozen=True, slots=True)
class Lineup:
    """The providers that an organization (or the installation itself) can call. Never changed: a new one replaces it.

    A call keeps the providers it began with, and so their keys, to its end.
    """

    providers: Mapping[str, Configured]
    orders: Orders = field(default_factory=dict)
    masking: Masking = OFF

    def choices(self, capability: Capability, *languages: str) -> Sequence[Choice]:
        """Who is asked where the agent says nothing: the order set for a language, for any language, else all."""
        own = self.orders.get(capability) or {}
        for language in (*(one.partition("-")[0] for one in languages), ANY):
            if ordered := own.get(language):
                return ordered
        return default_choices(self.providers, capability, *languages)

    def candidates(self, call: Call, capability: Capability, languages: Sequence[str] = ()) -> Sequence[Able]:
        """The entries of a call's list that exist here, have the capability and know the language, in its order.

        `languages` are those of a translation, which must all be known; otherwise it is the call's. Raises `NoProvider`
        where none is left.
        """
        languages = languages or (call.language,)
        choices = self.choices(capability, *languages) if call.choices is None else call.choices
        found = []
        for choice in choices:
            provider = self.providers.get(choice.provider)
            if provider is not None and provider.can(capability):
                model = choice.model or provider.model(capability)
                if all(provider.vendor.speaks(capability, language, model) for language in languages):
                    found.append((choice, provider))
        if not found:
            raise NoProvider("No provider of the list can do this.", capability=capability, language=call.language)
        if self.masking.mode == "all" and capability in SPEECH and not call.is_check:
            found = [(choice, provider) for choice, provider in found if self.masking.is_own(provider.account)]
            if not found:
                raise SpeechWithheld(capability=capability, language=call.language)
        return found


def ordered(
    given: Mapping[str, Mapping[str, Sequence[str]]], providers: Mapping[str, Configured]
) -> dict[Capability, dict[str, list[Choice]]]:
    """The order that the settings name. Raises `Misconfigured` for what there is not."""
    found: dict[Capability, dict[str, list[Choice]]] = {}
    for capability in get_args(Capability):
        for language, names in given.get(capability, {}).items():
            if unknown := [name for name in names if name not in providers]:
                raise Misconfigured("The order of providers names one that is not set up.", provider=unknown[0])
            found.setdefault(capability, {})[language] = [Choice(name) for name in names]
    if unknown := sorted(set(given) - set(get_args(Capability))):
        raise Misconfigured("The order of providers names no capability.", capability=unknown[0])
    return found


def default_choices(providers: Mapping[str, Configured], capability: Capability, *languages: str) -> list[Choice]:
    """Every provider that is set up for a capability: those made for a language of the call, then those for any, then
    those made for others, each in the order of the settings; what is always there comes last.
    """
    able = {name: p for name, p in providers.items() if capability in p.capabilities}
    if capability == "translation":  # what is made for it, and after it what can be asked for it
        able |= {name: p for name, p in providers.items() if p.translates_by_model and "llm" in p.capabilities}

    def place(name: str) -> tuple[bool, bool, int]:
        vendor = able[name].vendor
        return vendor.always_there, capability not in able[name].capabilities, vendor.rank(capability, *languages)

    return [Choice(name) for name in sorted(able, key=place)]


def same_vectors(able: Sequence[Able]) -> Sequence[Able]:
    """The first of them, and those after it whose vectors can be compared with its own."""

    def kind(entry: Able) -> tuple[str, str | None]:
        choice, provider = entry
        model = choice.model or provider.model("embedding") or f"of {provider.vendor.name}"
        return model, provider.account.options.get("dimensions")

    return [entry for entry in able if kind(entry) == kind(able[0])]


class Lineups(Protocol):
    """Whose providers are whose. Asked before every call: it answers at once, but for an organization not seen lately.

    `of(None)` is the installation's own.
    """

    @property
    def installation(self) -> Lineup: ...

    async def of(self, organization_id: UUID | None) -> Lineup: ...

    async def aclose(self) -> None: ...


class SharedByAll:
    """`Lineups` where nobody has providers of their own."""

    def __init__(self, installation: Lineup) -> None:
        self.installation = installation

    async def of(self, organization_id: UUID | None) -> Lineup:
        return self.installation

    async def aclose(self) -> None:
        for provider in self.installation.providers.values():
            await provider.aclose()
