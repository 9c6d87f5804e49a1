"""The models we know by name: whether they still live, until when, and what takes their place.

Names of models are plain strings everywhere; this is data to warn by, never a list of what is allowed.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from auricle.errors import Invalid

Status = Literal["current", "retiring", "retired", "unconfirmed"]


class Model(BaseModel):
    """One catalog row. `unconfirmed`: nobody was seen to serve it; `retiring` has a shutdown date or a successor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: str
    name: str
    capability: Literal["stt", "llm", "tts", "embedding", "rerank", "ner"]
    also_called: tuple[str, ...] = ()
    status: Status
    shutdown: date | None = None
    replacement: str | None = None
    note: str | None = None
    source: str
    checked: date

    @model_validator(mode="after")
    def _fits(self) -> "Model":
        if self.status in ("retiring", "retired") and not (self.shutdown or self.replacement):
            raise ValueError("a model that goes needs a shutdown date or a replacement")
        if self.status == "current" and self.shutdown:
            raise ValueError("a model with a shutdown date is not current")
        return self

    def is_gone(self, on: date) -> bool:
        return self.status == "retired" or (self.shutdown is not None and self.shutdown <= on)

    def warning(self, on: date) -> str | None:
        """One sentence for the administrator, or None where there is nothing to say."""
        instead = f" Use {self.replacement} instead." if self.replacement else ""
        if self.is_gone(on):
            return f"{self.name} is switched off.{instead}"
        if self.status == "retiring":
            until = f" on {self.shutdown.isoformat()}" if self.shutdown else ""
            return f"{self.name} will be switched off{until}.{instead}"
        if self.status == "unconfirmed":
            return f"{self.name} was not found at any provider; use an address of your own.{instead}"
        return None


class ModelGone(Invalid):
    """This model is switched off, or was never there; `context` names its place and what to use instead."""

    code = "provider.model_gone"


class Catalog(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Model, ...]

    @model_validator(mode="after")
    def _names_once(self) -> "Catalog":
        seen: set[tuple[str, str]] = set()
        for model in self.models:
            for name in (model.name, *model.also_called):
                if (model.provider, name.lower()) in seen:
                    raise ValueError(f"{model.provider} {name} is listed twice")
                seen.add((model.provider, name.lower()))
        return self

    def find(self, name: str, provider: str | None = None) -> Model | None:
        """The row of a model by any of its names; without a provider, the first one that has it."""
        return next(
            (
                m
                for m in self.models
                if provider in (None, m.provider) and name.lower() in (n.lower() for n in (m.name, *m.also_called))
            ),
            None,
        )


def load(path: Path) -> Catalog:
    return Catalog.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@cache
def shipped() -> Catalog:
    return load(Path(__file__).with_name("catalog.yaml"))


def warnings(models: Mapping[str, str | None], on: date) -> dict[str, str]:
    """What to warn of, by model, for models in use: a mapping of model → provider (None where it is not known)."""
    found = {name: row.warning(on) for name, vendor in models.items() if (row := shipped().find(name, vendor))}
    return {name: text for name, text in found.items() if text}


def ended(model: str, vendor: str, on: date, told: Mapping[str, date] | None = None) -> str | None:
    """Why this model of a vendor can't be newly chosen; None where it can, as far as anybody knows.

    `told` holds the last days that the vendor itself has announced, by model.
    """
    day = (told or {}).get(model)
    if day is not None and day <= on:
        return told_warnings([model], {model: day}, on)[model]
    row = shipped().find(model, vendor)
    return row.warning(on) if row is not None and row.is_gone(on) else None


def told_warnings(models: Iterable[str], told: Mapping[str, date], on: date) -> dict[str, str]:
    """What vendors themselves have announced for models in use."""
    return {
        model: f"{model} {'is' if told[model] <= on else 'will be'} switched off on {told[model].isoformat()}, "
        "says its vendor."
        for model in models
        if model in told
    }
