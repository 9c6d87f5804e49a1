"""Custom roles, departments, specialties, members' profiles, invitations."""

revision = "0008_roles"
down_revision = "0007_sign_in"


def upgrade() -> None:
    pass
