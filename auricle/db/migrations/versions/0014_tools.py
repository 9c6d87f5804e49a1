"""Tools of the organization, and every call of one."""

revision = "0014_tools"
down_revision = "0013_phone"


def upgrade() -> None:
    pass
