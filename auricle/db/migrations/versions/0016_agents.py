"""Test scenarios of agents and their runs."""

revision = "0016_agents"
down_revision = "0015_recording"


def upgrade() -> None:
    pass
