"""Lockout, second factor, recovery codes, one-time links of sign-in."""

revision = "0007_sign_in"
down_revision = "0006_live_retention"


def upgrade() -> None:
    pass
