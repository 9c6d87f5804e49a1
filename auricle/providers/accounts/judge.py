"""Does one entry of a provider list, an agent's or an organization's, fit what there is?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from auricle.providers.accounts.listings import Known
from auricle.providers.call import Choice
from auricle.providers.catalog import ended, told_warnings, warnings
from auricle.providers.lineup import Lineup
from auricle.providers.ports import Capability


@dataclass(frozen=True, slots=True)
class Finding:
    """`gone`: its model is switched off, so it can't be newly chosen; who has it already is only warned."""

    kind: Literal["error", "gone", "warning"]
    text: str


@dataclass(frozen=True, slots=True)
class Judge:
    """What there is to choose from, for one organization on one day."""

    lineup: Lineup
    known: Mapping[str, Known]
    on: date

    def look_at(self, capability: Capability, choice: Choice, *, is_new: bool) -> Finding | None:
        """What is to be said about an entry; the gravest only. `is_new`: it was not chosen before."""
        provider = self.lineup.providers.get(choice.provider)
        if provider is None:
            return Finding("error", "There is no such provider in this installation.")
        if not provider.can(capability):
            return Finding("error", f"This provider can't do {capability}.")
        known, vendor = self.known.get(choice.provider), provider.vendor.name
        told = known.told if known else {}
        model = choice.model or provider.model(capability)
        if model and (why := ended(model, vendor, self.on, told)):
            return Finding("gone" if is_new and choice.model else "warning", why)
        if capability == "tts" and choice.voice and known and not known.has_voice(choice.voice):
            text = "The provider does not list this voice."
            return Finding("error" if known.is_fresh and is_new else "warning", text)
        if model and (texts := {**told_warnings([model], told, self.on), **warnings({model: vendor}, self.on)}):
            return Finding("warning", texts[model])
        return None
