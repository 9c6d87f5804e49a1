"""What went wrong while an answer was made: the codes of errors, with the message that the patient got."""

from alembic import op

revision = "0017_turn_errors"
down_revision = "0016_agents"


def upgrade() -> None:
    op.execute("alter table message add column errors jsonb not null default '[]'")
