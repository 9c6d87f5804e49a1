"""The clinic of the agents' tests: an emulated model over the whole product below the web."""

from tests.agents.conftest import assembly, clinic, emulated  # noqa: F401 - fixtures are found by their names here
