"""The templates that come with the product, read from `shipped/*.yaml` once."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from auricle.notes.templates.shape import Template

DEFAULT = "soap"


@dataclass(frozen=True, slots=True)
class Shipped:
    template: Template
    version: int


@cache
def shipped() -> Mapping[str, Shipped]:
    """By key, the default first."""
    found: dict[str, Shipped] = {}
    for file in sorted((Path(__file__).parent / "shipped").glob("*.yaml"), key=lambda f: (f.stem != DEFAULT, f.stem)):
        told = yaml.safe_load(file.read_text("utf-8"))
        version = told.pop("version")
        template = Template.model_validate(told)
        found[template.key] = Shipped(template, version)
    return found
