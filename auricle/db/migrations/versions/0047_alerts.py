"""An alert may come of a question to the knowledge, which belongs to no consultation."""

from alembic import op

revision = "0047_alerts"
down_revision = "0046_finetune"


def upgrade() -> None:
    op.execute("alter table alert alter column consultation_id drop not null")
