"""Phone lines, carrier accounts and phone calls."""

revision = "0013_phone"
down_revision = "0012_sessions"


def upgrade() -> None:
    pass
