"""Agents as files: one configuration, or an agent with all its versions and test scenarios."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, ValidationError

from auricle.agents.config import AgentConfig, Part
from auricle.agents.scenarios.model import Scenario
from auricle.agents.versions import BadAgentFile, as_yaml, parsed

MOST_VERSIONS = 200


class AgentFile(Part):
    """An agent with its history. The last version is the one that is published on import."""

    versions: Annotated[Sequence[AgentConfig], Field(min_length=1, max_length=MOST_VERSIONS)]
    scenarios: Annotated[Sequence[Scenario], Field(max_length=100)] = ()


def read_agent(text: str) -> AgentFile:
    """Read either form. Raises `BadAgentFile` naming the fields that are wrong."""
    given = parsed(text)
    whole = given if isinstance(given, dict) and "versions" in given else {"versions": [given]}
    try:
        return AgentFile.model_validate(whole)
    except ValidationError as error:
        raise BadAgentFile("Some fields are not valid.", **fields_of(error)) from None


def fields_of(error: ValidationError) -> dict[str, str]:
    return {".".join(str(p) for p in e["loc"]): e["type"] for e in error.errors()[:20]}


def write_agent(versions: Sequence[AgentConfig], scenarios: Sequence[Scenario]) -> str:
    whole: dict[str, Any] = {"versions": [one.model_dump(mode="json", exclude_defaults=True) for one in versions]}
    if scenarios:
        whole["scenarios"] = [one.model_dump(mode="json", exclude_defaults=True) for one in scenarios]
    return as_yaml(whole)


def read_scenarios(text: str) -> list[Scenario]:
    """Read a list of scenarios."""
    given = parsed(text)
    try:
        return list(ScenarioFile.model_validate({"scenarios": given}).scenarios)
    except ValidationError as error:
        raise BadAgentFile("Some fields are not valid.", **fields_of(error)) from None


class ScenarioFile(Part):
    scenarios: Annotated[Sequence[Scenario], Field(min_length=1, max_length=100)]
