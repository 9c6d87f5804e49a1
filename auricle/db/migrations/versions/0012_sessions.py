"""Resume tokens of live sessions, and calls under way."""

revision = "0012_sessions"
down_revision = "0011_edges"


def upgrade() -> None:
    pass
