"""Consent texts and grants, retention, erasure, break-glass access."""

revision = "0010_consent"
down_revision = "0009_people"


def upgrade() -> None:
    pass
