"""What differs between two versions, field by field."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from auricle.agents.config import AgentConfig

ABSENT = object()


class Difference(BaseModel):
    """One field; `before` or `after` is null where the field is not there."""

    path: str
    before: Any
    after: Any


def differences(before: AgentConfig, after: AgentConfig) -> list[Difference]:
    """Fields that differ, in the order of the configuration."""
    return list(_between("", before.model_dump(mode="json"), after.model_dump(mode="json")))


def _between(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in dict.fromkeys([*before, *after]):
            yield from _between(f"{path}.{key}".lstrip("."), before.get(key, ABSENT), after.get(key, ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            one, other = (side[index] if index < len(side) else ABSENT for side in (before, after))
            yield from _between(f"{path}.{index}", one, other)
    else:
        yield Difference(path=path, before=_or_none(before), after=_or_none(after))


def _or_none(value: Any) -> Any:
    return None if value is ABSENT else value
