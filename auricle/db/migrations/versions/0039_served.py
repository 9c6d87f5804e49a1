"""Who served a turn: provider and model by capability, with its messages."""

from alembic import op

revision = "0039_served"
down_revision = "0038_money"


def upgrade() -> None:
    op.execute("alter table message add column served jsonb not null default '{}'")
