"""Recordings: sealed chunks of sound by consent."""

revision = "0015_recording"
down_revision = "0014_tools"


def upgrade() -> None:
    pass
