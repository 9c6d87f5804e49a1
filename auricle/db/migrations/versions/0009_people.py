"""Patient search tokens, merges, professionals, appointments."""

revision = "0009_people"
down_revision = "0008_roles"


def upgrade() -> None:
    pass
